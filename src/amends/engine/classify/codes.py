"""Labels that people gave (resolution codes, reasons) and the causes they stand for."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from amends.engine.contracts import UNSURE, Cause, Taxonomy

_NOT_WORD: Final = re.compile(r"[\W_]+")

_MOST: Final = 0.75
"""Share of the labels that a taxonomy must know to be the one they were given in."""
_REMAINDER: Final = frozenset(
    (
        "other", "others", "misc", "miscellaneous", "general", "general enquiry", "general inquiry",
        "info", "information", "enquiry", "inquiry", "question", "feedback", "praise", "compliment",
        "unknown", "not known", "none", "n a", "na", "no fault found", "unclassified", "unsure",
        "can t tell", "cannot tell", "unclear", "sonstiges", "autre", "otro", "altro", "outro",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What a list of human labels was read as.

    `paths` has one entry per label: a leaf of `taxonomy`; `UNSURE` where the label says that no
    cause could be told ("other"); None where it is empty or not understood. `how` is "names"
    (labels or codes of the taxonomy), "aligned" (opaque codes understood by their texts) or
    "labels" (the labels themselves became the taxonomy). `meant` maps label to path, `unknown`
    lists the labels that stand for no cause with their counts, most frequent first.
    """

    taxonomy: Taxonomy
    paths: tuple[str | None, ...]
    how: str
    meant: Mapping[str, str]
    unknown: tuple[tuple[str, int], ...]


def read_labels(labels: Sequence[str | None], taxonomy: Taxonomy | None) -> Reading:
    """Map labels to the leaves of a taxonomy, or make them one when they do not fit it.

    A label stands for a leaf when it is its path, key, resolution code, words or a synonym that no
    other leaf has. When fewer than three in four of the filled labels stand for a leaf, they are a
    scheme of their own, in which the others mean something too: `taxonomy_from_labels`.
    """
    given = [label.strip() if label else "" for label in labels]
    counts = Counter(label for label in given if label)
    if taxonomy is not None:
        names = _names(taxonomy)
        meant = {label: names[_key(label)] for label in counts if _key(label) in names}
        n_known = sum(counts[label] for label in meant)
        unknown = tuple((label, n) for label, n in counts.most_common() if label not in meant)
        remainder = {label: UNSURE for label, _ in unknown if _key(label) in _REMAINDER}
        told = sum(counts.values()) - sum(counts[label] for label in remainder)
        if n_known >= _MOST * told > 0:
            meant |= remainder
            paths = tuple(meant.get(label) for label in given)
            return Reading(taxonomy, paths, "names", meant, unknown)
    made, meant = taxonomy_from_labels(list(counts))
    return Reading(made, tuple(meant.get(label) for label in given), "labels", meant, ())


def taxonomy_from_labels(labels: Sequence[str]) -> tuple[Taxonomy, dict[str, str]]:
    """Return a flat taxonomy with one cause per distinct label, and the path of each label.

    Labels that differ only in case, spaces or punctuation become one cause, called by the first.
    """
    causes: dict[str, Cause] = {}
    path_of: dict[str, str] = {}
    for label in labels:
        path = _key(label).replace(" ", "_") or "_"
        words = label.replace("_", " ").strip()
        causes.setdefault(path, Cause(path, words, words, resolution_codes=(label,)))
        path_of[label] = path
    return Taxonomy("labels", "Reasons in the file", "1", tuple(causes.values())), path_of


def _names(taxonomy: Taxonomy) -> dict[str, str]:
    """Every name that means exactly one leaf; stronger names win over synonyms."""
    names: dict[str, str] = {}
    leaves = taxonomy.leaves
    ways = (
        lambda leaf: (leaf.path, *leaf.resolution_codes),
        lambda leaf: (leaf.label,),
        lambda leaf: (leaf.path.rpartition("/")[2],),
        lambda leaf: leaf.synonyms,
    )
    for way in ways:
        found = Counter(key for leaf in leaves for key in {_key(n) for n in way(leaf)})
        for leaf in leaves:
            for name in way(leaf):
                if found[_key(name)] == 1:
                    names.setdefault(_key(name), leaf.path)
    return names


def _key(name: str) -> str:
    return _NOT_WORD.sub(" ", name.casefold()).strip()
