"""An alert: one thing that somebody has to know of, until they say that they do."""

from collections.abc import Collection
from typing import ClassVar, Final

import pghistory
from django.conf import settings
from django.db import models

from amends.web.detect.models import SEVERITIES, Breakdown, Judgement


class AlertState(models.TextChoices):
    """How far it has come."""

    RAISED = "raised", "Raised"
    DELIVERED = "delivered", "Delivered"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    CLOSED = "closed", "Closed"
    EXPIRED = "expired", "Expired"


WAITING: Final = (AlertState.RAISED, AlertState.DELIVERED)
ENDED: Final = (AlertState.CLOSED, AlertState.EXPIRED)


@pghistory.track(exclude=["next_at"])
class Alert(models.Model):
    """One thing to know of; of several that one breakdown explains only one goes out."""

    key = models.CharField(max_length=120, unique=True)
    """What it is of: raised once however often, and by however many workers, it is seen."""
    breakdown = models.ForeignKey(
        Breakdown, null=True, blank=True, on_delete=models.CASCADE, related_name="alerts"
    )
    rule = models.ForeignKey(
        "alerts.Rule", null=True, blank=True, on_delete=models.PROTECT, related_name="alerts"
    )
    part_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="parts"
    )
    """The alert of the breakdown that explains it; it is not delivered by itself."""
    title = models.CharField(max_length=200)
    detail = models.CharField(max_length=500, blank=True)
    href = models.CharField(max_length=200)
    """Where what lies behind it is looked at, within this installation."""
    where = models.JSONField(default=dict)
    """Dimension and cause → value: the slice it is of."""
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    state = models.CharField(max_length=12, choices=AlertState.choices, default=AlertState.RAISED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    """Of its rule, on the wall clock of the rota; null: as the rota has it."""
    raised_at = models.DateTimeField()
    run = models.PositiveSmallIntegerField(default=1)
    """Grows when it gets worse: it is escalated from the beginning."""
    began_at = models.DateTimeField()
    """When this run began."""
    next_at = models.DateTimeField(null=True, blank=True)
    """When the next step is looked at; null: nothing more is due."""
    delivered_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)
    judgement = models.CharField(
        max_length=10, choices=Judgement.choices, default=Judgement.NONE, blank=True
    )
    """Of a rule's alert; that of a breakdown stands with the breakdown."""

    class Meta:
        ordering: ClassVar[list[str]] = ["-raised_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["next_at"],
                name="alert_next_step",
                condition=models.Q(next_at__isnull=False),
            ),
            models.Index(fields=["-raised_at"], name="alert_newest"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(state=AlertState.ACKNOWLEDGED)
                | models.Q(acknowledged_at__isnull=False),
                name="alert_acknowledged_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ENDED) ^ models.Q(ended_at__isnull=True),
                name="alert_ended_says_when",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it still goes on."""
        return self.state not in ENDED

    @property
    def waits(self) -> bool:
        """Whether nobody has said yet that they know of it."""
        return self.state in WAITING

    @property
    def verdict(self) -> Judgement:
        """What people judged of it, or of the breakdown it is of."""
        return Judgement(self.breakdown.judgement if self.breakdown else self.judgement)

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to, as access asks for it."""
        return () if self.team_id is None else (self.team_id,)
