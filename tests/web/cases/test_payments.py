"""Money goes out exactly once, whatever the cashier does; it comes back by an action of its own."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.cashiers import (
    SECRET,
    CashierServer,
    cashier_server,
    connect,
    trickling_cashier,
)
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team, User
from amends.web.cases import actions, approving, counterpart, errands, paying, remedies, reversing
from amends.web.cases.counterpart_actions import set_counterpart
from amends.web.cases.erasing import take_customer_off
from amends.web.cases.models import (
    Action,
    ActionState,
    Case,
    Cashier,
    Payment,
    PaymentState,
    State,
)
from amends.web.cases.transitions import RefusedError
from amends.web.intake.sealing import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def server() -> Iterator[CashierServer]:
    with cashier_server() as found:
        yield found


@pytest.fixture
def case(people: People) -> Case:
    return make_case(owner=people.owner, team=Team.objects.get(name="Care"), loss=Decimal(80))


def do(verb: Any, person: User, case: Case, *more: Any) -> Any:
    return verb(person, case, Case.objects.get(pk=case.pk).version, *more)


def give(person: User, case: Case, kind: str = "credit") -> Action:
    """Take the first action of a kind that the person may take alone."""
    fresh = Case.objects.select_related("customer").get(pk=case.pk)
    options = remedies.authority_in(person, fresh).options()
    option = next(o for o in options if o.kind == kind and o.amount and not o.approver)
    action: Action = do(remedies.change_action, person, case, option.key, "It fits better")
    return action


def later(minutes: float = 2) -> datetime:
    return timezone.now() + timedelta(minutes=minutes)


def pay(minutes: float = 2) -> int:
    """Pay what is due as if it were later."""
    return paying.PAYMENTS.run(lambda: later(minutes))


def test_without_a_cashier_people_pay_by_hand(people: People, case: Case) -> None:
    give(people.owner, case)
    assert not Payment.objects.exists()
    assert pay() == 0


def test_money_goes_out_signed_once_it_cannot_be_undone(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    action = give(people.owner, case)
    assert pay(0) == 0
    assert server.posts == []
    assert pay() == 1
    assert pay(200) == 0
    ((key, body),) = server.posts
    told = json.loads(body)
    payment = Payment.objects.get()
    assert key == str(payment.key)
    assert told["data"]["amount"] == f"{action.amount:.2f}"
    assert (told["data"]["currency"], told["data"]["customer_id"]) == ("EUR", "C1")
    assert payment.state == PaymentState.RECEIVED
    assert payment.reference == f"R-{key[:8]}"
    assert server.balance == action.amount
    assert case.entries.filter(title__startswith="The cashier pays").count() == 1


@pytest.mark.parametrize("how", [500, 503, 429, 408, 409, "drop"])
def test_what_fails_is_repeated_under_the_same_key(
    people: People, case: Case, server: CashierServer, how: int | str
) -> None:
    connect(server)
    action = give(people.owner, case)
    server.script = [how, how]
    assert pay() == 0
    payment = Payment.objects.get()
    assert payment.state == PaymentState.WAITING
    assert (payment.due_at - later() > timedelta(minutes=9)) == (how == 429)
    assert pay() == 0
    assert len(server.posts) == 1, "it waits before it tries again"
    assert pay(30) == 0
    assert pay(120) == 1
    assert len(server.posts) == 3
    assert len(set(server.posts)) == 1, "the same bytes under the same key"
    assert server.balance == action.amount


def test_pauses_grow_and_end_with_a_person(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = [500] * errands.MOST_TRIES
    pauses, at = [], later()
    for _ in range(errands.MOST_TRIES):
        paying.PAYMENTS.run(lambda: at)  # noqa: B023  (it is called here and now)
        payment = Payment.objects.get()
        pauses.append((payment.due_at - at).total_seconds())
        at = payment.due_at
    assert payment.state == PaymentState.REFUSED
    assert pauses[:4] == [30, 60, 120, 240]
    assert max(pauses) <= errands.LONGEST_PAUSE.total_seconds()
    assert pay(10_000) == 0
    do(reversing.send_payment_again, people.manager, case)
    assert pay() == 1
    assert len(set(server.posts)) == 1
    assert len(server.moved) == 1


@pytest.mark.parametrize("how", [400, 401, 404, 422, 302])
def test_what_is_refused_waits_for_a_person(
    people: People, case: Case, server: CashierServer, how: int
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = [how]
    pay()
    payment = Payment.objects.get()
    assert payment.state == PaymentState.REFUSED
    assert payment.answer.startswith(str(how))
    assert case.entries.filter(title__startswith="The cashier did not take").exists()
    assert pay(10_000) == 0
    assert server.balance == 0
    with pytest.raises(PermissionDenied):
        do(reversing.send_payment_again, people.owner, case)


def test_an_answer_that_comes_twice_is_one_receipt(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = ["twice"]
    assert pay() == 1
    assert pay(100) == 0
    assert len(server.posts) == 1
    payment = Payment.objects.get()
    assert payment.tries.count() == 1
    assert case.entries.filter(title__startswith="The cashier pays").count() == 1


def test_two_receipts_for_one_payment_settle_it_once(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    slow = paying.PAYMENTS.claim(later())
    assert slow is not None
    assert paying.PAYMENTS.claim(later()) is None, "somebody has it"
    assert pay(10) == 1, "its worker seems to have ended"
    paying.PAYMENTS.settle(slow, counterpart.Answer(200, "200", "R-late"), timezone.now())
    assert Payment.objects.get().reference.startswith("R-")
    assert Payment.objects.get().reference != "R-late"
    assert case.entries.filter(title__startswith="The cashier pays").count() == 1


def test_a_late_failure_changes_nothing_of_what_was_received(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    slow = paying.PAYMENTS.claim(later())
    assert slow is not None
    pay(10)
    paying.PAYMENTS.settle(slow, counterpart.Answer(400, "400"), timezone.now())
    assert Payment.objects.get().state == PaymentState.RECEIVED


def test_a_cashier_that_hangs_or_trickles_holds_nobody_up(server: CashierServer) -> None:
    server.script = ["hang"]
    now = timezone.now()
    body = b'{"type":"","data":{"amount":"1"}}'
    answer = counterpart.tell_counterpart(server.address, SECRET, "k", body, now, 0.3)
    assert (answer.status, answer.is_receipt, answer.is_final) == (None, False, False)
    with trickling_cashier() as address:
        answer = counterpart.tell_counterpart(address, SECRET, "k", b"{}", now, 0.3)
    assert answer.status is None
    assert "within" in answer.text


@pytest.mark.parametrize(
    ("how", "reference"),
    [
        ("zip", ""),
        (b'{"reference": "R-\\ud800\\u0000"}', "R-?"),
        (b'{"id": 12345678901234567890}', "12345678901234567890"),
        (b"[" * 60_000, ""),
        (b'{"id": ' + b"9" * 5_000 + b"}", ""),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_a_receipt_counts_whatever_else_it_says(
    people: People, case: Case, server: CashierServer, how: str | bytes, reference: str
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = [how]
    assert pay() == 1
    payment = Payment.objects.get()
    assert (payment.state, payment.reference) == (PaymentState.RECEIVED, reference)
    assert payment.answer.startswith("200")


def test_a_payment_that_cannot_be_signed_waits_and_says_why(
    people: People,
    case: Case,
    server: CashierServer,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known = connect(server)
    give(people.owner, case)
    key, settings.SECRET_KEY = settings.SECRET_KEY, "another key than that of the seal"
    assert pay() == 0
    payment = Payment.objects.get()
    assert payment.state == PaymentState.WAITING
    assert "sealed with another secret key" in payment.answer
    assert not caplog.records, "it is known what is wrong"
    settings.SECRET_KEY = key
    known.secret = seal({"of something else": "x"})
    known.save()
    assert pay(5) == 0
    assert Payment.objects.get().state == PaymentState.WAITING
    assert caplog.records[0].exc_info, "nobody expects this: the log has where it comes from"
    assert server.posts == []
    known.secret = seal({"secret": "whsec_" + "sächsisch" * 4})
    known.save()
    pay(30)
    assert Payment.objects.get().tries.last().status == 401  # type: ignore[union-attr]


def test_a_cashier_that_is_not_there_is_told_so(
    people: People, case: Case, server: CashierServer
) -> None:
    known = connect(server)
    known.address = "http://127.0.0.1:9/pay"
    known.save()
    give(people.owner, case)
    pay()
    attempt = Payment.objects.get().tries.get()
    assert attempt.status is None
    assert attempt.answer == "There is no answer (ConnectionError)."


def test_what_is_undone_never_goes_out(people: People, case: Case, server: CashierServer) -> None:
    connect(server)
    give(people.owner, case)
    do(remedies.undo_action, people.owner, case)
    assert pay() == 0
    assert Payment.objects.get().state == PaymentState.WITHDRAWN
    assert server.posts == []


def test_what_is_on_its_way_cannot_be_undone(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    paying.PAYMENTS.claim(later())
    with pytest.raises(RefusedError, match="on its way already"):
        do(remedies.undo_action, people.owner, case)


def test_what_is_approved_goes_out_after_the_approval(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    fresh = Case.objects.select_related("customer").get(pk=case.pk)
    options = remedies.authority_in(people.owner, fresh).options()
    option = next(o for o in options if o.approver and o.amount)
    do(remedies.change_action, people.owner, case, option.key, "They were let down badly")
    assert not Payment.objects.exists()
    do(approving.approve_action, people.manager, case)
    assert pay() == 1
    assert server.balance == option.amount


def test_a_reversal_is_an_action_of_its_own(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    given = give(people.owner, case)
    with pytest.raises(RefusedError, match="Say why"):
        do(reversing.reverse_action, people.owner, case, " ")
    pay()
    asked = do(reversing.reverse_action, people.owner, case, "It was another customer")
    assert (asked.reverses, asked.amount) == (given, given.amount)
    with pytest.raises(RefusedError, match="waits for approval here"):
        do(reversing.reverse_action, people.owner, case, "Again")
    do(approving.approve_action, people.manager, case)
    given.refresh_from_db()
    assert given.state == ActionState.TAKEN, "the money is not back yet"
    assert actions.standing(case) == given
    server.script = [503]
    pay()
    pay(10)
    given.refresh_from_db()
    assert given.state == ActionState.REVERSED
    assert server.balance == 0
    assert len(server.moved) == 2
    told = json.loads(server.posts[-1][1])
    assert told["data"]["reverses"] == str(given.payment.key)
    assert remedies.given_in(case).goodwill == 0
    assert actions.standing(case) is None
    with pytest.raises(RefusedError, match="No money was given here"):
        do(reversing.reverse_action, people.owner, case, "Once more")


def test_a_reversal_asked_for_in_a_closed_case_waits_where_approvals_wait(
    people: People, case: Case
) -> None:
    give(people.owner, case)
    do(actions.resolve, people.owner, case)
    do(actions.close, people.owner, case, State.RECOVERED)
    do(reversing.reverse_action, people.owner, case, "It was another customer")
    client = Client()
    client.force_login(people.manager)
    page = client.get("/cases/?tab=approval").content.decode()
    assert case.ref in page
    assert "Take back: " in page
    assert "Waits for approval" in page
    do(approving.approve_action, people.manager, case)
    assert case.ref not in client.get("/cases/?tab=approval").content.decode()


def test_a_reversal_of_what_never_went_out_moves_nothing(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    given = give(people.owner, case)
    do(reversing.reverse_action, people.owner, case, "A mistake")
    do(approving.approve_action, people.manager, case)
    given.refresh_from_db()
    assert given.state == ActionState.REVERSED
    assert pay(100) == 0
    assert server.posts == []


def test_a_reversal_waits_until_it_is_known_whether_money_arrived(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = ["drop"]
    pay()
    do(reversing.reverse_action, people.owner, case, "A mistake")
    with pytest.raises(RefusedError, match="Nobody knows yet"):
        do(approving.approve_action, people.manager, case)
    pay(10)
    do(approving.approve_action, people.manager, case)
    pay(20)
    assert server.balance == 0


def test_one_thing_waits_in_a_case_also_after_it_was_reopened(people: People, case: Case) -> None:
    give(people.owner, case)
    Case.objects.filter(pk=case.pk).update(cause="delivery/missed_slot")
    do(actions.resolve, people.owner, case)
    do(reversing.reverse_action, people.owner, case, "A mistake")
    do(actions.reopen, people.owner, case, "They wrote again")
    fresh = Case.objects.select_related("customer").get(pk=case.pk)
    for option in remedies.authority_in(people.owner, fresh).options():
        with pytest.raises(RefusedError, match=r"waits for approval already: take back"):
            do(remedies.change_action, people.owner, case, option.key, "Instead")
    assert case.actions.filter(state=ActionState.WAITING).count() == 1


def test_what_was_undone_meanwhile_is_not_taken_back(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    given = give(people.owner, case)
    do(reversing.reverse_action, people.owner, case, "A mistake")
    do(remedies.undo_action, people.owner, case)
    with pytest.raises(RefusedError, match="undone meanwhile"):
        do(approving.approve_action, people.manager, case)
    do(approving.refuse_action, people.manager, case, "It is undone")
    given.refresh_from_db()
    assert given.state == ActionState.UNDONE
    assert pay(100) == 0
    assert server.posts == []


def test_nobody_approves_the_reversal_they_asked_for(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    do(reversing.reverse_action, people.manager, case, "A mistake")
    with pytest.raises(RefusedError, match="You asked for this yourself"):
        do(approving.approve_action, people.manager, case)
    do(approving.refuse_action, people.leader, case, "It was right")
    assert actions.standing(case) is not None


def test_an_erased_customer_is_told_to_nobody(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    take_customer_off("C1", "erased-1")
    assert pay(100) == 0
    assert Payment.objects.get().state == PaymentState.WITHDRAWN


def test_only_an_administrator_sets_the_cashier(people: People) -> None:
    for person in (people.manager, people.leader, people.compliance):
        with pytest.raises(PermissionDenied):
            set_counterpart(Cashier, person, "https://pay.example.com/", SECRET, is_on=True)
    for wrong in ("http://pay.example.com/", "https://a:b@pay.example.com/", "pay"):
        with pytest.raises(RefusedError):
            set_counterpart(Cashier, people.admin, wrong, SECRET, is_on=True)
    with pytest.raises(RefusedError, match="characters"):
        set_counterpart(Cashier, people.admin, "https://pay.example.com/", "short", is_on=True)
    known = set_counterpart(Cashier, people.admin, "https://pay.example.com/", SECRET, is_on=True)
    assert SECRET.encode() not in bytes(known.secret)
    sealed = bytes(known.secret)
    assert (
        bytes(set_counterpart(Cashier, people.admin, known.address, "", is_on=False).secret)
        == sealed
    )
    with pytest.raises(RefusedError, match="secret of this address"):
        set_counterpart(Cashier, people.admin, "https://elsewhere.example.com/", "", is_on=True)
    assert Cashier.objects.count() == 1


def test_the_pages_show_state_and_receipts_and_no_secret(
    people: People, case: Case, server: CashierServer
) -> None:
    connect(server)
    give(people.owner, case)
    server.script = [422]
    pay()
    client = Client()
    client.force_login(people.manager)
    page = client.get(f"/cases/{case.ref}/").content.decode()
    assert "Send again" in page
    assert "Refused" in page
    assert case.ref in client.get("/cases/payments/").content.decode()
    version = Case.objects.get(pk=case.pk).version
    assert client.post(f"/cases/{case.ref}/send-again/", {"version": version}).status_code == 302
    assert Payment.objects.get().state == PaymentState.WAITING
    client.force_login(people.admin)
    page = client.get("/cases/cashier/").content.decode()
    assert server.address in page
    assert SECRET not in page
    told = {"address": "https://pay.example.com/", "secret": SECRET, "is_on": "on"}
    assert client.post("/cases/cashier/", told).status_code == 302
    assert client.post("/cases/cashier/", {**told, "address": "x"}).status_code == 422
