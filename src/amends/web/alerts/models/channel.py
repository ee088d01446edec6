"""Channels: the ways in which a message leaves amends, in the order in which they are tried."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models


class ChannelKind(models.TextChoices):
    """What sort of way it is."""

    IN_APP = "in_app", "In amends"
    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    WEBHOOK = "webhook", "Webhook"


@pghistory.track(exclude=["address", "failures", "rests_until"])
class Channel(models.Model):
    """One way to reach everybody, or one person."""

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="channels",
    )
    """Whose it is; null: everybody's."""
    address = models.BinaryField(default=b"")
    """An Apprise address, sealed: it holds passwords and tokens."""
    shown = models.CharField(max_length=200, blank=True)
    """The address without its secrets."""
    is_personal = models.BooleanField(default=False)
    """Whether the address holds `{email}`, so that each message goes to its reader alone."""
    position = models.PositiveSmallIntegerField()
    """Lower ones are tried first."""
    is_on = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0)
    """In a row."""
    rests_until = models.DateTimeField(null=True, blank=True)
    """Until then others are tried in its place, since it failed."""

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind=ChannelKind.IN_APP),
                name="channel_in_app_once",
            )
        ]

    def __str__(self) -> str:
        return self.name
