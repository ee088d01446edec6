"""A policy table from a file, YAML or JDM: it fills the form of a draft, kept when that is."""

from dataclasses import replace
from datetime import timedelta

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from amends.engine.contracts import BadInput
from amends.engine.recommend import Table, from_jdm, parse_table, write_table
from amends.web.accounts.access import requires
from amends.web.accounts.permissions import Verb
from amends.web.cases.policy_telling import table_named
from amends.web.cases.policy_views import LONGEST, DraftContext, PolicyForm
from amends.web.ui.pages import page


class FileForm(forms.Form):
    """A file with a table."""

    file = forms.FileField(label="File", max_length=200)


@require_POST
@requires(Verb.POLICY_DRAFT)
def upload(request: HttpRequest, name: str) -> HttpResponse:
    """Read a file into the form of a draft; nothing is kept by it."""
    table = table_named(name, timezone.localdate())
    if table is None:
        raise Http404
    form = FileForm(request.POST, request.FILES)
    try:
        if not form.is_valid():
            raise BadInput("No file was chosen, or it is empty.")  # noqa: TRY301  (told as all else)
        text = _read(form.cleaned_data["file"], table)
    except BadInput as error:
        start = {"text": write_table(table)}
        context = DraftContext(name, PolicyForm(initial=start), str(error))
        return page(request, "cases/policy_draft.html", context, status=422)
    return page(
        request, "cases/policy_draft.html", DraftContext(name, PolicyForm(initial={"text": text}))
    )


def _read(file: "UploadedFile[bytes]", table: Table) -> str:
    """Return a file's table as YAML.

    Raises
    ------
    BadInput
        It is too long, no text, or holds no such table.
    """
    named = str(file.name)
    content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise BadInput(f"It has more than {LONGEST:,} bytes.", where=named)
    try:
        text: str = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("It is no text in UTF-8.", where=named) from None
    if not text.lstrip().startswith("{"):
        parse_table(text, named, tested=False)
        return text
    tomorrow = timezone.localdate() + timedelta(days=1)
    read = from_jdm(text, table)
    return write_table(replace(read, effective_from=tomorrow, effective_to=None))
