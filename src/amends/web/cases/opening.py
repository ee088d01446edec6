"""Cases open by rule as signals land; what a customer says again of the same joins the case."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F
from django.utils import timezone

from amends.engine.clocks import EventKind, Sheet
from amends.engine.contracts import UNSURE, Severity, Taxonomy
from amends.engine.recommend import Policy
from amends.flows.causes import is_not_delivered
from amends.web.cases.clocks import DEADLINE, set_deadlines, sheets
from amends.web.cases.corrections import note_corrected
from amends.web.cases.grading import grade
from amends.web.cases.matters import (
    Fate,
    Matter,
    Newest,
    Row,
    candidates,
    fates,
    matter_of,
)
from amends.web.cases.models import (
    Case,
    CaseRule,
    Entry,
    Ground,
    Happening,
    Recommendation,
    Route,
    State,
)
from amends.web.cases.recommending import recommend_in_bulk
from amends.web.cases.rules import breakdowns_since, is_part_of, moments, rules_in_force
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.detect.models import Breakdown
from amends.web.detect.queries import signals_of
from amends.web.intake.bulk import update_many
from amends.web.intake.lake import lake
from amends.web.intake.models import Customer
from amends.web.intake.sequences import next_ids
from amends.web.recommend.queries import policy_in_force

NUMBER_FROM: Final = 10_000
LONGEST_TITLE: Final = 90
CURRENCY: Final = "EUR"
"""Of a case whose signal names none and that therefore has no amounts."""
DIMS: Final = ("region", "segment", "tier", "product", "channel", "vendor")


@dataclass(slots=True)
class Desk:
    """What is known while a batch is sorted into cases."""

    taxonomy: Taxonomy
    customers: Mapping[str, Customer]
    teams: Mapping[str, int]
    sheets: Sequence[Sheet]
    breakdowns: Iterable[Breakdown]
    policy: Policy
    newest: dict[Matter, Newest]
    current: dict[Matter, Case]
    """The newest case of each matter."""
    earlier: dict[str, list[datetime]]
    """When cases of each customer opened."""
    new: list[Case] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    joined: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def open_cases(signals: pa.Table, corrected: pa.Table | None = None) -> list[Case]:
    """Open and feed cases from enriched signals, in the caller's transaction; return the new ones.

    A signal that a rule picks opens a case, unless the customer has a young one of the same cause:
    then it joins that (`matters.fates`). What is out of scope opens one that is over at once and
    says why. Each new case in scope has a recommendation. `corrected` are older versions of some
    of the signals: where one stands in a case already, the newer one is noted there and counts no
    second time.
    """
    if corrected is not None and len(corrected):
        signals = note_corrected(signals, corrected)
    first = pc.min(moments(signals)).as_py()
    if first is None:
        return []
    rules, breakdowns = rules_in_force(), breakdowns_since(first)
    rows = candidates(signals, rules, breakdowns)
    if not rows:
        return []
    desk = _desk(rows, breakdowns)
    for row, fate in fates(rows, desk.newest, rules.same_matter):
        if fate is Fate.JOINS:
            _join(desk, desk.current[matter_of(row)], row)
        elif fate is not Fate.PASSES:
            _open(desk, row)
    return _save(desk)


def _desk(rows: Sequence[Row], breakdowns: Iterable[Breakdown]) -> Desk:
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
        if case.state != State.EXCLUDED:
            earlier[case.customer_id].append(case.opened_at)
    current = {(c.customer_id, c.cause or UNSURE): c for c in cases}
    return Desk(
        taxonomy=taxonomy_in_force(),
        customers=customers,
        sheets=sheets(),
        teams=dict(Route.objects.values_list("branch", "team_id")),
        breakdowns=breakdowns,
        policy=policy_in_force(),
        newest={
            matter: Newest(case.opened_at, case.state == State.EXCLUDED)
            for matter, case in current.items()
        },
        current=current,
        earlier=earlier,
    )


def _stranger(row: Row) -> Customer:
    known = {dim: row[dim] or "" for dim in ("tier", "segment", "region")}
    return Customer(customer_id=row["customer_id"], **known)


def _open(desk: Desk, row: Row) -> None:
    customer = desk.customers[row["customer_id"]]
    cause = "" if row["cause"] == UNSURE else row["cause"]
    told = Severity(row["severity"] or Severity.MEDIUM.value)
    at = row["occurred_at"]
    rule, out = row["verdict"].opened_by, row["verdict"].excluded_by
    since = at - timedelta(days=90)
    earlier = desk.earlier[customer.customer_id]
    breakdown = next((b for b in desk.breakdowns if is_part_of(row, b)), None)
    case = Case(
        title=title_of(row, desk.taxonomy),
        customer=customer,
        cause=cause,
        opened_at=at,
        opened_because=rule.name,
        loss=row["loss"] or Decimal(0),
        value_at_risk=_value(row, customer),
        currency=row["currency"] or customer.currency or CURRENCY,
        failures_90_days=sum(since <= t < at for t in earlier),
        is_rejected=is_not_delivered(cause),
        is_regulated=desk.sheets[-1].is_regulated(row["region"] or "", row["product"] or ""),
        signal_id=UUID(row["signal_id"]),
        breakdown=breakdown,
        team_id=desk.teams.get(cause.partition("/")[0], desk.teams.get("")),
        **{dim: row[dim] or "" for dim in DIMS},
    )
    graded = grade(case, customer, told, desk.policy)
    desk.new.append(case)
    desk.current[matter_of(row)] = case
    desk.entries.append(_entry(case, row, f"{words_of(row)}: the case opened"))
    desk.entries += [graded] if graded is not None else []
    if out is None:
        earlier.append(at)
    else:
        _keep_out(desk, case, out)


def _keep_out(desk: Desk, case: Case, rule: CaseRule) -> None:
    """End a new case that a rule finds out of scope, with the reason that the rule gives."""
    case.state, case.closed_at = State.EXCLUDED, case.opened_at
    case.excluded_for, case.excluded_because = rule.ground, rule.reason
    desk.entries.append(
        Entry(
            case=case,
            at=case.opened_at,
            kind=Happening.STATE,
            title=f"Out of scope: {Ground(rule.ground).label} ({rule.name})"[:200],
            body=rule.reason,
            by_robot=True,
        )
    )


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
    set_deadlines(desk.new, now, are_new=True, under=desk.sheets)
    Case.objects.bulk_create(desk.new, batch_size=1000)
    rows = recommend_in_bulk([case for case in desk.new if case.is_open])
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
    _hear(list(desk.joined), now, desk.sheets)
    for n, pks in _by_count(desk.joined).items():
        Case.objects.filter(pk__in=pks).update(n_signals=F("n_signals") + n)
    return desk.new


def _hear(pks: Sequence[int], now: datetime, under: Sequence[Sheet]) -> None:
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
    set_deadlines(cases, now, under=under)
    update_many(cases, ["state", "version", *DEADLINE])


def _by_count(joined: Mapping[int, int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for pk, n in joined.items():
        groups[n].append(pk)
    return groups


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


def title_of(row: Row, taxonomy: Taxonomy) -> str:
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
