"""What people do to the draft of the taxonomy, one verb each; nothing moves before publication."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from amends.engine.contracts import (
    BadInput,
    Cause,
    Change,
    Taxonomy,
    add,
    merge,
    move,
    parse_taxonomy,
    retire,
    reword,
    split,
    unchanged,
    write_taxonomy,
)
from amends.web.accounts.access import require
from amends.web.accounts.models import User
from amends.web.accounts.permissions import Verb
from amends.web.classify.asking import PREVIEW, ask
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import TaxonomyState, TaxonomyVersion
from amends.web.classify.publishing import LIVE, alone
from amends.web.classify.taxonomies import draft, taxonomy_of
from amends.web.ui.live import publish as tell

_OWN_WORDS: Final = ("description", "examples", "synonyms", "resolution_codes")
"""What of a cause the classifier learns from."""


def add_cause(actor: User, cause: Cause) -> TaxonomyVersion:
    """Add a cause to the draft."""
    return _edit(actor, lambda tree: add(tree, cause), f"Added “{cause.label}”", learns=True)


def change_cause(actor: User, cause: Cause) -> TaxonomyVersion:
    """Give a cause of the draft other words, examples or defaults."""
    require(actor, Verb.TAXONOMY_EDIT)
    before = _tree().get(cause.path)
    if before == cause:
        raise ValidationError("Nothing is different.")
    learns = before is not None and any(
        getattr(before, name) != getattr(cause, name) for name in _OWN_WORDS
    )
    is_renamed = before is not None and before.label != cause.label
    said = f"Renamed “{before.label}” to “{cause.label}”" if before and is_renamed else ""
    return _edit(
        actor, lambda tree: reword(tree, cause), said or f"Changed “{cause.label}”", learns=learns
    )


def merge_causes(actor: User, path: str, into: str) -> TaxonomyVersion:
    """Make a cause of the draft a part of another."""
    said = f"Merged “{_name(path)}” into “{_name(into)}”"
    return _edit(actor, lambda tree: merge(tree, [path], into), said)


def split_cause(actor: User, path: str, parts: Sequence[Cause]) -> TaxonomyVersion:
    """Turn a cause of the draft into a branch of several."""
    said = f"Split “{_name(path)}” into {' and '.join(f'“{part.label}”' for part in parts)}"
    return _edit(actor, lambda tree: split(tree, path, parts), said, learns=True)


def move_cause(actor: User, path: str, under: str) -> TaxonomyVersion:
    """Hang a cause or branch of the draft on another branch; empty: on none."""
    said = f"Moved “{_name(path)}” to {f'“{_name(under)}”' if under else 'the top'}"
    return _edit(actor, lambda tree: move(tree, path, under or None), said)


def retire_cause(actor: User, path: str, into: str) -> TaxonomyVersion:
    """Take a cause of the draft out of use; its history goes to another."""
    said = f"Retired “{_name(path)}”; its history goes to “{_name(into)}”"
    return _edit(actor, lambda tree: retire(tree, path, into), said)


def import_taxonomy(actor: User, text: str) -> TaxonomyVersion:
    """Put a taxonomy file in the place of the draft; every cause of before must still be there."""
    try:
        given = parse_taxonomy(text, "The file")
    except ValueError as error:
        raise ValidationError(str(error)) from error

    def change(tree: Taxonomy) -> Change:
        leaves = {leaf.path for leaf in given.leaves}
        gone = [leaf.path for leaf in tree.leaves if leaf.path not in leaves]
        if gone:
            raise BadInput(
                f"The file has no {', '.join(gone[:5])}{' …' if len(gone) > 5 else ''}.",
                remedy="Merge, move or retire these here first: their history must go somewhere.",
            )
        same = {leaf.path: leaf.path for leaf in tree.leaves}
        follows = reword(tree, tree.causes[0]).taxonomy.version
        return Change(replace(given, name=tree.name, version=follows), same)

    return _edit(actor, change, f"Imported “{given.title}”", learns=True)


def discard(actor: User) -> None:
    """Throw the draft away."""
    require(actor, Verb.TAXONOMY_EDIT)
    with transaction.atomic():
        alone()
        for mine in TaxonomyVersion.objects.filter(state=TaxonomyState.DRAFT):
            mine.state, mine.parameters = TaxonomyState.DISCARDED, b""
            mine.save(update_fields=["state", "parameters"])
        tell(LIVE)


def ask_for_preview(actor: User) -> None:
    """Have it worked out again what the draft would move; every edit asks for it, too."""
    require(actor, Verb.TAXONOMY_EDIT)
    ask(PREVIEW)


def carry_into_draft(mine: TaxonomyVersion, cause: Cause, base: str) -> None:
    """Have the draft follow on a version that adds a cause; the draft adds it, too, if it can.

    Raises
    ------
    ValidationError
        The draft has no place for it.
    """
    try:
        after = add(taxonomy_of(mine), cause)
    except BadInput as error:
        raise ValidationError(f"The draft of the taxonomy is in the way: {error}") from error
    mine.base, mine.version = base, after.taxonomy.version
    mine.document = write_taxonomy(after.taxonomy)
    mine.went = {**mine.went, cause.path: cause.path}
    mine.preview = mine.previewed_at = None
    mine.save()


def _edit(
    actor: User, verb: Callable[[Taxonomy], Change], said: str, *, learns: bool = False
) -> TaxonomyVersion:
    """Do something to the draft; it is made when there is none."""
    require(actor, Verb.TAXONOMY_EDIT)
    with transaction.atomic():
        alone()
        mine = draft() or _fresh(actor)
        before = Change(taxonomy_of(mine), mine.went)
        try:
            after = before.then(verb(before.taxonomy))
        except BadInput as error:
            raise ValidationError(str(error)) from error
        if mine.version == mine.base:
            mine.version = after.taxonomy.version
        tree = replace(after.taxonomy, version=mine.version)
        mine.document, mine.went = write_taxonomy(tree), dict(after.went)
        mine.changes = [*mine.changes, said]
        mine.learns = mine.learns or learns
        mine.preview = mine.previewed_at = None
        mine.parameters = b""
        mine.save()
        ask(PREVIEW)
        tell(LIVE)
    return mine


def _fresh(actor: User) -> TaxonomyVersion:
    tree = taxonomy_in_force()
    return TaxonomyVersion(
        name=tree.name,
        version=tree.version,
        base=tree.version,
        document=write_taxonomy(tree),
        went=dict(unchanged(tree).went),
        author=actor,
        made_at=timezone.now(),
    )


def _tree() -> Taxonomy:
    mine = draft()
    return taxonomy_of(mine) if mine else taxonomy_in_force()


def _name(path: str) -> str:
    return _tree().label(path)
