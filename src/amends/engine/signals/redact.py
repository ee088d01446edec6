"""Personal data taken out of free text before anything is stored or shown.

E-mail addresses, telephone numbers, payment cards (Luhn), IBANs (mod 97), national identity numbers
and the tokens of links become [e-mail], [phone], [card], [iban], [id] and [token]. Names are not
found here. What is found, and how much of it, is measured in `bench/redaction.py`.
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .national_ids import MAY_HOLD, redact_national_ids

_EMAIL: Final = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"
_URL_TOKEN: Final = r"(https?://[^\s?#]+)[?#][^\s]+"  # noqa: S105 - a pattern, no secret
_URL_LOGIN: Final = r"(https?://)[^\s/@]+@"
_DIGITS: Final = r"\d(?:[\s().\-/]{0,3}\d){6}"
"""Seven digits, at most three separators apart: what every card, account and telephone has."""
_CARD = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?!\w)", re.ASCII)
_ISSUER = re.compile(
    r"4\d{12}(?:\d{3}){0,2}|(?:5[0-8]|2[2-7])\d{14}|3[47]\d{13}|3[068]\d{12}|6\d{15,18}"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE = re.compile(
    r"(?<![\w.,/\-])(?:"
    r"\+\d{1,3}(?:[\s.\-]?\(?\d{1,4}\)?){2,6}"
    r"|\(\d{2,5}\)[\s.\-]?\d{2,5}(?:[\s.\-]?\d{2,5}){1,3}"
    r"|\d{3}[.\- ]\d{3}[.\- ]\d{4}"
    r"|1[.\- ]\d{3}[.\- ]\d{3}[.\- ]\d{4}"
    r"|00\d{1,3}(?:[\s.\-]?\d{2,4}){2,5}"
    r"|0\d{2,4}[\s.\-]\d{3,4}[\s.\-]?\d{3,4}"
    r"|0\d{9,10}"
    r"|(?!\d\d([ .\-/])\d\d\1(?:19|20)?\d\d(?!\1?\d))0\d{1,3}(?:[ .\-]\d{2,9}){1,4}"
    r"|0\d{1,4} ?/ ?\d{3,4}[ \-]?\d{2,5}"
    r")(?![\w\-])"
)
_GROUPED = re.compile(r"(?<![\w.,/\-])[1-9]\d{1,2}(?: \d{2,4}){2,3}(?![\w\-]| \d)")
"""Eight or nine digits in groups, as Spain, Portugal and Poland write them; or an amount."""
_TO_CALL = re.compile(
    r"\b(?:call|phone|tel|telephone|mobile|cell|ring|reach|whatsapp|sms|text|handy|telefon\w*"
    r"|telef\w+|ligar|llam\w+|numer\w*|my number)\b[^\d]{0,16}$",
    re.IGNORECASE,
)
_NAMED_OTHERWISE = re.compile(
    r"\b(?:order|ticket|ref|reference|invoice|booking|case|customer|tracking|parcel|article|serial"
    r"|meter|policy|contract)(?: ?(?:no|nr|number|id))?[.:# ]{0,3}$",
    re.IGNORECASE,
)
"""What stands before a number that only looks like a telephone's."""

_PEOPLE: Final = "first|last|full|family|given|customer|recipient|requester"
_PRIVATE_COLUMNS: Final = (
    (re.compile(r"\be ?mails?\b"), "[e-mail]"),
    (re.compile(r"\b(phone|telephone|mobile|cell|fax|msisdn)\b"), "[phone]"),
    (re.compile(r"\b(iban|bank account)\b"), "[iban]"),
    (re.compile(r"\b(card|pan) number\b"), "[card]"),
    (re.compile(r"\bip ?address\b"), "[ip address]"),
    (re.compile(rf"\b({_PEOPLE}) ?name\b"), "[name]"),
    (re.compile(r"\b(date of birth|birth ?da(te|y)|dob|ssn|passport)\b"), "[private]"),
)


def placeholder_for(plain_name: str) -> str | None:
    """Return what replaces every value of a column that holds personal data by its very name."""
    return next((word for names, word in _PRIVATE_COLUMNS if names.search(plain_name)), None)


def redact(texts: pa.Array) -> pa.Array:
    """Return the texts with personal data replaced; nulls stay null."""
    texts = _replace(texts, pc.match_substring(texts, "://"), _URL_LOGIN, r"\1")
    texts = _replace(texts, pc.match_substring(texts, "://"), _URL_TOKEN, r"\1?[token]")
    texts = redact_addresses(texts)
    texts = _apply(texts, pc.match_substring_regex(texts, _DIGITS), _accounts)
    texts = _apply(texts, pc.match_substring_regex(texts, MAY_HOLD), redact_national_ids)
    return _apply(texts, pc.match_substring_regex(texts, _DIGITS), _phones)


def redact_addresses(texts: pa.Array) -> pa.Array:
    """Return the texts with e-mail addresses replaced; what else they hold stays."""
    return _replace(texts, pc.match_substring(texts, "@"), _EMAIL, "[e-mail]")


def redact_text(text: str) -> str:
    """Return one text with personal data replaced."""
    return str(redact(pa.array([text]))[0].as_py())


def _replace(texts: pa.Array, candidates: pa.Array, pattern: str, placeholder: str) -> pa.Array:
    places = np.flatnonzero(np.asarray(pc.fill_null(candidates, False).to_numpy(False)))
    if not len(places):
        return texts
    changed = pc.replace_substring_regex(texts.take(pa.array(places)), pattern, placeholder)
    return _put(texts, places, changed)


def _apply(texts: pa.Array, candidates: pa.Array, change: Callable[[str], str]) -> pa.Array:
    places = np.flatnonzero(np.asarray(pc.fill_null(candidates, False).to_numpy(False)))
    if not len(places):
        return texts
    old = texts.take(pa.array(places)).to_pylist()
    return _put(texts, places, pa.array([change(text) for text in old], texts.type))


def _put(texts: pa.Array, places: NDArray[np.int64], new: pa.Array) -> pa.Array:
    mask = np.zeros(len(texts), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(texts, pa.array(mask), new)


def _accounts(text: str) -> str:
    text = _IBAN.sub(lambda m: "[iban]" if _is_iban(m.group()) else m.group(), text)
    return _CARD.sub(lambda m: "[card]" if _is_card(m.group()) else m.group(), text)


def _phones(text: str) -> str:
    return _GROUPED.sub(_grouped, _PHONE.sub(_phone, text))


def _phone(found: re.Match[str]) -> str:
    number, before = found.group(), found.string[max(found.start() - 24, 0) : found.start()]
    is_one = 7 <= _count(number) <= 15
    is_other = not number.startswith("+") and _NAMED_OTHERWISE.search(before)
    return "[phone]" if is_one and not is_other else number


def _grouped(found: re.Match[str]) -> str:
    before = found.string[max(found.start() - 32, 0) : found.start()]
    is_one = 8 <= _count(found.group()) <= 9 and _TO_CALL.search(before)
    return "[phone]" if is_one else found.group()


def _count(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _is_card(text: str) -> bool:
    """Check the issuer's prefix and length, and the Luhn digit (ISO/IEC 7812-1)."""
    bare = "".join(c for c in text if c.isdigit())
    digits = [int(c) for c in bare]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return bool(_ISSUER.fullmatch(bare)) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    """Check the two check digits (ISO 13616, mod 97)."""
    bare = text.replace(" ", "")
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1
