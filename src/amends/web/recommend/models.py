"""What the recommender has learnt."""

from typing import ClassVar

from django.db import models


class Learned(models.Model):
    """A state of learning; the newest one is in force."""

    state = models.BinaryField()
    """As `engine.recommend.dump_state` writes it."""
    version = models.CharField(max_length=120)
    n = models.PositiveIntegerField()
    """Cases learnt from."""
    learnt_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "learned"
        get_latest_by = "id"
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.version} ({self.n} cases)"
