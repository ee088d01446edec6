"""The taxonomy: the tree, the draft with what it would move, and the versions there were."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from amends.engine.contracts import Cause, Taxonomy, write_taxonomy
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.classify import publishing, taxonomy_actions
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import HistoryRun, TaxonomyState, TaxonomyVersion
from amends.web.classify.publishing import LIVE
from amends.web.classify.taxonomies import draft, taxonomy_of
from amends.web.classify.taxonomy_forms import PlaceForm, WordsForm, leaves_of
from amends.web.classify.taxonomy_telling import DraftTold, Node, nodes_of, told_of
from amends.web.classify.taxonomy_verbs import VERBS
from amends.web.classify.topic_forms import branches_of
from amends.web.ui.pages import page

MOST_VERSIONS: Final = 12
LARGEST_FILE: Final = 2_000_000
"""Bytes."""


@dataclass(frozen=True, slots=True)
class TaxonomyContext:
    """The tree, what is chosen in it, and the draft."""

    tree: Taxonomy
    n_causes: int
    nodes: tuple[Node, ...]
    cause: Cause | None
    is_leaf: bool
    form: WordsForm
    place: PlaceForm
    others: list[tuple[str, str]]
    branches: list[tuple[str, str]]
    draft: DraftTold | None
    versions: Sequence[TaxonomyVersion]
    run: HistoryRun | None
    may_edit: bool
    problem: str = ""
    live: tuple[str, ...] = (LIVE,)


@dataclass(frozen=True, slots=True)
class DraftContext:
    """The draft alone."""

    draft: DraftTold | None
    run: HistoryRun | None
    may_edit: bool


@require_safe
@requires(Verb.CAUSE_READ)
def taxonomy(request: HttpRequest) -> HttpResponse:
    """Show the tree, with the draft's changes where there is one."""
    return _answer(request, request.GET.get("cause", ""))


@require_safe
@requires(Verb.CAUSE_READ)
def draft_panel(request: HttpRequest) -> HttpResponse:
    """Show the draft and what it would move, as far as it is worked out."""
    context = DraftContext(_draft(), _run(), current_person(request).may(Verb.TAXONOMY_EDIT))
    return page(request, "classify/draft.html", context, fragment="draft")


@require_safe
@requires(Verb.CAUSE_READ)
def export(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Give the taxonomy in force as a file."""
    tree = taxonomy_in_force()
    answer = HttpResponse(write_taxonomy(tree), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{tree.name}-{tree.version}.yaml"'
    return answer


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def take_file(request: HttpRequest) -> HttpResponse:
    """Put a file in the place of the draft."""
    given = request.FILES.get("file")
    if given is None or (given.size or 0) > LARGEST_FILE:
        return _answer(request, "", problem="Choose a taxonomy file of at most 2 MB.")
    try:
        text = given.read().decode("utf-8")
        taxonomy_actions.import_taxonomy(current_person(request), text)
    except UnicodeDecodeError:
        return _answer(request, "", problem="The file is not text in UTF-8.")
    except ValidationError as error:
        return _answer(request, "", problem=error.messages[0])
    messages.success(request, "The file is the draft now. Nothing moves before it is published.")
    return redirect("classify:taxonomy")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def change(request: HttpRequest) -> HttpResponse:
    """Do one thing to the draft."""
    given = request.POST
    path, verb = given.get("path", ""), VERBS.get(given.get("verb", ""))
    if verb is None:
        return _answer(request, path, problem="Choose what to do.")
    try:
        selected = verb(current_person(request), path, given)
    except ValidationError as error:
        return _answer(request, path, problem=error.messages[0])
    return redirect(f"{reverse('classify:taxonomy')}?{urlencode({'cause': selected})}")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def preview(request: HttpRequest) -> HttpResponse:
    """Have it worked out again what the draft would move."""
    taxonomy_actions.ask_for_preview(current_person(request))
    return redirect("classify:taxonomy")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def publish(request: HttpRequest) -> HttpResponse:
    """Put the draft in force."""
    given = request.POST.get("draft", "")
    pk = int(given) if given.isdecimal() and len(given) < 10 else 0
    try:
        publishing.publish(current_person(request), pk, request.POST.get("because", ""))
    except ValidationError as error:
        return _answer(request, "", problem=error.messages[0])
    messages.success(request, "It is in force. The history follows; this page says how far it is.")
    return redirect("classify:taxonomy")


@require_POST
@requires(Verb.TAXONOMY_EDIT)
def discard(request: HttpRequest) -> HttpResponse:
    """Throw the draft away."""
    taxonomy_actions.discard(current_person(request))
    messages.success(request, "The draft is discarded. Nothing moved.")
    return redirect("classify:taxonomy")


def _draft() -> DraftTold | None:
    mine = draft()
    return told_of(mine, taxonomy_in_force()) if mine and mine.changes else None


def _run() -> HistoryRun | None:
    return HistoryRun.objects.select_related("taxonomy").defer("taxonomy__parameters").first()


def _answer(request: HttpRequest, selected: str, *, problem: str = "") -> HttpResponse:
    mine = draft()
    tree = taxonomy_of(mine) if mine else taxonomy_in_force()
    cause = tree.get(selected)
    leaves = {leaf.path for leaf in tree.leaves}
    given = request.POST if problem and request.POST.get("verb") in {"add", "reword"} else None
    parent = selected if cause and selected not in leaves else (cause.parent if cause else "") or ""
    published = TaxonomyVersion.objects.filter(state=TaxonomyState.PUBLISHED)
    context = TaxonomyContext(
        tree=tree,
        n_causes=len(leaves),
        nodes=nodes_of(tree, selected, timezone.now()),
        cause=cause,
        is_leaf=selected in leaves,
        form=WordsForm(given, cause),
        place=PlaceForm(None, tree, parent),
        others=leaves_of(tree, but=selected),
        branches=branches_of(tree),
        draft=_draft(),
        versions=list(
            published.defer("parameters", "document", "preview").select_related("publisher")[
                :MOST_VERSIONS
            ]
        ),
        run=_run(),
        may_edit=current_person(request).may(Verb.TAXONOMY_EDIT),
        problem=problem,
    )
    return page(request, "classify/taxonomy.html", context, status=422 if problem else 200)
