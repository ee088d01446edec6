"""What a demo needs of its world before any table is there: so that it can be made meanwhile."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from amends.engine.classify import Classifier
from amends.engine.contracts import starter_taxonomy
from amends.engine.worlds import Truth, World, read_world
from amends.flows.learning import learn_causes
from amends.flows.living import split
from amends.web.project.demo.record import DemoRecord

DAYS: Final = 365
FUTURE_DAYS: Final = 30
BUSINESS: Final = 25.0
"""Orders per failure, times the world's own: some are seen to come every second."""
LEARN_FROM: Final = 24_000
"""Signals from whose resolution codes the classifier learns before anything is processed."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A company's year as it was heard, and a classifier that has learnt from its beginning."""

    months: list[pa.Table]
    customers: pa.Table
    truth: Truth
    classifier: Classifier


def world_of(record: DemoRecord) -> World:
    """Return the company as it lives around the day on which the demo began."""
    world, today = read_world(record.world), record.now.date()
    return world.dated(today, DAYS, future_days=FUTURE_DAYS, business=BUSINESS)


def rehearse(record: DemoRecord) -> Rehearsed:
    """Let the company's year happen, and learn causes from the codes of its first months."""
    play = world_of(record).play(record.signals, record.seed)
    months, _ = split(play, record.now)
    truth = play.truth()
    return Rehearsed(months, play.customers(), truth, _learnt(months, truth.taxonomy))


def rehearse_into(record: DemoRecord, file: Path) -> None:
    """Rehearse and keep the result in a file for `read_rehearsal`, of the same start only."""
    file.write_bytes(pickle.dumps(rehearse(record), protocol=5))


def read_rehearsal(file: Path) -> Rehearsed:
    """Return what `rehearse_into` kept, and remove the file."""
    found: Rehearsed = pickle.loads(file.read_bytes())  # noqa: S301  (written a moment ago by us)
    file.unlink()
    return found


def _learnt(months: Sequence[pa.Table], taxonomy: str) -> Classifier:
    known = pa.concat_tables(months).slice(0, LEARN_FROM)
    texts = [
        verbatim or subject
        for verbatim, subject in zip(
            known["verbatim"].to_pylist(), known["subject"].to_pylist(), strict=True
        )
    ]
    codes = known["resolution_code"].to_pylist()
    classifier, _ = learn_causes(starter_taxonomy(taxonomy), texts, codes)
    return classifier
