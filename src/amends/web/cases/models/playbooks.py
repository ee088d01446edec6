"""Versions of the book of playbooks, and which steps of a case are done."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone

from .cases import Case


@pghistory.track()
class BookVersion(models.Model):
    """A version of all playbooks and templates: drafted by one person, published by another."""

    text = models.TextField()
    """YAML, as `engine.recommend.playbooks.read_book` reads it."""
    reason = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    """Null: a draft. What is published is never changed."""
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    approvals = models.JSONField(default=dict)
    """Who approved the templates, by department: {"legal": "…", "finance": "…"}."""

    class Meta:
        ordering: ClassVar[list[str]] = ["published_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                models.Value(1),
                name="one_draft_of_playbooks",
                condition=models.Q(published_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"playbooks from {self.published_at or 'a draft'}"


class StepDone(models.Model):
    """A step of a case's playbook that somebody did."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="steps_done")
    playbook = models.CharField(max_length=40)
    step = models.CharField(max_length=40)
    book = models.ForeignKey(BookVersion, null=True, on_delete=models.PROTECT, related_name="+")
    """Null: the shipped one."""
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.step}"
