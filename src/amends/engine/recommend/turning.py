"""What would turn a recommendation: one fact at a time is another, and all is decided anew.

Of a number the nearest value on either side that leads elsewhere is found, of anything else the
values that policy names. Nothing is concluded from the tables: each turn was recomputed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from amends.engine.contracts import (
    CENT,
    ActionKind,
    BadInput,
    CaseFacts,
    Money,
    Side,
    Turn,
    Value,
)

from .columns import OTHER, Column, ColumnType
from .facts import ROLES, case_inputs
from .log import LogRecord
from .recommender import Recommender
from .table import Fact
from .with_fact import with_fact

FACTORS: Final = (Decimal("0.25"), Decimal("0.5"), Decimal(2), Decimal(4))
"""Amounts are tried at these parts of what they are, too: shares of them turn between rows."""
NOT_OF_THE_CASE: Final = frozenset({"owed", "received_on"})
"""Inputs of tables that are worked out of others, or that nothing can change."""
_ALONE: Final = frozenset({"loss"})
"""Of these every amount is a share: that it changes with them says nothing."""


class Guess(NamedTuple):
    """What is recommended: its kind and money, and who approves."""

    kind: ActionKind
    goodwill: Decimal
    owed: Decimal
    approver: str


class Trial(NamedTuple):
    """A case with one fact changed, and who decides it."""

    facts: CaseFacts
    role: str


def turns_of(
    recommender: Recommender, facts: CaseFacts, role: str = "agent", price: float = 0.0
) -> tuple[Turn, ...]:
    """Return the nearest changes of one fact that lead to another best guess.

    Parameters
    ----------
    recommender
        Policy and learning as they stood when the case was decided.
    facts, role, price
        The case, who decides, and the shadow price of money then.

    Returns
    -------
    tuple of Turn
        Known numbers first, numbers that are not known last, each in the order in which policy
        names them; values of one fact that lead to the same are one turn. Empty: nothing that
        policy looks at would change it.

    Raises
    ------
    BadInput
        As `Recommender.recommend`, of the case as it is.

    """
    return tuple(_Turning(recommender, facts, role, price).turns())


class _Turning:
    def __init__(self, recommender: Recommender, facts: CaseFacts, role: str, price: float) -> None:
        self.recommender, self.facts, self.role, self.price = recommender, facts, role, price
        self.known = case_inputs(facts, role)
        (now,) = recommender.best_guesses([facts], role, price)
        self.now = _guess(now)

    def turns(self) -> Iterator[Turn]:
        named = self._columns().values()
        ordered = [pair for pair in named if pair[0].type.is_ordered]
        known = [pair for pair in ordered if self.known.get(pair[0].name) is not None]
        for column, samples in known:
            yield from self._sides(column, samples)
        for column, samples in named:
            if not column.type.is_ordered:
                yield from self._values(column, samples)
        for column, samples in ordered:
            if self.known.get(column.name) is None:
                yield from self._sides(column, samples)

    def _columns(self) -> Mapping[str, tuple[Column, list[Value]]]:
        """Return fact → a column that looks at it, and the values that all tables tell apart."""
        found: dict[str, tuple[Column, list[Value]]] = {}
        for table in self.recommender.policy.on(self.facts.opened_at.date()).tables:
            for column, cells in zip(table.inputs, table.cells, strict=True):
                if column.name in NOT_OF_THE_CASE or column.type is ColumnType.DATE:
                    continue
                _, values = found.setdefault(column.name, (column, []))
                for value in (cell.sample for cell in cells if cell.is_possible):
                    if value is not None and value != OTHER and not isinstance(value, date):
                        values.append(value)
        return found

    def _values(self, column: Column, samples: Sequence[Value]) -> Iterator[Turn]:
        name, actual = column.name, self.known.get(column.name)
        others = [v for v in dict.fromkeys(samples) if v != actual]
        if name == "role":
            others = [r for r in ROLES[ROLES.index(self.role) + 1 :] if r in others]
        leads: dict[Guess, list[Value]] = {}
        for value, guess in zip(others, self._guesses(name, others), strict=True):
            if guess is not None and guess != self.now:
                leads.setdefault(guess, []).append(value)
        for guess, values in leads.items():
            yield Turn(name, "is", tuple(values), *guess)

    def _sides(self, column: Column, samples: Sequence[Value]) -> Iterator[Turn]:
        """Yield where a number turns above and below; of one that is not known, from where on."""
        name, actual = column.name, self.known.get(column.name)
        here = _number(actual) if actual is not None else None
        tried = {Decimal(str(v)) for v in samples if not isinstance(v, bool)}
        if here and column.type is ColumnType.MONEY:
            tried |= {(here * factor).quantize(CENT) for factor in FACTORS}
        within = sorted(v for v in tried if _is_within(column, v) and v != here)
        step = CENT if column.type is ColumnType.MONEY else Decimal(1)
        above = [v for v in within if here is None or v > here]
        below = [v for v in reversed(within) if here is not None and v < here]
        sides: dict[Side, list[Decimal]] = {"at_least": above, "at_most": below}
        for side, values in sides.items():
            first = self._first(name, values)
            if first is None:
                continue
            last = here if first == 0 else values[first - 1]
            there = values[first]
            if last is not None:
                there = self._narrowed(name, last, there, step)
            (guess,) = self._guesses(name, [there])
            if guess is not None:
                yield Turn(name, side, (there,), *guess)

    def _first(self, name: str, values: Sequence[Value]) -> int | None:
        """Return the place of the first value that leads elsewhere."""
        found = enumerate(self._guesses(name, values))
        return next((i for i, guess in found if self._is_other(name, guess)), None)

    def _narrowed(self, name: str, last: Decimal, there: Decimal, step: Decimal) -> Decimal:
        """Return the value nearest to `last` that leads elsewhere, to the step: by halving."""
        rounding = ROUND_FLOOR if there > last else ROUND_CEILING
        stays = (last / step).to_integral_value(rounding)
        turns = (there / step).to_integral_value(rounding)
        if turns * step != there:  # `there` lies between two steps: it stays as it is
            return there
        while abs(turns - stays) > 1:
            middle = ((turns + stays) / 2).to_integral_value(ROUND_FLOOR)
            (guess,) = self._guesses(name, [middle * step])
            if self._is_other(name, guess):
                turns = middle
            else:
                stays = middle
        return turns * step

    def _is_other(self, name: str, guess: Guess | None) -> bool:
        if guess is None:
            return False
        if name not in _ALONE:
            return guess != self.now
        return _without_amounts(guess) != _without_amounts(self.now)

    def _guesses(self, name: str, values: Sequence[Value]) -> list[Guess | None]:
        """Return what would be recommended with a fact at each value; None: policy refuses it."""
        trials = [self._trial(name, value) for value in values]
        roles = {trial.role for trial in trials}
        if len(roles) == 1:
            try:
                return list(map(_guess, self._decided(trials, *roles)))
            except BadInput:
                pass  # one of them; which, is seen below
        return [self._alone(trial) for trial in trials]

    def _alone(self, trial: Trial) -> Guess | None:
        try:
            (record,) = self._decided([trial], trial.role)
        except BadInput:
            return None
        return _guess(record)

    def _decided(self, trials: Iterable[Trial], role: str) -> list[LogRecord]:
        return self.recommender.best_guesses([trial.facts for trial in trials], role, self.price)

    def _trial(self, name: str, value: Value) -> Trial:
        if name == "role":
            return Trial(self.facts, str(value))
        return Trial(with_fact(self.facts, name, value), self.role)


def _guess(record: LogRecord) -> Guess:
    chosen = record.chosen
    return Guess(chosen.kind, chosen.goodwill, record.owed.amount, record.approver)


def _without_amounts(guess: Guess) -> tuple[ActionKind, bool, bool, str]:
    return guess.kind, bool(guess.goodwill), bool(guess.owed), guess.approver


def _number(value: Fact) -> Decimal:
    return value.amount if isinstance(value, Money) else Decimal(str(value))


def _is_within(column: Column, value: Decimal) -> bool:
    low, high = column.low, column.high
    is_above = not isinstance(low, Decimal) or value >= low
    is_below = not isinstance(high, Decimal) or value <= high
    is_whole = not column.is_whole or value == value.to_integral_value()
    return is_above and is_below and is_whole
