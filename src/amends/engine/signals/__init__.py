"""Signals: understand, normalise, redact, clean, and roll up into series."""

from .adding import Adder, Cells
from .attributes import attributes_of_rows, redact_values
from .clean import Cleaned, clean
from .clock import out_of_time
from .convert import convert
from .coverage import Coverage, coverage, limits
from .dates import DATE_FORMS
from .fields import FIELDS, same_name
from .leaves import NOT_GIVEN, leaves
from .measures import Contribution, contribution, measures_of
from .normalise import Normalised, normalise, normalise_batch, normalise_strictly
from .redact import redact, redact_text
from .roll_up import exposed_slices, roll_up, roll_up_slices
from .slices import ChosenSlices, LeftOut, choose_slices
from .strict import columns_read, understand_strictly
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
    "attributes_of_rows",
    "choose_slices",
    "clean",
    "columns_read",
    "contribution",
    "convert",
    "coverage",
    "exposed_slices",
    "leaves",
    "limits",
    "measures_of",
    "normalise",
    "normalise_batch",
    "normalise_strictly",
    "out_of_time",
    "redact",
    "redact_text",
    "redact_values",
    "roll_up",
    "roll_up_slices",
    "same_name",
    "understand",
    "understand_strictly",
]
