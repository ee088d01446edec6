"""What broke, where, since when, within a stated budget of false alarms."""

from .breakdowns import Finding, find_breakdowns, to_breakdown
from .checks import check_batch, family_of
from .config import PACES, DetectConfig, Pace
from .detection import Detection, detect
from .leaves import leaves_at
from .localize import LocalizeConfig, localize
from .overlap import group_overlapping
from .rhythm import Rhythm, learn_rhythm
from .severity import severity_of
from .silence import Silence, SilenceConfig, judge_silence

__all__ = [
    "PACES",
    "DetectConfig",
    "Detection",
    "Finding",
    "LocalizeConfig",
    "Pace",
    "Rhythm",
    "Silence",
    "SilenceConfig",
    "check_batch",
    "detect",
    "family_of",
    "find_breakdowns",
    "group_overlapping",
    "judge_silence",
    "learn_rhythm",
    "leaves_at",
    "localize",
    "severity_of",
    "to_breakdown",
]
