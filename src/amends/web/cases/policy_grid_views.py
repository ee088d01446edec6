"""The editor of a draft: a row per rule, a cell per column, with what is wrong beside the rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from amends.engine.contracts import BadInput
from amends.engine.recommend import Table, Typed, parse_table, read_typed, typed, write_table
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.cases.policy_grid import MOST_CELLS, Grid, changed, grid_of, n_cells, posted
from amends.web.cases.policy_telling import HITS, next_version, table_named, title_of
from amends.web.recommend.actions import draft_policy
from amends.web.recommend.models import PolicyVersion
from amends.web.ui.pages import page

TOO_LARGE = "The table is too large for cells: write it as text, or in a file."


@dataclass(frozen=True, slots=True)
class RowsContext:
    """The editor."""

    name: str
    title: str
    hit: str
    grid: Grid
    reason: str
    reason_error: str
    base: str
    """The table that is edited, as its file: columns and scope are its."""
    draft: int
    """The draft that is edited; 0: there was none."""
    problems: Sequence[str]
    is_kept: bool
    focus: str
    """Id of the part of the page to go on at after a button; empty: where one is."""


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.POLICY_DRAFT)
def rows(request: HttpRequest, name: str) -> HttpResponse:
    """Edit the rows of a draft, or of the version in force as a new draft."""
    in_force = table_named(name, timezone.localdate())
    if in_force is None:
        raise Http404
    draft = PolicyVersion.objects.filter(table=name, published_at=None).first()
    if request.method == "POST":
        return _answered(request, name, in_force)
    base = (
        parse_table(draft.text, tested=False)
        if draft
        else next_version(in_force, timezone.localdate())
    )
    known = typed(base)
    if n_cells(known, base) > MOST_CELLS:
        messages.error(request, TOO_LARGE)
        return HttpResponseRedirect(reverse("policy:draft", args=[name]))
    reason, number = (draft.reason, draft.pk) if draft else ("", 0)
    return _editor(request, name, base, known, reason, number, complains=bool(draft))


def _answered(request: HttpRequest, name: str, in_force: Table) -> HttpResponse:
    """Answer a button: what was typed comes back, or is kept."""
    try:
        base = parse_table(request.POST.get("base", ""), tested=False)
    except BadInput:
        base = in_force
    known, do = posted(request.POST, base), request.POST.get("do", "")
    reason, text = request.POST.get("reason", ""), request.POST.get("draft", "")
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    if do != "keep":
        then, focus = changed(known, base, do)
        if n_cells(then, base) > MOST_CELLS:
            return _editor(
                request, name, base, known, reason, number, problems={"": [TOO_LARGE]}, status=422
            )
        return _editor(
            request, name, base, then, reason, number, complains=do == "check", focus=focus
        )
    table, _ = read_typed(base, known)
    problems = {"": ["Some cells cannot be read. Nothing was kept yet."]}
    if table is not None:
        try:
            draft_policy(current_person(request), name, write_table(table), reason, replaces=number)
        except ValidationError as error:
            problems = getattr(error, "message_dict", {"": error.messages})
        else:
            messages.success(request, "The draft is kept. Somebody else reviews and publishes it.")
            return HttpResponseRedirect(reverse("policy:rows", args=[name]))
    return _editor(request, name, base, known, reason, number, problems=problems, status=422)


def _editor(
    request: HttpRequest,
    name: str,
    base: Table,
    known: Typed,
    reason: str,
    number: int,
    *,
    complains: bool = True,
    problems: dict[str, list[str]] | None = None,
    focus: str = "",
    status: int = 200,
) -> HttpResponse:
    told = dict(problems or {})
    reason_error = " ".join(told.pop("reason", []))
    context = RowsContext(
        name=name,
        title=title_of(base),
        hit=HITS[base.hit],
        grid=grid_of(base, known, complains=complains),
        reason=reason,
        reason_error=reason_error,
        base=write_table(base),
        draft=number,
        problems=[sentence for sentences in told.values() for sentence in sentences],
        is_kept=bool(number),
        focus=focus,
    )
    return page(request, "cases/policy_rows.html", context, fragment="grid", status=status)
