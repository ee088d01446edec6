"""What is wrong with a record although its fields can be read: what it must say and may not."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .convert import bools
from .fields import FIELDS

LONGEST_ID: Final = 200
LONGEST_LABEL: Final = 60
"""Characters; cases and series keep labels in columns of this length."""
LONGEST_TEXT: Final = 200_000

_LONGEST: Final = {
    "text": LONGEST_TEXT,
    "id": LONGEST_ID,
    "label": LONGEST_LABEL,
    "word": LONGEST_LABEL,
}
_LONGER: Final = {"customer_id": 120, "resolution_code": 200}
"""Where the length differs from that of other fields of its sort."""

Fault = tuple[str, str, NDArray[np.bool_]]
"""Field, reason, and bool of shape (N,): the rows of which it is true."""


def faults(
    found: Mapping[str, pa.Array], n: int, source: str, *, says_kind: bool
) -> Iterator[Fault]:
    """Yield each rule of the Signal contract that some row breaks.

    Parameters
    ----------
    found
        Field → values of the rows, those that could not be read null.
    n
        How many rows there are.
    source
        Whose records they are: a row that names another is not taken for it.
    says_kind
        The rows must say what they are.

    """
    yield (
        "external_id",
        "there is no id: a repeat could not be told",
        ~_given(found, "external_id", n),
    )
    undated = ~(_given(found, "occurred_at", n) | _given(found, "opened_at", n))
    yield "occurred_at", "it does not say when it occurred", undated
    if says_kind:
        yield "kind", "it does not say what kind of signal it is", ~_given(found, "kind", n)
    if "source" in found:
        is_other = bools(pc.not_equal(found["source"], source))
        yield "source", f"it names another source than {source}", is_other
    if "currency" in found:
        odd = pc.invert(pc.match_substring_regex(found["currency"], "^[A-Z]{3}$"))
        yield "currency", "a currency is three capital letters, e.g. EUR", bools(odd)
    if "exposure" in found:
        yield "exposure", "it is below zero", bools(pc.less(found["exposure"], 0))
    for name, values in found.items():
        longest = _LONGER.get(name, _LONGEST.get(FIELDS[name].holds))
        if longest and pa.types.is_string(values.type):
            too_long = bools(pc.greater(pc.utf8_length(values), longest))
            yield name, f"it is longer than {longest:,} characters", too_long


def _given(found: Mapping[str, pa.Array], field: str, n: int) -> NDArray[np.bool_]:
    return bools(pc.is_valid(found[field])) if field in found else np.zeros(n, dtype=bool)
