"""What the name of a column says of its meaning, exactly or nearly."""

import re
from typing import Final

from .fields import FIELDS
from .reading import FITS, FITS_DATES, Reading, is_plain_date

_LOOSE: Final = {
    "nps": re.compile(r"\bnps\b(?! group)|how likely .*recommend"),
    "csat": re.compile(r"\bcsat\b|how satisfied"),
    "ces": re.compile(r"\bces\b|how easy|effort score"),
    "verbatim": re.compile(
        r"\b(verbatim|narrative|comments?|feedback|review|free text|open text|what could we|why)\b"
    ),
    "occurred_at": re.compile(
        r"^(?!.*\b(update\w*|modif\w*|end)\b).*\b(date|timestamp|time|datum|created|posted|submitted)\b"
    ),
    "customer_id": re.compile(r"^(customer|client|account|subscriber|member)\b.*\b(id|no|number)$"),
    "external_id": re.compile(
        r"^(?!.*\b(phone|mobile|fax|card|account|customer|user|agent|parent|group)\b)"
        r".*\b(id|uuid|number|no)$"
    ),
    "resolution_code": re.compile(r"\b(reason|category|issue|cause|intent)$"),
}
"""Names that mean a field when no exact name does."""

_DATED: Final = re.compile(
    r"date|stamp|created|submitted|posted|received|closed|opened|solved|\bat$"
)
"""Names that say so much of a date that even a bare number is one."""

_NEVER_WHEN: Final = re.compile(r"\b(birth\w*|dob|due|expir\w*|renew\w*|valid|until)\b")
"""Names of dates that are never the day on which something happened."""

EXACT: Final = 1_000.0
_CLOSE: Final = 500.0


def bears_out(reading: Reading, field: str, plain: str) -> bool:
    """Tell whether the values bear out the name."""
    if FIELDS[field].holds != "date":
        return reading.share >= FITS
    return reading.share >= FITS_DATES and (is_plain_date(reading) or bool(_DATED.search(plain)))


def is_never_when(plain: str) -> bool:
    """Tell whether a column of dates says something else than when it happened: a birthday."""
    return bool(_NEVER_WHEN.search(plain))


def name_score(plain: str, field: str) -> float:
    """Return how well a plain name means a field; 0 when it does not."""
    names = FIELDS[field].names
    if plain in names:
        return EXACT - names.index(plain)
    loose = _LOOSE.get(field)
    if field == "occurred_at" and is_never_when(plain):
        return 0.0
    if loose is not None and loose.search(plain):
        return _CLOSE - len(plain) / 10
    return 0.0
