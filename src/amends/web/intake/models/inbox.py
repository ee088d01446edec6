"""The inbox and its ledger, the identity of every signal, and whom signals are about."""

from typing import ClassVar

from django.db import models

from .sources import Way


class Arrival(models.Model):
    """One line of the ledger: what came in at once, and what became of each of its rows.

    rows = accepted + duplicates + superseded + quarantined.
    """

    source = models.CharField(max_length=120)
    """The name of its `Source`, or in words where there is none: "world retailer"."""
    way = models.CharField(max_length=10, choices=Way.choices)
    received_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    accepted = models.PositiveIntegerField()
    superseding = models.PositiveIntegerField()
    """Those of the accepted that replace what was accepted before."""
    duplicates = models.PositiveIntegerField()
    superseded = models.PositiveIntegerField()
    """Rows that came after a newer version of themselves."""
    quarantined = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["source", "received_at"], name="arrival_source"),
            models.Index(fields=["received_at"], name="arrival_received_at"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(
                    rows=models.F("accepted")
                    + models.F("duplicates")
                    + models.F("superseded")
                    + models.F("quarantined")
                ),
                name="arrival_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.rows} rows"


class Landing(models.Model):
    """Deliveries that go into lake, rollups and cases together, under one number.

    The number is one of those that deliveries have, too, and is given before anything is written:
    whoever does it again does it under the same.
    """

    id = models.BigIntegerField(primary_key=True)
    rows = models.PositiveIntegerField()
    attempts = models.PositiveIntegerField(default=0)
    """How often something outside the signals was in the way: a full disk, a lake out of reach."""
    error = models.TextField(blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    """Not before then; null: at once."""
    done_at = models.DateTimeField(null=True, blank=True)
    replaced = models.BinaryField(default=bytes, blank=True)
    """Ids and versions before which rows are to leave the lake, as an Arrow stream; emptied when
    they have."""

    relabels = models.BinaryField(default=bytes, blank=True)
    """Of a landing that brings no deliveries but other causes of signals in the lake: their rows as
    they were and as they are to be, as an Arrow stream; emptied when only the latter are left."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], name="landing_open", condition=models.Q(done_at=None)),
            models.Index(fields=["done_at"], include=["rows"], name="landing_done_at"),
            models.Index(fields=["id"], name="landing_replaced", condition=~models.Q(replaced=b"")),
            models.Index(fields=["id"], name="landing_relabels", condition=~models.Q(relabels=b"")),
        ]

    def __str__(self) -> str:
        return f"landing {self.pk} ({self.rows} signals)"


class DeliveryState(models.TextChoices):
    """Where a delivery is on its way."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Cannot be read"


class Delivery(models.Model):
    """Signals that arrived together: the inbox. It is answered for once it is committed."""

    source = models.CharField(max_length=120)
    """As in its `Arrival`."""
    arrival = models.ForeignKey(Arrival, models.PROTECT, related_name="in_inbox")
    received_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    overtaken = models.PositiveIntegerField(default=0)
    """Rows of which a newer version, or the withdrawal, arrived while they waited."""
    is_withdrawal = models.BooleanField(default=False)
    """Its rows take signals back."""
    payload = models.BinaryField()
    """What `inbox.pack` wrote; emptied when done."""
    state = models.CharField(
        max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING
    )
    landing = models.ForeignKey(
        Landing, models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    """With which others it goes into the lake; null until a worker takes it up."""
    error = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["id"],
                include=["rows"],
                name="delivery_waiting",
                condition=models.Q(state="waiting"),
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
    is_withdrawn = models.BooleanField(default=False)
    """The source took the signal back at this version; only a higher one brings it again."""

    class Meta:
        verbose_name_plural = "identities"

    def __str__(self) -> str:
        return f"{self.signal_id.hex} version {self.version}"


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


class Upkeep(models.Model):
    """When the lake was last tidied, and how that went: one row for each kind of tidying."""

    name = models.CharField(max_length=20, primary_key=True)
    ran_at = models.DateTimeField()
    seconds = models.FloatField()
    files = models.PositiveIntegerField()
    """Files that were joined or removed."""

    class Meta:
        verbose_name_plural = "upkeep"

    def __str__(self) -> str:
        return f"{self.name} at {self.ran_at:%Y-%m-%d %H:%M}: {self.files} files"
