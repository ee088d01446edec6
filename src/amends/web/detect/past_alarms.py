"""The alarms that a budget would have raised, as the page lists them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amends.engine.contracts import Slice, measure_named
from amends.flows.report import words
from amends.web.detect.models import Series, slice_text
from amends.web.detect.telling import place

SHOWN_ALARMS: Final = 40


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """An alarm that a budget would have raised."""

    at: datetime
    label: str
    where: str
    size: str
    known_event: str
    others: int
    series: int | None


def alarm_rows(point: dict[str, Any], made_at: datetime) -> list[AlarmRow]:
    """Return the alarms of one budget, the latest first, with the series each shows in."""
    alarms: Sequence[dict[str, Any]] = point["alarms"][::-1][:SHOWN_ALARMS]
    slices = {(a["measure"], slice_text(Slice.of(a["slice"]))) for a in alarms}
    found = Series.objects.filter(
        measure__in={m for m, _ in slices}, slice__in={s for _, s in slices}
    )
    ids = {(s.measure, s.slice): s.pk for s in found}
    return [
        AlarmRow(
            # The day that alarmed may not have been over.
            min(datetime.fromisoformat(a["detected_at"]), made_at),
            measure_named(a["measure"]).label,
            place(where),
            f"{words.number(a['observed'], 0)} where {words.number(a['expected'], 0)} expected",
            a["known_event"] or "",
            a["others"],
            ids.get((a["measure"], slice_text(where))),
        )
        for a in alarms
        for where in (Slice.of(a["slice"]),)
    ]


def false_rate(point: dict[str, Any]) -> str:
    """Return `3.1 a year (1.2 – 6.4)`; a dash when nobody judged anything."""
    if point["false_per_year"] is None:
        return words.NONE
    low, high = (words.number(v, 1) for v in point["false_interval"])
    return f"{words.number(point['false_per_year'], 1)} a year ({words.interval(low, high)})"
