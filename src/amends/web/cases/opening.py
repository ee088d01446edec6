"""Cases open by rule as signals land; what a customer says again of the same joins the case."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F
from django.utils import timezone

from amends.engine.clocks import EventKind, Sheet
from amends.engine.contracts import SILENCE, UNSURE, Kind, Severity, Taxonomy
from amends.flows.causes import is_not_delivered
from amends.web.cases.clocks import DEADLINE, set_deadlines, sheet_in_force
from amends.web.cases.corrections import note_corrected
from amends.web.cases.models import Case, Entry, Happening, Recommendation, Route, State
from amends.web.cases.recommending import recommend_in_bulk
from amends.web.cases.rules import reasons_to_open
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.detect.models import Breakdown
from amends.web.detect.queries import signals_of
from amends.web.intake.bulk import update_many
from amends.web.intake.lake import lake
from amends.web.intake.models import Customer
from amends.web.intake.sequences import next_ids

SAME_MATTER: Final = timedelta(days=14)
"""A signal of the same customer and cause joins a case that opened less long ago."""
NUMBER_FROM: Final = 10_000
LONGEST_TITLE: Final = 90
CURRENCY: Final = "EUR"
"""Of a case whose signal names none and that therefore has no amounts."""
DIMS: Final = ("region", "segment", "tier", "product", "channel", "vendor")
COLUMNS: Final = (
    "signal_id", "kind", "occurred_at", "received_at", "customer_id", "verbatim", "subject",
    "cause", "severity", "loss", "value_at_risk", "currency",
    "touchpoint", "journey_stage", *DIMS,
)  # fmt: skip

Row = Mapping[str, Any]
Matter = tuple[str, str]
"""Customer and cause: what makes two signals the same matter."""


@dataclass(slots=True)
class Desk:
    """What is known while a batch is sorted into cases."""

    taxonomy: Taxonomy
    customers: Mapping[str, Customer]
    teams: Mapping[str, int]
    sheet: Sheet
    breakdowns: Sequence[Breakdown]
    current: dict[Matter, Case]
    """The newest case of each matter."""
    earlier: dict[str, list[datetime]]
    """When cases of each customer opened."""
    new: list[Case] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    joined: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def open_cases(signals: pa.Table, corrected: pa.Table | None = None) -> list[Case]:
    """Open and feed cases from enriched signals, in the caller's transaction; return the new ones.

    A signal that a rule picks opens a case, unless the customer has one of the same cause that is
    open or younger than `SAME_MATTER`: then it joins that. Each new case has a recommendation.
    `corrected` are older versions of some of the signals: where one stands in a case already, the
    newer one is noted there and counts no second time.
    """
    if corrected is not None and len(corrected):
        signals = note_corrected(signals, corrected)
    rows = _candidates(signals)
    if not rows:
        return []
    desk = _desk(rows)
    for row in rows:
        known = desk.current.get((row["customer_id"], row["cause"]))
        if known is not None and row["occurred_at"] - known.opened_at < SAME_MATTER:
            _join(desk, known, row)
        elif row["because"]:
            _open(desk, row)
    return _save(desk)


def _candidates(signals: pa.Table) -> list[dict[str, Any]]:
    """Return what opens or may join a case, in time order."""
    because = reasons_to_open(signals)
    told = pa.array([bool(reason) for reason in because], pa.bool_())
    is_complaint = pc.is_in(
        signals["kind"], value_set=pa.array([Kind.COMPLAINT.value, Kind.ESCALATION.value])
    )
    has_cause = pc.and_(pc.is_valid(signals["cause"]), pc.is_valid(signals["customer_id"]))
    wanted = pc.or_(told, pc.and_(is_complaint, has_cause))
    picked = signals.select(list(COLUMNS)).append_column("because", pa.array(because, pa.string()))
    rows: list[dict[str, Any]] = picked.filter(wanted).to_pylist()
    for row in rows:
        row["occurred_at"] = row["occurred_at"] or row["received_at"]
        row["cause"] = row["cause"] or UNSURE
    rows = [row for row in rows if row["occurred_at"] is not None]
    rows.sort(key=lambda row: (row["occurred_at"], row["signal_id"]))
    return rows


def _desk(rows: Sequence[Row]) -> Desk:
    ids = {row["customer_id"] for row in rows}
    first = min(row["occurred_at"] for row in rows)
    customers = Customer.objects.in_bulk(ids)
    strangers = {r["customer_id"]: r for r in rows if r["customer_id"] not in customers}
    missing = [_stranger(strangers[name]) for name in sorted(strangers)]
    Customer.objects.bulk_create(missing, ignore_conflicts=True)
    customers |= {customer.customer_id: customer for customer in missing}
    cases = list(
        Case.objects.filter(customer_id__in=ids, opened_at__gte=first - timedelta(days=90))
        .order_by("opened_at")
        .only("pk", "customer_id", "cause", "opened_at", "state")
    )
    earlier: dict[str, list[datetime]] = defaultdict(list)
    for case in cases:
        earlier[case.customer_id].append(case.opened_at)
    return Desk(
        taxonomy=taxonomy_in_force(),
        customers=customers,
        sheet=sheet_in_force(),
        teams=dict(Route.objects.values_list("branch", "team_id")),
        breakdowns=list(Breakdown.objects.exclude(state="over").exclude(measure=SILENCE.name)),
        current={(c.customer_id, c.cause or UNSURE): c for c in cases},
        earlier=earlier,
    )


def _stranger(row: Row) -> Customer:
    known = {dim: row[dim] or "" for dim in ("tier", "segment", "region")}
    return Customer(customer_id=row["customer_id"], **known)


def _open(desk: Desk, row: Row) -> None:
    customer = desk.customers[row["customer_id"]]
    cause = "" if row["cause"] == UNSURE else row["cause"]
    severity = Severity(row["severity"] or Severity.MEDIUM.value)
    at = row["occurred_at"]
    since = at - timedelta(days=90)
    earlier = desk.earlier[customer.customer_id]
    breakdown = next((b for b in desk.breakdowns if is_part_of(row, b)), None)
    case = Case(
        title=_title(row, desk.taxonomy),
        severity=severity.value,
        customer=customer,
        cause=cause,
        opened_at=at,
        opened_because=row["because"],
        loss=row["loss"] or Decimal(0),
        value_at_risk=_value(row, customer),
        currency=row["currency"] or customer.currency or CURRENCY,
        failures_90_days=sum(since <= t < at for t in earlier),
        is_rejected=is_not_delivered(cause),
        is_regulated=desk.sheet.is_regulated(row["region"] or "", row["product"] or ""),
        signal_id=UUID(row["signal_id"]),
        breakdown=breakdown,
        team_id=desk.teams.get(cause.partition("/")[0], desk.teams.get("")),
        **{dim: row[dim] or "" for dim in DIMS},
    )
    earlier.append(at)
    desk.new.append(case)
    desk.current[customer.customer_id, row["cause"]] = case
    desk.entries.append(_entry(case, row, f"{words_of(row)}: the case opened"))


def _join(desk: Desk, case: Case, row: Row) -> None:
    desk.entries.append(_entry(case, row, words_of(row), EventKind.CUSTOMER_SPOKE))
    if case.pk is None:
        case.n_signals += 1
    else:
        desk.joined[case.pk] += 1


def _save(desk: Desk) -> list[Case]:
    for case, pk in zip(desk.new, next_ids(Case, len(desk.new)), strict=True):
        case.pk, case.ref = pk, f"C-{NUMBER_FROM + pk}"
    now = timezone.now()
    set_deadlines(desk.new, now, are_new=True)
    Case.objects.bulk_create(desk.new, batch_size=1000)
    rows = recommend_in_bulk(desk.new)
    Recommendation.objects.bulk_create(rows, batch_size=1000)
    desk.entries += [
        Entry(
            case=row.case,
            at=row.case.opened_at,
            kind=Happening.RECOMMENDED,
            title="A response was recommended",
        )
        for row in rows
    ]
    Entry.objects.bulk_create(desk.entries, batch_size=2000)
    _hear(list(desk.joined), now)
    for n, pks in _by_count(desk.joined).items():
        Case.objects.filter(pk__in=pks).update(n_signals=F("n_signals") + n)
    return desk.new


def _hear(pks: Sequence[int], now: datetime) -> None:
    """Go on with open cases whose customers spoke again: they are owed an answer."""
    rows = Case.objects.is_open().filter(pk__in=pks).select_for_update().order_by("pk")
    cases = list(rows)
    asked = [case for case in cases if case.state == State.WAITING_CUSTOMER]
    for case in asked:
        case.state = State.IN_PROGRESS
        case.version += 1
    title = "The customer spoke: work goes on"
    Entry.objects.bulk_create(
        [
            Entry(
                case=c,
                at=now,
                kind=Happening.STATE,
                title=title,
                event=EventKind.RESUMED,
                by_robot=True,
            )
            for c in asked
        ]
    )
    set_deadlines(cases, now)
    update_many(cases, ["state", "version", *DEADLINE])


def _by_count(joined: Mapping[int, int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, n in joined.items():
        groups[n].append(pk)
    return groups


def is_part_of(row: Row, breakdown: Breakdown) -> bool:
    """Whether a signal lies in the slice and time of a breakdown."""
    if row["occurred_at"] < breakdown.onset_at:
        return False
    if breakdown.ended_at is not None and row["occurred_at"] >= breakdown.ended_at:
        return False
    terms = dict(breakdown.where.terms)
    if breakdown.cause:
        terms["cause"] = breakdown.cause
    return bool(terms) and all(row.get(dim) == value for dim, value in terms.items())


def words_of(row: Row) -> str:
    """Return what kind of contact a signal was, in words."""
    kind = str(row["kind"]).replace("_", " ").capitalize()
    return f"{kind} by {row['channel'].replace('_', ' ')}" if row["channel"] else kind


def _entry(case: Case, row: Row, title: str, event: EventKind | None = None) -> Entry:
    return Entry(
        case=case,
        at=row["occurred_at"],
        kind=Happening.SIGNAL,
        title=title,
        body=(row["verbatim"] or row["subject"] or "")[:4000],
        event=event or "",
        by_robot=True,
        signal_id=UUID(row["signal_id"]),
    )


def _title(row: Row, taxonomy: Taxonomy) -> str:
    """Return the agent's words, else the cause's name, else how the customer began to tell."""
    if row["subject"]:
        title = str(row["subject"])
    elif row["cause"] in taxonomy:
        title = taxonomy.label(row["cause"])
    elif row["verbatim"]:
        title = f"“{' '.join(str(row['verbatim']).split())}"
    else:
        title = f"{str(row['kind']).replace('_', ' ')} without words"
    title = title[:1].upper() + title[1:]
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 2].rstrip()}…"
    return f"{title}”" if title.startswith("“") else title


def _value(row: Row, customer: Customer) -> Decimal:
    if customer.value_per_year is not None:
        return customer.value_per_year
    return row["value_at_risk"] or Decimal(0)


def link_to_breakdown(breakdown: Breakdown) -> int:
    """Link the cases that a breakdown's signals opened to it; return how many. Reads the lake."""
    if breakdown.is_silence:
        return 0
    found = lake().fetch(signals_of(breakdown, of_any_kind=True).select("signal_id"))
    cases = Case.objects.filter(signal_id__in=found["signal_id"].to_pylist(), breakdown=None)
    return cases.update(breakdown=breakdown)
