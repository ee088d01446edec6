"""How bad it is if ignored: the cause's default, moved by a visible table of rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import Severity, Taxonomy

from .clean import clean_text
from .features import Reals
from .sentiment import POSITIVE_ABOVE
from .severity_rules import HARMLESS, RULES, SeverityRule, keys, pattern

_RULES: Final = tuple((rule, pattern(rule.phrases)) for rule in RULES)
_HARMLESS: Final = pattern(HARMLESS)
_KEYS: Final = tuple(keys(rule.phrases) for rule in RULES)
_WORD: Final = re.compile(r"[^\W_]+")
_MONEY_WORD: Final = re.compile(r"[$€£]|usd|eur|gbp|pounds|quid|dollars|bucks")
_NUMBER: Final = r"\d{1,3}(?:[.,' ]?\d{3})*(?:[.,]\d{1,2})?"
_AMOUNT: Final = re.compile(
    rf"(?:[$€£]|\b(?:usd|eur|gbp) ?) ?({_NUMBER})"
    rf"|\b({_NUMBER}) ?(?:[$€£]|(?:euros?|eur|pounds|quid|dollars|usd|gbp|bucks)\b)"
)
_READ_AT_MOST: Final = 4_000
_LEVELS: Final = tuple(Severity)


@dataclass(frozen=True, slots=True, eq=False)
class SeverityFacts:
    """What is known apart from the text; each column of length N, or None.

    `contacts` counts the contacts about this matter, `reopens` how often it came back; `loss` and
    `value_at_risk` are in the currency of the thresholds, NaN where unknown; `mood` is
    `sentiment`'s answer.
    """

    contacts: NDArray[np.int64] | None = None
    reopens: NDArray[np.int64] | None = None
    is_escalated: NDArray[np.bool_] | None = None
    loss: NDArray[np.float64] | None = None
    mood: Reals | None = None


@dataclass(frozen=True, slots=True)
class SeverityConfig:
    """From which amounts on money counts, and from how many contacts on it is a repeat."""

    money_step: float = 200.0
    money_high: float = 1_000.0
    repeat_contacts: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Severities:
    """Severity of N texts: `rank` int8 (0 low … 3 critical) and the reasons of each."""

    rank: NDArray[np.int8]
    reasons: tuple[tuple[str, ...], ...]

    def words(self) -> list[str]:
        """Return "low" … "critical" per text."""
        return [_LEVELS[r].value for r in self.rank]


def severity(
    texts: Sequence[str | None],
    causes: Sequence[str],
    taxonomy: Taxonomy,
    facts: SeverityFacts = SeverityFacts(),
    config: SeverityConfig = SeverityConfig(),
) -> Severities:
    """Return the severity of N raw texts whose causes (paths or `UNSURE`) are known.

    Starts at the cause's default (medium where it is unsure, low where the mood is good), then
    the rules: those of the text, and those of the facts (money, contacts, escalation).
    """
    default = {c.path: c.default_severity.rank for c in taxonomy.causes}
    rank = np.empty(len(texts), np.int8)
    reasons: list[tuple[str, ...]] = []
    for i, (text, cause) in enumerate(zip(texts, causes, strict=True)):
        start = default.get(cause, Severity.MEDIUM.rank)
        floor, step, why = _moves(_plain(text), i, facts, config)
        if facts.mood is not None and facts.mood[i] > POSITIVE_ABOVE:
            start, step = Severity.LOW.rank, 0
        raised = min(start + step, max(start, Severity.HIGH.rank))
        rank[i] = max(raised, floor)
        reasons.append(why)
    return Severities(rank, tuple(reasons))


def _moves(
    text: str, i: int, facts: SeverityFacts, config: SeverityConfig
) -> tuple[int, int, tuple[str, ...]]:
    """Return the floor, the step (0 or 1) and the reasons of one text."""
    floor, step, why = 0, 0, []
    for rule in _speaking(text):
        floor, step = max(floor, rule.at_least.rank), max(step, int(rule.step))
        why.append(rule.reason)
    money = max(_largest_amount(text), _fact(facts.loss, i))
    if money >= config.money_step:
        step = 1
        floor = max(floor, Severity.HIGH.rank) if money >= config.money_high else floor
        why.append(f"{money:,.0f} are at stake")
    if _fact(facts.contacts, i) >= config.repeat_contacts or _fact(facts.reopens, i) >= 1:
        step = 1
        why.append("it has come back")
    if facts.is_escalated is not None and facts.is_escalated[i]:
        floor = max(floor, Severity.HIGH.rank)
        why.append("it was escalated")
    return floor, step, tuple(why)


def _plain(text: str | None) -> str:
    return clean_text(text)[:_READ_AT_MOST].lower().replace("’", "'")


def _speaking(text: str) -> list[SeverityRule]:
    """Return the rules of which a phrase occurs; only those are searched whose key words do."""
    asked = 0
    for word in _WORD.findall(text):
        asked |= _rules_of(word)
    if not asked:
        return []
    plain = _HARMLESS.sub(" ", text)
    return [
        rule for i, (rule, phrase) in enumerate(_RULES) if asked >> i & 1 and phrase.search(plain)
    ]


@lru_cache(maxsize=100_000)
def _rules_of(word: str) -> int:
    """Return the rules whose keys the word is, as bits."""
    hits = 0
    for i, known in enumerate(_KEYS):
        if word in known or any(word.startswith(key[:-1]) for key in known if key[-1:] == "*"):
            hits |= 1 << i
    return hits


def _fact(column: NDArray[np.int64] | NDArray[np.float64] | None, i: int) -> float:
    if column is None:
        return 0.0
    value = float(column[i])
    return value if np.isfinite(value) else 0.0


def _largest_amount(text: str) -> float:
    """Return the largest sum of money named in the text, 0 if none."""
    if _MONEY_WORD.search(text) is None:
        return 0.0
    return max((_number(a or b) for a, b in _AMOUNT.findall(text)), default=0.0)


def _number(words: str) -> float:
    whole = re.sub(r"[.,]\d{1,2}$", "", words)
    return float(re.sub(r"\D", "", whole) or 0)
