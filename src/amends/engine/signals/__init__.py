"""Signals: understand, normalise, redact, clean, and roll up into series."""

from .adding import Adder, Cells
from .clean import Cleaned, clean
from .clock import out_of_time
from .convert import convert
from .coverage import Coverage, coverage, limits
from .dates import DATE_FORMS
from .fields import FIELDS, same_name
from .leaves import NOT_GIVEN, leaves
from .measures import Contribution, contribution, measures_of
from .normalise import Normalised, normalise
from .redact import redact, redact_text
from .roll_up import exposed_slices, roll_up, roll_up_slices
from .slices import ChosenSlices, LeftOut, choose_slices
from .understand import understand

__all__ = [
    "DATE_FORMS",
    "FIELDS",
    "NOT_GIVEN",
    "Adder",
    "Cells",
    "ChosenSlices",
    "Cleaned",
    "Contribution",
    "Coverage",
    "LeftOut",
    "Normalised",
    "choose_slices",
    "clean",
    "contribution",
    "convert",
    "coverage",
    "exposed_slices",
    "leaves",
    "limits",
    "measures_of",
    "normalise",
    "out_of_time",
    "redact",
    "redact_text",
    "roll_up",
    "roll_up_slices",
    "same_name",
    "understand",
]
