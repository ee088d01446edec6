"""Codes that say nothing by themselves ("R20") read by the company they keep.

Where agents book cases on opaque codes, the texts under a code still tell what it stands for: the
classifier by descriptions guesses at each text, and a code belongs to the leaf whose guesses are
many times as frequent under it as elsewhere. Single wrong codes do no harm to that.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from amends.engine.contracts import UNSURE, Taxonomy

from .codes import Reading
from .describe import describe
from .features import Ints, Reals

_OPAQUE: Final = re.compile(r"^(?!.*[A-Za-z]{4}).*$", re.DOTALL)
_LEAST_ROWS: Final = 10
_LEAST_SHARE: Final = 0.08
_LEAST_LIFT: Final = 4.0
_LEAST_READ: Final = 0.3
"""Of all coded rows this share must be understood; general codes are often the largest."""
_MOST_ROWS: Final = 20_000


def are_opaque(labels: Sequence[str | None]) -> bool:
    """Return whether most of the filled labels contain no word of four letters."""
    filled = [label for label in labels if label]
    return bool(filled) and sum(map(_is_opaque, filled)) > 0.8 * len(filled)


def align_codes(
    texts: Sequence[str | None], labels: Sequence[str | None], taxonomy: Taxonomy
) -> Reading | None:
    """Return the labels read as leaves, or None when too few codes can be told.

    Codes that spread over everything ("general", "other") become `UNSURE`: what agents could not
    place, the classifier learns not to place. Codes with fewer than ten texts are left out.
    """
    given = [label.strip() if label else "" for label in labels]
    counts = Counter(label for label in given if label)
    codes = [code for code, n in counts.items() if n >= _LEAST_ROWS]
    if not codes:
        return None
    share, lift = _company(texts, given, codes, taxonomy)
    least_lift = min(_LEAST_LIFT, len(taxonomy.leaves) / 2)
    meant: dict[str, str] = {}
    for row, (code, leaf) in enumerate(zip(codes, _assign(share, lift), strict=True)):
        told = share[row, leaf] >= _LEAST_SHARE and lift[row, leaf] >= least_lift
        meant[code] = taxonomy.leaves[leaf].path if told else UNSURE
    unknown = tuple((code, n) for code, n in counts.most_common() if meant.get(code) == UNSURE)
    if sum(counts[code] for code in codes) - sum(n for _, n in unknown) < (
        _LEAST_READ * counts.total()
    ):
        return None
    paths = tuple(meant.get(label) for label in given)
    return Reading(taxonomy, paths, "aligned", meant, unknown)


def _company(
    texts: Sequence[str | None], given: Sequence[str], codes: Sequence[str], taxonomy: Taxonomy
) -> tuple[Reals, Reals]:
    """Return per code the mean guess of its texts (C, K), and that over the mean of all."""
    number = {code: k for k, code in enumerate(codes)}
    rows = [
        (text, number[label]) for text, label in zip(texts, given, strict=True) if label in number
    ]
    rows = rows[:: max(len(rows) // _MOST_ROWS, 1)]
    guess = describe(taxonomy, texts).probabilities([text for text, _ in rows])
    place = np.array([k for _, k in rows])
    share = np.stack([guess[place == k].mean(axis=0) for k in range(len(codes))])
    return share, share / np.maximum(guess.mean(axis=0), 1e-6)


def _assign(share: Reals, lift: Reals) -> Ints:
    """One leaf per code, each leaf once as long as there are enough of them."""
    worth = np.log(np.maximum(share * np.sqrt(lift), 1e-6))
    leaf: Ints = worth.argmax(axis=1)
    if len(share) <= share.shape[1]:
        rows, columns = linear_sum_assignment(-worth)
        leaf[rows] = columns
    return leaf


def _is_opaque(label: str) -> bool:
    return _OPAQUE.match(label) is not None
