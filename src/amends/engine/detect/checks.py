"""What a batch must fulfil to be judged at all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from amends.engine.contracts import (
    MEASURES,
    VITAL_SIGNS,
    BadInput,
    Family,
    SeriesBatch,
    SeriesKey,
    Slice,
)
from amends.engine.contracts.series import Floats

_CAUSE = "cause"
_ALL = {**MEASURES, **VITAL_SIGNS}


def family_of(measure: str) -> Family:
    """Return how a measure is distributed; one that is not in the list is a count."""
    known = _ALL.get(measure)
    return known.family if known else Family.COUNT


def is_per_time(measure: str) -> bool:
    """Return whether exposure is time itself, so that an incomplete bucket has less of it."""
    known = _ALL.get(measure)
    return known is None or known.per == "day"


def places_of(keys: Sequence[SeriesKey]) -> NDArray[np.int64]:
    """Return per series the row whose first event says that it is there; −1: it always is.

    A product that is yet to be launched has no complaints either: its zeros say nothing of what is
    usual once it is there. That holds for counts per time. Where exposure is counted, exposure says
    whether there was anything; and a cause that nobody has ever told of is usually not told of: a
    slice with a cause begins when the same slice without it does.
    """
    row_of = {key: row for row, key in enumerate(keys)}
    places = np.full(len(keys), -1, dtype=np.int64)
    for row, key in enumerate(keys):
        if is_per_time(key.measure):
            place = Slice(tuple(term for term in key.slice.terms if term[0] != _CAUSE))
            places[row] = row_of.get(SeriesKey(key.measure, place), -1)
    return places


def check_batch(batch: SeriesBatch) -> None:
    """Refuse what cannot be judged, naming series and bucket.

    Raises
    ------
    BadInput
        Times are not ascending and equally spaced; a known value is negative or infinite; exposure
        is missing, zero or negative where a value is known; badness exceeds the answers.

    """
    steps = np.diff(batch.starts.astype("datetime64[us]").astype(np.int64))
    if len(steps) and (steps.min() <= 0 or steps.min() != steps.max()):
        raise BadInput(
            "The buckets are not ascending and equally spaced.",
            remedy="Sort by time, give one value per bucket and leave gaps as NaN.",
        )
    known = ~np.isnan(batch.value)
    _refuse(batch, known & ((batch.value < 0) | np.isinf(batch.value)), "value", "0 or more")
    with np.errstate(invalid="ignore"):
        bad = known & ~((batch.exposure > 0) & np.isfinite(batch.exposure))
        over = known & (batch.value > batch.exposure * (1 + 1e-9))
    _refuse(batch, bad, "exposure", "above 0 wherever a value is known")
    means = np.array([family_of(k.measure) is Family.MEAN for k in batch.keys], dtype=bool)
    _refuse(batch, over & means[:, None], "value", "at most the exposure for a mean measure")


def _refuse(batch: SeriesBatch, bad: np.ndarray, field: str, rule: str) -> None:
    if not bad.any():
        return
    row, at = (int(i) for i in np.argwhere(bad)[0])
    values: Floats = getattr(batch, field)
    key = batch.keys[row]
    raise BadInput(
        f"{field} is {values[row, at]}; it must be {rule}.",
        where=f"{key.measure} of {key.slice}, bucket {batch.starts[at]}",
        remedy="Leave an unknown bucket as NaN; correct the others.",
    )
