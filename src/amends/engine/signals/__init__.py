"""Signals: understand, normalise, redact, clean, and roll up into series."""

from .convert import convert
from .dates import DATE_FORMS
from .fields import FIELDS, same_name
from .normalise import Normalised, normalise
from .redact import redact, redact_text
from .understand import understand

__all__ = [
    "DATE_FORMS",
    "FIELDS",
    "Normalised",
    "convert",
    "normalise",
    "redact",
    "redact_text",
    "same_name",
    "understand",
]
