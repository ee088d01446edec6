"""Asking for the jobs that follow what people say of causes."""

from typing import Final

from django.db import transaction
from procrastinate.contrib.django import app as jobs
from procrastinate.exceptions import AlreadyEnqueued

RELABEL: Final = "amends.web.project.jobs.relabel_confirmed"
"""The job that tells lake and rollups; it lies above, since it feeds every app."""
LEARN: Final = "amends.web.classify.jobs.learn_corrections"
LEARN_ALL: Final = "amends.web.classify.jobs.learn_all"
PREVIEW: Final = "amends.web.classify.jobs.preview_draft"
TOPICS: Final = "amends.web.classify.jobs.search_topics"
HISTORY: Final = "amends.web.project.jobs.relabel_history"
_RELABEL_AFTER_SECONDS: Final = 3


def ask_for_relabelling() -> None:
    """Have lake and rollups told what people confirmed or took back, once this is committed."""
    ask(RELABEL, _RELABEL_AFTER_SECONDS)


def ask(job: str, after_seconds: int = 0) -> None:
    """Have a job done once the transaction is committed, unless it waits already."""
    transaction.on_commit(lambda: _defer(job, after_seconds))


def _defer(job: str, after_seconds: int) -> None:
    try:
        with transaction.atomic():
            jobs.configure_task(
                job, queueing_lock=job, schedule_in={"seconds": after_seconds}
            ).defer()
    except AlreadyEnqueued:
        return
