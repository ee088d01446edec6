"""What a batch must fulfil to be judged at all."""

from dataclasses import replace

import numpy as np

from amends.engine.contracts import MEASURES, BadInput, Family, SeriesBatch, SeriesKey, Slice
from amends.engine.contracts.series import Floats

_CAUSE = "cause"


def family_of(measure: str) -> Family:
    """Return how a measure is distributed; one that is not in the list is a count."""
    return MEASURES[measure].family if measure in MEASURES else Family.COUNT


def is_per_time(measure: str) -> bool:
    """Return whether exposure is time itself, so that an incomplete bucket has less of it."""
    return measure not in MEASURES or MEASURES[measure].per == "day"


def without_prehistory(batch: SeriesBatch) -> SeriesBatch:
    """Return the batch with the zeros before a series' first event unknown, where that is due.

    A product that is yet to be launched has no complaints either: its zeros say nothing of what is
    usual once it is there. That holds for counts per time. Where exposure is counted, exposure says
    whether there was anything; and a cause that nobody has ever told of is usually not told of: a
    slice with a cause begins when the same slice without it does.
    """
    with np.errstate(invalid="ignore"):
        begun = np.maximum.accumulate(batch.value > 0, axis=1)
    row_of = {key: row for row, key in enumerate(batch.keys)}
    value = batch.value.copy()
    for row, key in enumerate(batch.keys):
        if not is_per_time(key.measure):
            continue
        place = Slice(tuple(term for term in key.slice.terms if term[0] != _CAUSE))
        there = row_of.get(SeriesKey(key.measure, place))
        if there is not None:
            value[row, ~begun[there]] = np.nan
    return replace(batch, value=value)


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
