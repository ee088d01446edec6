"""The taxonomy: a tree of named failure reasons with descriptions and examples."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .words import Severity

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
TAXONOMIES = Path(__file__).parent / "taxonomies"
"""Starter taxonomies, one YAML file each."""
DEEPEST = 3
"""Levels of the tree."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A leaf or branch of the taxonomy. `path` is its identity: "delivery/missed_slot"."""

    path: str
    label: str
    description: str
    examples: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    resolution_codes: tuple[str, ...] = ()
    owner_team: str = ""
    journey_stages: tuple[str, ...] = ()
    default_severity: Severity = Severity.MEDIUM

    @property
    def parent(self) -> str | None:
        """Path of the branch this cause hangs on; None at the top."""
        head, _, _ = self.path.rpartition("/")
        return head or None


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A named, versioned tree of causes.

    Raises
    ------
    ValueError
        Two causes have one path, or one name on the same branch; a cause's branch is missing; or
        the tree is deeper than three levels.

    """

    name: str
    title: str
    version: str
    causes: tuple[Cause, ...]
    _by_path: Mapping[str, Cause] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_path: dict[str, Cause] = {}
        for cause in self.causes:
            if cause.path in by_path:
                raise ValueError(f"Taxonomy {self.name}: cause {cause.path} stands twice.")
            by_path[cause.path] = cause
        for cause in self.causes:
            if cause.parent is not None and cause.parent not in by_path:
                raise ValueError(
                    f"Taxonomy {self.name}: {cause.path} hangs on {cause.parent}, which is missing."
                )
            if cause.path.count("/") >= DEEPEST:
                raise ValueError(
                    f"Taxonomy {self.name}: {cause.path} lies deeper than {DEEPEST} levels."
                )
        _check_names(self.name, self.causes)
        object.__setattr__(self, "_by_path", by_path)

    def __getitem__(self, path: str) -> Cause:
        return self._by_path[path]

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def get(self, path: str | None) -> Cause | None:
        """Return the cause of a path; None when the taxonomy does not know it."""
        return self._by_path.get(path) if path else None

    @property
    def leaves(self) -> tuple[Cause, ...]:
        """Causes that nothing hangs on: what a signal is labelled with."""
        parents = {c.parent for c in self.causes}
        return tuple(c for c in self.causes if c.path not in parents)

    def label(self, path: str) -> str:
        """Return the words for a path; the path itself when the taxonomy does not know it."""
        return self._by_path[path].label if path in self._by_path else path


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file (YAML; see `taxonomies/`).

    Raises
    ------
    ValueError
        The file is not a taxonomy; the message names file and field.

    """
    return parse_taxonomy(path.read_text(encoding="utf-8"), path.name)


def parse_taxonomy(text: str, where: str = "The taxonomy") -> Taxonomy:
    """Read the text of a taxonomy file; `where` is what messages call it.

    Raises
    ------
    ValueError
        It is not a taxonomy.

    """
    try:
        data = yaml.load(text, _Loader)  # noqa: S506  (a safe loader, in C where there is one)
        causes = tuple(_causes(data["causes"]))
        return Taxonomy(data["name"], data["title"], str(data["version"]), causes)
    except yaml.YAMLError as error:
        raise ValueError(f"{where}: not YAML: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{where}: not a taxonomy: {error!r} is missing or wrong.") from error


def write_taxonomy(taxonomy: Taxonomy) -> str:
    """Return the text of a taxonomy file, which `parse_taxonomy` reads as the same again."""
    head = {"name": taxonomy.name, "title": taxonomy.title, "version": taxonomy.version}
    tree = {**head, "causes": _nodes(taxonomy, None)}
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)


@cache
def starter_taxonomy(name: str) -> Taxonomy:
    """Return a shipped taxonomy by name.

    Raises
    ------
    ValueError
        There is none of that name; the message lists those there are.

    """
    path = TAXONOMIES / f"{name}.yaml"
    if not path.exists():
        raise ValueError(f"No taxonomy {name!r}. There are: {', '.join(starter_taxonomies())}.")
    return read_taxonomy(path)


def starter_taxonomies() -> tuple[str, ...]:
    """Names of the shipped taxonomies."""
    return tuple(sorted(p.stem for p in TAXONOMIES.glob("*.yaml")))


def _check_names(name: str, causes: Iterable[Cause]) -> None:
    """Refuse two causes that people could not tell apart: one name on one branch."""
    seen: dict[tuple[str | None, str], str] = {}
    for cause in causes:
        other = seen.setdefault((cause.parent, cause.label.casefold().strip()), cause.path)
        if other != cause.path:
            raise ValueError(
                f"Taxonomy {name}: {other} and {cause.path} are both called “{cause.label}”."
            )


def _nodes(taxonomy: Taxonomy, parent: str | None) -> list[dict[str, Any]]:
    return [
        _node(cause) | ({"causes": below} if (below := _nodes(taxonomy, cause.path)) else {})
        for cause in taxonomy.causes
        if cause.parent == parent
    ]


def _node(cause: Cause) -> dict[str, Any]:
    """Return what a file says of a cause; what it leaves out is left out."""
    told: dict[str, Any] = {
        "key": cause.path.rpartition("/")[2],
        "label": cause.label,
        "severity": cause.default_severity.value,
        "owner_team": cause.owner_team,
        "journey_stages": list(cause.journey_stages),
        "resolution_codes": list(cause.resolution_codes),
        "description": cause.description,
        "synonyms": list(cause.synonyms),
        "examples": list(cause.examples),
    }
    return {name: value for name, value in told.items() if value} | {
        "description": cause.description
    }


def _causes(
    nodes: Iterable[Mapping[str, Any]], prefix: str = "", above: tuple[int, ...] = ()
) -> Iterator[Cause]:
    """Walk the tree; YAML can make a node hang on itself, which is refused."""
    for node in nodes:
        path = f"{prefix}{node['key']}"
        if id(node) in above:
            raise ValueError(f"Cause {path} hangs on itself: the tree goes round in a circle.")
        yield Cause(
            path=path,
            label=node["label"],
            description=node["description"],
            examples=tuple(node.get("examples", ())),
            synonyms=tuple(node.get("synonyms", ())),
            resolution_codes=tuple(node.get("resolution_codes", ())),
            owner_team=node.get("owner_team", ""),
            journey_stages=tuple(node.get("journey_stages", ())),
            default_severity=Severity(node.get("severity", "medium")),
        )
        yield from _causes(node.get("causes", ()), f"{path}/", (*above, id(node)))
