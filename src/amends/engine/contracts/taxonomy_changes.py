"""Changing a taxonomy so that old reports still add up.

Every change gives the next version and says where each leaf of the version before went. Nothing
falls under the table: the labels of a leaf go to exactly one leaf, so totals of the history stay
what they were, under the new names. Changes are chained with `then`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .errors import BadInput
from .taxonomy import Cause, Taxonomy


@dataclass(frozen=True, slots=True)
class Change:
    """A new version and where the leaves of the old one went: old path → new path.

    `to_review` are the new leaves whose labels people or the classifier should look at again.
    """

    taxonomy: Taxonomy
    went: Mapping[str, str]
    to_review: tuple[str, ...] = ()

    def relabel(self, paths: Iterable[str | None]) -> list[str | None]:
        """Return labels of the old version as labels of the new; what is no leaf stays."""
        return [None if path is None else self.went.get(path, path) for path in paths]

    def renamed(self) -> dict[str, str]:
        """Return the paths, of leaves and of branches, that are called otherwise now.

        A branch went where all its leaves went together; one that was torn apart has no new name.
        A leaf that was split goes by its path still: it is the branch of its parts.
        """
        moved = {a: b for a, b in self.went.items() if a != b and a not in self.taxonomy}
        heads: dict[str, set[str | None]] = {}
        for old, new in self.went.items():
            parts = old.split("/")
            for depth in range(1, len(parts)):
                branch, rest = "/".join(parts[:depth]), "/" + "/".join(parts[depth:])
                head = new.removesuffix(rest) if new.endswith(rest) else None
                heads.setdefault(branch, set()).add(head)
        for branch, found in heads.items():
            [head, *others] = found
            if head is not None and not others and branch not in self.taxonomy:
                moved[branch] = head
        return moved

    def then(self, after: "Change") -> "Change":
        """Return this change and the next as one."""
        went = {old: after.went[new] for old, new in self.went.items()}
        review = {after.went.get(path, path) for path in self.to_review} | {*after.to_review}
        return Change(after.taxonomy, went, tuple(sorted(review)))


def unchanged(taxonomy: Taxonomy) -> Change:
    """Return the change that changes nothing: where an edit begins."""
    return Change(taxonomy, {leaf.path: leaf.path for leaf in taxonomy.leaves})


def add(taxonomy: Taxonomy, cause: Cause) -> Change:
    """Add a leaf to a branch, or at the top; nothing of the history moves by itself."""
    if cause.path in taxonomy:
        raise BadInput(f"There is a {cause.path} already.", remedy="Give it another name.")
    if cause.parent is not None:
        _branch(taxonomy, cause.parent)
    return _change(taxonomy, [*taxonomy.causes, cause], {})


def reword(taxonomy: Taxonomy, cause: Cause) -> Change:
    """Put other words, examples, codes or defaults in the place of those of the same path."""
    _known(taxonomy, cause.path)
    kept = [cause if c.path == cause.path else c for c in taxonomy.causes]
    return _change(taxonomy, kept, {})


def merge(taxonomy: Taxonomy, paths: Sequence[str], into: str) -> Change:
    """Make leaves one: what was labelled with any of them is labelled `into`.

    Their names, synonyms, examples and codes live on as those of the leaf that stays.
    """
    target = _leaf(taxonomy, into)
    gone = [_leaf(taxonomy, path) for path in dict.fromkeys(paths) if path != into]
    if not gone:
        raise BadInput("One cause cannot be merged with itself.", remedy="Choose another.")
    joined = replace(
        target,
        synonyms=_distinct(target.synonyms, *((c.label, *c.synonyms) for c in gone)),
        examples=_distinct(target.examples, *(c.examples for c in gone)),
        resolution_codes=_distinct(target.resolution_codes, *(c.resolution_codes for c in gone)),
    )
    names = {c.path for c in gone}
    kept = [joined if c.path == into else c for c in taxonomy.causes if c.path not in names]
    moved = dict.fromkeys(names, into)
    return _change(taxonomy, kept, moved)


def split(taxonomy: Taxonomy, path: str, parts: Sequence[Cause]) -> Change:
    """Turn a leaf into a branch with parts; their paths must lie under it.

    What was labelled with the leaf goes to the first part until it is looked at again.
    """
    _leaf(taxonomy, path)
    strange = [part.path for part in parts if part.parent != path]
    if len(parts) < 2 or strange:
        raise BadInput(
            f"{path} cannot be split so: {', '.join(strange) or 'fewer than two parts'}.",
            remedy=f"Give at least two parts, each called {path}/something.",
        )
    at = next(i for i, c in enumerate(taxonomy.causes) if c.path == path)
    kept = [*taxonomy.causes[: at + 1], *parts, *taxonomy.causes[at + 1 :]]
    change = _change(taxonomy, kept, {path: parts[0].path})
    return replace(change, to_review=(parts[0].path,))


def move(taxonomy: Taxonomy, path: str, under: str | None) -> Change:
    """Hang a cause, with all that hangs on it, on another branch (None: on none)."""
    cause = _known(taxonomy, path)
    if under is not None and (under == path or under.startswith(f"{path}/")):
        raise BadInput(f"{path} cannot hang on itself.", remedy="Choose a branch outside of it.")
    if under is not None and under != cause.parent:
        _branch(taxonomy, under)
    key = path.rpartition("/")[2]
    there = f"{under}/{key}" if under else key
    if there != path and there in taxonomy:
        raise BadInput(f"There is a {there} already.", remedy="Merge the two instead.")
    new = {c.path: there + c.path.removeprefix(path) for c in taxonomy.causes if _within(c, path)}
    kept = [replace(c, path=new.get(c.path, c.path)) for c in taxonomy.causes]
    leaves = {leaf.path for leaf in taxonomy.leaves}
    return _change(taxonomy, kept, {old: to for old, to in new.items() if old in leaves})


def retire(taxonomy: Taxonomy, path: str, into: str) -> Change:
    """Take a leaf out of use; its history goes to another leaf, whose texts it no longer teaches.

    Unlike a merge, its words are forgotten.
    """
    _leaf(taxonomy, path)
    _leaf(taxonomy, into)
    if path == into:
        raise BadInput("A cause cannot retire into itself.", remedy="Choose another.")
    kept = [c for c in taxonomy.causes if c.path != path]
    return replace(_change(taxonomy, kept, {path: into}), to_review=(into,))


def _change(taxonomy: Taxonomy, causes: Sequence[Cause], moved: Mapping[str, str]) -> Change:
    """Return the next version; branches that nothing hangs on any more go with their last leaf."""
    before = {leaf.path for leaf in taxonomy.leaves}
    branches = {c.path for c in taxonomy.causes} - before
    kept = list(causes)
    while True:
        parents = {c.parent for c in kept}
        bare = [c for c in kept if c.path in branches and c.path not in parents]
        if not bare:
            break
        kept = [c for c in kept if c not in bare]
    went = {path: moved.get(path, path) for path in before}
    try:
        after = replace(taxonomy, version=_next(taxonomy.version), causes=tuple(kept))
    except ValueError as error:
        raise BadInput(str(error), remedy="Choose another name or place.") from error
    return Change(after, went)


def _next(version: str) -> str:
    head, dot, last = version.rpartition(".")
    return f"{head}{dot}{int(last) + 1}" if last.isdigit() else f"{version}.1"


def _known(taxonomy: Taxonomy, path: str) -> Cause:
    cause = taxonomy.get(path)
    if cause is None:
        raise BadInput(f"There is no cause {path}.", remedy="Choose one of the taxonomy.")
    return cause


def _branch(taxonomy: Taxonomy, path: str) -> None:
    if _known(taxonomy, path) in taxonomy.leaves:
        raise BadInput(
            f"{path} is a cause that signals carry, not a branch.",
            remedy="Split it first, or choose a branch.",
        )


def _leaf(taxonomy: Taxonomy, path: str) -> Cause:
    cause = _known(taxonomy, path)
    if cause not in taxonomy.leaves:
        raise BadInput(f"{path} is a branch.", remedy="Choose one of the causes that hang on it.")
    return cause


def _within(cause: Cause, path: str) -> bool:
    return cause.path == path or cause.path.startswith(f"{path}/")


def _distinct(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))
