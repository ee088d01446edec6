"""Replay: what another version of a policy table would have decided in last quarter’s cases."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from amends.engine.contracts import BadInput, CaseFacts
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
    tables = today.policy.on(now.date()).tables
    instead = tuple(table if t.name == table.name else t for t in tables)
    if table not in instead:
        instead = (*instead, table)
    try:
        before, after = (_decided(today, facts, prices, each) for each in (tables, instead))
    except BadInput as error:
        return Replay(len(rows), 0, 0, 0, (), (), str(error))
    differences = [
        Difference(row.case, _words(one), _words(two), _cost(two) - _cost(one))
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
    )


def _decided(
    today: Recommender,
    facts: Sequence[CaseFacts],
    prices: Sequence[float],
    tables: Sequence[Table],
) -> list[LogRecord]:
    decider = replace(today, policy=Policy(always(tables)))
    found: list[LogRecord] = decider.recommend_many(facts, ROLE, prices=prices)
    return found


def _essence(record: LogRecord) -> tuple[object, ...]:
    chosen = record.chosen
    return chosen.kind, chosen.goodwill, record.owed, record.approver


def _cost(record: LogRecord) -> Decimal:
    return record.owed.amount + record.chosen.goodwill


def _words(record: LogRecord) -> str:
    chosen, owed = record.chosen, record.owed
    words = short_action(chosen.kind, chosen.goodwill, owed.amount, owed.currency)
    return f"{words} (the {role_words(record.approver)} approves)" if record.approver else words


def _costs(before: Sequence[LogRecord], after: Sequence[LogRecord]) -> list[Cost]:
    sums: dict[str, list[Decimal]] = {}
    for i, records in enumerate((before, after)):
        for record in records:
            both = sums.setdefault(record.owed.currency, [Decimal(0), Decimal(0)])
            both[i] += _cost(record)
    return [Cost(currency, one, two) for currency, (one, two) in sorted(sums.items())]
