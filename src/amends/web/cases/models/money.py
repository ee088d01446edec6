"""Money on its way: the cashier that moves it, payments, and every try with its receipt."""

from typing import ClassVar

import pghistory
from django.db import models

from .cases import Action
from .errands import Counterpart, Errand, ErrandState, ErrandTry

PaymentState = ErrandState


@pghistory.track(exclude=["secret"])
class Cashier(Counterpart):
    """The company's system that moves money. Off: new payments are made by hand."""

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(models.Value(1), name="one_cashier")
        ]


@pghistory.track(exclude=["answer"])
class Payment(Errand):
    """What the cashier is told of one action: give, or take back."""

    action = models.OneToOneField(Action, on_delete=models.CASCADE, related_name="payment")
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversal"
    )
    """The payment that is taken back; null: this one gives."""
    amount = models.DecimalField(max_digits=12, decimal_places=2)
    owed = models.DecimalField(max_digits=12, decimal_places=2)
    """Of `amount`."""
    currency = models.CharField(max_length=3)

    class Meta(Errand.Meta):
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


class PaymentTry(ErrandTry):
    """One try to send a payment."""

    payment = models.ForeignKey(Payment, on_delete=models.CASCADE, related_name="tries")

    class Meta(ErrandTry.Meta):
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("payment", "number", name="payment_try_once")
        ]
