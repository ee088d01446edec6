"""Live pages: something changed → who looks at it fetches it again.

An action calls `publish("cases")` in its transaction; PostgreSQL tells every web process when that
commits. An open page holds one stream of events (`stream`), and its parts say which event makes
them fetch themselves: `hx-get="…" hx-trigger="cases-changed from:body"`. The stream has no data, so
that each fetch is checked like any other request. After a gap everything is fetched once.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Collection
from contextlib import suppress
from typing import Final

import psycopg
from django.db import connection
from django.http import StreamingHttpResponse
from procrastinate.contrib.django.utils import connector_params

CHANNEL: Final = "amends_live"
HEARTBEAT_SECONDS: Final = 20
LIFETIME_SECONDS: Final = 300
"""A stream ends after this and the browser opens another: log-outs and new roles take effect."""
RETRY_SECONDS: Final = 2
GAP: Final = "*"
"""What subscribers are told when events may have been missed."""
END: Final = "end"
"""What they are told when their server stops."""


def publish(topic: str) -> None:
    """Say that `topic` changed: when the transaction commits, once however often it is said."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, topic])


def end_streams(server_pid: int) -> None:
    """Ask the open streams of one server's processes to end, so that it can stop at once."""
    publish(f"{END} {server_pid}")


def stream(topics: Collection[str], *, is_continued: bool) -> StreamingHttpResponse:
    """Return the stream of events for one page.

    Parameters
    ----------
    topics
        What the page shows and its reader may know of.
    is_continued
        The browser had a stream before this one, and may have missed something.

    """
    return StreamingHttpResponse(
        _events(frozenset(topics), is_continued=is_continued),
        content_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            "Content-Encoding": "identity",  # or compression would hold events back
        },
    )


async def _events(topics: frozenset[str], *, is_continued: bool) -> AsyncIterator[str]:
    ids = itertools.count(1)
    loop = asyncio.get_running_loop()
    end = loop.time() + LIFETIME_SECONDS
    queue = hub.subscribe()
    try:
        yield f"retry: {1000 * RETRY_SECONDS}\nid: {next(ids)}\n\n"
        if is_continued:
            queue.put_nowait(GAP)
        while (left := end - loop.time()) > 0:
            try:
                async with asyncio.timeout(min(HEARTBEAT_SECONDS, left)):
                    topic = await queue.get()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if topic == END:
                return
            for changed in sorted(topics) if topic == GAP else topics & {topic}:
                yield f"id: {next(ids)}\nevent: {changed}-changed\ndata: \n\n"
    finally:
        hub.unsubscribe(queue)


class Hub:
    """One listening connection per process, fanned out to the open pages."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()
        self._listening: asyncio.Task[None] | None = None

    def subscribe(self) -> asyncio.Queue[str]:
        """Return a queue that receives every topic from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._queues.add(queue)
        if self._listening is None or self._listening.done():
            self._listening = asyncio.get_running_loop().create_task(self._listen())
        return queue

    def unsubscribe(self, queue: asyncio.Queue[str]) -> None:
        """Forget a queue; without any, the connection is given up."""
        self._queues.discard(queue)
        if not self._queues and self._listening is not None:
            self._listening.cancel()
            self._listening = None

    async def _listen(self) -> None:
        while self._queues:
            with suppress(psycopg.Error):
                await self._pass_on()
            await asyncio.sleep(RETRY_SECONDS)
            self._tell(GAP)

    async def _pass_on(self) -> None:
        listening = await psycopg.AsyncConnection.connect(**connector_params(), autocommit=True)
        async with listening:
            await listening.execute(f"LISTEN {CHANNEL}")
            async for notice in listening.notifies():
                is_end = notice.payload == f"{END} {os.getppid()}"
                self._tell(END if is_end else notice.payload)

    def _tell(self, topic: str) -> None:
        for queue in self._queues:
            queue.put_nowait(topic)


hub = Hub()
