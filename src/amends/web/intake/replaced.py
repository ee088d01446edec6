"""Rows that newer versions or other causes have replaced, and how they leave the lake.

What is to leave stands with the landing that replaced it, in the same transaction: a worker that
dies before it has removed it leaves the list to the next one. Removing twice does nothing.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from django.db import transaction

from amends.store import LAKE_SCHEMA, signal_rows
from amends.web.intake.inbox import ids_and_versions, pack, unpack
from amends.web.intake.lake import lake
from amends.web.intake.models import Landing

IDS_AT_A_TIME = 5_000


def packed(before: Mapping[str, int]) -> bytes:
    """Return what is to leave as `Landing.replaced` has it: id → rows of lower versions go."""
    if not before:
        return b""
    return pack(
        pa.table({"signal_id": list(before), "version": pa.array(before.values(), pa.int64())})
    )


def remove_replaced(*, wait: bool = False, only: Sequence[str] | None = None) -> int:
    """Remove from the lake what landings have replaced; return how many rows went.

    Parameters
    ----------
    wait
        For another worker that is about it; else what that one removes is left to it.
    only
        Do nothing unless one of these signals is concerned.

    """
    pending = Landing.objects.exclude(replaced=b"").order_by("pk")
    relabelled = _remove_relabelled(wait=wait, only=only)
    with transaction.atomic():
        lists = list(pending.select_for_update(skip_locked=not wait, no_key=True))
        before: dict[str, int] = {}
        for landing in lists:
            for name, version in ids_and_versions(unpack(bytes(landing.replaced))):
                before[name] = max(version, before.get(name, version))
        if not before or (only is not None and before.keys().isdisjoint(only)):
            return relabelled
        newest = unpack(packed(before))
        removed = lake().remove_superseded(newest)
        Landing.objects.filter(pk__in=[landing.pk for landing in lists]).update(replaced=b"")
    return relabelled + removed


def _remove_relabelled(*, wait: bool, only: Sequence[str] | None) -> int:
    """Remove the rows in whose place landings have put the same with other causes."""
    removed = 0
    done = Landing.objects.exclude(relabels=b"").exclude(done_at=None).order_by("pk")
    with transaction.atomic():
        for landing in done.select_for_update(skip_locked=not wait, no_key=True):
            ids = unpack(bytes(landing.relabels))["signal_id"].to_pylist()
            if only is not None and set(ids).isdisjoint(only):
                continue
            removed += lake().keep_only(ids, landing.pk)
            landing.relabels = b""
            landing.save(update_fields=["relabels"])
    return removed


def landed_rows(before: Mapping[str, int]) -> pa.Table:
    """Return what has landed of signals in versions lower than given, without what was replaced.

    `SIGNAL_SCHEMA` and `delivery`, the number of the landing.
    """
    names = list(before)
    if not names:
        return signal_rows(LAKE_SCHEMA.empty_table())
    remove_replaced(wait=True, only=names)
    unfinished = set(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    parts = []
    for first in range(0, len(names), IDS_AT_A_TIME):
        there = lake().by_id(names[first : first + IDS_AT_A_TIME])
        keep = [
            version < before[name] and delivery not in unfinished
            for (name, version), delivery in zip(
                ids_and_versions(there), there["delivery"].to_pylist(), strict=True
            )
        ]
        parts.append(there.filter(pa.array(keep, pa.bool_())))
    return pa.concat_tables(parts)
