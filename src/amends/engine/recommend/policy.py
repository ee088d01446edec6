"""The layers of policy: entitlement → eligibility → limits → approval, for one case.

Owed money is worked out first and is neither limited nor weighed. What may be done besides is
listed by eligibility, each with the part of the loss that the customer gets in all; its goodwill
(what exceeds the owed) stays within the lowest limit.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from amends.engine.contracts import ActionKind, BadInput, CaseFacts, Decision, Money, Value

from .arms import Arm, Offer, Purse, offered_arms, offers
from .checks import require_sound
from .explain import explain
from .facts import ROLES, case_inputs
from .joint import Joint
from .layers import COURSE, LAYERS, require_fair, require_layer, require_one_version_a_day
from .policy_file import read_table
from .table import Answer, Fact, Table

POLICIES: Final = Path(__file__).parent / "policies"
"""Shipped tables, one YAML file each."""

NOT_LEGAL_ADVICE: Final = (
    "Not legal advice: have each amount checked against its source before you rely on it."
)

_ZERO: Final = Decimal(0)


class Ruling(NamedTuple):
    """What one table says of a case's course."""

    outcome: Mapping[str, Value]
    row: str
    note: str
    """Of the row, for people."""
    version: str


class Permit(NamedTuple):
    """What policy says of one case, before ranking."""

    owed: Money
    to_find_out: tuple[tuple[str, str], ...]
    """(fact, note): what must be known before it is settled what is owed."""
    limit: Money
    limit_reason: str
    arms: tuple[Arm, ...]
    practice: int
    """Index of the arm that current practice would take."""
    approver: str
    """Role that must approve; empty when the deciding role may do it alone."""
    decisions: tuple[Decision, ...]
    """Every table's decision with its reasons; empty unless they were asked for."""
    policy_hash: str
    """Of the tables that held on the day of receipt."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The tables that hold on one day."""

    entitlements: tuple[Table, ...]
    eligibility: Table
    limits: Table
    ceiling: Table
    approvals: Table
    practice: Table
    severity: Table
    follow_up: Table
    content_hash: str
    """Of the tables that decide what is done."""
    offers: Mapping[str, Offer] = field(init=False)
    """Row of eligibility → what it allows."""
    practices: Mapping[str, Offer] = field(init=False)
    """Row of practice → what it would do."""
    joint: Joint = field(init=False)
    """Eligibility, practice, limits, ceiling and the entitlements, asked at once."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Those that decide what is done, in the order in which they decide."""
        last = (self.eligibility, self.limits, self.ceiling, self.practice, self.approvals)
        return (*self.entitlements, *last)

    @property
    def every(self) -> tuple[Table, ...]:
        """All of them, in the order in which a case meets them."""
        return (self.severity, *self.tables, self.follow_up)

    def __post_init__(self) -> None:
        object.__setattr__(self, "offers", offers(self.eligibility))
        object.__setattr__(self, "practices", offers(self.practice))
        first = (self.eligibility, self.practice, self.limits, self.ceiling)
        object.__setattr__(self, "joint", Joint((*first, *self.entitlements)))


@dataclass(frozen=True)
class Policy:
    """All tables of a company with their versions; the day of receipt chooses among them.

    Raises
    ------
    BadInput
        A table is of no layer, has gaps, overlaps or shadowed rows, two versions of it hold on one
        day, or one that follows harm looks at what may change courtesy only.

    """

    tables: tuple[Table, ...]
    content_hash: str = field(init=False)
    _changes: tuple[date, ...] = field(init=False, repr=False, compare=False)
    """Days on which a table begins or has ended: between two of them the same tables hold."""
    _layers: dict[tuple[int, str], Layers] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for table in self.tables:
            require_layer(table)
            require_sound(table)
            require_fair(table)
        require_one_version_a_day(self.tables)
        ends = {t.effective_to + timedelta(days=1) for t in self.tables if t.effective_to}
        changes = tuple(sorted(ends | {t.effective_from for t in self.tables}))
        object.__setattr__(self, "_changes", changes)
        object.__setattr__(self, "content_hash", _combined_hash(self.tables))

    def on(self, day: date, currency: str = "") -> Layers:
        """Return the tables that hold on a day, for cases in a currency; empty: all of them.

        What a law owes in another currency is not theirs: amounts are never converted.

        Raises
        ------
        BadInput
            A layer has no table on that day.

        """
        period = bisect_right(self._changes, day), currency
        layers = self._layers.get(period)
        if layers is None:
            theirs = [t for t in self.tables if not currency or t.currency in {"", currency}]
            layers = self._layers[period] = _layers_on(theirs, day)
        return layers

    def permit(self, facts: CaseFacts, role: str, *, explained: bool = False) -> Permit:
        """Return what is owed and what may be done.

        Parameters
        ----------
        facts
            The case.
        role
            Who decides: agent, team_leader, manager or executive.
        explained
            Whether each decision carries every row's verdict (slower).

        Raises
        ------
        BadInput
            A fact is missing or wrong, or a table has no row for the case.

        """
        layers = self.on(facts.opened_at.date(), facts.loss.currency)
        inputs = case_inputs(facts, role)
        try:
            return _permit(layers, inputs, facts, explained=explained)
        except BadInput as error:
            where = ", ".join(part for part in (f"case {facts.case_ref}", error.where) if part)
            raise BadInput(error.what, where=where, remedy=error.remedy) from None

    def severity(self, facts: CaseFacts) -> Ruling:
        """Return how severe a case is, from what the signal told and what else is known.

        Raises
        ------
        BadInput
            As `permit`.

        """
        layers = self.on(facts.opened_at.date(), facts.loss.currency)
        return _ruling(layers.severity, case_inputs(facts, ROLES[0]))

    def follow_up(self, facts: CaseFacts, action: ActionKind) -> Ruling:
        """Return how and after how many days it is asked whether an action holds.

        Raises
        ------
        BadInput
            As `permit`.

        """
        layers = self.on(facts.opened_at.date(), facts.loss.currency)
        return _ruling(layers.follow_up, case_inputs(facts, ROLES[0]) | {"action": action.value})


def _ruling(table: Table, inputs: dict[str, Fact]) -> Ruling:
    answer = table.answer(inputs)
    row = answer.rows[0]
    note = next(r.note for r in table.rows if r.row_id == row)
    return Ruling(answer.outcome, row, note, table.version)


def _permit(
    layers: Layers, inputs: dict[str, Fact], facts: CaseFacts, *, explained: bool
) -> Permit:
    allowed, practice, limits, ceiling, *entitlements = layers.joint.answers(inputs)
    owed = max([Decimal(a.outcome["owed"]) for a in entitlements], default=_ZERO)
    inputs["owed"] = owed_money = Money(owed, facts.loss.currency)
    limit, reason = _limit(limits, ceiling, owed)
    approver = str(layers.approvals.answer(inputs).outcome["approver"])
    arms, usual = offered_arms(
        [layers.offers[row] for row in allowed.rows],
        layers.practices[practice.rows[0]],
        Purse(facts.loss.amount, owed, limit),
    )
    return Permit(
        owed_money,
        tuple(_questions(layers.entitlements, entitlements)),
        Money(limit, facts.loss.currency),
        reason,
        arms,
        usual,
        "" if approver == "nobody" else approver,
        tuple(_explained(layers, inputs, facts)) if explained else (),
        layers.content_hash,
    )


def _explained(layers: Layers, inputs: dict[str, Fact], facts: CaseFacts) -> Iterator[Decision]:
    if facts.signal_severity is not None:
        yield explain(layers.severity, inputs)
    for table in layers.tables:
        yield explain(table, inputs)


def _limit(limits: Answer, ceiling: Answer, owed: Decimal) -> tuple[Decimal, str]:
    goodwill = Decimal(limits.outcome["limit"])
    room = max(_ZERO, Decimal(ceiling.outcome["ceiling"]) - owed)
    if goodwill <= room:
        return goodwill, f"limits: {limits.rows[0]}"
    return room, f"ceiling: {ceiling.rows[0]}" + (" less what is owed" if owed else "")


def _questions(tables: Iterable[Table], answers: Iterable[Answer]) -> Iterator[tuple[str, str]]:
    for table, answer in zip(tables, answers, strict=True):
        asked = str(answer.outcome["ask"])
        if asked != "nothing":
            yield asked, next(r.note for r in table.rows if r.row_id == answer.rows[0])


def _layers_on(tables: Iterable[Table], day: date) -> Layers:
    holding = [table for table in tables if table.is_effective(day)]
    entitlements = tuple(t for t in holding if t.name.startswith("entitlement"))
    named = {t.name: t for t in holding}
    missing = [name for name in (*LAYERS, *COURSE) if name not in named]
    if missing:
        raise BadInput(
            f"No table {', '.join(missing)} holds on {day}.",
            where="policy",
            remedy="Add one whose effective dates cover the day.",
        )
    return Layers(
        entitlements,
        **{name: named[name] for name in (*LAYERS, *COURSE)},
        content_hash=_combined_hash((*entitlements, *(named[name] for name in LAYERS))),
    )


def _combined_hash(tables: Iterable[Table]) -> str:
    joined = " ".join(sorted(t.content_hash for t in tables))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def shipped_tables() -> tuple[Table, ...]:
    """Return every shipped table, of whatever sector and jurisdiction."""
    return tuple(read_table(path) for path in sorted(POLICIES.glob("*.yaml")))


def law_presets() -> tuple[Table, ...]:
    """Return the shipped tables of what a law owes, to be adopted where it binds."""
    return tuple(table for table in shipped_tables() if table.jurisdiction)


@lru_cache(maxsize=32)
def shipped_policy(
    sector: str = "", jurisdictions: tuple[str, ...] = (), currency: str = ""
) -> Policy:
    """Return the shipped default policy.

    Parameters
    ----------
    sector
        telecoms, retail, banking or air; selects what the law owes there.
    jurisdictions
        ISO country codes or EU whose law presets apply; none: no law presets.
    currency
        ISO code of the cases; law presets in another currency are left out. Empty: all.

    """
    return Policy(
        tuple(
            t
            for t in shipped_tables()
            if t.sector in {"", sector}
            and t.jurisdiction in {"", *jurisdictions}
            and (not t.currency or t.currency == (currency or t.currency))
        )
    )
