"""An event as a reader needs it: in a sentence, with evidence, who is hit and what to do."""

from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import (
    MEASURES,
    UNSURE,
    Breakdown,
    BreakdownReport,
    BreakdownState,
    Evidence,
    Family,
    Kind,
    Money,
    Quote,
    Recommendation,
    Severity,
    Slice,
    Taxonomy,
)
from amends.engine.detect import severity_of, to_breakdown
from amends.flows.report import words

from .charts import series_chart
from .events import Event

Flags = NDArray[np.bool_]

QUOTES: Final = 4
NOUNS: Final = {
    "complaints": "complaints",
    "complaint_rate": "complaints per transaction",
    "tickets": "tickets",
    "ticket_rate": "tickets per transaction",
    "social_mentions": "mentions",
    "mention_rate": "mentions per transaction",
    "escalation_rate": "escalations per contact",
    "nps_harm": "lost NPS points",
    "csat_harm": "dissatisfied answers",
    "ces_harm": "high-effort answers",
    "negative_share": "negative texts",
}
"""What a measure counts, as the subject of a sentence."""
FEW_BEFORE: Final = 0.05
"""Expected ÷ observed below which a reader is told to look whether the data begin here."""
_READABLE: Final = (40, 400)
"""Characters of a verbatim that a reader takes in at once."""
_WHO_LIFT: Final = 0.08
"""By how much a group's share must differ from its usual one to be told."""


def breakdown_report(
    signals: pa.Table,
    event: Event,
    taxonomy: Taxonomy,
    currency: str,
    recommendation: Recommendation | None,
    cost: float | None,
) -> BreakdownReport:
    """Put one event into the words and figures of the report."""
    hit = signals.filter(pa.array(event.is_hit))
    breakdown = told_breakdown(event, hit, taxonomy, currency)
    return BreakdownReport(
        breakdown=breakdown,
        headline=headline(event, breakdown, taxonomy),
        summary=_summary(event, breakdown, taxonomy),
        confidence=_confidence(breakdown),
        chart=series_chart(event.watched, event.finding.row, _title(event, taxonomy)),
        quotes=quotes(hit, event.cause, event.slice),
        who=_who(signals, hit, event),
        to_do=_to_do(event, breakdown, hit, taxonomy),
        recommendation=recommendation,
        cost=cost,
    )


def headline(event: Event, breakdown: Breakdown, taxonomy: Taxonomy) -> str:
    """Say in one sentence what broke, where, by how much and since when."""
    bucket = event.watched.batch.bucket
    onset = words.moment(breakdown.onset_at, bucket, year=True)
    if is_new_normal(breakdown):
        when = f"from {onset}, by now the usual level"
    elif breakdown.ended_at is None:
        when = f"since {onset}"
    else:
        when = f"from {onset} until {words.moment(breakdown.ended_at, bucket)}"
    return (
        f"{subject(event, taxonomy)}{place_words(event.slice)}: {rise(breakdown.evidence)}, {when}"
    )


def is_new_normal(breakdown: Breakdown) -> bool:
    """Return whether it lasted so long that its level is what is expected now."""
    return breakdown.state is BreakdownState.OVER and breakdown.ended_at is None


def subject(event: Event, taxonomy: Taxonomy) -> str:
    """Return what went up: the cause where one holds most of it, with what is counted."""
    noun = NOUNS[event.watched.measure]
    if event.cause is None:
        return words.label(noun)
    if event.cause == UNSURE:
        return f"{words.label(noun)} without a known cause"
    return f"“{taxonomy.label(event.cause)}” {noun}"


def place_words(where: Slice) -> str:
    """Return ` (product fibre, region north)`: the slice without its cause; empty: everywhere."""
    terms = [f"{words.label(dim).lower()} {value}" for dim, value in where.terms if dim != "cause"]
    return f" ({', '.join(terms)})" if terms else ""


def quotes(hit: pa.Table, cause: str | None, where: Slice) -> tuple[Quote, ...]:
    """Return a few verbatims of a cause: sure ones, of a length to be read, no two alike."""
    texts = hit["verbatim"]
    length = pc.fill_null(pc.utf8_length(texts), 0)
    is_told = pc.and_(pc.greater_equal(length, _READABLE[0]), pc.less(length, 4 * _READABLE[1]))
    if cause is not None:
        is_told = pc.and_(is_told, pc.fill_null(pc.equal(hit["cause"], cause), False))
    told = hit.filter(is_told)
    confidence = np.asarray(pc.fill_null(told["cause_confidence"], 0.0))
    fits = np.asarray(pc.less_equal(pc.utf8_length(told["verbatim"]), _READABLE[1]))
    found: list[Quote] = []
    openings: set[str] = set()
    for place in np.lexsort((np.arange(len(told)), -confidence, ~fits)):
        row = told.slice(int(place), 1)
        text = row["verbatim"][0].as_py()
        opening = " ".join(text.lower().split()[:5])
        if opening in openings:
            continue
        openings.add(opening)
        found.append(_quote(row, text, where))
        if len(found) == QUOTES:
            break
    return tuple(found)


def _quote(row: pa.Table, text: str, where: Slice) -> Quote:
    shown = [
        dim for dim in ("product", "region", "channel", "vendor") if dim not in dict(where.terms)
    ]
    values = {dim: row[dim][0].as_py() for dim in shown}
    return Quote(
        text=text,
        occurred_at=row["occurred_at"][0].as_py(),
        slice={dim: value for dim, value in values.items() if value},
        source=row["source"][0].as_py(),
        external_id=row["external_id"][0].as_py(),
    )


def told_breakdown(event: Event, hit: pa.Table, taxonomy: Taxonomy, currency: str) -> Breakdown:
    """Return an event with how bad it is, from the signals that are part of it."""
    customers = customers_in(hit)
    at_risk = value_at_risk(hit, currency)
    severity = severity_of(
        event.finding,
        bucket_days=event.watched.batch.bucket.seconds / 86_400,
        customers=customers,
        value_at_risk=at_risk,
        worst_cause=default_severity(taxonomy, event.cause),
    )
    return to_breakdown(
        event.finding,
        event.watched.batch,
        severity=severity,
        slices=event.slices,
        customers=customers,
        value_at_risk=at_risk,
        causes=event.causes[:5],
    )


def _distinct(values: pa.ChunkedArray) -> int | None:
    """Return how many distinct values there are; None where most are missing."""
    if not len(values) or 2 * values.null_count > len(values):
        return None
    return int(pc.count_distinct(values, mode="only_valid").as_py())


def default_severity(taxonomy: Taxonomy, cause: str | None) -> Severity | None:
    """Return how bad a cause usually is; None where the taxonomy does not know it."""
    return taxonomy[cause].default_severity if cause and cause in taxonomy else None


def customers_in(hit: pa.Table) -> int | None:
    """Return how many customers the signals are of; None where most do not say."""
    return _distinct(hit["customer_id"])


def value_at_risk(hit: pa.Table, currency: str) -> Money | None:
    """Return the value at risk, each customer counted once."""
    known = hit.filter(pc.is_valid(hit["value_at_risk"]))
    if not len(known):
        return None
    codes = set(known["currency"].to_pylist()) - {None}
    if len(codes) > 1:
        return None
    whose = pc.coalesce(known["customer_id"], known["signal_id"])
    amounts = pa.table({"who": whose, "amount": known["value_at_risk"]})
    each = amounts.group_by("who").aggregate([("amount", "max")])
    total = sum((a for a in each["amount_max"].to_pylist()), Decimal(0))
    return Money(total, codes.pop() if codes else currency)


def rise(evidence: Evidence) -> str:
    """Say how much more there was than expected."""
    if evidence.expected < FEW_BEFORE * evidence.observed:
        seen, usual = words.number(evidence.observed, 0), words.number(evidence.expected, 0)
        return f"{seen} where {usual} were expected"
    if evidence.ratio < 2:
        return f"up {words.percent(evidence.ratio - 1, 0)}"
    return f"{words.times(evidence.ratio).removesuffix('×')} times the usual"


def _summary(event: Event, breakdown: Breakdown, taxonomy: Taxonomy) -> str:
    evidence, measure = breakdown.evidence, MEASURES[event.watched.measure]
    unit = "events" if measure.family is Family.COUNT else "bad answers"
    seen, usual = words.number(evidence.observed, 0), words.number(evidence.expected, 0)
    parts = [f"{seen} {unit} where {usual} were expected"]
    share = event.slices[0].share_explained
    if event.slice.terms and share < 0.995:
        parts.append(f"{words.percent(share, 0)} of the excess lies here")
    told = [c for c in event.causes if c.cause != UNSURE and c.share >= 0.05][:3]
    if told and event.cause is None:
        named = [f"{taxonomy.label(c.cause)} ({words.percent(c.share, 0)})" for c in told]
        parts.append(f"mainly about {words.join(named)}")
    if event.cause is None and evidence.expected < FEW_BEFORE * evidence.observed:
        parts.append("there was hardly any before, so see whether it is new or was not exported")
    if event.also:
        also = [MEASURES[name].label.lower() for name in event.also]
        parts.append(f"it also shows in {words.join(also)}")
    return f"{'; '.join(parts)}."


def _confidence(breakdown: Breakdown) -> str:
    evidence = breakdown.evidence
    low, high = evidence.ratio_interval.low, evidence.ratio_interval.high
    states = {
        BreakdownState.SUSPECTED: "Suspected: one alarm so far",
        BreakdownState.CONFIRMED: "Confirmed and going on",
        BreakdownState.RECOVERING: "Confirmed, getting better",
        BreakdownState.OVER: "Confirmed, over",
    }
    every = words.every(evidence.false_alarm_every_days)
    return (
        f"{states[breakdown.state]}. Between {words.number(low)} and {words.times(high)} the usual "
        f"(95 %). A quiet series like this one alarms by chance {every}."
    )


def _title(event: Event, taxonomy: Taxonomy) -> str:
    return f"{subject(event, taxonomy)}{place_words(event.slice)}"


def _who(
    signals: pa.Table, hit: pa.Table, event: Event
) -> tuple[tuple[str, str, float, float], ...]:
    """Return the groups that are hit more than they usually are (share now, share usually)."""
    given = dict(event.slice.terms)
    is_told = np.asarray(pc.not_equal(signals["kind"], Kind.TRANSACTION.value))
    usual = signals.filter(pa.array(is_told & ~event.is_hit))
    found = []
    for dim in ("tier", "segment", "region", "product", "channel", "vendor"):
        if dim in given:
            continue
        now, before = _shares(hit[dim]), _shares(usual[dim])
        for value, share in now.items():
            lift = share - before.get(value, 0.0)
            if lift >= _WHO_LIFT:
                found.append((lift, (dim, value, share, before.get(value, 0.0))))
    found.sort(key=lambda entry: -entry[0])
    return tuple(entry for _, entry in found[:4])


def _shares(values: pa.ChunkedArray) -> dict[str, float]:
    known = values.drop_null().cast(pa.string())
    if len(known) < 20:
        return {}
    counted = pc.value_counts(known.combine_chunks()).to_pylist()
    return {entry["values"]: entry["counts"] / len(known) for entry in counted}


def _to_do(
    event: Event, breakdown: Breakdown, hit: pa.Table, taxonomy: Taxonomy
) -> tuple[str, ...]:
    node = taxonomy.get(event.cause)
    owner = words.label(node.owner_team) if node and node.owner_team else "The owner of this area"
    over = breakdown.ended_at is not None
    ended = f" and what ended it on {words.day(breakdown.ended_at)}" if over else ""
    steps = [f"{owner}: find out what changed {_around(breakdown)}{ended}."]
    is_severe = pc.is_in(hit["severity"], value_set=pa.array([Severity.HIGH, Severity.CRITICAL]))
    severe = _distinct(hit.filter(is_severe)["customer_id"])
    if breakdown.customers:
        some = severe and severe < breakdown.customers
        first = f", the {severe:,} of high or critical severity first" if some else ""
        steps.append(
            f"Contact the {words.count(breakdown.customers, 'customer')} hit before they have to "
            f"ask again{first}."
        )
    if not over:
        steps.append(
            f"Agree on a fix and its date; compare eight weeks after it with a slice that was not "
            f"hit. It has run since {words.day(breakdown.onset_at)}."
        )
    return tuple(steps)


def _around(breakdown: Breakdown) -> str:
    first, last = breakdown.onset_earliest_at, breakdown.onset_latest_at
    if (last - first).days < 1:
        return f"on or just before {words.day(breakdown.onset_at)}"
    return f"between {words.day(first)} and {words.day(last)}"
