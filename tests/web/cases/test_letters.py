"""Letters go out word for word and once, whatever the post does; what is not delivered is open."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.people import People
from tests.web.cases.cashiers import CashierServer, cashier_server, connect_post
from tests.web.cases.making import make_case

from amends.web.accounts.models import Team, User
from amends.web.cases import remedies, stepping
from amends.web.cases.erasing import take_customer_off
from amends.web.cases.letters import LETTERS
from amends.web.cases.models import Case, Entry, ErrandState, Letter, Post, StepDone
from amends.web.cases.workspace import beside_of, known_of

pytestmark = pytest.mark.django_db
TOLD: dict[str, Any] = {
    "language": "en",
    "values": {"what_happened": "the parcel came late", "answer_by": timezone.localdate()},
}


@pytest.fixture
def server() -> Iterator[CashierServer]:
    with cashier_server() as found:
        yield found


@pytest.fixture
def case(people: People) -> Case:
    return make_case(owner=people.owner, team=Team.objects.get(name="Care"), severity="high")


def fresh(case: Case) -> Case:
    return Case.objects.select_related("customer", "recommendation").get(pk=case.pk)


def hear(person: User, case: Case) -> StepDone:
    return stepping.do_step(person, case, fresh(case).version, "heard", **TOLD)


def post(minutes: float = 0) -> int:
    return LETTERS.run(lambda: timezone.now() + timedelta(minutes=minutes))


def test_a_message_goes_out_signed_and_word_for_word(
    people: People, case: Case, server: CashierServer
) -> None:
    connect_post(server)
    hear(people.owner, case)
    assert post() == 1
    (key, body), entry = server.posts[0], case.entries.get(kind="reply")
    told = json.loads(body)
    assert server.forged == 0
    assert told["type"] == "message.requested"
    assert told["data"] == {
        "key": key,
        "customer_id": case.customer_id,
        "case": case.ref,
        "channel": "chat",
        "language": "en",
        "template": "heard",
        "subject": "Say that it was heard",
        "text": entry.body,
    }
    assert "that the parcel came late. Your case is" in entry.body
    letter = Letter.objects.get()
    assert (letter.state, letter.reference) == (ErrandState.RECEIVED, f"R-{key[:8]}")
    beside = beside_of(people.owner, known_of(fresh(case), timezone.now()))
    assert [(t.state, t.note) for t in beside.letters] == [("Received", f"receipt R-{key[:8]}")]
    assert post(600) == 0


def test_the_page_says_that_it_goes_out(people: People, case: Case, server: CashierServer) -> None:
    connect_post(server)
    client, path = Client(), f"/cases/{case.ref}/step/heard/"
    client.force_login(people.owner)
    told = {"version": case.version, "language": "en", "value_what_happened": "it was late"}
    told |= {"value_answer_by": "2026-12-01"}
    page = client.post(path, {**told, "write": "1"}).content.decode()
    assert "Send it</button>" in page
    assert "I have sent it" not in page
    assert client.post(path, told).status_code == 302
    page = client.get(f"/cases/{case.ref}/").content.decode()
    assert "What the post was given" in page
    assert "it goes out within a minute" in page


def test_what_cannot_be_delivered_is_open_again_and_clocks_know(
    people: People, case: Case, server: CashierServer
) -> None:
    connect_post(server)
    first = known_of(fresh(case), timezone.now()).clocks[0]
    hear(people.owner, case)
    assert known_of(fresh(case), timezone.now()).clocks[0].is_met
    version = fresh(case).version
    server.script = [400]
    assert post() == 0
    assert Letter.objects.get().state == ErrandState.REFUSED
    assert not StepDone.objects.exists()
    now = fresh(case)
    assert now.version == version + 1
    assert now.acknowledged_at is None
    clock = known_of(now, timezone.now()).clocks[0]
    assert (clock.kind, clock.is_met, clock.due_at) == (first.kind, False, first.due_at)
    assert Entry.objects.filter(title__startswith="Not delivered", by_robot=True).exists()
    hear(people.owner, case)
    assert post() == 1
    assert len(server.written) == 1


@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(script=st.lists(st.sampled_from([500, "drop", "twice", 429, 200]), max_size=5))
def test_whatever_the_post_does_it_arrives_once(
    people: People, case: Case, server: CashierServer, script: list[int | str]
) -> None:
    for model in (Letter, StepDone, Entry, Post):
        model.objects.all().delete()
    connect_post(server)
    server.written.clear()
    server.script = list(script)
    hear(people.owner, case)
    for n in range(len(script) + 1):
        post(n * 24 * 60)
        if n == 0:  # a worker ends between sending and receipt
            attempt = LETTERS.claim(timezone.now() + timedelta(minutes=30))
            if attempt is not None:
                LETTERS.sent(Post.objects.get(), attempt.letter)
    post(30 * 24 * 60)
    letter = Letter.objects.get()
    assert letter.state == ErrandState.RECEIVED
    assert server.written == {str(letter.key): letter.text}


def test_without_a_post_nothing_is_kept_to_be_sent(people: People, case: Case) -> None:
    hear(people.owner, case)
    assert not Letter.objects.exists()
    Post.objects.create(address="https://desk.example.com/", secret=b"", is_on=False)
    assert post() == 0


def test_an_erased_customer_is_written_to_by_nobody(
    people: People, case: Case, server: CashierServer
) -> None:
    connect_post(server)
    hear(people.owner, case)
    take_customer_off(case.customer_id, "erased-1")
    assert post(60) == 0
    letter = Letter.objects.get()
    assert (letter.state, letter.text) == (ErrandState.WITHDRAWN, "Erased")
    assert server.posts == []


def test_money_and_letters_do_not_meet(people: People, case: Case, server: CashierServer) -> None:
    connect_post(server)
    options = remedies.authority_in(people.owner, fresh(case)).options()
    key = next(o.key for o in options if o.amount and not o.approver)
    remedies.change_action(people.owner, case, fresh(case).version, key, "It fits")
    assert post(60) == 0
    assert server.moved == {}


def test_only_an_administrator_sets_the_post(people: People) -> None:
    told = {"address": "https://desk.example.com/", "secret": "whsec_" + "x" * 30, "is_on": "on"}
    for person, status in ((people.admin, 302), (people.manager, 403)):
        client = Client()
        client.force_login(person)
        assert client.post("/cases/post/", told).status_code == status
    client.force_login(people.admin)
    page = client.get("/cases/post/").content.decode()
    assert "Messages of playbooks go out through it" in page
    assert told["secret"] not in page
