"""Replay: what another version of a policy table would have decided in last quarter’s cases."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from amends.engine.contracts import BadInput, CaseFacts, Severity
from amends.engine.recommend import LogRecord, Policy, Recommender, Table, always
from amends.web.accounts.models import User
from amends.web.cases.models import Case, Recommendation
from amends.web.cases.queries import readable
from amends.web.cases.recommending import ROLE, known_facts, record_of
from amends.web.cases.wording import role_words, short_action
from amends.web.recommend.queries import recommender

QUARTER: Final = timedelta(days=91)
MOST_CASES: Final = 5_000
MOST_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Difference:
    """One case in which the two versions decide differently."""

    case: Case
    before: str
    after: str
    cost: Decimal
    """By how much more it would cost."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What the recommended actions cost in one currency."""

    currency: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """Return what is more; negative when it is less."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Replay:
    """What a version would have decided."""

    n: int
    """Cases looked at, the newest of the quarter first."""
    n_customers: int
    n_differ: int
    n_customers_differ: int
    costs: Sequence[Cost]
    differences: Sequence[Difference]
    """The dearest first, at most 50."""
    refused: str
    """Why the version could not decide a case; empty when it could decide all."""
    n_as_severe: int = 0
    """Of another severity table: the cases that stay as severe as they are, because what their
    signals told is not on file."""


def replay(person: User, table: Table, now: datetime) -> Replay:
    """Decide the last quarter's cases within a person's reach as today and with a version instead.

    Facts are those on which each case was decided, and so is the price of the day's money; both use
    the same state of learning and the same draws, so that only the version differs.
    """
    rows = list(
        Recommendation.objects.filter(
            case__in=readable(person).filter(opened_at__gte=now - QUARTER).values("pk")
        )
        .select_related("case__customer")
        .order_by("-case__opened_at", "-pk")[:MOST_CASES]
    )
    facts = [known_facts(row) for row in rows]
    prices = [record_of(row).price for row in rows]
    today = recommender()
    tables = today.policy.on(now.date()).every
    instead = tuple(table if t.name == table.name else t for t in tables)
    if table not in instead:
        instead = (*instead, table)
    try:
        before, after = (_decided(today, facts, prices, each) for each in (tables, instead))
    except BadInput as error:
        return Replay(len(rows), 0, 0, 0, (), (), str(error))
    differences = [
        Difference(row.case, *_words(one, two), _cost(two) - _cost(one))
        for row, one, two in zip(rows, before, after, strict=True)
        if _essence(one) != _essence(two)
    ]
    return Replay(
        n=len(rows),
        n_customers=len({row.case.customer_id for row in rows}),
        n_differ=len(differences),
        n_customers_differ=len({d.case.customer_id for d in differences}),
        costs=_costs(before, after),
        differences=sorted(differences, key=lambda d: (-abs(d.cost), d.case.pk))[:MOST_SHOWN],
        refused="",
        n_as_severe=sum(case.signal_severity is None for case in facts)
        if table.name == "severity"
        else 0,
    )


class _Course(NamedTuple):
    """How a case would go: how severe it is, what is recommended, what is asked afterwards."""

    severity: Severity
    record: LogRecord
    follow_up: str


def _decided(
    today: Recommender,
    facts: Sequence[CaseFacts],
    prices: Sequence[float],
    tables: Sequence[Table],
) -> list[_Course]:
    policy = Policy(always(tables))
    graded = [_graded(policy, case) for case in facts]
    records = replace(today, policy=policy).recommend_many(graded, ROLE, prices=prices)
    return [
        _Course(case.severity, record, _follow_up(policy, case, record))
        for case, record in zip(graded, records, strict=True)
    ]


def _graded(policy: Policy, case: CaseFacts) -> CaseFacts:
    """Return a case as severe as policy finds it; as it was where its signal is not known."""
    if case.signal_severity is None:
        return case
    return replace(case, severity=Severity(str(policy.severity(case).outcome["severity"])))


def _follow_up(policy: Policy, case: CaseFacts, record: LogRecord) -> str:
    outcome = policy.follow_up(case, record.chosen.kind).outcome
    way = str(outcome["follow_up"])
    return way if way == "nothing" else f"{way} after {outcome['after_days']} days"


def _essence(course: _Course) -> tuple[object, ...]:
    record = course.record
    chosen = record.chosen
    decided = chosen.kind, chosen.goodwill, record.owed, record.approver
    return *decided, course.severity, course.follow_up


def _cost(course: _Course) -> Decimal:
    return course.record.owed.amount + course.record.chosen.goodwill


def _words(before: _Course, after: _Course) -> tuple[str, str]:
    """Return both courses: what is done, and of the rest what differs."""
    told = [[_action_words(course.record)] for course in (before, after)]
    if before.severity is not after.severity:
        for parts, course in zip(told, (before, after), strict=True):
            parts.append(f"severity {course.severity.value}")
    if before.follow_up != after.follow_up:
        for parts, course in zip(told, (before, after), strict=True):
            parts.append(f"follow-up: {course.follow_up}")
    one, two = (" · ".join(parts) for parts in told)
    return one, two


def _action_words(record: LogRecord) -> str:
    chosen, owed = record.chosen, record.owed
    words = short_action(chosen.kind, chosen.goodwill, owed.amount, owed.currency)
    return f"{words} (the {role_words(record.approver)} approves)" if record.approver else words


def _costs(before: Sequence[_Course], after: Sequence[_Course]) -> list[Cost]:
    sums: dict[str, list[Decimal]] = {}
    for i, courses in enumerate((before, after)):
        for course in courses:
            both = sums.setdefault(course.record.owed.currency, [Decimal(0), Decimal(0)])
            both[i] += _cost(course)
    return [Cost(currency, one, two) for currency, (one, two) in sorted(sums.items())]
