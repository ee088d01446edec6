"""What the path of a cause says about the failure."""

from typing import Final

_NOT_DELIVERED: Final = (
    "lost", "missing", "not_arrived", "outage", "cancel", "missed", "false_delivered", "refused",
    "failed", "out_of_stock",
)  # fmt: skip
"""Words in a cause's path that say that the service was not delivered at all."""


def is_not_delivered(cause: str) -> bool:
    """Return whether the service was not delivered at all, rather than delivered badly."""
    return any(word in cause for word in _NOT_DELIVERED)
