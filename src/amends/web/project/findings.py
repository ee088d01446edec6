"""What a check of the system's health found, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check went."""

    WELL = "well"
    WARNING = "warning"
    BROKEN = "broken"

    @property
    def tone(self) -> str:
        """Return the tone of its chip."""
        return {"well": "good", "warning": "medium", "broken": "critical"}[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what to do about it."""

    name: str
    state: State
    what: str
    remedy: str = ""


def first_line(error: Exception) -> str:
    """Return what an error says, without what follows."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
