"""Playbooks: the steps of a recovery, and templates that cannot be sent unfilled.

A template says, in every language, acknowledge → apologise → fix → follow up, in this order: each
is a part of its own and none may be missing (Orsingher et al. 2010: distributive and interactional
justice carry satisfaction; an apology beside money doubles it, CCMC 2015).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml

from amends.engine.contracts import ActionKind, BadInput, Money

from .to_do import money_words

SHIPPED: Final = Path(__file__).parent / "playbooks.yaml"
PARTS: Final = ("acknowledge", "apologise", "fix", "follow_up")
LONGEST_VALUE: Final = 500
FACTS: Final = ("severity", "tier", "region", "channel", "action")
"""What a step's conditions may look at."""
ACTIONS: Final[Mapping[str, tuple[ActionKind, ...]]] = {
    "credit": (ActionKind.CREDIT, ActionKind.APOLOGY_CREDIT),
    "refund": (ActionKind.REFUND,),
    "replacement": (ActionKind.REPLACEMENT,),
    "escalation": (ActionKind.ESCALATION,),
}
"""Steps that are done when such an action is taken; they are part of a plan only with it."""
_HOLE: Final = re.compile(r"\{([^{}]*)\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")

StepKind = Literal[
    "message", "call", "credit", "refund", "replacement", "escalation", "offer", "task", "survey"
]
Kind = Literal["name", "text", "reference", "money", "date"]
Value = str | Money | date


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message that legal or finance approved, with typed placeholders."""

    id: str
    title: str
    approval: Literal["legal", "finance"]
    placeholders: dict[str, Kind]
    texts: dict[str, dict[str, str]]
    """Language → part → text with `{placeholder}`."""


class PlaybookStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: what, who, by when, under which conditions."""

    id: str
    kind: StepKind
    title: str
    who: str
    within_hours: float
    """After the case was opened."""
    when: dict[str, list[str]] = {}
    """Fact → the values with which the step is part of the plan; empty: always."""
    template: str = ""

    def applies(self, facts: Mapping[str, str]) -> bool:
        """Whether the step is part of the plan of a case with these facts (`FACTS`)."""
        kinds = ACTIONS.get(self.kind)
        fits = kinds is None or facts.get("action", "") in kinds
        return fits and all(facts.get(name, "") in known for name, known in self.when.items())


class Playbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The steps for cases of some causes."""

    id: str
    title: str
    steps: list[PlaybookStep]
    causes: list[str] = []
    """Causes or branches of causes; empty: every cause that no other playbook names."""


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All playbooks and templates of one version."""

    version: str
    playbooks: list[Playbook]
    templates: list[Template]

    def playbook_for(self, cause: str) -> Playbook:
        """Return the playbook that names the cause most precisely."""

        def fit(playbook: Playbook) -> int:
            named = [c for c in playbook.causes if cause == c or cause.startswith(f"{c}/")]
            return max((len(c) for c in named), default=0 if not playbook.causes else -1)

        return max(self.playbooks, key=fit)

    def template(self, name: str) -> Template:
        """Return a template by its id."""
        return next(t for t in self.templates if t.id == name)

    @property
    def approvals(self) -> Collection[str]:
        """Who has to approve: legal, finance, or both."""
        return sorted({t.approval for t in self.templates})


@lru_cache(maxsize=4)
def read_book(text: str) -> Book:
    """Read and check a book of playbooks (YAML).

    Raises
    ------
    BadInput
        What is wrong, and where.
    """
    try:
        book = msgspec.convert(yaml.safe_load(text), Book)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError) as error:
        what = " ".join(str(error).split())[:300]
        raise BadInput(f"This is no book of playbooks: {what}.", where="playbooks") from None
    for wrong in _faults(book):
        raise BadInput(wrong, where="playbooks")
    return book


@lru_cache(maxsize=1)
def shipped_book() -> Book:
    """Return the playbooks that come with amends, to start from."""
    return read_book(SHIPPED.read_text(encoding="utf-8"))


def fill(template: Template, language: str, values: Mapping[str, Value]) -> str:
    """Return the message with every placeholder filled, part after part.

    Raises
    ------
    BadInput
        A value is missing, empty, of another type or too long, or the language has no text.
    """
    texts = template.texts.get(language)
    where = f"template {template.id}"
    if texts is None:
        known = ", ".join(template.texts)
        raise BadInput(f"It has no text in {language!r}.", where=where, remedy=f"Choose {known}.")
    told = {}
    for name, kind in template.placeholders.items():
        value = values.get(name)
        if value is None or value == "" or (isinstance(value, str) and not value.strip()):
            raise BadInput(f"{name} is not filled in.", where=where, remedy="Nothing was sent.")
        told[name] = _told(name, kind, value, language, where)
    return "\n\n".join(_HOLE.sub(lambda m: told[m[1]], texts[part]).strip() for part in PARTS)


def template_with(template: Template, language: str, known: Mapping[str, Value]) -> list[str]:
    """Return the parts of a template to look at: filled as far as it is known, the rest open."""
    told = {
        name: _told(name, kind, known[name], language, f"template {template.id}")
        for name, kind in template.placeholders.items()
        if name in known
    }
    texts = template.texts[language]
    return [_HOLE.sub(lambda m: told.get(m[1], m[0]), texts[part]) for part in PARTS]


def _told(name: str, kind: Kind, value: Value, language: str, where: str) -> str:
    if kind == "money":
        if not isinstance(value, Money) or value.amount <= 0:
            raise BadInput(f"{name} is no amount of money.", where=where)
        return _money(value, language)
    if kind == "date":
        if not isinstance(value, date):
            raise BadInput(f"{name} is no date.", where=where)
        return f"{value:%d.%m.%Y}" if language != "en" else f"{value.day} {value:%B %Y}"
    if not isinstance(value, str) or len(value) > LONGEST_VALUE or "{" in value or "}" in value:
        raise BadInput(f"{name} is no plain text of up to {LONGEST_VALUE} signs.", where=where)
    if kind != "text" and "\n" in value:
        raise BadInput(f"{name} goes over several lines.", where=where)
    return value.strip()


def _money(value: Money, language: str) -> str:
    if language == "en":
        return money_words(value)
    amount = f"{value.amount:,.2f}".translate(str.maketrans(",.", ".,"))
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(value.currency, value.currency)
    return f"{amount} {sign}"


def sample_values(template: Template, on: date) -> dict[str, Value]:
    """Return values that show how a template reads."""
    samples: dict[Kind, Value] = {
        "name": "Maya Okafor",
        "text": "the parcel was left at the wrong address",
        "reference": "C-20481",
        "money": Money(Decimal(25), "EUR"),
        "date": on,
    }
    return {name: samples[kind] for name, kind in template.placeholders.items()}


def _faults(book: Book) -> Iterator[str]:
    yield from _doubles("playbook", [p.id for p in book.playbooks])
    yield from _doubles("template", [t.id for t in book.templates])
    if sum(not p.causes for p in book.playbooks) != 1:
        yield "Exactly one playbook names no causes: it is for all others."
    for template in book.templates:
        yield from _template_faults(template)
    known = {t.id for t in book.templates}
    for playbook in book.playbooks:
        yield from _doubles(f"step of {playbook.id}", [s.id for s in playbook.steps])
        if not playbook.steps:
            yield f"{playbook.id} has no steps."
        for step in playbook.steps:
            yield from _step_faults(f"{playbook.id}, step {step.id}", step, known)


def _step_faults(where: str, step: PlaybookStep, templates: Collection[str]) -> Iterator[str]:
    if not _NAME.fullmatch(step.id):
        yield f"{where}: an id is lower-case letters, digits and underscores."
    if not 0 < step.within_hours <= 24 * 366:
        yield f"{where}: within_hours is more than 0 and at most a year."
    if unknown := sorted(set(step.when) - set(FACTS)):
        yield f"{where}: conditions look at {', '.join(FACTS)}, not at {', '.join(unknown)}."
    if step.kind in {"message", "offer", "survey"} and not step.template:
        yield f"{where}: a {step.kind} needs a template."
    if step.template and step.template not in templates:
        yield f"{where}: there is no template {step.template}."


def _template_faults(template: Template) -> Iterator[str]:
    where = f"template {template.id}"
    if not template.texts:
        yield f"{where} has no text."
    if "money" in template.placeholders.values() and template.approval != "finance":
        yield f"{where} names money: finance approves it."
    for name in template.placeholders:
        if not _NAME.fullmatch(name):
            yield f"{where}: {name!r} is no name of a placeholder."
    for language, texts in template.texts.items():
        yield from _text_faults(f"{where}, {language}", texts, set(template.placeholders))


def _text_faults(where: str, texts: Mapping[str, str], placeholders: set[str]) -> Iterator[str]:
    if list(texts) != list(PARTS):
        yield f"{where}: its parts are {', '.join(PARTS)}, in this order."
        return
    if empty := [part for part in PARTS if not texts[part].strip()]:
        yield f"{where}: {', '.join(empty)} says nothing."
    text = "".join(texts.values())
    holes = set(_HOLE.findall(text))
    if unknown := sorted(holes - placeholders):
        yield f"{where}: {', '.join(unknown)} is no placeholder of it."
    if unused := sorted(placeholders - holes):
        yield f"{where}: {', '.join(unused)} does not occur."
    if "{" in _HOLE.sub("", text) or "}" in _HOLE.sub("", text):
        yield f"{where}: a brace is left open."


def _doubles(what: str, ids: Sequence[str]) -> Iterator[str]:
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield f"There are two {what}s {name}."
