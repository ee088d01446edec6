"""Signals that no cause of the retail taxonomy fits, in two clear groups, beside plain ones."""

from datetime import timedelta

import pyarrow as pa
from django.db import transaction
from django.utils import timezone
from tests.web.arrivals import send
from tests.web.signals import signal

from amends.engine.contracts import UNSURE, Taxonomy, starter_taxonomy
from amends.flows.learning import learn_causes
from amends.web.classify.in_force import put_in_force
from amends.web.intake.lake import lake
from amends.web.project import pipeline, relabelling

THINGS = ("melon", "lamp", "carpet", "kettle", "poster", "drill", "mirror", "basket")
RETAIL: Taxonomy = starter_taxonomy("retail")


def drone(n: int) -> str:
    return f"The delivery drone dropped my {THINGS[n % 8]} into the neighbour's swimming pool {n}"


def hologram(n: int) -> str:
    return f"The hologram assistant sang loudly while I chose a {THINGS[n % 8]} in aisle {n}"


def say(n: int = 12, first: int = 0, *, words: tuple[str, ...] = ("drone", "hologram")) -> None:
    """Have n signals of each group arrive; the classifier is made sure to know neither."""
    now = timezone.now()
    texts = {"drone": drone, "hologram": hologram}
    send(
        *[
            signal(
                external_id=f"{word}-{i}",
                kind="complaint",
                verbatim=texts[word](i),
                occurred_at=now - timedelta(days=1 + i % 20),
            )
            for word in words
            for i in range(first, first + n)
        ]
    )
    pipeline.work_off()
    _make_unsure()


def described() -> None:
    """Put a classifier in force that knows only descriptions."""
    classifier, _ = learn_causes(RETAIL, ["a text"], [None])
    put_in_force(classifier, timezone.now())


def causes() -> dict[str, str | None]:
    """Return the cause of every signal by its name at the source."""
    rows = lake().fetch(lake().signals().select("external_id", "cause")).to_pylist()
    return {row["external_id"]: row["cause"] for row in rows}


def _make_unsure() -> None:
    """Whatever the descriptions guess: these are unsure, as the lake has it."""
    names = lake().fetch(lake().signals().select("signal_id"))["signal_id"].to_pylist()

    with transaction.atomic():
        relabelling.prepare(names, _unsure)
    pipeline.work_off()


def _unsure(signals: pa.Table) -> pa.Table:
    for name, value in (("cause", UNSURE), ("cause_confidence", 0.2)):
        at = signals.schema.get_field_index(name)
        kind = signals.schema.field(at).type
        signals = signals.set_column(at, name, pa.array([value] * len(signals), kind))
    return signals
