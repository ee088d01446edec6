"""The named conversions from a column of text to a field of the Signal contract.

A conversion is written `name` or `name:argument`:

text, label, id, word
    Words without outer (label, word: also repeated) blanks; "N/A" and the like are null.
date:FORM
    An instant; `dates.DATE_FORMS` names the forms.
score:LOW-HIGH
    A whole number in the range; "9 - likely" and "4/5" are read as 9 and 4.
scale:A-B>C-D
    A number from A to B moved to the scale C to D and rounded half up; A > B turns it round.
words:WORD=NUMBER,…
    A number for a word; a word without a number (`offered=`) is null.
rename:WORD=OTHER,…
    A word for a word; words that are not listed stay.
plus:N
    A whole number with N added, at least 0.
whole, number, flag, money, kind
    A count, a number, yes or no, an amount (`money:EUR` says the currency), a `Kind`.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.engine.contracts import MONEY, TIMESTAMP, Kind

from .dates import parse_dates

Converted = tuple[pa.Array, NDArray[np.bool_]]
"""The values, null where there are none, and which rows could be read (null counts as read)."""

_NOT_GIVEN: Final = ("n/a", "#n/a", "null", "nan", "(null)")
_NOT_GIVEN_NUMBER: Final = (*_NOT_GIVEN, "na", "none", "-", "--", "nil", "not applicable")
_YES: Final = ("true", "yes", "y", "1", "t", "1.0", "x", "on", "ja", "si", "oui")
_NO: Final = ("false", "no", "n", "0", "f", "0.0", "off", "nein", "non")
_LEADING_NUMBER: Final = r"^(?P<n>[-+]?\d+(?:[.,]\d+)?)(?:\s*(?:/\s*\d+|stars?|[-–:(].*))?$"


def convert(values: pa.Array, conversion: str) -> Converted:
    """Read an array of text, or of the type that a Parquet file has, by a named conversion.

    Raises
    ------
    ValueError
        There is no conversion of that name.

    """
    name, _, argument = conversion.partition(":")
    if name not in _CONVERSIONS:
        raise ValueError(f"No conversion {name!r}. There are: {', '.join(sorted(_CONVERSIONS))}.")
    kind = values.type
    if name == "date" and pa.types.is_timestamp(kind):
        return _instants(values), np.ones(len(values), dtype=bool)
    if name == "flag" and pa.types.is_boolean(kind):
        return values, np.ones(len(values), dtype=bool)
    stays = name in _NUMERIC and (pa.types.is_floating(kind) or _is_exact(kind))
    return _CONVERSIONS[name](values if stays else values.cast(pa.string()), argument)


def tidy(values: pa.Array, not_given: tuple[str, ...] = _NOT_GIVEN_NUMBER) -> pa.Array:
    """Return text without outer blanks; empty text and words for "nothing" become null."""
    trimmed = pc.utf8_trim_whitespace(values)
    # Every word for "nothing" is short: looking only at short text saves the rest the work.
    short = pc.utf8_lower(pc.utf8_slice_codeunits(trimmed, 0, 20))
    nothing = pc.is_in(short, value_set=pa.array(["", *not_given]))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed)


def bools(values: pa.Array) -> NDArray[np.bool_]:
    """Return a boolean Arrow array as numpy; null counts as false."""
    filled = pc.fill_null(values, False)
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=bool)


def _is_exact(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _numbers(values: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    number = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(number, dtype=np.float64), bools(pc.is_valid(values))


def _instants(values: pa.Array) -> pa.Array:
    if values.type.tz is None:
        values = pc.assume_timezone(values, "UTC")
    return values.cast(TIMESTAMP, safe=False)


def _text(values: pa.Array, _: str) -> Converted:
    return tidy(values, _NOT_GIVEN), np.ones(len(values), dtype=bool)


def _label(values: pa.Array, _: str) -> Converted:
    encoded = values.dictionary_encode()
    words = pc.replace_substring_regex(tidy(encoded.dictionary, _NOT_GIVEN), r"\s+", " ")
    return words.take(encoded.indices), np.ones(len(values), dtype=bool)


def _date(values: pa.Array, form: str) -> Converted:
    return parse_dates(tidy(values), form)


def _score(values: pa.Array, bounds: str) -> Converted:
    low, high = (float(bound) for bound in bounds.split("-"))
    number, given = _leading_number(values)
    good = np.isfinite(number) & (number >= low) & (number <= high) & (number == np.round(number))
    return _whole_array(number, good), good | ~given


def _scale(values: pa.Array, scales: str) -> Converted:
    (a, b), (c, d) = ((float(x) for x in scale.split("-")) for scale in scales.split(">"))
    number, given = _leading_number(values)
    good = np.isfinite(number) & (number >= min(a, b)) & (number <= max(a, b))
    moved = np.floor(c + (number - a) / (b - a) * (d - c) + 0.5)
    return _whole_array(moved, good), good | ~given


def _words(values: pa.Array, pairs: str) -> Converted:
    table = dict(pair.lower().rsplit("=", 1) for pair in pairs.split(","))
    text = pc.utf8_lower(tidy(values))
    places = pc.index_in(text, value_set=pa.array(list(table)))
    numbers = pa.array([int(n) if n else None for n in table.values()], pa.int32())
    good = bools(pc.or_(pc.is_valid(places), pc.is_null(text)))
    return numbers.take(places), good


def _rename(values: pa.Array, pairs: str) -> Converted:
    table = dict(pair.rsplit("=", 1) for pair in pairs.split(","))
    text, good = _label(values, "")
    places = pc.index_in(text, value_set=pa.array(list(table)))
    return pc.coalesce(pa.array(list(table.values())).take(places), text), good


def _plus(values: pa.Array, added: str) -> Converted:
    number, given = _leading_number(values)
    good = np.isfinite(number) & (number == np.round(number))
    return _whole_array(np.maximum(number + int(added), 0), good), good | ~given


def _whole(values: pa.Array, _: str) -> Converted:
    number, given = _leading_number(values)
    good = (number >= 0) & (number < 2**31) & (number == np.round(number))
    return _whole_array(number, good), good | ~given


def _number(values: pa.Array, _: str) -> Converted:
    number, given = _amount(values)
    good = np.isfinite(number)
    return pa.array(number, mask=~good), good | ~given


def _money(values: pa.Array, _: str) -> Converted:
    number, given = _amount(values)
    good = np.isfinite(number) & (np.abs(number) < 1e10)
    cents = pa.array(np.where(good, number, 0.0), mask=~good)
    return pc.round(cents, 2, "half_to_even").cast(MONEY, safe=False), good | ~given


def _flag(values: pa.Array, _: str) -> Converted:
    text = pc.utf8_lower(tidy(values))
    yes, no = (pc.is_in(text, value_set=pa.array(list(words))) for words in (_YES, _NO))
    good = bools(pc.or_(yes, no))
    return pa.array(bools(yes), mask=~good), good | bools(pc.is_null(text))


def _kind(values: pa.Array, _: str) -> Converted:
    text = pc.replace_substring_regex(pc.utf8_lower(tidy(values)), "[ -]+", "_")
    good = bools(pc.is_in(text, value_set=pa.array([kind.value for kind in Kind])))
    return text, good | bools(pc.is_null(text))


def _leading_number(values: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return numbers (nan where there is none) and which rows hold anything."""
    if not pa.types.is_string(values.type):
        return _numbers(values)
    text = tidy(values)
    found = pc.extract_regex(text, _LEADING_NUMBER)
    digits = pc.replace_substring(pc.fill_null(found.field("n"), ""), ",", ".")
    digits = pc.if_else(pc.equal(digits, ""), "nan", digits)
    number = np.array(digits.cast(pa.float64()).to_numpy(zero_copy_only=False))
    number[bools(pc.is_null(found))] = np.nan
    return number, bools(pc.is_valid(text))


def _amount(values: pa.Array) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read "1,234.50", "1.234,50 €", "(12.00)" (negative) and "$ 12"; nan where there is none."""
    if not pa.types.is_string(values.type):
        return _numbers(values)
    text = tidy(values)
    bare = pc.replace_substring_regex(
        pc.fill_null(text, ""), r"[\s'$€£¥]|[A-Za-z]{3}$|^[A-Z]{3}", ""
    )
    bare = pc.replace_substring_regex(bare, r"^\((.*)\)$", r"-\1")
    comma = pc.match_substring_regex(bare, r",\d{1,2}$|^[^.,]*,\d{4,}$|\..*,")
    european = pc.replace_substring(pc.replace_substring(bare, ".", ""), ",", ".")
    bare = pc.if_else(comma, european, pc.replace_substring(bare, ",", ""))
    is_number = pc.match_substring_regex(bare, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,2})?$")
    digits = pc.if_else(is_number, bare, "nan")
    number = np.asarray(digits.cast(pa.float64()).to_numpy(zero_copy_only=False))
    return number, bools(pc.is_valid(text))


def _whole_array(number: NDArray[np.float64], good: NDArray[np.bool_]) -> pa.Array:
    safe = np.where(good, number, 0).astype(np.int32)
    return pa.array(safe, mask=~good)


_CONVERSIONS: Final[dict[str, Callable[[pa.Array, str], Converted]]] = {
    "text": _text,
    "label": _label,
    "id": _text,
    "word": _label,
    "date": _date,
    "score": _score,
    "scale": _scale,
    "words": _words,
    "rename": _rename,
    "plus": _plus,
    "whole": _whole,
    "number": _number,
    "money": _money,
    "flag": _flag,
    "kind": _kind,
}

_NUMERIC: Final = frozenset({"score", "scale", "plus", "whole", "number", "money"})
"""Conversions that take numbers as they are, when the column has numbers already."""
