"""What classify forgets of a customer: signals in topics, and words that became examples."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from amends.engine.contracts import write_taxonomy
from amends.web.classify.models import TaxonomyVersion, Topic, TopicMember
from amends.web.classify.taxonomies import published, taxonomy_of

TELLING: Final = 24
"""Characters from which an example may be somebody's own words."""


def forget_in_topics(signal_ids: Sequence[str]) -> int:
    """Take signals out of topics; return how many lay in one."""
    names = [UUID(name) for name in signal_ids]
    Topic.objects.filter(typical__in=names).update(typical=None)
    return TopicMember.objects.filter(signal_id__in=names).delete()[0]


def forget_examples(verbatims: Sequence[str]) -> int:
    """Take examples out of every version of the taxonomy that stand in some verbatims."""
    said = [_squeezed(text) for text in verbatims]
    taken = 0
    for version in TaxonomyVersion.objects.defer("parameters"):
        tree, causes = taxonomy_of(version), []
        for cause in tree.causes:
            kept = [e for e in cause.examples if not _stands_in(e, said)]
            taken += len(cause.examples) - len(kept)
            causes.append(replace(cause, examples=tuple(kept)))
        if tuple(causes) != tree.causes:
            version.document = write_taxonomy(replace(tree, causes=tuple(causes)))
            version.save(update_fields=["document"])
    published.cache_clear()
    return taken


def _stands_in(example: str, said: Sequence[str]) -> bool:
    words = _squeezed(example)
    return len(words) >= TELLING and any(words in text for text in said)


def _squeezed(text: str) -> str:
    return " ".join(text.lower().split())
