"""How a column would be read as a given field: by which conversion, and whether it fits at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import SCORE_RANGES

from .convert import bools, convert
from .date_forms import find_dates
from .dates import DATE_FORMS, INSTANT_WORDS, WRITTEN_FORMS
from .fields import FIELDS, plain_name
from .profile import Profile

FITS: Final = 0.9
"""Share of the values that must be readable before names or content alone decide."""
FITS_DATES: Final = 0.5
"""Dates that mix forms are still dates: the rows of the rarer form are quarantined."""

_LIKERT: Final = (
    "words:very dissatisfied=1,dissatisfied=2,neutral=3,neither satisfied nor dissatisfied=3,"
    "satisfied=4,very satisfied=5,very bad=1,bad=2,okay=3,ok=3,average=3,good=4,very good=5,"
    "excellent=5,poor=2,very poor=1,terrible=1,great=5"
)
_SCALES: Final = ((1, 5), (1, 7), (1, 10), (0, 10), (0, 100))


@dataclass(frozen=True, slots=True)
class Reading:
    """A conversion, the share of values that it reads, and what it assumes, in words."""

    convert: str
    share: float
    detail: str


def read_as(column: Profile, field: str) -> Reading | None:
    """Return how a column reads as a field; None when it does not."""
    if not column.filled:
        return None
    return _READERS[FIELDS[field].holds](column, field)


def readable(column: Profile, conversion: str) -> float:
    """Return the share of the probe that a conversion reads."""
    _, good = convert(column.probe, conversion)
    return float(good.mean()) if len(good) else 0.0


def _date(column: Profile, _: str) -> Reading | None:
    if column.is_instant:
        return Reading("date:ymd", 1.0, "instants")
    if find_dates(column.probe) is None:
        return None
    found = find_dates(pa.concat_arrays(column.values.chunks).cast(pa.string()))
    if found is None:
        return None
    return Reading(f"date:{found.form}", found.share, found.detail)


def is_plain_date(reading: Reading) -> bool:
    """Tell whether a date is written as one, so that its name need not say so."""
    return reading.convert.partition(":")[2] in WRITTEN_FORMS


def _text(column: Profile, field: str) -> Reading | None:
    needed = 1.5 if field == "subject" else 2.0
    if column.mean_words < needed:
        return None
    return Reading("text", 1.0, "free text; personal data are replaced")


def _id(column: Profile, field: str) -> Reading | None:
    if column.mean_length > 80 or column.mean_words > 6:
        return None
    if field != "external_id":
        return Reading("id", 1.0, f"{column.distinct:,} different")
    if column.share_distinct < 0.8 or column.filled < 0.5 * column.n:
        return None
    repeated = column.filled - column.distinct
    detail = f"{repeated:,} rows repeat an id: the latest counts" if repeated else "all different"
    return Reading("id", 1.0, detail)


def _label(column: Profile, field: str) -> Reading | None:
    most = 1_000 if field == "vendor" else 500
    if column.mean_length > 100 or (column.distinct > most and column.share_distinct > 0.2):
        return None
    if column.filled > 50 and column.share_distinct > 0.5:
        return None
    detail = f"{column.distinct:,} values"
    if field == "resolution_code":
        detail += "; taken as the reason that people coded: classify learns from it"
    return Reading("label", 1.0, detail)


def _word(column: Profile, field: str) -> Reading | None:
    if field == "kind":
        share = readable(column, "kind")
        return Reading("kind", share, "kind of each row") if share >= FITS else None
    if column.mean_length > 40 or column.distinct > 300:
        return None
    return Reading("word", 1.0, f"{column.distinct:,} values")


def _score(column: Profile, field: str) -> Reading | None:
    low, high = SCORE_RANGES[field]
    numbers = _numbers(column)
    if numbers is None:
        share = readable(column, _LIKERT)
        return Reading(_LIKERT, share, "words read as 1 to 5") if field == "csat" else None
    least, most = float(numbers.min()), float(numbers.max())
    exact = readable(column, f"score:{low}-{high}")
    if exact >= FITS and (field == "nps" or least >= low):
        return Reading(f"score:{low}-{high}", exact, f"scores from {least:g} to {most:g}")
    scale = next(((a, b) for a, b in _SCALES if a <= least and b / 2 <= most <= b), None)
    if scale is None:
        return Reading(f"score:{low}-{high}", exact, f"scores from {least:g} to {most:g}")
    conversion = f"scale:{scale[0]}-{scale[1]}>{low}-{high}"
    detail = f"{scale[0]}–{scale[1]} moved to {low}–{high}"
    return Reading(conversion, readable(column, conversion), detail)


def _numbers(column: Profile) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    values, good = convert(column.probe, "number")
    if not len(good) or good.mean() < FITS or values.null_count == len(values):
        return None
    return np.asarray(values.drop_null().to_numpy(zero_copy_only=False))


def _amount(column: Profile, field: str) -> Reading | None:
    conversion = {"money": "money", "whole": "whole", "number": "number", "flag": "flag"}[
        FIELDS[field].holds
    ]
    share = readable(column, conversion)
    if share < FITS:
        return None
    currency = _currency(column.probe) if conversion == "money" else ""
    detail = {"flag": "yes or no", "whole": "counts", "number": "numbers", "money": "amounts"}
    argument = f":{currency}" if currency else ""
    return Reading(f"{conversion}{argument}", share, f"{detail[conversion]} {currency}".rstrip())


def _currency(values: pa.Array) -> str:
    for sign, code in (("€", "EUR"), ("£", "GBP"), ("$", "USD")):
        if bools(pc.match_substring(values, sign)).mean() > 0.5:
            return code
    return ""


_READERS: Final[dict[str, Callable[[Profile, str], Reading | None]]] = {
    "date": _date,
    "text": _text,
    "id": _id,
    "label": _label,
    "word": _word,
    "score": _score,
    "whole": _amount,
    "money": _amount,
    "number": _amount,
    "flag": _amount,
}


def in_words(conversion: str) -> str:
    """Say what a conversion does, for a person who checks how a column was read."""
    name, _, argument = conversion.partition(":")
    if name == "date" and argument in DATE_FORMS:
        return DATE_FORMS[argument].words
    if name == "date":
        return INSTANT_WORDS
    if name == "scale":
        return f"{argument.replace('>', ' moved to ')}"
    said = {
        "score": f"whole numbers {argument}",
        "words": f"words for numbers: {argument.replace(',', ', ')}",
        "rename": f"codes spelt out: {argument.replace(',', ', ')}",
        "plus": f"counts {int(argument or 0):+d}" if argument.lstrip("-").isdigit() else "",
        "flag": "yes or no",
        "whole": "counts",
        "number": "numbers",
        "money": f"amounts {argument}".rstrip(),
        "kind": "kind of each row",
    }
    return said.get(name, "words")


def score_hint(column: Profile) -> str:
    """Say that a column of ratings could be read as a score, if someone says which."""
    name = plain_name(column.column)
    numbers = _numbers(column)
    if numbers is None or not any(word in name for word in ("score", "rating", "stars", "rate")):
        return ""
    if column.distinct > 21 or float(numbers.max()) < 3:
        return ""
    return f"; --map {column.column}=csat (or nps, ces) reads it as an answer"
