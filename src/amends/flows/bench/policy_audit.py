"""A second opinion on policy decisions: reads the tables' text row by row, with none of the engine.

It knows YAML, the operators' words and the meaning of the layers, and nothing of cells, masks or
closures, so that a mistake in the compiled tables cannot hide here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import ge, gt, le, lt
from pathlib import Path
from typing import Any, Final

import yaml

from amends.engine.contracts import CaseFacts, Severity
from amends.engine.recommend import LogRecord

_OPERATORS: Final = {"<=": le, ">=": ge, "<": lt, ">": gt}
_CENT: Final = Decimal("0.01")

_Tree = Mapping[str, Any]
_Texts = Mapping[str, str]


@dataclass(frozen=True)
class Audit:
    """The tables of a folder as plain text, and the scope they are read for."""

    folder: Path
    sector: str
    jurisdictions: tuple[str, ...]
    currency: str

    @cached_property
    def _tables(self) -> tuple[_Tree, ...]:
        trees = [
            yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - texts only
            for path in sorted(self.folder.glob("*.yaml"))
        ]
        return tuple(
            tree
            for tree in trees
            if tree.get("sector", "") in ("", self.sector)
            and tree.get("jurisdiction", "") in ("", *self.jurisdictions)
            and tree.get("currency", "") in ("", self.currency)
        )

    def violations(self, facts: CaseFacts, record: LogRecord) -> Iterator[str]:
        """Yield what is wrong with a logged decision; nothing when all is in order."""
        day = facts.opened_at.date().isoformat()
        texts = _texts(facts, record.role)
        owed = max(
            (self._amount(name, texts, day, "owed") for name in self._entitlements(day)),
            default=Decimal(0),
        )
        texts["owed"] = str(owed)
        yield from _money_violations(record, owed, self._limit(texts, day, owed))
        yield from self._action_violations(record, texts, day)
        yield from _exploration_violations(facts, record)
        approver = self._first("approvals", texts, day)["approver"]
        if record.approver != ("" if approver == "nobody" else approver):
            yield f"approver is {record.approver or 'nobody'}, the table says {approver}"

    def _entitlements(self, day: str) -> list[str]:
        names = {tree["policy"] for tree in self._tables if _holds_on(tree, day)}
        return sorted(name for name in names if name.startswith("entitlement"))

    def _rows(self, name: str, texts: _Texts, day: str) -> list[_Tree]:
        tree = next(t for t in self._tables if t["policy"] == name and _holds_on(t, day))
        types = {column["name"]: column["type"] for column in tree["inputs"]}
        return [
            row
            for row in tree["rows"]
            if all(
                _passes(cell, texts.get(column), types[column])
                for column, cell in row.get("when", {}).items()
            )
        ]

    def _first(self, name: str, texts: _Texts, day: str) -> _Texts:
        then: _Texts = self._rows(name, texts, day)[0]["then"]
        return then

    def _amount(self, name: str, texts: _Texts, day: str, output: str) -> Decimal:
        return _evaluate(self._first(name, texts, day)[output], texts).quantize(_CENT)

    def _limit(self, texts: _Texts, day: str, owed: Decimal) -> Decimal:
        limits = [_evaluate(r["then"]["limit"], texts) for r in self._rows("limits", texts, day)]
        ceilings = [
            _evaluate(row["then"]["ceiling"], texts) - owed
            for row in self._rows("ceiling", texts, day)
        ]
        return max(Decimal(0), min(*limits, *ceilings))

    def _action_violations(self, record: LogRecord, texts: _Texts, day: str) -> Iterator[str]:
        loss = Decimal(texts["loss"])
        rows = [row["then"] for row in self._rows("eligibility", texts, day)]
        for arm in record.allowed:
            shares = [Decimal(then["share"]) for then in rows if then["action"] == arm.kind.value]
            most = max(shares, default=Decimal(-1)) * loss - record.owed.amount
            if not shares:
                yield f"{arm.kind} is not allowed"
            elif arm.goodwill > max(most, Decimal(0)):
                yield f"{arm.kind} of {arm.goodwill} is above the allowed share of the loss"
            elif arm.kind in {"refund", "replacement"} and most - arm.goodwill >= _CENT:
                yield f"{arm.kind} of {arm.goodwill} is given in part"


def _texts(facts: CaseFacts, role: str) -> dict[str, str]:
    measured = {name: str(value) for name, value in facts.measured}
    return measured | {
        "cause": facts.cause,
        "cause_family": facts.cause.split("/")[0],
        "severity": facts.severity.value,
        "value_per_year": str(facts.value_per_year.amount),
        "loss": str(facts.loss.amount),
        "failures_90_days": str(facts.failures_90_days),
        "is_rejected": str(facts.is_rejected).lower(),
        "is_vulnerable": str(facts.is_vulnerable).lower(),
        "is_regulated": str(facts.is_regulated).lower(),
        "role": role,
    }


def _holds_on(tree: _Tree, day: str) -> bool:
    first, last = str(tree.get("effective_from", "")), str(tree.get("effective_to") or "9999")
    return first <= day <= last


def _passes(cell: str | Sequence[str], text: str | None, kind: str) -> bool:
    if cell == "any":
        return True
    if cell in ("is known", "is unknown"):
        return (text is None) == (cell == "is unknown")
    if text is None:
        return False
    listed = [cell] if isinstance(cell, str) else list(cell)
    if kind not in {"number", "money"}:
        return text in listed
    return any(_number_passes(words, Decimal(text)) for words in listed)


def _number_passes(cell: str, number: Decimal) -> bool:
    words = cell.split()
    if words[0] == "between":
        return Decimal(words[1]) <= number <= Decimal(words[3])
    if words[0] in _OPERATORS:
        return bool(_OPERATORS[words[0]](number, Decimal(words[1])))
    return number == Decimal(cell)


def _evaluate(text: str, texts: _Texts) -> Decimal:
    factor, _, name = text.partition(" * ")
    return Decimal(factor) * (Decimal(texts[name]) if name else 1)


def _money_violations(record: LogRecord, owed: Decimal, limit: Decimal) -> Iterator[str]:
    if record.owed.amount != owed:
        yield f"owed is {record.owed.amount}, the tables say {owed}"
    if record.limit.amount > limit:
        yield f"the limit is {record.limit.amount}, the tables say {limit}"
    for arm in record.allowed:
        if not 0 <= arm.goodwill <= limit:
            yield f"{arm.kind} gives {arm.goodwill}, the limit is {limit}"


def _exploration_violations(facts: CaseFacts, record: LogRecord) -> Iterator[str]:
    chances = record.propensities
    best = max(chances)
    if abs(sum(chances) - 1) > 1e-9 or min(chances) < 0:
        yield f"propensities add up to {sum(chances)}"
    if best < 0.85 - 1e-9:
        yield f"exploration of {1 - best:.3f} is above 15 %"
    must_not = (
        facts.severity is Severity.CRITICAL
        or facts.is_vulnerable
        or facts.is_regulated
        or facts.failures_90_days >= 2
    )
    if must_not and (best < 1 or record.explores):
        yield "explores where a mistake would hurt"
    if not must_not:
        yield from _floor_violations(record)


def _floor_violations(record: LogRecord) -> Iterator[str]:
    by_kind: dict[str, float] = {}
    for arm, chance in zip(record.allowed, record.propensities, strict=True):
        by_kind[arm.kind.value] = by_kind.get(arm.kind.value, 0.0) + chance
    best = record.allowed[max(range(len(record.allowed)), key=record.propensities.__getitem__)]
    for kind, chance in by_kind.items():
        if kind != best.kind.value and chance < 0.01 - 1e-9:
            yield f"{kind} is shown with {chance:.4f}, below the floor of 1 %"


def count_violations(
    audit: Audit, cases: Iterable[CaseFacts], records: Iterable[LogRecord]
) -> tuple[int, tuple[str, ...]]:
    """Return how many decisions break policy, and the first few breaches in words."""
    found, words = 0, []
    for facts, record in zip(cases, records, strict=True):
        breaches = list(audit.violations(facts, record))
        found += bool(breaches)
        words += [f"case {facts.case_ref}: {breach}" for breach in breaches]
    return found, tuple(words[:10])
