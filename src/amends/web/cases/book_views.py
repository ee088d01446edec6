"""Pages of playbooks: the book in force, and its draft with a preview."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.contracts import BadInput
from amends.engine.recommend.playbooks import (
    Book,
    PlaybookStep,
    Template,
    fill,
    read_book,
    sample_values,
)
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.book_actions import (
    book_in_force,
    book_text,
    current_book_draft,
    discard_book,
    draft_book,
    publish_book,
)
from amends.web.cases.models import BookVersion
from amends.web.cases.wording import role_words
from amends.web.classify.queries import cause_label
from amends.web.ui.pages import page
from amends.web.ui.refusals import complain

LONGEST = 120_000


@dataclass(frozen=True, slots=True)
class TemplateTold:
    """A template as it reads in each language."""

    template: Template
    texts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PlaybookTold:
    """A playbook with its steps: (step, who, conditions)."""

    title: str
    causes: str
    steps: Sequence[tuple[PlaybookStep, str, str]]


@dataclass(frozen=True, slots=True)
class BookContext:
    """The book in force and its draft."""

    playbooks: Sequence[PlaybookTold]
    templates: Sequence[TemplateTold]
    version: BookVersion | None
    draft: BookVersion | None
    changes: Sequence[tuple[str, str]]
    needed: Sequence[str]
    may_draft: bool
    may_publish: bool


@dataclass(frozen=True, slots=True)
class BookDraftContext:
    """The editor with a preview."""

    form: "BookForm"
    playbooks: Sequence[PlaybookTold]
    templates: Sequence[TemplateTold]


class BookForm(forms.Form):
    """The text of a book, and why."""

    text = forms.CharField(
        label="Playbooks and templates",
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 26, "class": "textarea code", "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="Why",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "textarea"}),
    )


@require_safe
@requires(Verb.POLICY_READ)
def playbooks(request: HttpRequest) -> HttpResponse:
    """Show the playbooks in force, and the draft."""
    person, draft = current_person(request), current_book_draft()
    book, version = book_in_force()
    drafted = read_book(draft.text) if draft else None
    is_others = draft is not None and draft.author_id != person.pk
    context = BookContext(
        _playbooks(book),
        _templates(book),
        version,
        draft,
        _changes(book_text(), draft.text) if draft else [],
        list(drafted.approvals) if drafted else [],
        person.may(Verb.PLAYBOOK_EDIT),
        person.may(Verb.POLICY_PUBLISH) and is_others,
    )
    return page(request, "cases/playbooks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.PLAYBOOK_EDIT)
def draft(request: HttpRequest) -> HttpResponse:
    """Write a draft, or look how it would read."""
    known = current_book_draft()
    start = {"text": known.text if known else book_text(), "reason": known.reason if known else ""}
    form = BookForm(request.POST or None, initial=start)
    book: Book | None = None
    if form.is_valid():
        text, is_preview = form.cleaned_data["text"], "preview" in request.POST
        try:
            if is_preview:
                book = read_book(text)
            else:
                draft_book(current_person(request), text, form.cleaned_data["reason"])
                return HttpResponseRedirect(reverse("cases:playbooks"))
        except BadInput as error:
            form.add_error("text", str(error))
        except ValidationError as error:
            complain(form, error)
    told = (_playbooks(book), _templates(book)) if book else ([], [])
    status = 422 if form.errors else 200
    return page(request, "cases/book_draft.html", BookDraftContext(form, *told), status=status)


@require_POST
@requires(Verb.POLICY_PUBLISH)
def publication(request: HttpRequest) -> HttpResponse:
    """Publish the draft that was read."""
    approvals = {name: request.POST.get(name, "") for name in ("legal", "finance")}
    try:
        publish_book(current_person(request), _number(request), approvals)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, "It is in force: open cases follow it from now on.")
    return HttpResponseRedirect(reverse("cases:playbooks"))


@require_POST
@requires(Verb.PLAYBOOK_EDIT)
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""
    discard_book(current_person(request), _number(request))
    messages.success(request, "The draft is gone. What is in force has not changed.")
    return HttpResponseRedirect(reverse("cases:playbooks"))


def _playbooks(book: Book) -> list[PlaybookTold]:
    return [
        PlaybookTold(
            playbook.title,
            ", ".join(cause_label(c) for c in playbook.causes) or "every other cause",
            [(s, role_words(s.who), _conditions(s.when)) for s in playbook.steps],
        )
        for playbook in book.playbooks
    ]


def _conditions(when: Mapping[str, Sequence[str]]) -> str:
    told = [
        f"{name} is {' or '.join(v.replace('_', ' ') for v in vs)}" for name, vs in when.items()
    ]
    return " and ".join(told)


def _templates(book: Book) -> list[TemplateTold]:
    today: date = timezone.localdate()
    return [
        TemplateTold(t, [(lang, fill(t, lang, sample_values(t, today))) for lang in t.texts])
        for t in book.templates
    ]


def _changes(old: str, new: str) -> list[tuple[str, str]]:
    marks: dict[str, Any] = {"+": "add", "-": "remove"}
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    changed = [line for line in lines if line[:1] in marks and line[:3] not in {"+++", "---"}]
    return [(marks[line[0]], line[1:]) for line in changed]


def _number(request: HttpRequest) -> int:
    text = request.POST.get("draft", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
