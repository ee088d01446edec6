"""Figures that take longer than a page may: computed once, kept for a while, renewed behind.

A page asks for a figure and has it within a bounded time, or is told that it is on its way and
asks again. What was kept for longer than it is young is still given, and computed anew meanwhile.
Kept by each process; nothing is lost with it.
"""

import os
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillBusy
from dataclasses import dataclass
from typing import Final, Generic, TypeVar, cast

from django.conf import settings
from django.db import connections

T = TypeVar("T")

PATIENCE_SECONDS: Final = 0.05
"""How long a page waits for what was never computed. `settings.PATIENCE_SECONDS` overrules it; None
there: whoever asks computes it at once."""
MOST: Final = 256


@dataclass(slots=True)
class _Answer(Generic[T]):
    value: T
    at: float


class Kept(Generic[T]):
    """Answers by key, for as long as they are young or nothing newer has come.

    Parameters
    ----------
    young_seconds
        An answer of this age is given as it is; an older one is computed anew behind.
    old_seconds
        An answer of this age is not given any more.

    """

    def __init__(self, young_seconds: float, old_seconds: float) -> None:
        self.young_seconds, self.old_seconds = young_seconds, old_seconds
        self._lock = threading.Lock()
        self._answers: dict[Hashable, _Answer[T]] = {}
        self._coming: dict[Hashable, Future[T]] = {}

    def get(self, key: Hashable, compute: Callable[[], T]) -> T | None:
        """Return the answer to `key`, or None while it is being computed.

        `compute` runs on another thread, with a database connection of its own. What it raises
        comes to who waits for it.
        """
        patience = getattr(settings, "PATIENCE_SECONDS", PATIENCE_SECONDS)
        with self._lock:
            known = self._answers.get(key)
            age = time.monotonic() - known.at if known else float("inf")
            if known and age < self.young_seconds:
                return known.value
            coming = None
            if patience is not None:
                coming = self._coming.get(key) or self._start(key, compute)
        if coming is None:
            return compute()
        if known and age < self.old_seconds:
            return known.value
        try:
            return coming.result(patience)
        except StillBusy:
            return None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()
            self._coming.clear()

    def _start(self, key: Hashable, compute: Callable[[], T]) -> Future[T]:
        coming = cast("Future[T]", _workers().submit(self._keep, key, compute))
        self._coming[key] = coming
        return coming

    def _keep(self, key: Hashable, compute: Callable[[], T]) -> T:
        try:
            value = compute()
            with self._lock:
                self._answers.pop(key, None)
                self._answers[key] = _Answer(value, time.monotonic())
                for oldest in list(self._answers)[:-MOST]:
                    del self._answers[oldest]
            return value
        finally:
            connections.close_all()
            with self._lock:
                self._coming.pop(key, None)


_pools: dict[int, ThreadPoolExecutor] = {}


def _workers() -> ThreadPoolExecutor:
    """Return this process's threads: a fork has none of its parent's."""
    pid = os.getpid()
    if pid not in _pools:
        _pools.clear()
        _pools[pid] = ThreadPoolExecutor(max_workers=2, thread_name_prefix="kept")
    return _pools[pid]
