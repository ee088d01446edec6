"""The words and tones of a clock, as `frontend/js/pages/clock.js` says them between page loads."""

from datetime import datetime

from amends.flows.report import words
from amends.web.ui.parts import Tone

SOON_MINUTES = 120
EASY_MINUTES = 480


def minutes_left(due_at: datetime, now: datetime) -> float:
    """Return the minutes until a deadline, negative when it has passed."""
    return (due_at - now).total_seconds() / 60


def clock_text(minutes: float) -> str:
    """Return `2 h 51 m`, or `Overdue 18 m`."""
    text = words.duration(int(abs(minutes)))
    return f"Overdue {text}" if minutes < 0 else text


def clock_tone(minutes: float) -> Tone:
    """Return red when overdue, orange below two hours, green above eight, else grey."""
    if minutes < 0:
        return "critical"
    if minutes < SOON_MINUTES:
        return "high"
    return "good" if minutes > EASY_MINUTES else "low"
