"""How signals are told on pages: rows of a list, and one whole signal."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amends.engine.contracts import DIMENSIONS, SIGNAL_SCHEMA, UNSURE, Kind
from amends.flows.report import words
from amends.web.intake.naming import cause_label, value_label
from amends.web.ui.templatetags.ui import moment

EXCERPT: Final = 240
"""Characters of a verbatim in a list; about two lines."""
BEFORE_HIT: Final = 60
ICONS: Final[Mapping[str, str]] = {
    "complaint": "frown",
    "survey": "clipboard-check",
    "ticket": "ticket",
    "note": "sticky-note",
    "escalation": "siren",
    "qa_audit": "search",
    "social": "megaphone",
    "transaction": "receipt",
}
SHOWN: Final = (
    "signal_id",
    "kind",
    "occurred_at",
    "cause",
    "cause_confidence",
    "severity",
    "verbatim",
    "subject",
    "product",
    "channel",
    "region",
    "nps",
    "csat",
    "ces",
    "exposure",
)
"""The columns that a row needs."""
MONEY: Final = ("value_at_risk", "loss")
NOT_FACTS: Final = {
    "signal_id",
    "verbatim",
    "subject",
    "attributes",
    "kind",
    "cause",
    "cause_confidence",
    "severity",
    "currency",
    "exposure",
}
"""Fields that the drawer shows elsewhere."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `is_hit` where it is what was searched for."""

    text: str
    is_hit: bool = False


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal in a list."""

    signal_id: str
    at: datetime | None
    kind: str
    icon: str
    cause: str
    """Its label; empty without one."""
    is_unsure: bool
    confidence: float | None
    severity: str
    said: tuple[Piece, ...]
    is_quote: bool
    """Whether what is shown is what somebody wrote."""
    place: str
    """Product, channel and region."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of a signal, in words."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class SignalTold:
    """One whole signal."""

    row: SignalRow
    source: str
    external_id: str
    subject: str
    customer_id: str
    cause_path: str
    model_version: str
    case_ref: str
    facts: tuple[Fact, ...]
    attributes: tuple[Fact, ...]


def kind_label(kind: str) -> str:
    """Return `QA audit`."""
    return value_label(kind)


def row_of(signal: Mapping[str, Any], search: str = "", longest: int = EXCERPT) -> SignalRow:
    """Return a signal of the lake as a row, with what was searched for marked."""
    written = _written(signal, search)
    text = excerpt(written, search, longest) if written else _scores(signal)
    place = (signal.get(name) for name in ("product", "channel", "region"))
    cause = signal.get("cause") or ""
    return SignalRow(
        signal_id=signal["signal_id"],
        at=signal.get("occurred_at"),
        kind=kind_label(signal["kind"]),
        icon=ICONS.get(signal["kind"], "message-circle"),
        cause=cause_label(cause) if cause else "",
        is_unsure=cause == UNSURE,
        confidence=signal.get("cause_confidence"),
        severity=signal.get("severity") or "",
        said=highlighted(text, search),
        is_quote=bool(written),
        place=" · ".join(value_label(value) for value in place if value),
    )


def told(signal: Mapping[str, Any]) -> SignalTold:
    """Return one signal with all its fields in words."""
    names = [name for name in SIGNAL_SCHEMA.names if name not in NOT_FACTS]
    known = [name for name in names if signal.get(name) is not None]
    if signal.get("delivery") is not None:
        known.append("delivery")
    attributes = signal.get("attributes") or ()
    pairs = attributes.items() if isinstance(attributes, Mapping) else attributes
    return SignalTold(
        row=row_of(signal, longest=100_000),
        source=signal["source"],
        external_id=signal["external_id"],
        subject=(signal.get("subject") or "") if signal.get("verbatim") else "",
        customer_id=signal.get("customer_id") or "",
        cause_path=signal.get("cause") or "",
        model_version=signal.get("model_version") or "",
        case_ref=signal.get("case_ref") or "",
        facts=tuple(Fact(_field_label(name), _text(name, signal)) for name in known),
        attributes=tuple(Fact(value_label(name), str(value)) for name, value in pairs if value),
    )


def excerpt(text: str, search: str, longest: int) -> str:
    """Return the beginning of a text, or the stretch around the first hit, on one line."""
    line = " ".join(text.split())
    if len(line) <= longest:
        return line
    at = line.lower().find(search.lower()) if search else 0
    start = max(at - BEFORE_HIT, 0) if at > longest - BEFORE_HIT else 0
    cut = line[start : start + longest].strip()
    return f"{'…' if start else ''}{cut}{'…' if start + longest < len(line) else ''}"


def highlighted(text: str, search: str) -> tuple[Piece, ...]:
    """Return a text in pieces, those that were searched for marked."""
    if not search:
        return (Piece(text),)
    parts = re.split(f"({re.escape(search)})", text, flags=re.IGNORECASE)
    return tuple(Piece(part, is_hit=bool(i % 2)) for i, part in enumerate(parts) if part)


def _written(signal: Mapping[str, Any], search: str) -> str:
    """Return the verbatim, or the subject; both when only the subject has what was searched for."""
    verbatim, subject = signal.get("verbatim") or "", signal.get("subject") or ""
    if verbatim and search.lower() not in verbatim.lower() and search.lower() in subject.lower():
        return f"{subject}: {verbatim}"
    return verbatim or subject


def _scores(signal: Mapping[str, Any]) -> str:
    scores = [
        f"{name.upper()} {signal[name]}"
        for name in ("nps", "csat", "ces")
        if signal.get(name) is not None
    ]
    if signal["kind"] == Kind.TRANSACTION and signal.get("exposure"):
        scores.append(words.count(round(signal["exposure"]), "transaction"))
    return " · ".join(scores) or "No text"


def _field_label(name: str) -> str:
    if name in {"nps", "csat", "ces"}:
        return name.upper()
    return {"customer_id": "Customer", "agent_id": "Agent", "case_ref": "Case at the source"}.get(
        name, words.label(name.removesuffix("_at"))
    )


def _text(name: str, signal: Mapping[str, Any]) -> str:
    value = signal[name]
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name in MONEY:
        return words.money(float(value), signal.get("currency") or "", cents=True)
    if name in DIMENSIONS:
        return value_label(value)
    return words.number(float(value)) if isinstance(value, float) else str(value)


def rows_of(signals: Sequence[Mapping[str, Any]], search: str = "") -> tuple[SignalRow, ...]:
    """Return signals of the lake as rows."""
    return tuple(row_of(signal, search) for signal in signals)
