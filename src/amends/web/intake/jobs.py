"""What the worker does about sources and the quarantine."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from amends.web.intake.actions.quarantine import drive_on
from amends.web.intake.receiving import RETRY_AFTER_SECONDS, InboxIsFull

UNTIL_THERE_IS_ROOM = RetryStrategy(
    max_attempts=200, wait=RETRY_AFTER_SECONDS, retry_exceptions=[InboxIsFull]
)


@app.task(lock="intake.redrive", retry=UNTIL_THERE_IS_ROOM, pass_context=False)
def redrive(pk: int) -> None:
    """Send the rows of a redrive again, part by part; whoever takes over goes on where it stood."""
    while drive_on(pk):
        pass
