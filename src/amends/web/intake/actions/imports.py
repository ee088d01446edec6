"""What people do about imports of files, one verb each."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from amends.flows.importing import plan_import
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.intake.importing import TOPIC
from amends.web.intake.models import Import, ImportState, Source, Way
from amends.web.intake.uploads import Kept, digest_of, keep_upload, path_of, remove_upload
from amends.web.ui.live import publish

REHEARSE: Final = "amends.web.intake.jobs.rehearse_import"
CARRY_OUT: Final = "amends.web.intake.jobs.carry_out_import"
COLUMNS, PRESET = "columns", "preset"
"""What `Source.options` keeps of a mapping, beside `Source.mapping` itself."""


def upload(actor: User, file: "UploadedFile[Any]") -> Import:
    """Keep a file until its owner has said how it is read.

    Raises
    ------
    BadInput
        It is none that could be read; it is not kept.

    """
    require(actor, Verb.SIGNAL_IMPORT)
    name, kept = Path(file.name or "file").name[-255:], keep_upload(file)
    try:
        plan_import(path_of(kept.name), name=name, is_draft=True)
        return _upload(actor, name, kept)
    except BaseException:
        remove_upload(kept.name)
        raise


@transaction.atomic
def _upload(actor: User, file_name: str, kept: Kept) -> Import:
    found = Import.objects.create(
        file_name=file_name,
        size=kept.size,
        sha256=kept.sha256,
        upload=kept.name,
        started_by=actor,
    )
    publish(TOPIC)
    return found


@transaction.atomic
def choose(actor: User, pk: int, *, source: str, preset: str, mapping: Mapping[str, str]) -> Import:
    """Say how a file is read and whose signals its rows are, and have it rehearsed."""
    require(actor, Verb.SIGNAL_IMPORT)
    found = _uploaded(pk)
    found.source, found.preset, found.mapping = source, preset, dict(mapping)
    found.state, found.rehearsal, found.error = ImportState.REHEARSING, None, ""
    found.share, found.attempts, found.touched_at = 0, 0, timezone.now()
    found.full_clean()
    found.save()
    publish(TOPIC)
    transaction.on_commit(partial(ask_for, REHEARSE, pk))
    return found


@transaction.atomic
def start(actor: User, pk: int, *, mapping_to_keep: Mapping[str, object] | None = None) -> Import:
    """Have a file taken in as it was rehearsed; keep its mapping with the source when asked to."""
    require(actor, Verb.SIGNAL_IMPORT)
    found = _uploaded(pk)
    if found.rehearsal is None:
        raise ValidationError("Have a dry run first: it says what would become of the rows.")
    source = source_for(found.source, actor)
    if mapping_to_keep is not None:
        _keep_mapping(source, mapping_to_keep)
    found.state, found.touched_at = ImportState.WAITING, timezone.now()
    found.share, found.attempts = 0, 0
    found.save()
    publish(TOPIC)
    transaction.on_commit(partial(ask_for, CARRY_OUT, pk))
    return found


@transaction.atomic
def cancel(actor: User, pk: int) -> Import:
    """Stop an import, or give an upload up; what is committed stays."""
    require(actor, Verb.SIGNAL_IMPORT)
    found = Import.objects.select_for_update().get(pk=pk)
    if found.state != ImportState.UPLOADED and not found.is_open:
        raise ValidationError("This import has ended already.")
    return give_up(found)


def give_up(found: Import) -> Import:
    """Note a locked import as cancelled and delete its file."""
    name, found.upload = found.upload, ""
    found.state, found.is_held = ImportState.CANCELLED, False
    found.finished_at = found.touched_at = timezone.now()
    found.save()
    publish(TOPIC)
    transaction.on_commit(partial(remove_upload, name))
    return found


@transaction.atomic
def begin_or_go_on(
    path: Path, *, source: str, preset: str, mapping: Mapping[str, str], taken: frozenset[int]
) -> Import:
    """Return the halted import of the very same file, or a new one: for the command line.

    `taken` are imports that other processes are at.
    """
    sha256, size = digest_of(path), path.stat().st_size
    halted = Import.objects.filter(
        sha256=sha256,
        source=source,
        preset=preset,
        mapping=dict(mapping),
        upload="",
        state=ImportState.RUNNING,
    ).exclude(pk__in=taken)
    found = halted.order_by("pk").first()
    if found is None:
        source_for(source, None)
        found = Import.objects.create(
            source=source,
            file_name=path.name[-255:],
            size=size,
            sha256=sha256,
            preset=preset,
            mapping=dict(mapping),
            state=ImportState.RUNNING,
        )
        publish(TOPIC)
    return found


def source_for(name: str, actor: User | None) -> Source:
    """Return the source of that name; one that there is not yet delivers files.

    Raises
    ------
    ValidationError
        The name cannot be one.

    """
    title = name.replace("-", " ").replace("_", " ").capitalize()
    Source(name=name, title=title, way=Way.FILE).clean_fields()
    known = {"title": title, "way": Way.FILE, "created_by": actor}
    return Source.objects.get_or_create(name=name, defaults=known)[0]


def mapping_kept(
    columns: tuple[str, ...], preset: str, told: Mapping[str, str]
) -> dict[str, object]:
    """Return what a source keeps of how a file was read."""
    return {COLUMNS: list(columns), PRESET: preset, "told": dict(told)}


def _keep_mapping(source: Source, kept: Mapping[str, object]) -> None:
    told = kept["told"]
    source.mapping = dict(told) if isinstance(told, Mapping) else {}
    source.options = {**source.options, COLUMNS: kept[COLUMNS], PRESET: kept[PRESET]}
    source.save(update_fields=["mapping", "options"])


def ask_for(job: str, pk: int) -> None:
    """Have the worker do a job for an import; once is enough however often it is asked."""
    try:
        app.configure_task(job, queueing_lock=f"{job} {pk}").defer(pk=pk)
    except AlreadyEnqueued:
        return


def _uploaded(pk: int) -> Import:
    found = Import.objects.select_for_update().get(pk=pk)
    if found.state != ImportState.UPLOADED:
        raise ValidationError("This file is being worked on, or its import has ended.")
    return found
