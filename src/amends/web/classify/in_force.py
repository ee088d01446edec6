"""The classifier in force, and how another one takes its place."""

import logging
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
from django.conf import settings
from django.db import transaction

from amends.engine.classify import Classifier, regroup
from amends.engine.classify.embedding import Embedder
from amends.engine.contracts import BadInput, Taxonomy, starter_taxonomy
from amends.flows.embedding import find_embedder
from amends.flows.learning import dump_classifier, load_classifier
from amends.web.accounts.models import User
from amends.web.classify.models import ClassifierChange, ClassifierVersion
from amends.web.classify.queries import DEFAULT_TAXONOMY
from amends.web.classify.taxonomies import changes_since, current_pk, published

log = logging.getLogger(__name__)
VERSIONS_KEPT: Final = 20
"""Newest classifiers that one can go back to; each takes some megabytes."""


def classifier_in_force() -> Classifier | None:
    """Return the current classifier, its causes those of the taxonomy in force; None without one.

    Read once per process.
    """
    pk = ClassifierVersion.objects.filter(is_current=True).values_list("pk", flat=True).first()
    return None if pk is None else _classifier(pk, current_pk())


def taxonomy_in_force() -> Taxonomy:
    """Return the taxonomy in force: as people changed it, or that of the current classifier."""
    pk = current_pk()
    if pk is not None:
        return published(pk)
    classifier = classifier_in_force()
    return classifier.taxonomy if classifier else starter_taxonomy(DEFAULT_TAXONOMY)


def embedder() -> Embedder | None:
    """Return the sentence embeddings of this installation; None where they are not installed."""
    return _embedder(Path(settings.AMENDS_HOME) / "embeddings")


@transaction.atomic
def put_in_force(
    classifier: Classifier, trained_at: datetime, because: str = "It was trained"
) -> ClassifierVersion:
    """Make a classifier the current one; the one before stays for the record."""
    ClassifierVersion.objects.filter(is_current=True).update(is_current=False)
    version, _ = ClassifierVersion.objects.update_or_create(
        version=classifier.model_version,
        defaults={
            "taxonomy": classifier.taxonomy.name,
            "trained_at": trained_at,
            "n_labelled": classifier.report.n_training,
            "report": msgspec.to_builtins(classifier.report),
            "parameters": dump_classifier(classifier),
            "is_current": True,
        },
    )
    ClassifierChange.objects.create(version=version, at=trained_at, because=because)
    _forget_old()
    return version


@transaction.atomic
def put_back(version: ClassifierVersion, by: User, at: datetime, because: str) -> None:
    """Make an earlier classifier the current one again."""
    ClassifierVersion.objects.filter(is_current=True).update(is_current=False)
    version.is_current = True
    version.save(update_fields=["is_current"])
    ClassifierChange.objects.create(version=version, at=at, by=by, because=because)


def _forget_old() -> None:
    """Empty the parameters of all but the newest classifiers; what was said of them stays."""
    newest = ClassifierVersion.objects.order_by("-trained_at", "-pk").values("pk")[:VERSIONS_KEPT]
    old = ClassifierVersion.objects.filter(is_current=False).exclude(pk__in=newest)
    old.exclude(parameters=b"").update(parameters=b"")


@lru_cache(maxsize=1)
def _classifier(pk: int, _taxonomy: int | None) -> Classifier:
    found = load_classifier(bytes(ClassifierVersion.objects.get(pk=pk).parameters))
    if found.meaning is not None:
        found = replace(found, embedder=embedder())
    for change in changes_since(found.taxonomy):
        found = regroup(found, change)
    return found


@lru_cache(maxsize=1)
def _embedder(folder: Path) -> Embedder | None:
    try:
        return find_embedder(folder)
    except BadInput as error:
        log.warning("Sentence embeddings cannot be used: %s", error)
        return None
