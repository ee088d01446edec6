"""What broke, where, since when, within a stated budget of false alarms."""

from .breakdowns import Finding, find_breakdowns, to_breakdown
from .checks import check_batch, family_of
from .config import PACES, DetectConfig, Pace
from .detection import Detection, detect
from .discoveries import discover
from .escalation import QuietHours, step_times, steps_due
from .fixed_rules import Firing, Threshold, run_firings, threshold_firings, window_values
from .leaves import leaves_at
from .localize import LocalizeConfig, localize
from .monitor import Judged, Monitor, Past
from .overlap import group_overlapping
from .recalibrate import budget_factor
from .resolutions import ResolutionPace, resolution_pace
from .rhythm import Rhythm, learn_rhythm
from .rota import Override, Shift, WeeklyRota, on_call, shifts
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
    "Firing",
    "Judged",
    "LocalizeConfig",
    "Monitor",
    "Override",
    "Pace",
    "Past",
    "QuietHours",
    "ResolutionPace",
    "Rhythm",
    "Shift",
    "Silence",
    "SilenceConfig",
    "Threshold",
    "WeeklyRota",
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
    "on_call",
    "put",
    "reaches",
    "replay",
    "resolution_pace",
    "run_firings",
    "severity_of",
    "shifts",
    "step_times",
    "steps_due",
    "threshold_firings",
    "to_breakdown",
    "window_values",
    "with_above",
    "with_places",
]
