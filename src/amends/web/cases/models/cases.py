"""Cases, what happened in them, what was recommended and what was done."""

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.utils import timezone

from amends.engine.clocks import ClockKind, EventKind
from amends.engine.contracts import ActionKind, Severity
from amends.web.detect.models import SEVERITIES, Breakdown
from amends.web.intake.models import Customer

from .rules import Ground


class State(models.TextChoices):
    """Where a case is; the last four are the ends."""

    NEW = "new", "New"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    IN_PROGRESS = "in_progress", "In progress"
    WAITING_CUSTOMER = "waiting_customer", "Waiting for customer"
    WAITING_TEAM = "waiting_team", "Waiting for another team"
    RESOLVED = "resolved", "Resolved"
    FOLLOW_UP = "follow_up", "Follow-up"
    RECOVERED = "recovered", "Recovered"
    NOT_RECOVERED = "not_recovered", "Not recovered"
    LOST = "lost", "Lost"
    EXCLUDED = "excluded", "Out of scope"


OPEN = (
    State.NEW,
    State.ACKNOWLEDGED,
    State.IN_PROGRESS,
    State.WAITING_CUSTOMER,
    State.WAITING_TEAM,
)
RESOLVED = (State.RESOLVED, State.FOLLOW_UP)
CLOSED = (State.RECOVERED, State.NOT_RECOVERED, State.LOST)
"""How a recovery ended; a case that is out of scope had none."""


class CaseQuerySet(models.QuerySet["Case"]):
    """Cases."""

    def is_open(self) -> "CaseQuerySet":
        """Return those in which somebody still has to do something."""
        return self.filter(state__in=[state.value for state in OPEN])


@pghistory.track()
class ClockSheet(models.Model):
    """A version of the sheet of clocks: drafted by one person, published by another."""

    text = models.TextField()
    """YAML, as `engine.clocks.read_sheet` reads it."""
    reason = models.TextField()
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    drafted_at = models.DateTimeField(default=timezone.now)
    effective_from = models.DateTimeField(null=True, blank=True)
    """When it was published; null: a draft. What is published is never changed."""
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["effective_from", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                models.Value(1),
                name="one_draft_of_clocks",
                condition=models.Q(effective_from=None),
            )
        ]

    def __str__(self) -> str:
        return f"clocks from {self.effective_from or 'a draft'}"


class Route(models.Model):
    """Which team a new case goes to, by the first level of its cause; "" is for all others."""

    branch = models.CharField(max_length=80, unique=True, blank=True)
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.branch or 'everything else'} → {self.team}"


@pghistory.track()
class Case(models.Model):
    """One customer's recovery, with an owner and clocks."""

    ref = models.CharField(max_length=20, unique=True)
    """"C-20481"."""
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=State.choices, default=State.NEW)
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="cases")
    cause = models.CharField(max_length=160, blank=True)
    region = models.CharField(max_length=60, blank=True)
    segment = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=60, blank=True)
    product = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    vendor = models.CharField(max_length=60, blank=True)
    opened_at = models.DateTimeField()
    opened_because = models.CharField(max_length=200)
    """The rule that opened it, in words."""
    excluded_for = models.CharField(max_length=20, choices=Ground.choices, blank=True)
    excluded_because = models.CharField(max_length=400, blank=True)
    """Why it is out of scope; what was said stays when it is taken up all the same."""
    due_at = models.DateTimeField(null=True, blank=True)
    """The next deadline; null when no clock runs."""
    due_clock = models.CharField(
        max_length=16, blank=True, choices=[(k.value, k.value) for k in ClockKind]
    )
    """What is due then."""
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    """Since when its resolution stands still; null when it runs."""
    reopened_at = models.DateTimeField(null=True, blank=True)
    """The last time; what was decided before is over, and the resolution runs from here."""
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    loss = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    value_at_risk = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    """Per year, of this customer."""
    currency = models.CharField(max_length=3)
    failures_90_days = models.PositiveSmallIntegerField(default=0)
    is_rejected = models.BooleanField(default=False)
    is_regulated = models.BooleanField(default=False)
    n_signals = models.PositiveIntegerField(default=1)
    signal_id = models.UUIDField(null=True, blank=True)
    """The signal that opened it; null when somebody opened it by hand."""
    breakdown = models.ForeignKey(
        Breakdown, null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="cases",
    )
    team = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="cases"
    )
    handed_to = models.ForeignKey(
        "accounts.Team", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """The team whose acceptance a handoff waits for; until then the case stays where it is."""
    version = models.PositiveIntegerField(default=1)
    """Grows with every change: an edit of an older version is refused."""

    signal_severity: Severity | None = None
    """What its signal told, or who opened it, until it is recommended what to do; not a column:
    it is kept with the facts of the recommendation."""

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["due_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at", "id"],
                name="case_open_by_deadline",
                condition=models.Q(state__in=[s.value for s in OPEN]),
            ),
            models.Index(fields=["customer", "cause"], name="case_of_customer"),
            models.Index(fields=["opened_at"], name="case_opened_at"),
            models.Index(fields=["resolved_at"], name="case_resolved_at"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    @property
    def team_ids(self) -> Collection[int]:
        """The team it belongs to and the one that is asked to take it, as access asks for them."""
        return [pk for pk in (self.team_id, self.handed_to_id) if pk is not None]

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in OPEN

    @property
    def is_paused(self) -> bool:
        """Whether the clock that is due next stands still."""
        return self.paused_at is not None and self.due_clock == ClockKind.RESOLUTION


class Happening(models.TextChoices):
    """What an entry of the timeline is."""

    SIGNAL = "signal", "Signal"
    NOTE = "note", "Note"
    REPLY = "reply", "Reply"
    STATE = "state", "State"
    ASSIGNED = "assigned", "Assigned"
    RECOMMENDED = "recommended", "Recommendation"
    ACTION = "action", "Action"
    OUTCOME = "outcome", "Outcome"


class Entry(models.Model):
    """One entry of a case's timeline; entries are added, never changed."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Happening.choices)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Null: amends itself, or somebody who is no more."""
    event = models.CharField(
        max_length=16, blank=True, choices=[(k.value, k.value) for k in EventKind]
    )
    """What it is to clocks; most entries are nothing to them."""
    by_robot = models.BooleanField(default=False)
    """Whether a rule or a program did it: it meets no target."""
    signal_id = models.UUIDField(null=True, blank=True)
    takes_back = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="taken_back_by"
    )
    """The entry that holds no longer: clocks do not hear it, and the timeline says so."""

    class Meta:
        verbose_name_plural = "entries"
        ordering: ClassVar[list[str]] = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.title}"


class Recommendation(models.Model):
    """What was recommended when the case opened: the log from which the recommender learns."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="recommendation")
    decided_at = models.DateTimeField()
    role = models.CharField(max_length=30)
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ActionKind])
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    """Goodwill on top of what is owed."""
    owed = models.DecimalField(max_digits=12, decimal_places=2)
    limit = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    approver = models.CharField(max_length=30, blank=True)
    """Role that must approve; empty when the agent may do it alone."""
    explores = models.BooleanField()
    propensity = models.FloatField()
    record = models.JSONField()
    """The whole `engine.recommend.LogRecord`: every allowed action with its chance."""
    explanation = models.JSONField(null=True, blank=True)
    """The whole `engine.contracts.Recommendation`, as JSON; null until somebody asks."""
    policy_hash = models.CharField(max_length=80)
    model_version = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind} {self.amount}"


class Viewer(models.Model):
    """Who looks at a case now; forgotten soon after they stop."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("case", "person", name="viewer_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} looks at {self.case_id}"


class ActionState(models.TextChoices):
    """Where an action is."""

    WAITING = "waiting", "Waiting for approval"
    TAKEN = "taken", "Taken"
    SKIPPED = "skipped", "Skipped"
    REFUSED = "refused", "Approval refused"
    UNDONE = "undone", "Undone"
    REVERSED = "reversed", "Taken back"
    """Of what was taken, once the money is back."""
    APPROVED = "approved", "Approved"
    """Of a reversal; what it reverses is taken until the money is back."""
    EXPIRED = "expired", "Nobody approved in time"


NO_LONGER = (
    ActionState.REFUSED,
    ActionState.UNDONE,
    ActionState.REVERSED,
    ActionState.EXPIRED,
)
"""States of a decision that no longer holds."""


@pghistory.track()
class Action(models.Model):
    """What was done for the customer, or not done, and why; or that something is taken back."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="actions")
    kind = models.CharField(max_length=20, choices=[(k.value, k.value) for k in ActionKind])
    amount = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    """What the customer receives: owed and goodwill."""
    owed = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=ActionState.choices)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_recommended = models.BooleanField(default=True)
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="reversals"
    )
    """The action that this one takes back; null: it is done for the customer."""
    reason = models.TextField(blank=True)
    """Why something else was done than recommended, or nothing."""
    approver = models.CharField(max_length=30, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Whose authority it was approved with: the approver's own, or of whom they stand in for."""
    expires_at = models.DateTimeField(null=True, blank=True)
    """Until then it can be approved."""

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["decided_at"], name="action_decided_at"),
            models.Index(fields=["id"], name="action_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"

    @property
    def taken_at(self) -> datetime | None:
        """When it was done."""
        if self.state != ActionState.TAKEN:
            return None
        return self.approved_at or self.decided_at
