"""Named reads of causes: what they are called, and what is known of them."""

from typing import Final

from django.db import connection

from amends.engine.contracts import Taxonomy, starter_taxonomies, starter_taxonomy
from amends.web.classify.models import ClassifierVersion, TaxonomyVersion
from amends.web.classify.taxonomies import published
from amends.web.intake.naming import cause_label
from amends.web.ui.per_request import PerRequest

__all__ = ["cause_label", "taxonomy"]

DEFAULT_TAXONOMY: Final = "general"
_KNOWN: Final = """
SELECT (SELECT max(id) FROM classify_taxonomyversion WHERE is_current),
       (SELECT min(taxonomy) FROM classify_classifierversion WHERE is_current)
"""


def taxonomy() -> Taxonomy:
    """Return the taxonomy in force: as people changed it, or the starter of the classifier."""
    known = _in_force()
    return published(known) if isinstance(known, int) else starter_taxonomy(known)


def name_of(path: str) -> str:
    """Return the label of a cause in the taxonomy in force; empty when it has none there."""
    cause = taxonomy().get(path)
    return cause.label if cause else ""


def _known() -> int | str:
    """Return the version in force, or the name of the starter: one query."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN)
        version, starter = cursor.fetchone()
    if version is not None:
        return int(version)
    return starter if starter in starter_taxonomies() else DEFAULT_TAXONOMY


_in_force: Final = PerRequest(_known, ClassifierVersion, TaxonomyVersion)
