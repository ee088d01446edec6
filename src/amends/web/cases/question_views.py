"""A policy table asked one question at a time. The answers stand in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from amends.engine.contracts import BadInput, Value
from amends.engine.recommend import Question, Table, ending, next_question
from amends.engine.recommend.columns import OTHER, Column, ColumnType, Scalar, write
from amends.engine.recommend.questions import Answers
from amends.flows.report import words
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.cases.policy_telling import table_named, title_of
from amends.web.cases.wording import role_words
from amends.web.ui.pages import page

UNKNOWN, ELSE = "(unknown)", "(other)"
"""How an address writes what a column has no text for."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An answer to choose."""

    words: str
    query: str


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given."""

    question: str
    answer: str
    again: str
    """Query that asks it again; what was answered after it is asked again as well."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The next question."""

    name: str
    title: str
    kind: str
    """Input type where a value is wanted; empty: choose."""
    offered: Sequence[Offered]
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Held:
    """A row that holds, with what it gives."""

    name: str
    outcome: Sequence[tuple[str, str]]
    note: str


@dataclass(frozen=True, slots=True)
class QuestionsContext:
    """Where one is in a table."""

    name: str
    title: str
    given: Sequence[Given]
    hidden: Sequence[tuple[str, str]]
    asked: Asked | None
    held: Sequence[Held]
    outcome: Sequence[tuple[str, str]]
    problem: str


@require_safe
@requires(Verb.POLICY_READ)
def questions(request: HttpRequest, name: str) -> HttpResponse:
    """Ask what still matters; at the end say what is permitted and by which rows."""
    table = table_named(name, timezone.localdate())
    if table is None:
        raise Http404
    given, problem = _read(table, {name: str(text) for name, text in request.GET.items()})
    question = next_question(table, given)
    held: Sequence[Held] = ()
    outcome: Sequence[tuple[str, str]] = ()
    if question is None:
        try:
            held, outcome = _end(table, given)
        except BadInput as error:
            problem = str(error)
    texts = [(column, _write(value)) for column, value in given.items()]
    context = QuestionsContext(
        name=name,
        title=title_of(table),
        given=[
            Given(words.label(column), _say(given[column]), _query(texts[:i]))
            for i, (column, _) in enumerate(texts)
        ],
        hidden=texts,
        asked=None if question is None else _ask(question, texts),
        held=held,
        outcome=outcome,
        problem=problem,
    )
    return page(
        request, "cases/policy_questions.html", context, fragment="question",
        status=422 if problem else 200,
    )  # fmt: skip


def _read(table: Table, texts: dict[str, str]) -> tuple[dict[str, Scalar | None], str]:
    """Return the answers of an address in its order, up to the first that cannot be read."""
    columns = {column.name: column for column in table.inputs}
    given: dict[str, Scalar | None] = {}
    for name, text in texts.items():
        if name not in columns:
            continue
        try:
            given[name] = _value(columns[name], text.strip())
        except BadInput as error:
            return given, str(error)
    return given, ""


def _value(column: Column, text: str) -> Scalar | None:
    if text == UNKNOWN and column.is_optional:
        return None
    if text == ELSE and column.is_open:
        return OTHER
    return column.read(text)


def _write(value: Scalar | None) -> str:
    return UNKNOWN if value is None else ELSE if value == OTHER else write(value)


def _say(value: Value | Scalar | None) -> str:
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | date):
        return write(value)
    return "any other" if value == OTHER else role_words(str(value)).replace("_", " ")


def _query(texts: Sequence[tuple[str, str]]) -> str:
    return f"?{urlencode(texts)}"


def _ask(question: Question, texts: Sequence[tuple[str, str]]) -> Asked:
    column = question.column
    kind = "date" if column.type is ColumnType.DATE else "text"
    offered = [c for c in question.choices if not question.is_exact or c.value is None]
    return Asked(
        name=column.name,
        title=words.label(column.name),
        kind=kind if question.is_exact else "",
        offered=[
            Offered(
                role_words(c.words).replace("_", " "),
                _query([*texts, (column.name, _write(c.value))]),
            )
            for c in offered
        ],
        low="" if column.low is None else write(column.low),
        high="" if column.high is None else write(column.high),
    )


def _end(table: Table, given: Answers) -> tuple[Sequence[Held], Sequence[tuple[str, str]]]:
    answer = ending(table, given)
    notes = {row.row_id: row.note for row in table.rows}
    each = answer.collected or [answer.outcome]
    held = [
        Held(words.label(row.replace("-", " ")), _told(outcome), notes[row])
        for row, outcome in zip(answer.rows, each, strict=False)
    ]
    return held, () if answer.collected else _told(answer.outcome)


def _told(outcome: Mapping[str, Value]) -> list[tuple[str, str]]:
    kept = ((name, value) for name, value in outcome.items() if value != "nothing")
    return [(words.label(name), _say(value)) for name, value in kept]
