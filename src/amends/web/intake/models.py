"""The inbox, the identity of every signal, whom signals are about, and what could not be read."""

from typing import ClassVar

from django.db import models


class DeliveryState(models.TextChoices):
    """Where a delivery is on its way."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Delivery(models.Model):
    """Signals that arrived together: the inbox. It is answered for once it is committed."""

    source = models.CharField(max_length=120)
    """Where it came from, in words: "world retailer", "import tickets.csv"."""
    received_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    payload = models.BinaryField()
    """`SIGNAL_SCHEMA` rows without what classify adds, as an Arrow stream; emptied when done."""
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["id"], name="delivery_waiting", condition=models.Q(state="waiting")
            ),
            models.Index(fields=["received_at"], name="delivery_received_at"),
        ]

    def __str__(self) -> str:
        return f"{self.source} ({self.rows} signals)"


class Identity(models.Model):
    """The newest version of a signal that was accepted: what makes a second arrival a duplicate."""

    signal_id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    delivery_id = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.signal_id.hex} version {self.version}"


class QuarantinedRow(models.Model):
    """A row that could not be read, with its reason and itself."""

    source = models.CharField(max_length=120)
    received_at = models.DateTimeField()
    row = models.PositiveIntegerField()
    """1-based data row of the file or request."""
    field = models.CharField(max_length=60, blank=True)
    reason = models.TextField()
    raw = models.TextField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["received_at"], name="quarantined_received_at")
        ]

    def __str__(self) -> str:
        return f"{self.source} row {self.row}: {self.reason}"


class Customer(models.Model):
    """What is known of somebody whom signals are about."""

    customer_id = models.CharField(max_length=120, primary_key=True)
    name = models.CharField(max_length=120, blank=True)
    tier = models.CharField(max_length=60, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    region = models.CharField(max_length=60, blank=True)
    since = models.DateField(null=True, blank=True)
    value_per_year = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    is_vulnerable = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name or self.customer_id
