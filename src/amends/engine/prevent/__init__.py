"""Cost of failure, and did the fix work."""

from .blocks import FixSeries
from .cost import CostModel, CostOfFailure, assumptions, cost_of_failure
from .course import Course, course
from .panel import Panel, did, sdid, synthetic_control, unit_placebos
from .verification import VerifyConfig, verify

__all__ = [
    "CostModel",
    "CostOfFailure",
    "Course",
    "FixSeries",
    "Panel",
    "VerifyConfig",
    "assumptions",
    "cost_of_failure",
    "course",
    "did",
    "sdid",
    "synthetic_control",
    "unit_placebos",
    "verify",
]
