"""Alerts reach people through real servers, whatever else is dead, slow or away."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from tests.breakdowns import make_breakdown
from tests.people import People
from tests.web.alerts.alert_servers import http_server, smtp_server, trickling_server
from tests.web.alerts.alerting import (
    deliver,
    make_alert,
    make_channel,
    make_rota,
    send_all,
)

from amends.web.alerts import outlets, sending
from amends.web.alerts.actions import alerts as actions
from amends.web.alerts.actions import channels
from amends.web.alerts.climbing import climb
from amends.web.alerts.dispatching import ROUNDS, send_on
from amends.web.alerts.models import (
    Alert,
    AlertState,
    Attempt,
    AttemptState,
    Channel,
    ChannelKind,
    Notice,
    NoticeState,
)
from amends.web.alerts.outlets import Receipt
from amends.web.alerts.raising import raise_for_breakdowns
from amends.web.intake.sealing import seal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(outlets, "CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(outlets, "READ_SECONDS", 1.0)
    monkeypatch.setattr(outlets, "DEADLINE_SECONDS", 1.5)
    yield
    connections.close_all()


def outward() -> list[tuple[str, str, str]]:
    """Return the attempts that lead out of amends: channel, state, answer."""
    tried = Attempt.objects.exclude(channel__kind=ChannelKind.IN_APP).order_by("pk")
    return [(a.channel.name, a.state, a.answer) for a in tried.select_related("channel")]


def test_who_is_on_call_gets_mail_and_every_attempt_has_its_receipt(people: People) -> None:
    make_rota(people.manager, people.analyst)
    with smtp_server() as box:
        make_channel(box.address)
        alert = make_alert(title="Late parcels", severity="critical")
        deliver()
    notice = Notice.objects.get()
    reader = notice.person
    assert reader in {people.manager, people.analyst}
    assert box.mails[0]["To"] == reader.email
    assert "Late parcels" in box.mails[0]["Subject"]
    assert f"http://localhost:8000/alerts/{alert.pk}/" in box.text()
    alert.refresh_from_db()
    assert alert.state == AlertState.DELIVERED
    in_app, mail = Attempt.objects.order_by("pk")
    assert (in_app.channel.kind, in_app.state) == (ChannelKind.IN_APP, AttemptState.DELIVERED)
    assert mail.state == AttemptState.DELIVERED
    assert mail.answer
    assert mail.started_at
    assert mail.ended_at


@pytest.mark.parametrize("status", [500, 503, 404])
def test_what_fails_is_told_and_the_next_channel_tried(people: People, status: int) -> None:
    make_rota(people.manager)
    with http_server(status) as hook, smtp_server() as box:
        make_channel(hook.address)
        make_channel(box.address)
        make_alert()
        deliver()
    (first, failed, answer), (second, delivered, _) = outward()
    assert (first, failed) == ("Channel 1", AttemptState.FAILED)
    assert str(status) in answer
    assert "s3cret-word" not in answer
    assert (second, delivered) == ("Channel 2", AttemptState.DELIVERED)
    assert len(box.mails) == 1
    assert Alert.objects.get().state == AlertState.DELIVERED


def test_a_refused_mail_and_a_closed_port_fail_over_to_a_webhook(people: People) -> None:
    make_rota(people.manager)
    with http_server() as hook, smtp_server("550 Not here") as box:
        make_channel(box.address)
        make_channel("json://127.0.0.1:9/")
        make_channel(hook.address)
        make_alert(title="Late parcels")
        deliver()
    states = [state for _, state, _ in outward()]
    assert states == [AttemptState.FAILED, AttemptState.FAILED, AttemptState.DELIVERED]
    (_, _, refusal), (_, _, closed), _ = outward()
    assert "550, b'Not here'" in refusal
    assert closed.endswith("Connection refused.")
    assert "Late parcels" in hook.posts[0]["message"]
    assert box.mails == []


def test_what_fails_in_amends_itself_has_a_receipt_and_a_traceback_and_is_passed_on(
    people: People, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(address: str, *told: str) -> Receipt:
        if "broken" in address:
            raise RuntimeError("nobody thought of this")
        return outlets.send(address, *told)

    monkeypatch.setattr(sending, "send", broken)
    make_rota(people.manager)
    with http_server() as hook:
        make_channel("json://broken.example.com/")
        resealed = make_channel("json://resealed.example.com/")
        with override_settings(SECRET_KEY="another"):  # noqa: S106
            Channel.objects.filter(pk=resealed.pk).update(address=seal({"url": hook.address}))
        make_channel(hook.address)
        make_alert()
        deliver()
    (_, _, unexpected), (_, _, sealed), (_, delivered, _) = outward()
    assert unexpected == "amends itself failed: the worker's log says how."
    assert "sealed with another secret key" in sealed
    assert delivered == AttemptState.DELIVERED
    [record] = [r for r in caplog.records if r.name == sending.__name__]
    assert "nobody thought of this" in str(record.exc_info)


def test_what_waits_for_a_channel_that_is_switched_off_goes_to_the_next(people: People) -> None:
    make_rota(people.manager)
    with http_server() as first, http_server() as second:
        off, _ = make_channel(first.address), make_channel(second.address)
        make_alert()
        climb(timezone.now())
        channels.switch_channel(people.admin, off, is_on=False)
        send_all()
    (_, passed, why), (_, delivered, _) = outward()
    assert (passed, delivered) == (AttemptState.PASSED, AttemptState.DELIVERED)
    assert "switched off" in why
    assert (len(first.posts), len(second.posts)) == (0, 1)


def test_a_hanging_channel_holds_up_nobody_else(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    rota = make_rota(people.manager, people.analyst)
    gate = threading.Event()
    with http_server(gate=gate) as hook, smtp_server() as box:
        make_channel(hook.address, rota.people.all()[0].person)
        make_channel(box.address, rota.people.all()[1].person)
        alert = make_alert()
        for n, place in enumerate(rota.people.all()):
            notice = Notice.objects.create(
                alert=alert, kind="alert", person=place.person, step=n, created_at=timezone.now()
            )
            send_on(notice, timezone.now())
        monkeypatch.setattr(outlets, "READ_SECONDS", 25.0)
        monkeypatch.setattr(outlets, "DEADLINE_SECONDS", 25.0)
        threads = sending.send_due(timezone.now())
        assert hook.arrived.wait(20)
        for thread in threads:
            if thread.name.endswith(str(Channel.objects.get(kind=ChannelKind.EMAIL).pk)):
                thread.join()
        # The mail is there while the other still hangs: the gate is opened only now.
        assert len(box.mails) == 1
        assert Attempt.objects.get(channel__kind=ChannelKind.WEBHOOK).state == AttemptState.SENDING
        gate.set()
        for thread in threads:
            thread.join()
    assert {state for _, state, _ in outward()} == {AttemptState.DELIVERED}


def test_what_hangs_or_trickles_is_given_up_and_the_next_channel_tried(people: People) -> None:
    make_rota(people.manager)
    gate = threading.Event()
    with http_server(gate=gate) as hanging, trickling_server() as slow, smtp_server() as box:
        make_channel(hanging.address)
        make_channel(slow)
        make_channel(box.address)
        make_alert()
        deliver()
    (_, hung, why), (_, trickled, no_answer), (_, delivered, _) = outward()
    assert (hung, trickled, delivered) == ("failed", "failed", "delivered")
    assert "timed out" in why.lower()
    assert "no answer within" in no_answer
    assert len(box.mails) == 1


def test_a_channel_that_fails_again_and_again_rests_and_is_passed_over(people: People) -> None:
    make_rota(people.manager)
    with http_server(500) as hook, smtp_server() as box:
        dead, mail = make_channel(hook.address), make_channel(box.address)
        for n in range(3):
            make_alert(where={"region": f"r{n}"})
            deliver()
        states = [state for name, state, _ in outward() if name == dead.name]
        assert states == [AttemptState.FAILED, AttemptState.FAILED, AttemptState.PASSED]
        assert len(box.mails) == 3
        dead.refresh_from_db()
        assert dead.failures == 2
        Channel.objects.filter(pk=dead.pk).update(rests_until=timezone.now())
        hook.status = 200
        make_alert(where={"region": "r9"})
        deliver()
    dead.refresh_from_db()
    assert (dead.failures, dead.rests_until) == (0, None)
    assert len(hook.posts) == 1
    assert mail.failures == 0


def test_when_nothing_works_rounds_follow_and_then_the_next_step_at_once(people: People) -> None:
    make_rota(people.manager, people.analyst, waits=(600, 600))
    first = {people.manager, people.analyst}
    with http_server(500) as hook:
        make_channel(hook.address)
        alert = make_alert()
        deliver()
        pauses = []
        for _ in range(ROUNDS - 1):
            again = Attempt.objects.filter(state=AttemptState.DUE).get()
            pauses.append(again.due_at - timezone.now())
            Channel.objects.update(rests_until=None)
            Attempt.objects.filter(pk=again.pk).update(due_at=timezone.now())
            send_all()
    assert [round(p.total_seconds() / 30) for p in pauses] == [1, 4, 16]
    told = Notice.objects.get()
    assert told.state == NoticeState.FAILED
    assert [state for _, state, _ in outward()] == [AttemptState.FAILED] * ROUNDS
    with smtp_server() as box:
        make_channel(box.address)
        deliver()  # ten hours of waiting are not waited
        assert len(box.mails) == 1
    other = Notice.objects.exclude(pk=told.pk).get()
    assert {told.person, other.person} == first
    alert.refresh_from_db()
    assert alert.state == AlertState.DELIVERED


def test_an_attempt_whose_worker_died_is_taken_up_by_another(people: People) -> None:
    make_rota(people.manager)
    with http_server() as hook, smtp_server() as box:
        channel = make_channel(hook.address)
        make_channel(box.address)
        make_alert()
        climb(timezone.now())
        attempt = sending.claim(channel.pk, timezone.now())
        assert attempt is not None
        assert sending.claim(channel.pk, timezone.now()) is None
        send_all()  # too early: the worker may still be at it
        assert box.mails == []
        Attempt.objects.filter(pk=attempt.pk).update(
            started_at=timezone.now() - sending.LOST_AFTER - timedelta(seconds=1)
        )
        send_all()
        assert len(box.mails) == 1
        # Should the first one live after all, its late word changes nothing.
        late = outlets.Receipt(is_delivered=True, answer="late")
        assert not sending.settle(attempt.pk, late, timezone.now())
    assert "worker ended" in outward()[0][2]


def at_once(n: int, act: Callable[[], object]) -> None:
    """Run something in several threads that begin together."""
    barrier, errors = threading.Barrier(n), list[BaseException]()

    def run() -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - told to the test
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_several_workers_raise_tell_and_send_once(people: People) -> None:
    make_rota(people.manager, people.analyst, rounds=1)
    for n in range(4):
        make_breakdown({"region": f"r{n}"})
    now = timezone.now()
    at_once(4, lambda: raise_for_breakdowns(now))
    assert Alert.objects.count() == 4
    with smtp_server() as box:
        channel = make_channel(box.address)
        at_once(4, lambda: climb(timezone.now()))
        assert Notice.objects.count() == 4

        def send() -> None:
            while (attempt := sending.claim(channel.pk, timezone.now())) is not None:
                sending.settle(attempt.pk, sending._sent(attempt), timezone.now())

        at_once(4, send)
    assert len(box.mails) == 4
    told = [box.text(place).rpartition("/alerts/")[2].strip("/\r\n ") for place in range(4)]
    assert sorted(map(int, told)) == sorted(Alert.objects.values_list("pk", flat=True))
    assert set(Attempt.objects.values_list("state", flat=True)) == {AttemptState.DELIVERED}
    assert Attempt.objects.filter(channel=channel).count() == 4


def test_what_is_acknowledged_before_it_goes_out_stays_in(people: People) -> None:
    make_rota(people.manager)
    with smtp_server() as box:
        make_channel(box.address)
        alert = make_alert()
        climb(timezone.now())
        actions.acknowledge(people.manager, alert)
        send_all()
    assert box.mails == []
    assert outward()[0][1] == AttemptState.PASSED
    assert Notice.objects.get().state == NoticeState.WITHDRAWN
