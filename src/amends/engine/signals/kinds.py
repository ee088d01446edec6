"""What the rows of a file are, when no column says it: complaints, tickets, survey answers."""

import re
from typing import Final

from amends.engine.contracts import Kind, Preset, UnderstoodColumn

from .fields import plain_name

_TOLD_BY: Final = (
    (Kind.COMPLAINT, re.compile(r"\b(complaints?|complainant|grievances?|beschwerden?|quejas?)\b")),
    (Kind.SOCIAL, re.compile(r"\b(re)?tweets?\b|\btwitter\b|\bsocial\b|\breviews?\b|\bposts?\b")),
    (Kind.QA_AUDIT, re.compile(r"\b(qa|audits?|quality score)\b")),
    (Kind.SURVEY, re.compile(r"\b(surveys?|nps|csat|ces|respondent|questionnaire)\b")),
    (Kind.ESCALATION, re.compile(r"\bescalations\b")),
    (Kind.TICKET, re.compile(r"\b(tickets?|incidents?|cases?|helpdesk|service desk|requester)\b")),
    (Kind.NOTE, re.compile(r"\b(agent notes?|call notes?)\b")),
)
_TRANSACTION: Final = re.compile(r"\b(orders?|transactions?|shipments?|bookings?|invoices?)\b")


def guess_kind(
    file: str, columns: tuple[UnderstoodColumn, ...], preset: Preset | None
) -> tuple[Kind, str]:
    """Return what the rows are and why: the preset, a word in a name, or what is filled."""
    if preset is not None:
        return preset.kind, f"the preset {preset.name}"
    fields = {column.field for column in columns}
    names = [*(column.column for column in columns), re.sub(r"\.\w+", "", file)]
    words = [(name, plain_name(name)) for name in names]
    for kind, pattern in _TOLD_BY:
        for name, plain in words:
            if pattern.search(plain):
                return kind, f"the name {name!r}"
    if fields & {"nps", "csat", "ces"}:
        return Kind.SURVEY, "it holds survey answers"
    if not fields & {"verbatim", "subject"}:
        for name, plain in words:
            if _TRANSACTION.search(plain):
                return Kind.TRANSACTION, f"the name {name!r} and no text"
    return Kind.TICKET, "nothing says otherwise"
