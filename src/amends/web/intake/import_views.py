"""Files that are imported: upload, mapping and dry run, progress, receipt."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from amends.engine.contracts import BadInput
from amends.flows.importing import Plan, plan_import, source_name, told_of
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.accounts.views import current_person
from amends.web.intake.actions import imports as actions
from amends.web.intake.import_forms import MappingForm, UploadForm
from amends.web.intake.import_telling import (
    ColumnRow,
    ImportRow,
    column_rows,
    kinds_label,
    row_of,
    signals_url,
    size_label,
    state_label,
)
from amends.web.intake.importing import TOPIC
from amends.web.intake.models import Import, ImportState, QuarantinedRow, Source
from amends.web.intake.queries import imports as all_imports
from amends.web.intake.queries import quarantined_of, source_of_columns
from amends.web.intake.rehearsing import Rehearsal, from_json
from amends.web.intake.uploads import path_of
from amends.web.ui.pages import is_fragment, page

LISTED: Final = 50
QUARANTINED_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class ImportsContext:
    """The form for a file, and the imports there were."""

    form: UploadForm
    rows: list[ImportRow]
    most: str
    live: tuple[str, ...] = (TOPIC,)


@dataclass(frozen=True, slots=True)
class MappingContext:
    """A file that waits for a person to say how it is read."""

    found: Import
    plan: Plan
    form: MappingForm
    columns: list[ColumnRow]
    n_attributes: int
    known: Source | None
    """The source whose files have these columns."""
    rehearsal: Rehearsal | None
    kinds: str
    problem: str
    size: str


@dataclass(frozen=True, slots=True)
class ImportContext:
    """An import on its way, or its receipt."""

    found: Import
    state: str
    size: str
    percent: int
    quarantined: list[QuarantinedRow]
    signals: str
    problem: str
    live: tuple[str, ...] = (TOPIC,)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Verb.SIGNAL_IMPORT)
def imports(request: HttpRequest) -> HttpResponse:
    """List the imports and take in a file."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        try:
            found = actions.upload(current_person(request), form.cleaned_data["file"])
        except BadInput as error:
            form.add_error("file", f"{error.what} {error.remedy}")
        else:
            return redirect("intake:import", found.pk)
    context = ImportsContext(
        form=form,
        rows=[row_of(found) for found in all_imports()[:LISTED]],
        most=size_label(settings.UPLOAD_MB << 20),
    )
    status = 422 if form.is_bound else 200
    return page(request, "intake/imports.html", context, fragment="list", status=status)


@require_safe
@requires(Verb.SIGNAL_IMPORT)
def import_(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a file where it is: to be mapped, on its way, or with its receipt."""
    found = get_object_or_404(Import, pk=pk)
    if found.state != ImportState.UPLOADED or is_fragment(request):
        return _import(request, found)
    try:
        return _mapping(request, found)
    except BadInput as error:  # its file is gone, or does not fit what was told of it any more
        messages.error(request, str(error))
        return redirect("intake:imports")


@require_POST
@requires(Verb.SIGNAL_IMPORT)
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how the columns are read, and have a dry run."""
    found = get_object_or_404(Import, pk=pk)
    if found.state != ImportState.UPLOADED:
        return redirect("intake:import", pk)
    path = path_of(found.upload)
    draft = plan_import(path, name=found.file_name, is_draft=True)
    form = MappingForm(draft, found.mapping, request.POST)
    if not form.is_valid():
        return _mapping(request, found, form=form, plan=draft, status=422)
    preset = form.cleaned_data["preset"]
    try:
        plan_import(path, name=found.file_name, preset=preset, told=form.told)
    except BadInput as error:
        return _mapping(request, found, form=form, plan=draft, problem=error, status=422)
    actions.choose(
        current_person(request),
        pk,
        source=form.cleaned_data["source"],
        preset=preset,
        mapping=form.told,
    )
    return redirect("intake:import", pk)


@require_POST
@requires(Verb.SIGNAL_IMPORT)
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a file taken in as it was rehearsed."""
    found = get_object_or_404(Import, pk=pk)
    kept = None
    try:
        if "remember" in request.POST and found.upload:
            path = path_of(found.upload)
            plan = plan_import(path, name=found.file_name, preset=found.preset, told=found.mapping)
            preset = plan.understanding.preset or "none"
            kept = actions.mapping_kept(plan.columns, preset, told_of(plan.understanding))
        actions.start(current_person(request), pk, mapping_to_keep=kept)
    except (BadInput, ValidationError) as error:
        messages.error(request, _said(error))
    return redirect("intake:import", pk)


@require_POST
@requires(Verb.SIGNAL_IMPORT)
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop an import, or give an upload up."""
    get_object_or_404(Import, pk=pk)
    try:
        actions.cancel(current_person(request), pk)
    except ValidationError as error:
        messages.error(request, _said(error))
    return redirect("intake:import", pk)


def _mapping(
    request: HttpRequest,
    found: Import,
    *,
    form: MappingForm | None = None,
    plan: Plan | None = None,
    problem: BadInput | None = None,
    status: int = 200,
) -> HttpResponse:
    path, known = path_of(found.upload), None
    if plan is None or form is None:
        told, preset = found.mapping, found.preset
        plan = plan_import(path, name=found.file_name, preset=preset, told=told, is_draft=True)
        known = None if found.source else source_of_columns(plan.columns)
        if known is not None:
            told, preset = known.mapping, str(known.options[actions.PRESET])
            plan = plan_import(path, name=found.file_name, preset=preset, told=told, is_draft=True)
        source = found.source or (known.name if known else source_name(plan))
        form = MappingForm(plan, told, source=source, preset=preset)
    columns = column_rows(plan, form)
    rehearsal = from_json(found.rehearsal) if found.rehearsal and status == 200 else None
    context = MappingContext(
        found=found,
        plan=plan,
        form=form,
        columns=columns,
        n_attributes=sum(column.is_attribute for column in columns),
        known=known,
        rehearsal=rehearsal,
        kinds=kinds_label(rehearsal) if rehearsal else "",
        problem=str(problem) if problem else found.error,
        size=size_label(found.size),
    )
    return page(request, "intake/mapping.html", context, status=status)


def _import(request: HttpRequest, found: Import) -> HttpResponse:
    rehearsal = from_json(found.rehearsal) if found.rehearsal else None
    context = ImportContext(
        found=found,
        state=state_label(found),
        size=size_label(found.size),
        percent=int(found.share * 100),
        quarantined=list(quarantined_of(found)[:QUARANTINED_SHOWN]),
        signals=signals_url(rehearsal),
        problem=found.error,
    )
    return page(request, "intake/import.html", context, fragment="import")


def _said(error: BadInput | ValidationError) -> str:
    return str(error) if isinstance(error, BadInput) else " ".join(error.messages)
