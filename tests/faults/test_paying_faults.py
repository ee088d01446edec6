"""Workers that die between sending money and its receipt, and several at once: it moves once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from tests.people import make_people
from tests.web.cases.cashiers import cashier_server, connect
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team
from amends.web.cases.models import Payment, PaymentState
from amends.web.cases.remedies import authority_in, change_action

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]


def paying(*arguments: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "tests.faults.paying", *map(str, arguments)],
        cwd=ROOT,
        env={
            **os.environ,
            "AMENDS_TESTS_DATABASE": settings.DATABASES["default"]["NAME"],
            "AMENDS_SECRET_KEY": settings.SECRET_KEY,
        },
        stdout=subprocess.PIPE,
        text=True,
    )


def promise(n: int) -> None:
    people = make_people()
    for _ in range(n):
        case = make_case(owner=people.owner, team=Team.objects.get(name="Care"))
        options = authority_in(people.owner, case).options()
        option = next(o for o in options if o.amount and not o.approver)
        change_action(people.owner, case, case.version, option.key, "It fits better")
    assert Payment.objects.count() == n


def test_a_worker_killed_between_sending_and_receipt_costs_nothing() -> None:
    with cashier_server() as server:
        connect(server)
        promise(1)
        server.script = ["hang"]
        first = paying(2)
        assert server.arrived.wait(240)
        assert server.balance > 0, "the cashier has moved it"
        first.kill()
        first.communicate(timeout=30)
        assert first.returncode == -9
        server.gate.set()
        payment = Payment.objects.get()
        assert (payment.state, payment.n_tries) == (PaymentState.SENDING, 1)
        assert paying(0).communicate(timeout=240)[0] == "0", "its claim has not run out"
        assert paying(10).communicate(timeout=240)[0] == "1"
        payment.refresh_from_db()
        assert payment.state == PaymentState.RECEIVED
        assert payment.tries.filter(ended_at=None).count() == 1
        assert len(server.posts) == 2
        assert len(set(server.posts)) == 1, "the same bytes under the same key"
        assert server.balance == payment.amount
        assert server.forged == 0


def test_three_workers_at_once_send_each_payment_once() -> None:
    with cashier_server() as server:
        connect(server)
        promise(8)
        assert paying(2, 3).communicate(timeout=240)[0] == "8"
        assert len(server.posts) == len(server.moved) == 8
        amounts = Payment.objects.filter(state=PaymentState.RECEIVED)
        assert server.balance == sum(p.amount for p in amounts)
