"""Sources, the inbox and its ledger, the identity of every signal, and what could not be read."""

import json
from typing import ClassVar

import pghistory
from django.conf import settings
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from amends.engine.contracts import Kind


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

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["id"], name="landing_open", condition=models.Q(done_at=None)),
            models.Index(fields=["done_at"], include=["rows"], name="landing_done_at"),
            models.Index(fields=["id"], name="landing_replaced", condition=~models.Q(replaced=b"")),
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


class QuarantineState(models.TextChoices):
    """What became of a row in quarantine."""

    OPEN = "open", "In quarantine"
    MENDED = "mended", "Mended and sent again"
    DISCARDED = "discarded", "Discarded"


@pghistory.track(exclude=["raw", "edited"])
class QuarantinedRow(models.Model):
    """A row that could not be read, with its reason and itself."""

    source = models.CharField(max_length=120)
    """As in its `Arrival`."""
    arrival = models.ForeignKey(
        Arrival, models.PROTECT, null=True, blank=True, related_name="in_quarantine"
    )
    received_at = models.DateTimeField()
    row = models.PositiveIntegerField()
    """1-based data row of the file or request."""
    field = models.CharField(max_length=60, blank=True)
    reason = models.TextField()
    raw = models.TextField()
    """What was given: a JSON object of its columns, or the line that is none. Redacted."""
    edited = models.TextField(blank=True)
    """The JSON object that somebody made of it; empty: nobody did. What was given stays."""
    state = models.CharField(
        max_length=10, choices=QuarantineState.choices, default=QuarantineState.OPEN
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    closed_because = models.CharField(max_length=200, blank=True)
    became = models.ForeignKey(
        Arrival, models.PROTECT, null=True, blank=True, related_name="mended_rows"
    )
    """The line of the ledger with which it came in, once it was mended."""
    signal_id = models.UUIDField(null=True, blank=True)
    """The signal that it is since."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["received_at"], name="quarantined_received_at"),
            models.Index(fields=["state", "source"], name="quarantined_state"),
        ]

    def __str__(self) -> str:
        return f"{self.source} row {self.row}: {self.reason}"

    @property
    def record(self) -> dict[str, str] | None:
        """Its columns as they are now, as text; None: it is a line that nobody made columns of."""
        try:
            found = json.loads(self.edited or self.raw)
        except ValueError:
            return None
        if not isinstance(found, dict):
            return None
        return {
            str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            for name, value in found.items()
            if value is not None
        }


@pghistory.track(
    exclude=["after_row", "done", "accepted", "duplicates", "superseded", "still_bad", "reasons"]
)
class Redrive(models.Model):
    """Many rows of the quarantine that are sent again together: what was asked, what became."""

    asked_at = models.DateTimeField(db_default=Now())
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    chosen = models.JSONField(default=dict)
    """Which rows: {source, field, reason}, as the quarantine page's address has them."""
    change = models.JSONField(default=dict, blank=True)
    """{column, before, after}: what is changed in each; empty: they are sent as they are."""
    last_row = models.BigIntegerField()
    """Rows that came into quarantine later are not meant."""
    after_row = models.BigIntegerField(default=0)
    """Up to this one all are done: a worker that takes over goes on behind it."""
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    still_bad = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict, blank=True)
    """Why those that are still bad are: reason without its value → rows."""
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.total} rows of {self.chosen.get('source') or 'all sources'}"


class ImportState(models.TextChoices):
    """Where the import of a file is."""

    UPLOADED = "uploaded", "Waits for you"
    REHEARSING = "rehearsing", "Dry run"
    WAITING = "waiting", "Waits its turn"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


OPEN_IMPORTS = (ImportState.REHEARSING, ImportState.WAITING, ImportState.RUNNING)
"""States in which something is being done."""


# What each batch counts on is left out: a person changed nothing.
@pghistory.track(
    exclude=[
        "reached", "share", "rows", "accepted", "superseding", "duplicates", "superseded",
        "quarantined", "arrivals", "rehearsal", "is_held", "attempts", "touched_at",
    ]
)  # fmt: skip
class Import(models.Model):
    """A file that is taken in: how it is read, how far it has come, what became of its rows."""

    source = models.CharField(max_length=120, blank=True)
    """The name of its `Source`; empty until somebody has chosen it."""
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    upload = models.CharField(max_length=40, blank=True)
    """Its name in the folder of uploads; empty when it is gone, or lies with who started this."""
    preset = models.CharField(max_length=60, default="auto")
    mapping = models.JSONField(default=dict, blank=True)
    """As in `Source`."""
    state = models.CharField(
        max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    reached = models.BigIntegerField(default=0)
    """Number of the last row that is committed: where to go on after a halt."""
    share = models.FloatField(default=0)
    """How much of the file has been read, 0 to 1."""
    rows = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    superseding = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    superseded = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    arrivals = models.JSONField(default=list, blank=True)
    """Its lines in the ledger, one a batch."""
    rehearsal = models.JSONField(null=True, blank=True)
    """What the dry run found, `rehearsing.Rehearsal` as JSON; null: there was none."""
    is_held = models.BooleanField(default=False)
    """It waits for room in the inbox."""
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    touched_at = models.DateTimeField(db_default=Now())
    """When something was last done about it."""
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sha256", "source"], name="import_of_file"),
            models.Index(
                fields=["touched_at"],
                name="import_open",
                condition=models.Q(state__in=[state.value for state in OPEN_IMPORTS]),
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(
                    rows=models.F("accepted")
                    + models.F("duplicates")
                    + models.F("superseded")
                    + models.F("quarantined")
                ),
                name="import_adds_up",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """Whether something is being done about it."""
        return self.state in OPEN_IMPORTS


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


class KeptKind(models.TextChoices):
    """What has a retention of its own: every kind of signal, and rows in quarantine."""

    COMPLAINT = Kind.COMPLAINT.value, "Complaints"
    SURVEY = Kind.SURVEY.value, "Survey answers"
    TICKET = Kind.TICKET.value, "Tickets"
    NOTE = Kind.NOTE.value, "Agent notes"
    ESCALATION = Kind.ESCALATION.value, "Escalations"
    QA_AUDIT = Kind.QA_AUDIT.value, "QA audits"
    SOCIAL = Kind.SOCIAL.value, "Social mentions"
    TRANSACTION = Kind.TRANSACTION.value, "Transactions"
    QUARANTINE = "quarantine", "Rows in quarantine"


@pghistory.track()
class Retention(models.Model):
    """How long one kind of data is kept; without a row it is kept for good."""

    kind = models.CharField(max_length=20, unique=True, choices=KeptKind.choices)
    keep_days = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering: ClassVar[list[str]] = ["kind"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.keep_days} days"


class ErasureState(models.TextChoices):
    """How far an erasure is."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Not finished"


@pghistory.track()
class Erasure(models.Model):
    """Data removed for good: who asked, what was removed, and what a search found afterwards."""

    kind = models.CharField(max_length=20, blank=True, choices=KeptKind.choices)
    """What ran out of its retention; empty when a customer was erased."""
    customer_digest = models.CharField(max_length=64, blank=True)
    """Keyed SHA-256 of the customer's id: whoever knows the id can find the entry, nobody else."""
    until = models.DateTimeField(null=True, blank=True)
    """Of a retention: what is older was removed."""
    because = models.CharField(max_length=200)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Null: the command line, or the clock."""
    began_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=ErasureState.choices, default=ErasureState.RUNNING
    )
    removed = models.JSONField(default=dict)
    """Where → how many were removed."""
    left = models.JSONField(default=dict)
    """Where it was looked afterwards → how many were found."""
    error = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-began_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.because} ({self.began_at:%Y-%m-%d})"

    @property
    def is_proven(self) -> bool:
        """Whether it is done and a search found nothing."""
        return self.state == ErasureState.DONE and not any(self.left.values())


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
