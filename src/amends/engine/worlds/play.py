"""One play of a world: events happen, some are heard, exactly as many signals as asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from amends.engine.contracts import Kind

from .company import Company
from .contacts import CODE, Heard, concat_heard, hear_failures, hear_ordinary
from .demand import SECONDS_PER_DAY, day_codes, make_calendar
from .events import Events, Scene, concat, failures, ordinary
from .intensity import Intensity, expect
from .language import Language
from .population import SMALLEST, populate
from .randomness import stream
from .signals import Chunk, Rows, write_rows
from .transactions import transactions
from .truth import ActionEffect, Decoy, PlantedBreakdown, PlantedFix, Truth

CHUNK_ROWS: Final = 50_000
_PILOT_FAILURES: Final = 4_000
_SURPLUS: Final = 1.03
_RECENT: Final = 2_000
"""rows back in which words are looked for, so that no two of a thousand texts are alike"""


@dataclass(frozen=True, slots=True)
class Played:
    """What happened and what was heard, in time order."""

    scene: Scene
    intensity: Intensity
    events: Events
    heard: Heard
    failures: float
    """failures expected in the period"""


def play(company: Company, signals: int, seed: int) -> Played:
    """Let the period happen, with exactly `signals` signals that are no transactions."""
    pilot = _happen(company, _PILOT_FAILURES, SMALLEST, seed)
    per_failure = len(pilot.heard) / _PILOT_FAILURES
    wanted = _SURPLUS * signals / per_failure + 6 * np.sqrt(signals) + 20
    size = people_for(company, signals)
    played = _happen(company, wanted, size, seed)
    while len(played.heard) < signals:
        wanted *= 1.05
        played = _happen(company, wanted, size, seed)
    rng = stream(seed, company.name, "thin")
    kept = np.sort(rng.choice(len(played.heard), signals, replace=False))
    return replace(played, heard=played.heard.take(kept))


def people_for(company: Company, signals: int) -> int:
    """Return how many customers a play of so many signals has."""
    return max(SMALLEST, int(signals * company.customers.per_signal))


def _happen(company: Company, expected: float, size: int, seed: int) -> Played:
    scene = Scene(company, populate(company, size, seed), make_calendar(company, seed), seed)
    intensity = expect(company, scene.calendar, expected, seed)
    failed = failures(scene, intensity)
    usual = ordinary(scene, expected)
    said = hear_ordinary(scene, usual)
    said = replace(said, event=said.event + len(failed))
    heard = concat_heard([hear_failures(scene, failed), said])
    heard = heard.take(heard.at < company.days * SECONDS_PER_DAY)
    heard = heard.take(np.argsort(heard.at, kind="stable"))
    return Played(scene, intensity, concat([failed, usual]), heard, expected)


def chunks(played: Played, language: Language) -> Iterator[Chunk]:
    """Yield the signals in time order, transactions among them, with their labels."""
    scene, heard = played.scene, played.heard
    business = transactions(scene.company, scene.calendar, played.failures, scene.seed)
    day = np.asarray(business["occurred_at"].cast("int64"))
    day = (day - day[0]) // (SECONDS_PER_DAY * 1_000_000) if len(day) else day
    rng = stream(scene.seed, scene.company.name, "texts")
    seeds = rng.integers(0, 2**64, len(heard), dtype=np.uint64)
    done, recent = 0, frozenset[str]()
    for first in range(0, len(heard), CHUNK_ROWS):
        part = slice(first, first + CHUNK_ROWS)
        here = heard.take(np.arange(len(heard))[part])
        rows = Rows(here, played.events.take(here.event), seeds[part], first)
        chunk = write_rows(scene, language, rows, recent)
        recent = frozenset(t for t in chunk.signals["verbatim"][-_RECENT:].to_pylist() if t)
        last = first + CHUNK_ROWS >= len(heard)
        until = (
            len(day) if last else int(np.searchsorted(day, here.at[-1] // SECONDS_PER_DAY, "right"))
        )
        yield _among(chunk, business.slice(done, until - done))
        done = until


def _among(chunk: Chunk, business: pa.Table) -> Chunk:
    """Put transactions among the signals by time."""
    both = pa.concat_tables([business, chunk.signals]).unify_dictionaries().combine_chunks()
    order = np.argsort(np.asarray(both["occurred_at"].cast("int64")), kind="stable")
    return Chunk(both.take(pa.array(order)), chunk.labels)


def tell(played: Played, actions: tuple[ActionEffect, ...]) -> Truth:
    """Return what was planted."""
    company = played.scene.company
    return Truth(
        world=company.name,
        title=company.title,
        taxonomy=company.taxonomy,
        currency=company.currency,
        seed=played.scene.seed,
        signals=len(played.heard),
        first=company.period.first,
        last=company.period.last,
        breakdowns=_breakdowns(played),
        decoys=tuple(
            Decoy(d.name, d.kind, d.slice, d.first, d.last, d.factor) for d in company.decoys
        ),
        fixes=tuple(
            PlantedFix(f.name, f.cause, f.slice, f.at, f.effect, f.hypothesis)
            for f in company.fixes
        ),
        actions=actions,
        resolution_codes=company.resolution_codes,
        parameters={
            "code_noise": company.selection.code_noise,
            "complains_with_loss": company.selection.complains_with_loss,
            "complains_without_loss": company.selection.complains_without_loss,
            "transactions_per_failure": company.transactions.per_failure,
        },
    )


def _breakdowns(played: Played) -> tuple[PlantedBreakdown, ...]:
    company, intensity = played.scene.company, played.intensity
    complaint = played.heard.kind == CODE[Kind.COMPLAINT]
    told_of = played.events.breakdown[played.heard.event]
    per_expected = int((complaint & (told_of < 0)).sum()) / float(intensity.complaints({}).sum())
    planted = []
    for code, spec in enumerate(company.breakdowns):
        window = day_codes(company, spec.first, spec.last)
        column = list(company.causes).index(spec.cause)
        usual = intensity.complaints(spec.slice)[window]
        failing = (intensity.expected * intensity.share(spec.slice))[window, column]
        extra = intensity.added(spec)[window]
        planted.append(
            PlantedBreakdown(
                name=spec.name,
                measure=spec.measure,
                cause=spec.cause,
                slice=spec.slice,
                shape=spec.shape,
                first=spec.first,
                last=spec.last,
                ratio=spec.ratio,
                cause_ratio=round(1 + float((extra / failing).max()), 2),
                usual_per_day=round(float(usual.mean()) * per_expected, 2),
                signals=int((told_of == code).sum()),
                complaints=int((complaint & (told_of == code)).sum()),
            )
        )
    return tuple(planted)
