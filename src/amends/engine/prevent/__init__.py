"""Cost of failure, and did the fix work."""

from .panel import Panel, did, sdid, synthetic_control, unit_placebos

__all__ = ["Panel", "did", "sdid", "synthetic_control", "unit_placebos"]
