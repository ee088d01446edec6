"""The report's own sentences: what a chart shows, since when, where, how much."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from markupsafe import Markup

from amends.engine.contracts import (
    MEASURES,
    UNSURE,
    ActionKind,
    Breakdown,
    BreakdownState,
    Bucket,
    RankedAction,
    SeriesChart,
    Slice,
)
from amends.flows.report import words

ACTIONS = {
    ActionKind.NONE: "No action",
    ActionKind.APOLOGY: "Apology",
    ActionKind.CALLBACK: "Call back",
    ActionKind.CREDIT: "Credit",
    ActionKind.APOLOGY_CREDIT: "Apology and credit",
    ActionKind.REFUND: "Refund",
    ActionKind.REPLACEMENT: "Replacement",
    ActionKind.ESCALATION: "Escalation",
}
STATES = {
    BreakdownState.SUSPECTED: "Suspected",
    BreakdownState.CONFIRMED: "Going on",
    BreakdownState.RECOVERING: "Recovering",
    BreakdownState.OVER: "Over",
}
BUCKETS = {
    Bucket.FIVE_MINUTES: "5 minutes",
    Bucket.HOUR: "hour",
    Bucket.DAY: "day",
    Bucket.WEEK: "week",
}
ADVERBS = {
    Bucket.FIVE_MINUTES: "Every 5 minutes",
    Bucket.HOUR: "Hourly",
    Bucket.DAY: "Daily",
    Bucket.WEEK: "Weekly",
}


def chart_sentence(chart: SeriesChart) -> str:
    """Say in words what a line chart shows: span, usual level, extremes, what lies outside."""
    known = [
        (at, value)
        for at, value in zip(_complete(chart), chart.value, strict=False)
        if value is not None
    ]
    if not known:
        return f"{chart.title}: no complete {BUCKETS[chart.bucket]} yet."
    low, high = min(known, key=lambda p: p[1]), max(known, key=lambda p: p[1])
    outside = sum(_is_above(chart, i) for i in range(len(_complete(chart))))
    year = chart.starts[0].year != chart.starts[-1].year
    return (
        f"{chart.title} from {words.period(chart.starts[0], chart.starts[-1])}, by "
        f"{BUCKETS[chart.bucket]}: median {words.number(median(v for _, v in known))}, "
        f"lowest {words.number(low[1])} ({words.moment(low[0], chart.bucket, year=year)}), "
        f"highest {words.number(high[1])} ({words.moment(high[0], chart.bucket, year=year)}); "
        f"{_share_outside(outside, len(known), chart.bucket)}."
    )


def _complete(chart: SeriesChart) -> list[datetime]:
    return chart.starts[:-1] if chart.last_is_partial else chart.starts


def _is_above(chart: SeriesChart, i: int) -> bool:
    value, high = chart.value[i], chart.high[i]
    return value is not None and high is not None and value > high


def _share_outside(n: int, of: int, bucket: Bucket) -> str:
    unit = BUCKETS[bucket].removeprefix("5 ").removesuffix("s")
    if n == 0:
        return "never above the expected range"
    return f"{n:,} of {words.count(of, unit)} above the expected range"


def outside_rows(chart: SeriesChart, most: int = 14) -> list[tuple[str, str, str, str]]:
    """Return (when, value, expected, range) of the latest that alarmed or lie above the band."""
    year = chart.starts[0].year != chart.starts[-1].year
    rows = []
    for i, at in enumerate(_complete(chart)):
        low, high = chart.low[i], chart.high[i]
        if chart.is_alarm[i] or _is_above(chart, i):
            rows.append(
                (
                    words.moment(at, chart.bucket, year=year),
                    words.number(chart.value[i]),
                    words.number(chart.expected[i]),
                    words.interval(words.number(low), words.number(high)),
                )
            )
    return rows[-most:]


def since(b: Breakdown, bucket: Bucket) -> str:
    """Say when it began, how exactly that is known, and whether it lasts."""

    def when(at: datetime) -> str:
        return words.moment(at, bucket, year=at.year != b.onset_at.year)

    parts = [words.moment(b.onset_at, bucket, year=True)]
    if b.onset_latest_at - b.onset_earliest_at >= timedelta(seconds=bucket.seconds):
        parts.append(f"(between {when(b.onset_earliest_at)} and {when(b.onset_latest_at)})")
    if b.ended_at is not None:
        end = f"until {when(b.ended_at)}"
    else:
        end = "over" if b.state is BreakdownState.OVER else "still going on"
    return f"{' '.join(parts)}, {end}; noticed {when(b.detected_at)}"


def where(place: Slice, labels: Mapping[str, str]) -> str:
    """Return a slice in words: `Product: Fibre · Region: North`; causes by their labels."""
    terms = [
        f"{words.label(dim)}: {cause_label(value, labels) if dim == 'cause' else value}"
        for dim, value in place.terms
    ]
    return " · ".join(terms) or "Everywhere"


def drawn(chart: SeriesChart) -> str:
    """Say what the line of a chart counts: `Complaints a day`, `Effort, % of answers`."""
    measure = MEASURES.get(chart.measure)
    name = measure.label if measure else words.label(chart.measure)
    if "%" in chart.unit:
        return f"{name}, {chart.unit}"
    if chart.measure.endswith("_rate"):  # the line shows the events that the rate is made of
        name = words.label(chart.measure.removesuffix("_rate")) + "s"
    return f"{name} {chart.unit}"


def size(b: Breakdown) -> str:
    """Say how much was seen against what was expected."""
    e = b.evidence
    expected = words.interval(
        words.number(e.expected_range.low), words.number(e.expected_range.high)
    )
    return (
        f"{words.number(e.observed)} where {words.number(e.expected)} were expected "
        f"({words.level(e.expected_range)} range {expected})"
    )


def ratio(b: Breakdown) -> str:
    """Return observed ÷ expected with its interval: `1.6× (1.4 – 1.8×)`."""
    e = b.evidence
    low, high = e.ratio_interval.low, e.ratio_interval.high
    if words.times(e.ratio) in {words.NONE, "∞×"}:
        return f"at least {words.times(low)}"
    return f"{words.times(e.ratio)} ({words.number(low)} – {words.times(high)})"


def action(ranked: RankedAction) -> str:
    """Return an action in words, with its amount: `Apology and credit of €25.00`."""
    name = ACTIONS[ranked.kind]
    if not ranked.amount.amount:
        return name
    return f"{name} of {words.money(ranked.amount, cents=True)}"


def recovered(ranked: RankedAction) -> str:
    """Say how often an action has worked, or is expected to while there are no own cases."""
    rate = words.percent(ranked.rate, 0)
    ends = words.interval(
        words.percent(ranked.rate_interval.low, 0), words.percent(ranked.rate_interval.high, 0)
    )
    if ranked.n == 0:
        return f"Expected to recover {rate} ({ends}); no own case yet."
    return f"Recovered {rate} ({ends}) of {words.count(ranked.n, 'similar case')}."


def cause_label(path: str, labels: Mapping[str, str]) -> str:
    """Return the words for a cause: the taxonomy's, else made from its path."""
    if path == UNSURE:
        return "Unsure"
    return labels.get(path) or words.label(path.rpartition("/")[2])


def together(names: Sequence[str]) -> str:
    """Return names as one, what they begin with said once: `A case of “x”, “y”`."""
    split = [name.split() for name in dict.fromkeys(names)]
    if len(split) == 1:
        return " ".join(split[0])
    same = 0
    for at_place in zip(*(name[:-1] for name in split), strict=False):
        if len(set(at_place)) > 1:
            break
        same += 1
    rest = ", ".join(" ".join(name[same:]) for name in split)
    return " ".join((*split[0][:same], rest))


def with_code(text: str) -> Markup:
    """Return the text with what stands in `backticks` as code."""
    parts = text.split("`")
    code = Markup("<code>{}</code>")
    return Markup().join(
        code.format(part) if i % 2 and i < len(parts) - 1 else ("`" if i % 2 else "") + part
        for i, part in enumerate(parts)
    )


def shorten(text: str, most: int = 420) -> str:
    """Return a verbatim cut at a word, the cut shown."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = text[:most]
    head = cut.rpartition(" ")[0]
    return f"{head if len(head) > most // 2 else cut} […]"
