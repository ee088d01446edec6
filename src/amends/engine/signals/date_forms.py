"""Which form the dates of a column have, judged over the whole column."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .dates import DATE_FORMS, parse_dates

_AM_PM: Final = r"\d ?[AaPp]\.?[Mm]\b"
_SORTED, _UNSORTED = 0.99, 0.9


@dataclass(frozen=True, slots=True)
class FoundDates:
    """The form that fits most values, what share it fits, and what had to be assumed."""

    form: str
    share: float
    detail: str


def find_dates(values: pa.Array, forms: tuple[str, ...] = tuple(DATE_FORMS)) -> FoundDates | None:
    """Return the form of a column of strings (nulls left out); None when no value is a date."""
    values = values.drop_null()
    if not len(values):
        return None
    counted = pc.value_counts(values)
    distinct, times = counted.field("values"), np.asarray(counted.field("counts"))
    probe = _spread(distinct, 200)
    likely = [form for form in forms if _reads(probe, form).any()]
    shares = {form: float(times[_reads(distinct, form)].sum() / times.sum()) for form in likely}
    if not shares:
        return None
    best = max(shares, key=lambda form: (shares[form], -forms.index(form)))
    detail = DATE_FORMS[best].words
    if best in {"dmy", "mdy"} and {"dmy", "mdy"} <= shares.keys():
        best, detail = _day_or_month_first(values, distinct, shares)
    if shares[best] < 1:
        odd = distinct.filter(pa.array(~_reads(distinct, best)))[0].as_py()
        detail += f"; {1 - shares[best]:.1%} of the values are written otherwise, e.g. {odd[:30]!r}"
    return FoundDates(best, shares[best], f"{detail}{_zone_detail(distinct, best)}")


def _spread(values: pa.Array, n: int) -> pa.Array:
    places = np.unique(np.linspace(0, len(values) - 1, min(n, len(values))).astype(np.int64))
    return values.take(pa.array(places))


def _reads(values: pa.Array, form: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return parse_dates(values, form)[1]


def _day_or_month_first(
    values: pa.Array, distinct: pa.Array, shares: dict[str, float]
) -> tuple[str, str]:
    day, month = _reads(distinct, "dmy"), _reads(distinct, "mdy")
    only_day, only_month = int((day & ~month).sum()), int((month & ~day).sum())
    if only_day and only_month:
        best = max(("dmy", "mdy"), key=lambda form: shares[form])
        other = DATE_FORMS["mdy" if best == "dmy" else "dmy"].words
        return best, (
            f"{DATE_FORMS[best].words}, but the column mixes it with {other}: dates that could be "
            "either are uncertain"
        )
    if only_day or only_month:
        best = "dmy" if only_day else "mdy"
        return best, DATE_FORMS[best].words
    if pc.any(pc.match_substring_regex(distinct, _AM_PM)).as_py():
        return "mdy", "month/day/year (no value settles the order; AM/PM suggests it)"
    order = {form: _in_order(values, form) for form in ("dmy", "mdy")}
    for form, other in (("dmy", "mdy"), ("mdy", "dmy")):
        if order[form] >= _SORTED and order[other] < _UNSORTED:
            return form, f"{DATE_FORMS[form].words} (only so are the rows in order of time)"
    return "dmy", "day/month/year (assumed: no value settles whether day or month comes first)"


def _in_order(values: pa.Array, form: str) -> float:
    """Return the share of neighbouring rows that go one way in time."""
    instants = parse_dates(values, form)[0].drop_null().cast(pa.int64())
    steps = np.diff(np.asarray(instants))
    if len(steps) < 3:
        return 0.0
    return float(max((steps >= 0).mean(), (steps <= 0).mean()))


def _zone_detail(distinct: pa.Array, form: str) -> str:
    if form.startswith(("epoch", "excel", "month-y")):
        return ""
    probe = _spread(distinct, 200)
    has_clock = pc.any(pc.match_substring_regex(probe, r"\d:\d\d")).as_py()
    zoned = pc.any(pc.match_substring_regex(probe, r":\d\d.*(Z|UTC|GMT|[+-]\d\d:?\d\d)")).as_py()
    return "; times without a zone are taken as UTC" if has_clock and not zoned else ""
