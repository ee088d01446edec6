"""What classify says of a text: a cause or "unsure", never a bare guess."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The labels of N texts as columns; reasons are worked out for those asked.

    Parameters
    ----------
    causes
        The K paths that could be given.
    best, second
        int32 of shape (N,): the likeliest cause and the next as indices into `causes`; −1 where
        the text says nothing (blank, no known word).
    confidence
        float32 of shape (N,): probability that the best cause is right.
    is_sure
        bool of shape (N,): whether the confidence reaches the classifier's threshold.

    """

    causes: tuple[str, ...]
    best: NDArray[np.int32]
    confidence: NDArray[np.float32]
    second: NDArray[np.int32]
    is_sure: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.best)

    def paths(self) -> list[str]:
        """Return the cause of each text, `UNSURE` where it is not sure."""
        names = np.array([*self.causes, UNSURE], dtype=object)
        labels: list[str] = names[np.where(self.is_sure, self.best, len(self.causes))].tolist()
        return labels
