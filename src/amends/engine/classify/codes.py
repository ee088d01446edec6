"""Labels that people gave (resolution codes, reasons) and the causes they stand for."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from amends.engine.contracts import Cause, Taxonomy

_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a list of human labels was read as.

    `paths` has one entry per label: a leaf of `taxonomy`, or None where the label is empty or
    stands for no cause.
    """

    taxonomy: Taxonomy
    paths: tuple[str | None, ...]
    is_from_labels: bool
    unknown: tuple[tuple[str, int], ...]
    """Labels that stand for no cause, with their counts, most frequent first."""


def read_labels(labels: Sequence[str | None], taxonomy: Taxonomy | None) -> Reading:
    """Map labels to the leaves of a taxonomy, or make them one when they do not fit it.

    A label stands for a leaf when it is its path, key, resolution code, words or a synonym that no
    other leaf has. When fewer than half of the filled labels stand for a leaf, the labels are taken
    for causes of their own: `taxonomy_from_labels`.
    """
    given = [label.strip() if label else "" for label in labels]
    counts = Counter(label for label in given if label)
    if taxonomy is not None:
        names = _names(taxonomy)
        known = {label: names[_key(label)] for label in counts if _key(label) in names}
        n_known = sum(counts[label] for label in known)
        if 2 * n_known >= sum(counts.values()) > 0:
            unknown = [(label, n) for label, n in counts.most_common() if label not in known]
            paths = tuple(known.get(label) for label in given)
            return Reading(taxonomy, paths, is_from_labels=False, unknown=tuple(unknown))
    made, path_of = taxonomy_from_labels(list(counts))
    paths = tuple(path_of.get(label) for label in given)
    return Reading(made, paths, is_from_labels=True, unknown=())


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
