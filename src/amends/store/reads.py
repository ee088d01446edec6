"""The named reads of pages: signals of the lake in, an expression out.

Only operations that DuckDB and Spark share. A read may follow on `where`; each takes any table with
the columns of `LAKE_SCHEMA`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import ibis

from amends.engine.contracts import DIMENSIONS, Severity

from .days import local_day, offsets_between

SEVERE = (Severity.HIGH.value, Severity.CRITICAL.value)


def within(signals: ibis.Table, since: datetime | None, until: datetime | None) -> ibis.Table:
    """Return the signals with since ≤ occurred_at < until; only files of these months are read.

    Raises
    ------
    ValueError
        A bound has no time zone.

    """
    terms = _within(signals, since, until)
    return signals.filter(*terms) if terms else signals


def _within(
    signals: ibis.Table, since: datetime | None, until: datetime | None
) -> list[ibis.expr.types.BooleanValue]:
    for bound in (since, until):
        if bound is not None and bound.tzinfo is None:
            raise ValueError(f"{bound} has no time zone.")
    terms = []
    if since is not None:
        start = since.astimezone(UTC)
        terms.append(signals["occurred_at"] >= ibis.literal(start))
        if "month" in signals.columns:
            terms.append(signals["month"] >= f"{start:%Y-%m}")
    if until is not None:
        end = until.astimezone(UTC)
        terms.append(signals["occurred_at"] < ibis.literal(end))
        if "month" in signals.columns:
            terms.append(signals["month"] <= f"{end:%Y-%m}")
    return terms


def where(
    signals: ibis.Table,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    dims: Mapping[str, str] | None = None,
    cause: str | None = None,
    kinds: Sequence[str] | None = None,
    severity: str | None = None,
    search: str | None = None,
    customer_id: str | None = None,
    ids: Sequence[str] | None = None,
) -> ibis.Table:
    """Return the signals that meet everything that is given: the one filter of all pages.

    Parameters
    ----------
    since, until
        Aware times; since ≤ occurred_at < until.
    dims
        Dimension to value, all of them.
    cause
        A path: itself and everything below it.
    kinds, ids
        Any of these; an empty sequence is none.
    search
        A piece of the verbatim or the subject, in either case.

    Raises
    ------
    ValueError
        A bound has no time zone, or `dims` names what is no dimension.

    """
    unknown = set(dims or ()) - set(DIMENSIONS)
    if unknown:
        raise ValueError(f"No dimensions: {', '.join(sorted(unknown))}.")
    exact = {**(dims or {}), "severity": severity, "customer_id": customer_id}
    lists = {"kind": kinds, "signal_id": ids}
    # One filter: each further one triples the time that the expression takes to compile.
    terms = _within(signals, since, until)
    terms += [signals[column] == value for column, value in exact.items() if value is not None]
    terms += [signals[name].isin(list(some)) for name, some in lists.items() if some is not None]
    if cause:
        terms.append((signals["cause"] == cause) | signals["cause"].startswith(f"{cause}/"))
    if search:
        terms.append(_says(signals["verbatim"], search) | _says(signals["subject"], search))
    return signals.filter(*terms) if terms else signals


def _says(text: ibis.Value, piece: str) -> ibis.Value:
    """Whether a piece stands in a text, in either case; what ILIKE reads as a sign is not one."""
    if any(sign in piece for sign in "%_\\"):
        return text.lower().contains(piece.lower())
    return text.ilike(f"%{piece}%")


def counts_by_day(
    signals: ibis.Table,
    tz: str = "UTC",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ibis.Table:
    """Return day (date in the time zone) and n of dated signals, by day; empty days are left out.

    Give the period where it is known: an expression for seventy years of clock changes takes
    longer to build than to run.

    Raises
    ------
    ValueError
        A bound has no time zone.
    zoneinfo.ZoneInfoNotFoundError
        There is no such time zone.

    """
    dated = within(signals, since, until)
    return local_day(dated, "occurred_at", offsets_between(ZoneInfo(tz), since, until))


def counts_by(signals: ibis.Table, column: str) -> ibis.Table:
    """Return value and n, the most frequent first; signals without a value count as null."""
    counted = signals.group_by(value=signals[column]).agg(n=signals.count())
    return counted.order_by(ibis.desc("n"), ibis.asc("value", nulls_first=False))


def values_of(signals: ibis.Table, column: str) -> ibis.Table:
    """Return the values that occur and their n, the most frequent first: a filter's menu."""
    return counts_by(signals.filter(signals[column].notnull()), column)


def course(signals: ibis.Table, unit: str = "h") -> ibis.Table:
    """Return step, n and newest_at of dated signals: by hour ("h") or minute ("m") of UTC."""
    dated = signals.filter(signals["occurred_at"].notnull())
    counted = dated.group_by(step=dated["occurred_at"].truncate(unit)).agg(
        n=dated.count(), newest_at=dated["occurred_at"].max()
    )
    return counted.order_by("step")


def causes(signals: ibis.Table) -> ibis.Table:
    """Return what is known of each cause, the most frequent first.

    Columns: cause, n, n_severe (high and critical), customers (distinct), value_at_risk (the sum;
    null when none is known; the caller sees to one currency), sentiment (mean).
    """
    labelled = signals.filter(signals["cause"].notnull())
    told = labelled.group_by("cause").agg(
        n=labelled.count(),
        n_severe=labelled.count(where=labelled["severity"].isin(SEVERE)),
        customers=labelled["customer_id"].nunique(),
        value_at_risk=labelled["value_at_risk"].sum(),
        sentiment=labelled["sentiment"].cast("float64").mean(),
    )
    return told.order_by(ibis.desc("n"), "cause")


def newest(signals: ibis.Table, limit: int, offset: int = 0) -> ibis.Table:
    """Return the rows of one page of a list, newest first, undated last, always in one order."""
    ordered = signals.order_by(
        ibis.desc("occurred_at", nulls_first=False), "signal_id", ibis.desc("version")
    )
    return ordered.limit(limit, offset=offset)


def lags(signals: ibis.Table) -> ibis.Table:
    """Return source, median, p95 and n: how long from occurred to received, in seconds.

    The quantiles are values that occurred (nearest rank), reckoned by rank: Ibis compiles no other
    for Spark without its backend.
    """
    dated = signals.filter(signals["occurred_at"].notnull() & signals["received_at"].notnull())
    lag = dated["received_at"].epoch_seconds() - dated["occurred_at"].epoch_seconds()
    timed = dated.select("source", seconds=lag.cast("float64"))
    own = ibis.window(group_by="source", order_by="seconds")
    ranked = timed.mutate(
        rank=ibis.row_number().over(own) + 1,
        n=timed.count().over(ibis.window(group_by="source")),
    )
    told = ranked.group_by("source").agg(
        median=ranked["seconds"].min(where=ranked["rank"] * 2 >= ranked["n"]),
        p95=ranked["seconds"].min(where=ranked["rank"] * 20 >= ranked["n"] * 19),
        n=ranked.count(),
    )
    return told.order_by("source")
