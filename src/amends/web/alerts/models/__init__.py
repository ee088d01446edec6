"""Alerts, the rules that raise them, who is on call, and what was sent to whom."""

from .alert import ENDED, WAITING, Alert, AlertState
from .channel import Channel, ChannelKind
from .notice import Attempt, AttemptState, Notice, NoticeKind, NoticeState
from .rota import Rota, RotaOverride, RotaPerson, Step, StepKind
from .rule import Rule, RuleHit, RuleKind

__all__ = [
    "ENDED",
    "WAITING",
    "Alert",
    "AlertState",
    "Attempt",
    "AttemptState",
    "Channel",
    "ChannelKind",
    "Notice",
    "NoticeKind",
    "NoticeState",
    "Rota",
    "RotaOverride",
    "RotaPerson",
    "Rule",
    "RuleHit",
    "RuleKind",
    "Step",
    "StepKind",
]
