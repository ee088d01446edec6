"""How values of signals are called on pages: `fibre_max` → "Fibre max", a cause by its label.

The names of causes are the taxonomy's, which an app above this one knows: it gives them here.
"""

from collections.abc import Callable
from typing import Final

from amends.engine.contracts import UNSURE
from amends.flows.report import words

ACRONYMS: Final = frozenset({"tv", "sms", "ivr", "qa", "pos", "atm", "sim", "uk", "eu", "us", "it"})
UNSURE_LABEL: Final = "Unsure"

_given: list[Callable[[str], str]] = []


def value_label(value: str) -> str:
    """Return a dimension's value as words; acronyms stay capitals."""
    spelt = value.replace("_", " ").split()
    return words.label(" ".join(w.upper() if w.lower() in ACRONYMS else w for w in spelt))


def cause_label(path: str) -> str:
    """Return the name of a cause; its path's last word when nobody knows a better one."""
    if path == UNSURE:
        return UNSURE_LABEL
    return (_given[-1](path) if _given else "") or value_label(path.rpartition("/")[2])


def name_causes(by: Callable[[str], str]) -> None:
    """Have causes called as `by` says; what it gives no name is called by its path."""
    _given.append(by)
