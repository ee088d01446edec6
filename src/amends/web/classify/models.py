"""Classifiers: which one is in force, and how it came about."""

from typing import ClassVar

from django.db import models


class ClassifierVersion(models.Model):
    """One trained classifier, with its parameters."""

    version = models.CharField(max_length=120, unique=True)
    taxonomy = models.CharField(max_length=120)
    trained_at = models.DateTimeField()
    n_labelled = models.PositiveIntegerField()
    report = models.JSONField()
    """`ClassifierReport`, as JSON."""
    parameters = models.BinaryField()
    """The classifier itself, as `flows.learn` writes it."""
    is_current = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["is_current"],
                condition=models.Q(is_current=True),
                name="one_current_classifier",
            )
        ]

    def __str__(self) -> str:
        return self.version
