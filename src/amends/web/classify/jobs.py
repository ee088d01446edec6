"""What the worker does for causes: learn what people corrected."""

import logging
from typing import Final

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from amends.engine.classify import correct
from amends.engine.contracts import BadInput
from amends.web.classify.in_force import classifier_in_force, put_in_force
from amends.web.classify.models import Review, Verdict
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
    strange = [r.pk for r in reviews if r.cause not in known]
    Review.objects.filter(pk__in=strange).update(learnt_by=CANNOT)
    names = {r.signal_id.hex: r for r in reviews if r.cause in known}
    if not names:
        return 0
    rows = lake().by_id(list(names)).select(["signal_id", "verbatim", "subject"]).to_pylist()
    told = [(r["verbatim"] or r["subject"], names[r["signal_id"]]) for r in rows]
    told = [(text, review) for text, review in told if text]
    try:
        newer = correct(classifier, [t for t, _ in told], [r.cause for _, r in told])
    except BadInput as error:
        log.warning("Corrections were not learnt: %s", error)
        return 0
    said = f"It learnt {len(told)} corrections"
    version = put_in_force(newer, timezone.now(), said)
    Review.objects.filter(pk__in=[r.pk for r in names.values()]).update(learnt_by=version.version)
    return len(told)
