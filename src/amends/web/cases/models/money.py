"""Money on its way: the cashier that moves it, payments, and every try with its receipt."""

import uuid
from typing import ClassVar

import pghistory
from django.db import models

from .cases import Action


@pghistory.track(exclude=["secret"])
class Cashier(models.Model):
    """The company's system that moves money; there is at most one."""

    address = models.URLField(max_length=300)
    secret = models.BinaryField()
    """With which requests are signed (Standard Webhooks), sealed."""
    is_on = models.BooleanField(default=True)
    """Off: payments wait, and new ones are made by hand."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(models.Value(1), name="one_cashier")
        ]

    def __str__(self) -> str:
        return self.address


class PaymentState(models.TextChoices):
    """Where a payment is."""

    WAITING = "waiting", "Waits to be sent"
    SENDING = "sending", "On its way"
    RECEIVED = "received", "Received"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


@pghistory.track(exclude=["answer"])
class Payment(models.Model):
    """What the cashier is told of one action: give, or take back; under one key for ever."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """The cashier counts a key once, however often it is sent."""
    action = models.OneToOneField(Action, on_delete=models.CASCADE, related_name="payment")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversal"
    )
    """The payment that is taken back; null: this one gives."""
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    owed = models.DecimalField(max_digits=12, decimal_places=2)
    """Of `amount`."""
    currency = models.CharField(max_length=3)
    state = models.CharField(
        max_length=10, choices=PaymentState.choices, default=PaymentState.WAITING
    )
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    n_tries = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(max_length=80, blank=True)
    """How the cashier calls it: the receipt."""
    answer = models.CharField(max_length=300, blank=True)
    """What it said last."""

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, owed__gte=0, owed__lte=models.F("amount")),
                name="payment_is_positive",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at"],
                name="payment_open",
                condition=models.Q(state__in=["waiting", "sending"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.get_state_display()}"

    @property
    def is_open(self) -> bool:
        """Whether it still has to go out, or to be answered."""
        return self.state in {PaymentState.WAITING, PaymentState.SENDING}


class PaymentTry(models.Model):
    """One try to send a payment; it is written down before anything is sent."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    """Null: its worker ended, and nobody knows whether it arrived."""
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    """HTTP status of the answer; null: there was none."""
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("payment", "number", name="payment_try_once")
        ]

    def __str__(self) -> str:
        return f"try {self.number}: {self.status or 'no answer'}"
