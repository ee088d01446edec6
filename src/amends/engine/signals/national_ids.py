"""National identity numbers in free text, of the countries that the region presets cover.

A number with letters of its own (a British NINO, an Italian tax code) is known wherever it stands.
Digits alone say little: one order number in eleven would pass an Australian tax file number's
check. They count where they are grouped as people write them, or where the words before say what
they are. Check digits are those of python-stdnum.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from stdnum.au import tfn
from stdnum.be import nn
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.ie import pps
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif
from stdnum.se import personnummer
from stdnum.us import itin, ssn

PLACEHOLDER: Final = "[id]"
_BEFORE: Final = 48
"""Characters before a bare number in which its name must stand."""


def _always(_number: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Form:
    """How one number is written, and how it is told from others."""

    core: str
    """What a text that holds it matches, in RE2's words; it may match others."""
    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]
    named: re.Pattern[str] | None = None
    """Words that must stand before it; None: the number speaks for itself."""


def _form(pattern: str, is_valid: Callable[[str], bool], named: str = "") -> _Form:
    return _Form(
        named or pattern,
        re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE | re.ASCII),
        is_valid,
        re.compile(rf"\b(?:{named})\b", re.IGNORECASE) if named else None,
    )


_NINO: Final = r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
_FORMS: Final = (
    _form(rf"{_NINO} ?\d{{2}} ?\d{{2}} ?\d{{2}} ?[A-D]", _always),
    _form(r"\d{3} \d{3} \d{4}", nhs.is_valid, r"nhs(?: number| no\.?)?"),
    _form(r"\d{10}", nhs.is_valid, r"nhs(?: number| no\.?)?"),
    _form(r"\d{3}-\d{2}-\d{4}", ssn.is_valid),
    _form(r"\d{3} ?\d{2} ?\d{4}", ssn.is_valid, r"ssn|social security"),
    _form(r"9\d{2}-\d{2}-\d{4}", itin.is_valid),
    _form(r"9\d{8}", itin.is_valid, r"itin|tax(?:payer)? id"),
    _form(r"\d{7}[A-W][A-IW]?", pps.is_valid),
    _form(r"\d{3} \d{3} \d{3}|\d{8,9}", tfn.is_valid, r"tfn|tax file"),
    _form(r"[2-6]\d{3} ?\d{5} ?\d(?: ?\d)?", _always, r"medicare"),
    _form(
        r"\d{2} \d{3} \d{3} \d{3}|\d{11}",
        idnr.is_valid,
        r"steuer(?:liche)? ?-? ?(?:id(?:entifikationsnummer|nr)?|nummer)|tin|idnr",
    ),
    _form(r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", nir.is_valid),
    _form(r"\d{8}-?[A-Z]", dni.is_valid),
    _form(r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    _form(r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _form(r"[1235689]\d{2} ?\d{3} ?\d{3}", nif.is_valid, r"nif|contribuinte"),
    _form(r"\d{4}\.?\d{2}\.?\d{3}|\d{9}", bsn.is_valid, r"bsn|burgerservicenummer|sofinummer"),
    _form(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", nn.is_valid),
    _form(r"\d{11}", pesel.is_valid, r"pesel"),
    _form(r"\d{6}-\d{4}", cpr.is_valid, r"cpr(?:[ -]?(?:nr|nummer))?"),
    _form(r"\d{6}[-+A]\d{3}[0-9A-Y]", hetu.is_valid),
    _form(r"(?:\d{2})?\d{6}[-+]\d{4}", personnummer.is_valid),
)

MAY_HOLD: Final = "(?i)" + "|".join(rf"\b(?:{form.core})\b" for form in _FORMS)
"""RE2: what every text matches that holds one of these numbers; few others do."""


def redact_national_ids(text: str) -> str:
    """Return a text with national identity numbers replaced by [id]."""
    for form in _FORMS:
        if form.pattern.search(text):
            text = form.pattern.sub(lambda found, form=form: _judged(found, form), text)  # type: ignore[misc]
    return text


def _judged(found: re.Match[str], form: _Form) -> str:
    number, start = found.group(), found.start()
    if form.named is not None:
        before = found.string[max(start - _BEFORE, 0) : start]
        if not form.named.search(before):
            return number
    return PLACEHOLDER if form.is_valid(number) else number
