"""What happens in the company arrives by source: helpdesk, surveys, social media, orders.

The ledger of history has a line for each hour, as if it had been there. A few rows a day come in a
form that cannot be read: they wait in quarantine for somebody to mend them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction

from amends.engine.contracts import ENRICHED_FIELDS, SIGNAL_SCHEMA, Kind, QuarantinedRow
from amends.flows.records import read_records
from amends.web.intake.models import Arrival, Source, Way
from amends.web.intake.naming import value_label
from amends.web.intake.receiving import Receipt, receive
from amends.web.intake.sequences import next_ids

TITLES: Final = {
    "crm": "Helpdesk",
    "surveys": "Surveys",
    "social": "Social media",
    "qa": "Quality audits",
    "orders": "Shop system",
}
SPREAD: Final = timedelta(weeks=8)
"""How far back the ledger tells the hours: a rhythm is learnt from them."""
A_DAY: Final = timedelta(days=1)
FAULTS_FROM: Final = timedelta(days=30)
ONE_IN: Final = {"surveys": 40}
ONE_IN_OTHERS: Final = 150
"""Rows of a source of which one cannot be read."""
LEFT_OUT: Final = frozenset({"signal_id", "received_at", "attributes", *ENRICHED_FIELDS})


@transaction.atomic
def receive_by_source(signals: pa.Table, now: datetime, *, is_history: bool = False) -> None:
    """Put signals into the inbox, those of each source apart."""
    for name in sorted(pc.unique(signals["source"]).to_pylist()):
        part = signals.filter(pc.equal(signals["source"], name))
        _make(name)
        good, bad = _set_aside(part, name, now)
        receipt = receive(good, name, now, way=Way.WORLD, quarantined=() if is_history else bad)
        if is_history and not _is_business(part):
            _spread(receipt, good, name, now)
            for at, rows in _by_day(bad, part):
                receive(SIGNAL_SCHEMA.empty_table(), name, at, way=Way.WORLD, quarantined=rows)
            last = pc.max(part["received_at"]).as_py()
            Source.objects.filter(name=name).update(last_seen_at=min(last, now))


def _make(name: str) -> None:
    title = TITLES.get(name, value_label(name))
    Source.objects.get_or_create(name=name, defaults={"title": title, "way": Way.WORLD})


def _is_business(part: pa.Table) -> bool:
    """Whether it is what the company sells: of history whole days, so that hours say nothing."""
    return bool(pc.all(pc.equal(part["kind"], Kind.TRANSACTION.value)).as_py())


def _set_aside(
    part: pa.Table, name: str, now: datetime
) -> tuple[pa.Table, tuple[QuarantinedRow, ...]]:
    """Return the rows that can be read, and a few of the last days in a form that cannot be."""
    if _is_business(part):
        return part, ()
    recent = np.asarray(part["received_at"].cast("int64")) > _micros(now - FAULTS_FROM)
    share = 1 / ONE_IN.get(name, ONE_IN_OTHERS)
    drawn = np.array([_draw(one) < share for one in part["signal_id"].to_pylist()], bool)
    is_first = np.asarray(pc.equal(part["version"], 1))
    wrong = recent & drawn & is_first
    if not wrong.any():
        return part, ()
    records = [_faulty(row) for row in part.filter(pa.array(wrong)).to_pylist()]
    read = read_records(records, name, None, {})
    places = np.flatnonzero(wrong)
    still_read = np.ones(len(records), dtype=bool)
    still_read[[row.row - 1 for row in read.quarantined]] = False
    keep = ~wrong
    keep[places[still_read]] = True
    return part.filter(pa.array(keep)), tuple(
        QuarantinedRow(row.file, int(places[row.row - 1]) + 1, row.field, row.reason, row.raw)
        for row in read.quarantined
    )


def _faulty(row: dict[str, Any]) -> dict[str, object]:
    """Return a signal as its system would have sent it, with one field in a form of its own."""
    record: dict[str, object] = {
        name: _plain(value)
        for name, value in row.items()
        if name not in LEFT_OUT and value is not None
    }
    if row["nps"] is not None:
        record["nps"] = f"{row['nps']}/10"
    elif row["csat"] is not None:
        record["csat"] = row["csat"] * 20
    else:
        record["occurred_at"] = f"{row['occurred_at']:%d.%m.%y %H:%M}"
    return record


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _draw(signal: str) -> float:
    digest = hashlib.sha256(f"fault {signal}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _by_day(
    bad: tuple[QuarantinedRow, ...], part: pa.Table
) -> Iterator[tuple[datetime, list[QuarantinedRow]]]:
    """Yield what could not be read by the day, with when the last of it came."""
    received = part["received_at"].to_pylist()
    timed = sorted(((received[row.row - 1], row.row, row) for row in bad), key=lambda t: t[:2])
    for _, group in groupby(timed, key=lambda t: t[0].date()):
        rows = list(group)
        yield rows[-1][0], [row for _, _, row in rows]


def _spread(receipt: Receipt, good: pa.Table, name: str, now: datetime) -> None:
    """Tell the hours of the last weeks in lines of their own; the rest stays with the receipt's."""
    line = Arrival.objects.get(pk=receipt.arrival)
    hours: dict[datetime, list[datetime]] = defaultdict(list)
    older = now - SPREAD
    answers = receipt.answers.tolist()
    for at, answer in zip(good["received_at"].to_pylist(), answers, strict=True):
        if answer == 0 and at > older:
            hours[at.replace(minute=0, second=0, microsecond=0)].append(at)
    line.accepted -= sum(map(len, hours.values()))
    line.rows = line.accepted + line.duplicates + line.superseded + line.quarantined
    line.superseding = min(line.superseding, line.accepted)
    line.received_at = min(
        pc.max(good["received_at"]).as_py() or now, older - A_DAY if hours else now
    )
    line.save()
    Arrival.objects.bulk_create(
        Arrival(
            pk=pk,
            source=name,
            way=Way.WORLD,
            received_at=max(times),
            rows=len(times),
            accepted=len(times),
            superseding=0,
            duplicates=0,
            superseded=0,
            quarantined=0,
        )
        for pk, times in zip(next_ids(Arrival, len(hours)), hours.values(), strict=True)
    )


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
