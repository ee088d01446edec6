"""The classifier in force, and how another one takes its place."""

from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec
from django.db import transaction

from amends.engine.classify import Classifier
from amends.engine.contracts import Taxonomy, starter_taxonomy
from amends.flows.learning import dump_classifier, load_classifier
from amends.web.accounts.models import User
from amends.web.classify.models import ClassifierChange, ClassifierVersion
from amends.web.classify.queries import DEFAULT_TAXONOMY

VERSIONS_KEPT: Final = 20
"""Newest classifiers that one can go back to; each takes some megabytes."""


def classifier_in_force() -> Classifier | None:
    """Return the current classifier; None as long as none has learnt. Read once per process."""
    pk = ClassifierVersion.objects.filter(is_current=True).values_list("pk", flat=True).first()
    return None if pk is None else _classifier(pk)


def taxonomy_in_force() -> Taxonomy:
    """Return the taxonomy of the current classifier."""
    classifier = classifier_in_force()
    return classifier.taxonomy if classifier else starter_taxonomy(DEFAULT_TAXONOMY)


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
def _classifier(pk: int) -> Classifier:
    return load_classifier(bytes(ClassifierVersion.objects.get(pk=pk).parameters))
