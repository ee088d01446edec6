"""Reading by the book: a field is what a person or the preset says, by name; content says nothing.

What comes record by record is read so: a record reads the same alone and among ten thousand.
"""

from collections.abc import Collection, Iterator, Mapping

import pyarrow as pa

from amends.engine.contracts import (
    SCORE_RANGES,
    BadInput,
    Kind,
    Preset,
    Understanding,
    UnderstoodColumn,
)

from .convert import convert
from .dates import INSTANT
from .fields import ATTRIBUTE, FIELDS
from .reading import in_words

Entry = tuple[str, str, str, str, str]
"""Column, field, how it is known, conversion, when."""


def understand_strictly(
    columns: Collection[str],
    preset: Preset,
    told: Mapping[str, str],
    kind: Kind | None = None,
) -> Understanding:
    """Say how every column is read: `understand` without names and content to go by.

    What nothing is said of is an attribute.

    Raises
    ------
    BadInput
        `told` names a field or a conversion that there is not.

    """
    understood = []
    known = set()
    for name, field, how, conversion, when in (*_told(told), *_by_preset(preset, told)):
        known.add(name)
        if name in columns:
            detail = in_words(conversion)
            understood.append(
                UnderstoodColumn(name, field or None, how, detail, 0, (), conversion, when)
            )
    understood += [
        UnderstoodColumn(name, None, "attribute", "", 0, ())
        for name in columns
        if name not in known
    ]
    return Understanding(
        preset=preset.name,
        kind=kind or preset.kind,
        kind_because="told" if kind else f"the preset {preset.name}",
        columns=tuple(understood),
        taxonomy=preset.taxonomy,
    )


def columns_read(preset: Preset, told: Mapping[str, str]) -> frozenset[str]:
    """Return the names of the columns that strict reading looks at; all others are attributes."""
    names = {entry[0] for entry in (*_told(told), *_by_preset(preset, told)) if entry[1]}
    return frozenset(names | {entry.when.partition("=")[0] for entry in preset.fields} - {""})


def _told(told: Mapping[str, str]) -> Iterator[Entry]:
    for name, target in told.items():
        field, _, conversion = target.strip().partition(":")
        if field in {ATTRIBUTE, ""}:
            yield name, "", "told", "text", ""
            continue
        where = f"mapping {name}={target}"
        check_field(field, where)
        if conversion:
            check_conversion(conversion, where)
        yield name, field, "told", _exact(conversion or FIELDS[field].holds, field), ""


def _by_preset(preset: Preset, told: Mapping[str, str]) -> Iterator[Entry]:
    told_fields = {target.strip().partition(":")[0] for target in told.values()}
    for entry in preset.fields:
        if entry.column not in told and entry.field not in told_fields:
            conversion = _exact(entry.convert, entry.field)
            yield entry.column, entry.field, "preset", conversion, entry.when


def _exact(conversion: str, field: str) -> str:
    """Return a conversion that leaves nothing to be found out."""
    if conversion == "date":
        return f"date:{INSTANT}"
    if conversion == "score":
        low, high = SCORE_RANGES[field]
        return f"score:{low}-{high}"
    return conversion


def check_field(field: str, where: str) -> None:
    """Refuse a field that signals do not have.

    Raises
    ------
    BadInput

    """
    if field not in FIELDS:
        raise BadInput(
            f"{field!r} is no field of a signal.",
            where=where,
            remedy=f"The fields are: {', '.join(FIELDS)}, {ATTRIBUTE}.",
        )


def check_conversion(conversion: str, where: str) -> None:
    """Refuse a conversion that there is not.

    Raises
    ------
    BadInput

    """
    try:
        convert(pa.array(["1"]), conversion)
    except (ValueError, KeyError) as error:
        raise BadInput(
            f"{conversion!r} is no conversion ({error}).",
            where=where,
            remedy='Write for example "occurred_at:date:mdy" or "csat:scale:1-10>1-5".',
        ) from error
