"""What the palette finds: cases by ref, title or customer, pages, views and actions by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from amends.web.accounts.access import signed_in
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.models import State
from amends.web.cases.queries import found_by_words, views_of
from amends.web.intake.filters import cleaned
from amends.web.project.navigation import pages_for
from amends.web.ui.pages import page

MOST_CASES: Final = 8
MOST_OTHERS: Final = 8
LEAST_WORDS: Final = 2
"""Characters from which cases are looked for."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something to go to, or to do."""

    label: str
    url: str
    note: str = ""
    in_drawer: bool = False


@dataclass(frozen=True, slots=True)
class PaletteContext:
    """Everything that fits."""

    cases: list[Option]
    pages: list[Option]
    actions: list[Option]
    words: str


@require_safe
@signed_in
def palette(request: HttpRequest) -> HttpResponse:
    """Find by a piece of a name, within reach."""
    person, words = current_person(request), cleaned(request.GET.get("q", ""))
    context = PaletteContext(
        cases=_cases(person, words),
        pages=_fitting(_pages(person), words),
        actions=_fitting(_actions(person), words),
        words=words,
    )
    return page(request, "project/palette.html", context, fragment="options")


def _cases(person: User, words: str) -> list[Option]:
    if len(words) < LEAST_WORDS or not person.may(Verb.CASE_READ):
        return []
    return [
        Option(
            f"{case.ref} {case.title}",
            reverse("cases:case", args=[case.ref]),
            f"{case.customer} · {State(case.state).label}",
        )
        for case in found_by_words(person, words, MOST_CASES)
    ]


def _pages(person: User) -> Iterator[Option]:
    for label, url in pages_for(person):
        yield Option(label, url)
    yield Option("Your profile", reverse("accounts:profile"))
    if person.may(Verb.CASE_READ):
        queue = reverse("cases:queue")
        for view in views_of(person):
            yield Option(f"View: {view}", f"{queue}?tab=open&view={view.pk}")


def _actions(person: User) -> Iterator[Option]:
    for verb, label, name, in_drawer in (
        (Verb.CASE_OPEN, "Open a case", "cases:new", True),
        (Verb.CASE_READ, "Make a view of the queue", "cases:new_view", False),
        (Verb.CASE_RULE_EDIT, "Make a case rule", "cases:new_rule", False),
        (Verb.SYSTEM_MANAGE, "Connect a source", "sources:choose", False),
    ):
        if person.may(verb):
            yield Option(label, reverse(name), in_drawer=in_drawer)


def _fitting(options: Iterator[Option], words: str) -> list[Option]:
    fitting = [option for option in options if words.lower() in option.label.lower()]
    return fitting[:MOST_OTHERS]
