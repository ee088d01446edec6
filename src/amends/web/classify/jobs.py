"""What the worker does for causes: learn what people corrected."""

import logging
from typing import Final

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from amends.engine.classify import correct
from amends.engine.contracts import BadInput, unchanged
from amends.flows.learning import learn_anew
from amends.web.classify.in_force import (
    classifier_in_force,
    embedder,
    put_in_force,
    taxonomy_in_force,
)
from amends.web.classify.lessons import lesson_at
from amends.web.classify.models import Review, Verdict
from amends.web.classify.previewing import make_preview
from amends.web.classify.taxonomies import now_called
from amends.web.classify.topics import search
from amends.web.intake.lake import lake

MOST_AT_ONCE: Final = 2_000
CANNOT: Final = "cannot be learnt"
log = logging.getLogger(__name__)


@app.task(
    queueing_lock="amends.web.classify.jobs.learn_corrections",
    lock="amends.learning",
    pass_context=False,
)
def learn_corrections() -> None:
    """Have the classifier in force learn what people said since it was made, and swap it."""
    learn()


@app.task(
    queueing_lock="amends.web.classify.jobs.learn_all", lock="amends.learning", pass_context=False
)
def learn_all() -> None:
    """Have a classifier learn the taxonomy in force from all that people said, and swap it."""
    learn_everything()


def learn_everything() -> str:
    """Learn anew from codes and reviews; return the version that is in force then."""
    now = timezone.now()
    classifier, taxonomy = classifier_in_force(), taxonomy_in_force()
    lesson = lesson_at(now, classifier, taxonomy)
    learnt = learn_anew(unchanged(taxonomy), lesson, embedder())
    with transaction.atomic():
        version = put_in_force(learnt, timezone.now(), "It learnt anew from all labels")
        Review.objects.filter(reviewed_at__lte=now, learnt_by__in=["", CANNOT]).update(
            learnt_by=version.version
        )
    return version.version


@app.task(
    queueing_lock="amends.web.classify.jobs.preview_draft",
    lock="amends.learning",
    pass_context=False,
)
def preview_draft() -> None:
    """Work out what the draft of the taxonomy would move."""
    make_preview(timezone.now())


@app.periodic(cron="17 3 * * *")
@app.task(
    queueing_lock="amends.web.classify.jobs.search_topics", lock="amends.topics", pass_context=False
)
def search_topics(timestamp: int | None = None) -> None:  # noqa: ARG001  (given when it is periodic)
    """Look for topics among what is unsure."""
    search(timezone.now())


@transaction.atomic
def learn() -> int:
    """Learn from reviews that nobody has learnt from; return from how many.

    What the classifier in force cannot learn step by step (a cause it does not know) waits for the
    next complete training and is marked so.
    """
    classifier = classifier_in_force()
    if classifier is None:
        return 0
    open_ones = Review.objects.filter(
        is_second=False, learnt_by="", verdict__in=[Verdict.ACCEPTED, Verdict.OTHER]
    )
    reviews = list(open_ones.select_for_update().order_by("pk")[:MOST_AT_ONCE])
    known = set(classifier.causes)
    called = {r.pk: r.cause if r.cause in known else now_called(r.cause) for r in reviews}
    strange = [pk for pk, cause in called.items() if cause not in known]
    Review.objects.filter(pk__in=strange).update(learnt_by=CANNOT)
    names = {r.signal_id.hex: r for r in reviews if called[r.pk] in known}
    if not names:
        return 0
    rows = lake().by_id(list(names)).select(["signal_id", "verbatim", "subject"]).to_pylist()
    told = [(r["verbatim"] or r["subject"], names[r["signal_id"]]) for r in rows]
    told = [(text, review) for text, review in told if text]
    try:
        newer = correct(classifier, [t for t, _ in told], [called[r.pk] for _, r in told])
    except BadInput as error:
        log.warning("Corrections were not learnt: %s", error)
        return 0
    said = f"It learnt {len(told)} corrections"
    version = put_in_force(newer, timezone.now(), said)
    Review.objects.filter(pk__in=[r.pk for r in names.values()]).update(learnt_by=version.version)
    return len(told)
