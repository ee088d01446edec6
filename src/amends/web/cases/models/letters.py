"""Letters on their way: the post that delivers them, and every try with its receipt."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models

from .cases import Case, Entry
from .errands import Counterpart, Errand, ErrandTry
from .playbooks import StepDone


@pghistory.track(exclude=["secret"])
class Post(Counterpart):
    """The company's system that writes to customers. Off: people send by hand."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(models.Value(1), name="one_post")
        ]


@pghistory.track(exclude=["text", "answer"])
class Letter(Errand):
    """What a customer is written, word for word as it goes out."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="letters")
    title = models.CharField(max_length=200)
    """Of the step that it belongs to."""
    template = models.CharField(max_length=40)
    language = models.CharField(max_length=10)
    text = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="letter")
    """What the timeline says of it: taken back when it cannot be delivered."""
    step_done = models.OneToOneField(
        StepDone, null=True, blank=True, on_delete=models.SET_NULL, related_name="letter"
    )
    """Null: it could not be delivered, and the step is open again."""

    class Meta(Errand.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                name="letter_open",
                condition=models.Q(state__in=["waiting", "sending"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.get_state_display()}"


class LetterTry(ErrandTry):
    """One try to send a letter."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="tries")

    class Meta(ErrandTry.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("letter", "number", name="letter_try_once")
        ]
