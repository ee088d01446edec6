"""How the taxonomy is told on its page: the tree, the draft, and what it would move."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from amends.engine.contracts import UNSURE, Cause, Taxonomy
from amends.web.classify.models import TaxonomyVersion
from amends.web.classify.taxonomies import taxonomy_of
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake
from amends.web.intake.telling import excerpt

LOOKS_BACK: Final = timedelta(days=90)
LONGEST: Final = 220


@dataclass(frozen=True, slots=True)
class Node:
    """A cause of the tree."""

    cause: Cause
    n: int | None
    """Signals of 90 days that carry it, or one below it; None: it is new in the draft."""
    is_selected: bool
    below: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Signals that would go from one cause to another."""

    old: str
    new: str
    n: int
    about: int
    """Of all signals of the 90 days, reckoned from those that were labelled again."""
    said: tuple[tuple[str, str], ...]
    """Ids and words of some."""


@dataclass(frozen=True, slots=True)
class DraftTold:
    """The draft and what it would move; `looked_at` is None while that is worked out."""

    version: TaxonomyVersion
    looked_at: int | None
    total: int = 0
    moved: int = 0
    share: float = 0.0
    unsure_before: float = 0.0
    unsure_after: float = 0.0
    pairs: tuple[Pair, ...] = ()
    n_more: int = 0


def nodes_of(tree: Taxonomy, selected: str, now: datetime) -> tuple[Node, ...]:
    """Return the tree with how many signals of 90 days carry each cause."""
    table = lake().counts(["cause"], since=now - LOOKS_BACK, until=now, kinds=TOLD)
    counts = {row["cause"]: row["n"] for row in table.to_pylist() if row["cause"]}

    def below(parent: str | None) -> tuple[Node, ...]:
        return tuple(
            Node(
                cause,
                sum(n for path, n in counts.items() if f"{path}/".startswith(f"{cause.path}/")),
                cause.path == selected,
                below(cause.path),
            )
            for cause in tree.causes
            if cause.parent == parent
        )

    return below(None)


def told_of(draft: TaxonomyVersion, in_force: Taxonomy) -> DraftTold:
    """Return the draft as the page tells it."""
    preview = draft.preview
    if preview is None:
        return DraftTold(draft, None)
    after = taxonomy_of(draft)
    looked_at = preview["looked_at"]
    words = _words([name for pair in preview["pairs"] for name in pair["signals"]])
    factor = preview["total"] / looked_at if looked_at else 0
    return DraftTold(
        version=draft,
        looked_at=looked_at,
        total=preview["total"],
        moved=preview["moved"],
        share=preview["moved"] / looked_at if looked_at else 0.0,
        unsure_before=preview["unsure_before"] / looked_at if looked_at else 0.0,
        unsure_after=preview["unsure_after"] / looked_at if looked_at else 0.0,
        pairs=tuple(
            Pair(
                _label(in_force, pair["old"]),
                _label(after, pair["new"]),
                pair["n"],
                round(pair["n"] * factor),
                tuple((name, words[name]) for name in pair["signals"] if words.get(name)),
            )
            for pair in preview["pairs"]
        ),
        n_more=preview["n_pairs"] - len(preview["pairs"]),
    )


def _label(tree: Taxonomy, path: str | None) -> str:
    if path is None:
        return "No failure"
    if path == UNSURE:
        return "Unsure"
    cause = tree.get(path)
    if cause is None:
        return path
    return f"{cause.label} ({tree.label(cause.parent)})" if cause.parent else cause.label


def _words(names: list[str]) -> dict[str, str]:
    if not names:
        return {}
    rows: list[dict[str, Any]] = (
        lake().by_id(names).select(["signal_id", "verbatim", "subject"]).to_pylist()
    )
    return {
        row["signal_id"]: excerpt(row["verbatim"] or row["subject"] or "", "", LONGEST)
        for row in rows
    }
