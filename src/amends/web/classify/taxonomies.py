"""Versions of the taxonomy: the one in force, the draft, and where causes went between versions."""

from functools import lru_cache

from amends.engine.contracts import Change, Taxonomy, parse_taxonomy
from amends.web.classify.models import TaxonomyState, TaxonomyVersion


def current_pk() -> int | None:
    """Return the version in force; None as long as nobody has changed the starter."""
    current = TaxonomyVersion.objects.filter(is_current=True)
    return current.values_list("pk", flat=True).first()


def draft() -> TaxonomyVersion | None:
    """Return the draft, if there is one."""
    drafts = TaxonomyVersion.objects.filter(state=TaxonomyState.DRAFT).defer("parameters")
    return drafts.select_related("author").first()


def taxonomy_of(version: TaxonomyVersion) -> Taxonomy:
    """Return the taxonomy of a version."""
    return parse_taxonomy(version.document, str(version))


@lru_cache(maxsize=4)
def published(pk: int) -> Taxonomy:
    """Return a published version, which never changes; read once per process."""
    return taxonomy_of(TaxonomyVersion.objects.defer("parameters").get(pk=pk))


def change_of(version: TaxonomyVersion) -> Change:
    """Return what a version changes in the one before it."""
    return Change(taxonomy_of(version), version.went)


def changes_since(taxonomy: Taxonomy) -> list[Change]:
    """Return the published changes that follow on a taxonomy, the oldest first."""
    rows = TaxonomyVersion.objects.filter(state=TaxonomyState.PUBLISHED, name=taxonomy.name)
    versions = list(rows.defer("parameters", "preview").order_by("pk"))
    made_of = [version.base for version in versions]
    if taxonomy.version not in made_of:
        return []
    return [change_of(version) for version in versions[made_of.index(taxonomy.version) :]]


def now_called(path: str) -> str:
    """Return the leaf that a cause of any earlier version has become."""
    rows = TaxonomyVersion.objects.filter(state=TaxonomyState.PUBLISHED).order_by("pk")
    for went in rows.values_list("went", flat=True):
        path = went.get(path, path)
    return path
