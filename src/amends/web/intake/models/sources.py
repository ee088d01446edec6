"""Sources: where signals come from, how they are read, and with what they deliver."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now


class Way(models.TextChoices):
    """How signals come in."""

    API = "api", "HTTP API"
    WEBHOOK = "webhook", "Webhook"
    PULL = "pull", "Pulled"
    FILE = "file", "File"
    MENDED = "mended", "Mended in quarantine"
    WORLD = "world", "Simulated company"


@pghistory.track(exclude=["secrets", "state", "last_seen_at"])
class Source(models.Model):
    """Where signals come from: how they are read, and what is expected of them."""

    name = models.CharField(
        max_length=120,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9_.-]*$", "Small letters, digits, dots, - and _ only.")
        ],
    )
    """The `source` of its signals; it is part of their identity and never changes."""
    title = models.CharField(max_length=120)
    way = models.CharField(max_length=10, choices=Way.choices)
    connector = models.CharField(max_length=60, blank=True)
    """Whose format it is, a name of `amends.connectors`; empty: found out, or generic."""
    mapping = models.JSONField(default=dict, blank=True)
    """Column → field, or field:conversion, or "attribute", as --map takes it; overrules."""
    options = models.JSONField(default=dict, blank=True)
    """What its connector needs besides: address, table, folder, query. Nothing secret."""
    secrets = models.BinaryField(default=bytes, blank=True)
    """Passwords, tokens and signing secrets by name, sealed; see `sealing.py`."""
    state = models.JSONField(default=dict, blank=True)
    """Where an incremental pull goes on."""
    every_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """How often it is pulled; null where it delivers by itself."""
    silent_after_minutes = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    """Silence that counts as a breakdown; null: worked out from its own rhythm."""
    is_paused = models.BooleanField(default=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["title"]

    def __str__(self) -> str:
        return self.title


class PullRun(models.Model):
    """One time that a source was pulled."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    """Null: it runs, or its worker died."""
    pages = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    """Those of the rows that were new, or newer versions."""
    quarantined = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    """Why it ended before the source did; empty when it brought everything."""
    is_cut = models.BooleanField(default=False)
    """It ended without an error, and there is more: it goes on at once."""
    next_at = models.DateTimeField(null=True, blank=True)
    """When the source is pulled again by itself."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "-started_at"], name="pull_run_source"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.rows} rows"


class TokenScope(models.TextChoices):
    """What a token opens."""

    WRITE = "write", "Send signals"
    WITHDRAW = "withdraw", "Send and withdraw signals"


@pghistory.track(exclude=["digest", "last_used_at"])
class SourceToken(models.Model):
    """A secret with which one source delivers by HTTP; only its digest is kept."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token, in hex."""
    scope = models.CharField(max_length=10, choices=TokenScope.choices, default=TokenScope.WRITE)
    requests_per_minute = models.PositiveIntegerField(
        default=600, validators=[MinValueValidator(1)]
    )
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["label"]

    def __str__(self) -> str:
        return self.label


class TokenUse(models.Model):
    """How often a token was used in the current minute; one row a token, for all web processes."""

    token = models.OneToOneField(SourceToken, models.CASCADE, primary_key=True, related_name="use")
    minute = models.DateTimeField()
    requests = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.token}: {self.requests} since {self.minute:%H:%M}"


class SeenDelivery(models.Model):
    """A signed webhook delivery that was taken in: the same one again is refused."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=64)
    """SHA-256, in hex, of what makes the delivery one of its own."""
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "seen deliveries"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "nonce"], name="seen_delivery_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "seen_at"], name="seen_delivery_seen_at")
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.nonce}"


class WebhookDay(models.Model):
    """What the webhook of a source delivered on one day (UTC), also what was no signal."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="webhook_days")
    day = models.DateField()
    deliveries = models.PositiveIntegerField()
    ignored = models.PositiveIntegerField()
    """Events that are no signal."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["source", "day"], name="webhook_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.source}, {self.day}: {self.deliveries}"
