"""Named reads of causes: what they are called, and what is known of them."""

from typing import Final

from django.core.signals import request_started
from django.db.models.signals import post_save

from amends.engine.contracts import Taxonomy, starter_taxonomies, starter_taxonomy
from amends.web.classify.models import ClassifierVersion, TaxonomyVersion
from amends.web.classify.taxonomies import current_pk, published
from amends.web.intake.naming import cause_label

__all__ = ["cause_label", "taxonomy"]

DEFAULT_TAXONOMY: Final = "general"

_in_force: list[int | str] = []
"""The taxonomy in force, as read since the last request began: a version or a starter's name."""


def taxonomy() -> Taxonomy:
    """Return the taxonomy in force: as people changed it, or the starter of the classifier."""
    for known in tuple(_in_force):  # another thread may forget it meanwhile
        return _read(known)
    known = current_pk() or _starter()
    _in_force[:] = [known]
    return _read(known)


def _starter() -> str:
    current = ClassifierVersion.objects.filter(is_current=True)
    found = current.values_list("taxonomy", flat=True).first() or ""
    return found if found in starter_taxonomies() else DEFAULT_TAXONOMY


def _read(known: int | str) -> Taxonomy:
    return published(known) if isinstance(known, int) else starter_taxonomy(known)


def name_of(path: str) -> str:
    """Return the label of a cause in the taxonomy in force; empty when it has none there."""
    cause = taxonomy().get(path)
    return cause.label if cause else ""


def forget_taxonomy(**_: object) -> None:
    """Have it read again which taxonomy is in force."""
    _in_force.clear()


request_started.connect(forget_taxonomy, dispatch_uid="taxonomy_in_force")
for model in (ClassifierVersion, TaxonomyVersion):
    post_save.connect(forget_taxonomy, sender=model, dispatch_uid=f"taxonomy_in_force_{model}")
