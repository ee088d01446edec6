"""Named reads of causes: what they are called, and what is known of them."""

from functools import cache
from typing import Final

from django.core.signals import request_started
from django.db.models.signals import post_save

from amends.engine.contracts import Taxonomy, starter_taxonomies, starter_taxonomy
from amends.web.classify.models import ClassifierVersion
from amends.web.intake.naming import cause_label

__all__ = ["cause_label", "taxonomy"]

DEFAULT_TAXONOMY: Final = "general"

_in_force: list[str] = []
"""The name of the taxonomy in force, as read since the last request began."""


def taxonomy() -> Taxonomy:
    """Return the taxonomy in force: the current classifier's, or the general one without any."""
    for name in tuple(_in_force):  # another thread may forget it meanwhile
        return _read(name)
    current = ClassifierVersion.objects.filter(is_current=True)
    found = current.values_list("taxonomy", flat=True).first() or ""
    name = found if found in starter_taxonomies() else DEFAULT_TAXONOMY
    _in_force[:] = [name]
    return _read(name)


def name_of(path: str) -> str:
    """Return the label of a cause in the taxonomy in force; empty when it has none there."""
    cause = taxonomy().get(path)
    return cause.label if cause else ""


@cache
def _read(name: str) -> Taxonomy:
    return starter_taxonomy(name)


def forget_taxonomy(**_: object) -> None:
    """Have the name of the taxonomy in force read again."""
    _in_force.clear()


request_started.connect(forget_taxonomy, dispatch_uid="taxonomy_in_force")
post_save.connect(forget_taxonomy, sender=ClassifierVersion, dispatch_uid="taxonomy_in_force")
