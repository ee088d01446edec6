"""Case, approval and money in any order, against a real cashier: what moved is what was decided."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.people import People
from tests.web.cases.cashiers import CashierServer, cashier_server, connect
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team, User
from amends.web.cases import actions, approving, paying, remedies, reversing
from amends.web.cases.authority import authority_of, suffices
from amends.web.cases.limits import spent
from amends.web.cases.models import (
    Action,
    ActionState,
    Case,
    Cashier,
    Limit,
    Payment,
    PaymentState,
)
from amends.web.cases.transitions import RefusedError

WHO = st.sampled_from(["owner", "colleague", "manager", "leader", "outsider", "compliance"])
SCRIPT = st.lists(st.sampled_from([200, 500, 400, "drop", "twice"]), max_size=2)
TAKEN = (ActionState.TAKEN, ActionState.REVERSED)


class Money(RuleBasedStateMachine):
    people: ClassVar[People]
    server: ClassVar[CashierServer]

    @initialize(
        cause=st.sampled_from(["delivery/missed_slot", "billing/double_charge"]),
        per_case=st.sampled_from([None, "5", "20"]),
        per_period=st.sampled_from(["15", "60"]),
    )
    def begin(self, cause: str, per_case: str | None, per_period: str) -> None:
        Payment.objects.filter(reverses__isnull=False).delete()
        for model in (Payment, Action, Limit):
            model.objects.all().delete()
        self.server.moved.clear()
        self.server.script.clear()
        self.late = timedelta()
        self.cases = [
            make_case(
                owner=self.people.owner,
                team=Team.objects.get(name="Care"),
                cause=cause,
                loss=Decimal(loss),
                is_rejected=True,
            )
            for loss in (30, 200)
        ]
        self.limit = Limit.objects.create(
            role="agent",
            currency="EUR",
            per_case=None if per_case is None else Decimal(per_case),
            per_period=Decimal(per_period),
            reason="Start low",
        )

    def attempt(self, verb: Callable[..., Any], who: str, n: int, *more: Any) -> None:
        person: User = getattr(self.people, who)
        case = Case.objects.get(pk=self.cases[n].pk)
        with suppress(RefusedError, PermissionDenied, Http404):
            verb(person, case, case.version, *more)

    @rule(who=WHO, n=st.integers(0, 1), which=st.integers(0, 30))
    def change(self, who: str, n: int, which: int) -> None:
        case = Case.objects.select_related("customer").get(pk=self.cases[n].pk)
        options = remedies.authority_in(getattr(self.people, who), case).options()
        key = options[which % len(options)].key if options else "refund 999.00"
        self.attempt(remedies.change_action, who, n, key, "It fits")

    @rule(who=WHO, n=st.integers(0, 1))
    def approve(self, who: str, n: int) -> None:
        self.attempt(approving.approve_action, who, n)

    @rule(who=WHO, n=st.integers(0, 1))
    def refuse(self, who: str, n: int) -> None:
        self.attempt(approving.refuse_action, who, n, "No")

    @rule(who=WHO, n=st.integers(0, 1))
    def undo(self, who: str, n: int) -> None:
        self.attempt(remedies.undo_action, who, n)

    @rule(who=WHO, n=st.integers(0, 1))
    def reverse(self, who: str, n: int) -> None:
        self.attempt(reversing.reverse_action, who, n, "A mistake")

    @rule(who=WHO, n=st.integers(0, 1))
    def send_again(self, who: str, n: int) -> None:
        self.attempt(reversing.send_payment_again, who, n)

    @rule(n=st.integers(0, 1))
    def reopen(self, n: int) -> None:
        self.attempt(actions.resolve, "owner", n)
        self.attempt(actions.reopen, "owner", n, "Again")

    @rule()
    def expire(self) -> None:
        approving.expire_requests(timezone.now() + timedelta(hours=49))

    @rule(script=SCRIPT, minutes=st.sampled_from([0, 2, 60]))
    def pay(self, script: list[int | str], minutes: int) -> None:
        self.server.script[:] = script
        self.late += timedelta(minutes=minutes)
        paying.PAYMENTS.run(lambda: timezone.now() + self.late)
        self.server.script.clear()

    @rule()
    def die_after_sending(self) -> None:
        """Send a payment and never write down how that ended."""
        attempt = paying.PAYMENTS.claim(timezone.now() + self.late)
        if attempt is not None:
            paying.PAYMENTS.sent(Cashier.objects.get(), attempt.payment)
            self.late += timedelta(minutes=2)

    @invariant()
    def what_moved_is_what_was_decided(self) -> None:
        payments = {str(p.key): p for p in Payment.objects.select_related("reverses")}
        assert set(self.server.moved) <= set(payments)
        for key, moved in self.server.moved.items():
            payment = payments[key]
            assert abs(moved) == payment.amount
            assert payment.state != PaymentState.WITHDRAWN
            assert (moved < 0) == (payment.reverses is not None)
        for key, payment in payments.items():
            assert payment.state != PaymentState.RECEIVED or key in self.server.moved
            if payment.reverses is not None:
                assert str(payment.reverses.key) in self.server.moved

    @invariant()
    def only_what_was_decided_goes_out(self) -> None:
        for payment in Payment.objects.select_related("action"):
            if payment.state != PaymentState.WITHDRAWN:
                states = (*TAKEN, ActionState.APPROVED)
                assert payment.action.state in states

    @invariant()
    def a_reversed_action_gave_nothing_in_the_end(self) -> None:
        for action in Action.objects.filter(state=ActionState.REVERSED).select_related("payment"):
            payment = action.payment
            if payment.state != PaymentState.WITHDRAWN:
                back = Payment.objects.get(reverses=payment)
                assert self.server.moved[str(payment.key)] + self.server.moved[str(back.key)] == 0

    @invariant()
    def two_people_stand_behind_what_is_above_a_limit(self) -> None:
        for action in Action.objects.filter(state__in=[*TAKEN, ActionState.APPROVED]):
            if action.approver:
                assert action.approved_by is not None
                assert action.approved_by_id not in {action.decided_by_id, action.case.owner_id}
                assert suffices(authority_of(action.approved_by), action.approver)

    @invariant()
    def nobody_gives_more_alone_than_their_limits(self) -> None:
        for who in ("owner", "colleague"):
            person: User = getattr(self.people, who)
            assert spent(person, self.limit, timezone.now()) <= (self.limit.per_period or 0)
        for case in self.cases:
            alone = case.actions.filter(state__in=TAKEN, approver="", decided_by__in=[
                self.people.owner, self.people.colleague
            ])  # fmt: skip
            if self.limit.per_case is not None:
                newest = alone.order_by("pk").last()
                goodwill = newest.amount - newest.owed if newest else Decimal(0)
                assert goodwill <= self.limit.per_case

    @invariant()
    def what_is_owed_is_given_once(self) -> None:
        for case in self.cases:
            taken = case.actions.filter(state=ActionState.TAKEN, reverses=None)
            assert sum(action.owed for action in taken) <= case.loss


@pytest.mark.django_db
def test_whatever_happens_the_money_adds_up(people: People) -> None:
    with cashier_server() as server:
        connect(server)
        run_state_machine_as_test(
            type("ThisMoney", (Money,), {"people": people, "server": server}),
            settings=settings(
                max_examples=12,
                stateful_step_count=20,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
