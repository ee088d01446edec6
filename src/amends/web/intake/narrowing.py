"""What a list of signals is narrowed to beside the filters of all pages, as controls show it."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from django.urls import reverse

from amends.engine.contracts import Kind, Severity
from amends.flows.report import words
from amends.web.intake.asked import ALL_KINDS, Asked
from amends.web.intake.filter_bar import Active, Choice
from amends.web.intake.filters import DEFAULT_PERIOD, joined
from amends.web.intake.naming import value_label
from amends.web.ui.templatetags.ui import moment

LABELS: Final = {
    "q": "Search",
    "kind": "Kinds",
    "severity": "Severity",
    "told": "Only",
    "customer": "Customer",
    "case_ref": "Case at the source",
    "from": "From",
    "to": "Before",
}
IN_FORM: Final = frozenset({"q", "kind", "severity"})
"""What the search form itself shows, as long as it is one value."""


def kind_choices(asked: Asked) -> tuple[Choice, ...]:
    """Return the kinds to choose from; empty when several are asked for, which chips show."""
    if len(asked.kinds) > 1:
        return ()
    kinds = [(kind.value, value_label(kind.value)) for kind in Kind]
    offered = [("", "What people said"), (ALL_KINDS, "All kinds"), *kinds]
    chosen = asked.kinds[0] if asked.kinds else ""
    return tuple(Choice(value, label, value == chosen) for value, label in offered)


def severity_choices(asked: Asked) -> tuple[Choice, ...]:
    """Return the severities to choose from; empty when several are asked for."""
    if len(asked.severities) > 1:
        return ()
    offered = [("", "All severities"), *((s.value, words.label(s.value)) for s in Severity)]
    chosen = asked.severities[0] if asked.severities else ""
    return tuple(Choice(value, label, value == chosen) for value, label in offered)


def hidden_of(asked: Asked) -> tuple[tuple[str, str], ...]:
    """Return what the search form carries along unseen."""
    filters = asked.filters
    period = "" if filters.period == DEFAULT_PERIOD else filters.period
    shared = [("period", period), *filters.dims.items(), ("cause", filters.cause)]
    own = [pair for pair in asked.own if pair[0] not in _shown_in_form(asked)]
    return tuple(pair for pair in [*shared, *own] if pair[1])


def active_of(asked: Asked) -> tuple[Active, ...]:
    """Return what is narrowed and not shown in the search form, each with the way out."""
    by_name: dict[str, list[str]] = {}
    for name, value in asked.own:
        if name not in _shown_in_form(asked):
            by_name.setdefault(name, []).append(_text(name, value, asked))
    return tuple(
        Active(LABELS.get(name, value_label(name)), ", ".join(texts), asked.query(without=[name]))
        for name, texts in by_name.items()
    )


def url_between(asked: Asked) -> Callable[[datetime, datetime], str]:
    """Return how the signals of a stretch of the list are addressed."""
    list_url, rest = reverse("intake:signals"), asked.query(without=["from", "to"]).rstrip("?")

    def url(since: datetime, until: datetime) -> str:
        return list_url + joined(rest, [("from", since.isoformat()), ("to", until.isoformat())])

    return url


def _shown_in_form(asked: Asked) -> set[str]:
    several = {"kind": len(asked.kinds) > 1, "severity": len(asked.severities) > 1}
    return {name for name in IN_FORM if not several.get(name, False)}


def _text(name: str, value: str, asked: Asked) -> str:
    match name:
        case "told":
            return "signals that tell of a failure"
        case "from":
            return moment(asked.first_at)
        case "to":
            return moment(asked.last_at)
        case "customer" | "case_ref":
            return value
    return value_label(value)
