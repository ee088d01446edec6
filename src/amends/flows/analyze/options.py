"""What a person may set of an analysis."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from amends.engine.contracts import BadInput


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """Everything is found out by itself; each field overrules one finding.

    Parameters
    ----------
    preset
        "auto", "none", or the name of a preset.
    mapping
        Source column → Signal field.
    taxonomy
        "auto", the name of a shipped taxonomy, or the path of a YAML file.
    false_alarms
        Breakdowns that a report may show on average when nothing is wrong at all.
    country
        ISO 3166 code whose public holidays the baseline knows; empty: none.
    currency
        ISO 4217 code of amounts that come without one.
    title
        Title of the report; empty: made from the file names.

    Raises
    ------
    BadInput
        A value is out of its bounds.

    """

    preset: str = "auto"
    mapping: Mapping[str, str] = field(default_factory=dict)
    taxonomy: str = "auto"
    false_alarms: float = 0.2
    country: str = ""
    currency: str = "EUR"
    title: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.false_alarms <= 100:
            raise BadInput(
                f"{self.false_alarms} false alarms per report is no budget.",
                where="--false-alarms",
                remedy="Give a number above 0 and at most 100; 0.2: one in five quiet reports.",
            )
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise BadInput(
                f"{self.currency!r} is no currency code.",
                where="--currency",
                remedy="Give an ISO 4217 code such as EUR, USD or GBP.",
            )
