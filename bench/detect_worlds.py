"""Detection and localisation against the planted truth of the worlds.

    python -m bench.detect_worlds [--worlds telco,retailer,bank] [--seeds 1,2] [--signals N]
                                  [--causes none|true] [-v]

Every world is played, watched and localised by the same steps as `amends analyze`. An event
matches a planted breakdown when their days overlap and it names its cause, or names none and its
slice covers, or lies in, the planted one. A planted breakdown counts when its peak is at least
1.5 × usual at 5 or more expected a day; events that match none are false, and decoy alarms when
they lie in a decoy's days and slice. Delay is in days from the first planted day to the first
bucket in which any series on a matching slice alarmed.
"""

import argparse
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import UNSURE, Slice, as_datetime
from amends.engine.worlds import Decoy, PlantedBreakdown, Truth, read_world, world_names
from amends.flows.analyze.events import Event, find_events
from amends.flows.analyze.options import AnalyzeOptions
from amends.flows.analyze.watching import Watch, watch, watched_signals

LEAST_RATIO, LEAST_PER_DAY = 1.5, 5.0
OF_CAUSE = ("cause", "journey_stage", "touchpoint")


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted breakdown, and the terms that say its cause and not its place."""

    truth: PlantedBreakdown
    of_cause: dict[str, str]


@dataclass(slots=True)
class Score:
    """What became of the planted and the reported breakdowns."""

    events: int = 0
    right: int = 0
    decoys: int = 0
    planted: int = 0
    found: int = 0
    located: int = 0
    exact: int = 0
    delays: list[int] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: "Score") -> None:
        """Add another play's figures."""
        for name in ("events", "right", "decoys", "planted", "found", "located", "exact"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.delays += other.delays
        self.seconds += other.seconds

    def line(self) -> str:
        """Return the figures as one line of the table."""
        delay = f"{np.median(self.delays):5.1f}" if self.delays else "    –"
        return (
            f"{self.right / max(self.events, 1):9.2f}  {self.found / max(self.planted, 1):6.2f}  "
            f"{delay}  {self.exact / max(self.located, 1):5.2f}  {self.decoys:6}  "
            f"{self.events:6}  {self.planted:7}  {self.seconds:7.1f}"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--worlds", default=",".join(world_names()))
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--signals", type=int)
    parser.add_argument("--causes", choices=("none", "true"), default="none")
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    print(f"{'':<18}precision  recall  delay  exact  decoys  events  planted  seconds")
    total = Score()
    for name in options.worlds.split(","):
        for seed in (int(s) for s in options.seeds.split(",")):
            signals, planted, truth = played(name, options.signals, seed, options.causes)
            score = judge(signals, planted, truth, verbose=options.verbose)
            print(f"{name:<12}{seed:<6}" + score.line(), flush=True)
            total.add(score)
    print(f"{'all':<18}" + total.line())


def played(
    name: str, signals: int | None, seed: int, causes: str
) -> tuple[pa.Table, list[Planted], Truth]:
    """Return the signals of a play, with the true cause of each if wanted, and its truth."""
    world = read_world(name)
    play = world.play(signals, seed)
    tables = []
    for chunk in play.chunks():
        table = chunk.signals
        if causes == "true":
            table = _with_causes(table, chunk.labels)
        tables.append(table)
    truth = play.truth()
    planted = []
    for breakdown in truth.breakdowns:
        cause = world.company.causes[breakdown.cause]
        terms = {"cause": breakdown.cause, "journey_stage": cause.stage}
        planted.append(Planted(breakdown, {**terms, "touchpoint": cause.touchpoint}))
    return pa.concat_tables(tables).unify_dictionaries(), planted, truth


def _with_causes(signals: pa.Table, labels: pa.Table) -> pa.Table:
    """Return the signals as a perfect classifier leaves them: unsure where nothing failed."""
    place = pc.index_in(signals["signal_id"], value_set=labels["signal_id"].combine_chunks())
    told = pc.fill_null(labels["cause"].combine_chunks(), UNSURE).take(place)
    at = signals.column_names.index("cause")
    return signals.set_column(at, signals.schema.field("cause"), told)


def judge(signals: pa.Table, all_planted: list[Planted], truth: Truth, *, verbose: bool) -> Score:
    """Watch, localise and compare with the truth."""
    started = perf_counter()
    watched = watch(signals, AnalyzeOptions(country=""), _quiet)
    if watched.period is None:
        return Score(planted=len(truth.breakdowns))
    events = find_events(watched_signals(signals, watched.period), watched, _quiet)
    score = Score(events=len(events), seconds=perf_counter() - started)
    for event in events:
        matching = [p for p in all_planted if _matches(event, p)]
        score.right += bool(matching)
        score.decoys += not matching and any(_in_decoy(event, d) for d in truth.decoys)
        if verbose:
            names = ", ".join(p.truth.name for p in matching) or "nothing planted"
            print(f"  {_told(event)}  →  {names}")
    for one in all_planted:
        planted = one.truth
        if planted.ratio < LEAST_RATIO or planted.usual_per_day < LEAST_PER_DAY:
            continue
        score.planted += 1
        matching_events = [e for e in events if _matches(e, one)]
        score.found += bool(matching_events)
        score.located += bool(matching_events)
        exact = any(_place(e.slice) == Slice.of(planted.slice) for e in matching_events)
        score.exact += exact
        delay = _delay(watched, one) if matching_events else None
        score.delays += [] if delay is None else [delay]
        if verbose:
            state = "exact" if exact else "found" if matching_events else "missed"
            print(
                f"  {planted.name} {dict(planted.slice)} {planted.first}–{planted.last} "
                f"× {planted.ratio:.1f} at {planted.usual_per_day:.0f}: {state}, {delay} d"
            )
    return score


def _quiet(stage: str, done: int, total: int) -> None:
    del stage, done, total


def _told(event: Event) -> str:
    first, last = _days(event)
    evidence = event.finding.evidence
    return (
        f"{event.watched.measure} {event.slice}: {first}–{last} × {evidence.ratio:.2f} "
        f"({evidence.observed:.0f}/{evidence.expected:.0f}), score {evidence.score:.1f}"
    )


def _place(where: Slice) -> Slice:
    """Return a slice without its cause, and without what the cause alone says."""
    return Slice.of((dim, value) for dim, value in where.terms if dim not in OF_CAUSE)


def _days(event: Event) -> tuple[date, date]:
    first, last = event.times()
    return as_datetime(first).date(), as_datetime(last).date()


def _matches(event: Event, planted: Planted) -> bool:
    first, last = _days(event)
    if last < planted.truth.first or first > planted.truth.last:
        return False
    if dict(event.slice.terms).get("cause") == planted.truth.cause:
        return True
    return _touches(event.slice, planted)


def _touches(where: Slice, planted: Planted) -> bool:
    told = {dim: value for dim, value in where.terms if dim in planted.of_cause}
    if any(value != planted.of_cause[dim] for dim, value in told.items()):
        return False
    place, true = _place(where), Slice.of(planted.truth.slice)
    return place.covers(true) or true.covers(place)


def _in_decoy(event: Event, decoy: Decoy) -> bool:
    first, last = _days(event)
    apart = last < decoy.first or first > decoy.last
    place, true = _place(event.slice), Slice.of(decoy.slice)
    return not apart and (place.covers(true) or true.covers(place))


def _delay(watched: Watch, planted: Planted) -> int | None:
    truth = planted.truth
    days = [
        (as_datetime(w.batch.starts[f.detected]).date() - truth.first).days
        for w in watched.watched
        for f in w.findings
        if _touches(f.key.slice, planted)
    ]
    inside = [d for d in days if 0 <= d <= (truth.last - truth.first).days]
    return min(inside, default=None)


if __name__ == "__main__":
    main()
