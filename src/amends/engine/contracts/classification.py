"""What classify says of a text: a cause or "unsure", never a bare guess."""

from dataclasses import dataclass
from typing import Final

UNSURE: Final = "unsure"
"""The cause of a text that no cause fits well enough."""


@dataclass(frozen=True, slots=True)
class Label:
    """The claim that a text tells of a cause."""

    cause: str
    """Path in the taxonomy, or `UNSURE`."""
    confidence: float
    """Probability that the cause is right, in [0, 1]."""
    runner_up: str | None
    reasons: tuple[str, ...]
    """Phrases of the text that spoke for the cause."""


@dataclass(frozen=True, slots=True)
class ClassifierReport:
    """How the labels of a run came about and how good they are known to be."""

    model_version: str
    mode: str
    """"learnt" from labels or "described" (similarity to descriptions and examples)"""
    taxonomy: str
    n_texts: int
    n_labelled: int
    """Texts that got a cause; the rest is unsure or empty."""
    n_training: int
    cv_accuracy: float | None
    """Cross-validated accuracy on the training labels; None without labels."""
    cv_macro_f1: float | None
    notes: tuple[str, ...] = ()
