"""What broke, where, since when, within a stated budget of false alarms."""

from .breakdowns import Finding, find_breakdowns, to_breakdown
from .checks import check_batch, family_of
from .config import PACES, DetectConfig, Pace
from .detection import Detection, detect
from .discoveries import discover
from .leaves import leaves_at
from .localize import LocalizeConfig, localize
from .monitor import Judged, Monitor, Past
from .overlap import group_overlapping
from .recalibrate import budget_factor
from .resolutions import ResolutionPace, resolution_pace
from .rhythm import Rhythm, learn_rhythm
from .rows import put
from .severity import severity_of
from .silence import Silence, SilenceConfig, judge_silence
from .standing import LAG, catch_up, look, reaches, replay, with_above, with_places
from .storm import break_storms

__all__ = [
    "LAG",
    "PACES",
    "DetectConfig",
    "Detection",
    "Finding",
    "Judged",
    "LocalizeConfig",
    "Monitor",
    "Pace",
    "Past",
    "ResolutionPace",
    "Rhythm",
    "Silence",
    "SilenceConfig",
    "break_storms",
    "budget_factor",
    "catch_up",
    "check_batch",
    "detect",
    "discover",
    "family_of",
    "find_breakdowns",
    "group_overlapping",
    "judge_silence",
    "learn_rhythm",
    "leaves_at",
    "localize",
    "look",
    "put",
    "reaches",
    "replay",
    "resolution_pace",
    "severity_of",
    "to_breakdown",
    "with_above",
    "with_places",
]
