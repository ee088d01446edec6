"""Known events: what was really wrong, and when, as people have noted it down."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from amends.engine.contracts import BadInput, Slice, as_datetime
from amends.flows.bench.tables import read_table, times

_DAY: Final = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """A known event: when, and where as far as is said."""

    name: str
    first: np.datetime64
    last: np.datetime64
    where: Slice
    measure: str


def read_known_events(path: Path) -> tuple[KnownEvent, ...]:
    """Read known events: columns start, end, and if wanted name, measure, series, slice.

    A slice is written `product=fibre, region=north`; `series` is the name of a series. An `end`
    that is a date includes its day.

    Raises
    ------
    BadInput
        The file cannot be used; the message names the row.

    """
    table = read_table(path, ("start", "end"))
    first, last = times(table, "start", path), times(table, "end", path)
    events = []
    for row in range(len(table)):
        where = f"{path}, row {row + 1}"
        if last[row] < first[row]:
            raise BadInput("The event ends before it starts.", where=where)
        cells = {name: _cell(table, name, row) for name in ("name", "measure", "series", "slice")}
        place = read_slice(cells["slice"], where)
        if cells["series"]:
            place = Slice.of({**place.as_dict(), "series": cells["series"]})
        is_date = last[row] == last[row].astype("datetime64[D]")
        name = cells["name"] or f"{place} {as_datetime(first[row]):%Y-%m-%d}"
        end = last[row] + (_DAY if is_date else np.timedelta64(0, "s"))
        events.append(KnownEvent(name, first[row], end, place, cells["measure"]))
    return tuple(events)


def _cell(table: pa.Table, name: str, row: int) -> str:
    return str(table[name][row]).strip() if name in table.column_names else ""


def read_slice(text: str, where: str) -> Slice:
    """Read `product=fibre, region=north`.

    Raises
    ------
    BadInput
        A part is no dimension with a value.

    """
    terms = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        dim, equals, value = part.partition("=")
        if not equals or not dim.strip() or not value.strip():
            raise BadInput(
                f"{part!r} is no part of a slice.",
                where=where,
                remedy="Write dimension=value, with commas between them.",
            )
        terms[dim.strip()] = value.strip()
    return Slice.of(terms)
