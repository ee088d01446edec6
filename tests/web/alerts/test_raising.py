"""What becomes an alert, how it climbs, and when it says nothing: with clocks that tests set."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from tests.arrivals import arrived, usual_weeks
from tests.breakdowns import make_breakdown
from tests.people import People
from tests.web.alerts.alerting import make_alert, make_channel, make_rota

from amends.web.accounts.models import Membership
from amends.web.alerts import jobs, queries
from amends.web.alerts.actions import alerts as actions
from amends.web.alerts.actions import rotas
from amends.web.alerts.climbing import EXPIRES_AFTER, climb
from amends.web.alerts.dispatching import PER_HOUR, PER_HOUR_CRITICAL
from amends.web.alerts.gathering import EVERY, gather
from amends.web.alerts.messages import message_of
from amends.web.alerts.models import (
    Alert,
    AlertState,
    Attempt,
    Notice,
    NoticeKind,
    NoticeState,
    Rule,
    RuleKind,
    StepKind,
)
from amends.web.alerts.raising import (
    OVER,
    Fired,
    acknowledged,
    raise_for_breakdowns,
    raise_for_rule,
)
from amends.web.detect import actions as breakdowns
from amends.web.detect.models import Breakdown
from amends.web.intake.models import Source, Way

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 10, 10, tzinfo=UTC)
MIDNIGHT = datetime(2026, 6, 10, 22, tzinfo=UTC)
"""Noon and midnight in Berlin."""


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def told() -> list[str]:
    """Return who was told, in order."""
    return [n.person.first_name for n in Notice.objects.order_by("pk") if n.person]


def changed(breakdown: Breakdown | None, **fields: object) -> None:
    assert breakdown
    Breakdown.objects.filter(pk=breakdown.pk).update(updated_at=timezone.now(), **fields)


def test_a_breakdown_raises_one_alert_however_often_it_is_looked_at(people: People) -> None:
    made = make_breakdown(owner=people.manager)
    [alert] = raise_for_breakdowns(NOON)
    assert (alert.owner, alert.where["region"]) == (people.manager, "north")
    assert raise_for_breakdowns(NOON) == []
    changed(made, severity="critical")
    [worse] = raise_for_breakdowns(NOON + minutes(5))
    assert (worse.pk, worse.run, worse.severity) == (alert.pk, 2, "critical")
    changed(made, severity="low")
    assert raise_for_breakdowns(NOON + minutes(6)) == []


def test_no_alert_is_left_when_the_breakdown_is_rolled_back() -> None:
    def fail() -> None:
        with transaction.atomic():
            make_breakdown()
            raise_for_breakdowns(NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not Alert.objects.exists()


def test_it_ends_with_its_breakdown_and_comes_back_with_it() -> None:
    alert = make_alert(NOON)
    assert alert.breakdown
    changed(alert.breakdown, state="over", ended_at=NOON)
    raise_for_breakdowns(NOON + minutes(1))
    alert.refresh_from_db()
    assert (alert.state, alert.ended_because, alert.next_at) == (AlertState.CLOSED, OVER, None)
    changed(alert.breakdown, state="confirmed", ended_at=None)
    [again] = raise_for_breakdowns(NOON + minutes(2))
    assert (again.pk, again.state, again.run) == (alert.pk, AlertState.RAISED, 2)


def test_what_was_judged_to_be_none_says_nothing_more(people: People) -> None:
    alert = make_alert()
    assert alert.breakdown
    breakdowns.judge(people.manager, alert.breakdown, "false", "a test order")
    raise_for_breakdowns(timezone.now())
    alert.refresh_from_db()
    assert alert.state == AlertState.CLOSED
    assert "false alarm" in alert.ended_because
    assert raise_for_breakdowns(timezone.now()) == []


def test_steps_follow_each_other_until_somebody_acknowledges(people: People) -> None:
    rota = make_rota(people.manager, people.analyst, waits=(15, 30, 60))
    first, second = (p.person for p in rota.people.all())
    alert = make_alert(NOON, owner=people.leader)
    climb(NOON)
    turn = Notice.objects.get().person
    assert turn
    other = second if turn == first else first
    climb(NOON + minutes(14))
    assert Notice.objects.count() == 1
    climb(NOON + minutes(15))
    assert told() == [turn.first_name, other.first_name]
    actions.acknowledge(people.manager, alert)
    climb(NOON + minutes(500))
    assert Notice.objects.count() == 2
    alert.refresh_from_db()
    assert alert.acknowledged_by == people.manager
    assert alert.breakdown
    alert.breakdown.refresh_from_db()
    assert alert.breakdown.acknowledged_at


def test_acknowledging_the_breakdown_acknowledges_the_alert(people: People) -> None:
    make_rota(people.manager)
    alert = make_alert(NOON)
    assert alert.breakdown
    breakdowns.acknowledge(people.analyst, alert.breakdown)
    climb(NOON)
    alert.refresh_from_db()
    assert alert.state == AlertState.ACKNOWLEDGED
    assert not Notice.objects.exists()


def test_what_was_closed_meanwhile_stays_closed(people: People) -> None:
    read_before = make_alert(NOON)
    actions.close(people.manager, read_before, "planned work")
    acknowledged(read_before, NOON, people.analyst.pk)
    assert read_before.state == AlertState.CLOSED
    assert read_before.acknowledged_at is None


def test_nobody_is_woken_at_midnight_unless_it_is_critical(people: People) -> None:
    make_rota(people.manager, quiet_from=time(22), quiet_until=time(7))
    alert = make_alert(MIDNIGHT, severity="high")
    climb(MIDNIGHT)
    assert told() == []
    alert.refresh_from_db()
    assert alert.next_at == datetime(2026, 6, 11, 5, tzinfo=UTC)
    make_alert(MIDNIGHT, where={"region": "west"}, severity="critical")
    climb(MIDNIGHT)
    assert told() == ["Mara"]
    assert alert not in queries.undelivered(MIDNIGHT + minutes(60))
    climb(alert.next_at)
    assert alert.notices.get().person == people.manager


def test_a_step_without_anybody_is_no_reason_to_wait(people: People) -> None:
    make_rota(people.manager, waits=(15, 30, 60))
    rota = make_rota(people.analyst, name="Care", team=people.manager.teams.get())
    rota.steps.update(kind=StepKind.LEADS)
    alert = make_alert(NOON, team=people.manager.teams.get())
    climb(NOON)
    assert told() == []
    assert alert in queries.unaddressed(NOON + minutes(11))
    Membership.objects.filter(user=people.colleague).update(is_lead=True)
    Alert.objects.update(next_at=NOON)
    climb(NOON)
    assert told() == ["Cleo"]


def test_without_a_rota_the_owner_is_told_twice_and_then_it_expires(people: People) -> None:
    alert = make_alert(NOON, owner=people.leader)
    for after in (0, 29, 30, 600):
        climb(NOON + minutes(after))
    assert told() == ["Leo", "Leo"]
    climb(NOON + EXPIRES_AFTER)
    alert.refresh_from_db()
    assert (alert.state, alert.next_at) == (AlertState.EXPIRED, None)
    assert "Nobody acknowledged it" in alert.ended_because


def test_many_at_once_are_one_digest_of_what_still_waits(people: People) -> None:
    make_rota(people.manager)
    n = PER_HOUR + 5
    for i in range(n):
        make_alert(NOON, where={"region": f"r{i}"}, title=f"Breakdown {i}")
    climb(NOON)
    held = Notice.objects.filter(state=NoticeState.HELD)
    assert held.count() == 5
    seen = held.order_by("-pk")[0].alert
    assert seen
    actions.acknowledge(people.analyst, seen)
    assert gather(NOON + minutes(1)) == 1
    digest = Notice.objects.get(kind=NoticeKind.DIGEST)
    assert digest.gathered.count() == 4
    text = message_of(digest)
    assert "4 alerts together" in text.title
    assert text.body.count("[high]") == 4
    assert digest.state == NoticeState.DELIVERED  # in amends: there is no other channel
    assert not Alert.objects.filter(state=AlertState.RAISED).exists()
    make_alert(NOON, where={"region": "last"})
    climb(NOON + minutes(2))
    assert gather(NOON + minutes(2)) == 0
    assert gather(NOON + minutes(1) + EVERY) == 1


def test_a_digest_says_of_which_slice_each_alert_is_and_is_its_readers_own(people: People) -> None:
    """metabase#16250: hidden filters; #56267: rows of other recipients."""
    make_rota(people.manager)
    alerts = [make_alert(NOON, where={"region": f"r{i}"}) for i in range(PER_HOUR + 2)]
    climb(NOON)
    theirs = make_alert(NOON, where={"region": "other"})
    Notice.objects.create(
        kind=NoticeKind.ALERT,
        alert=theirs,
        person=people.leader,
        state=NoticeState.HELD,
        created_at=NOON,
    )
    assert gather(NOON + minutes(1)) == 2
    mine = message_of(Notice.objects.get(kind=NoticeKind.DIGEST, person=people.manager)).body
    assert all(alert.detail for alert in alerts)
    assert [a for a in alerts if f"  {a.detail}\n" in mine] == alerts[PER_HOUR:]
    assert theirs.detail not in mine


def test_a_critical_one_still_comes_through_but_a_storm_of_them_is_a_digest(
    people: People,
) -> None:
    make_rota(people.manager)
    for i in range(PER_HOUR):
        make_alert(NOON, where={"region": f"r{i}"})
    climb(NOON)
    for i in range(PER_HOUR_CRITICAL):
        make_alert(NOON, where={"region": f"c{i}"}, severity="critical")
    climb(NOON)
    loud = Notice.objects.exclude(state=NoticeState.HELD).filter(alert__severity="critical")
    assert loud.count() == PER_HOUR_CRITICAL - PER_HOUR
    assert Notice.objects.filter(state=NoticeState.HELD).count() == PER_HOUR


def test_a_digest_waits_for_the_end_of_quiet_hours(people: People) -> None:
    make_rota(people.manager, quiet_from=time(22), quiet_until=time(7))
    make_alert(MIDNIGHT - minutes(121), severity="low")
    climb(MIDNIGHT - minutes(121))
    assert Notice.objects.get().state == NoticeState.HELD
    assert gather(MIDNIGHT) == 0
    assert gather(MIDNIGHT + minutes(7 * 60)) == 1


def rule_of(people: People, kind: str = RuleKind.SIGNAL, **fields: object) -> Rule:
    given = {"name": f"Rule {Rule.objects.count()}", "kind": kind, "owner": people.analyst}
    return Rule.objects.create(**{**given, **fields})


def fired(where: dict[str, str], occasion: str = "1") -> Fired:
    return Fired("one", occasion, "Something grave", "", "/signals/", where)


def test_what_a_breakdown_explains_is_a_part_of_its_alert(people: People) -> None:
    make_rota(people.manager)
    within = {"region": "north", "cause": "delivery/late", "product": "toys"}
    early = raise_for_rule(rule_of(people, severity="high"), fired(within), NOON)
    over = make_alert(NOON)
    later = raise_for_rule(rule_of(people, severity="high"), fired(within), NOON)
    apart = raise_for_rule(rule_of(people), fired({"region": "south"}), NOON)
    assert early
    assert later
    assert apart
    for part in (early, later):
        part.refresh_from_db()
        assert part.part_of == over
    assert apart.part_of is None
    climb(NOON)
    assert {n.alert for n in Notice.objects.all()} == {over, apart}
    over.refresh_from_db()
    actions.close(people.manager, over, "Mended")
    early.refresh_from_db()
    assert early.state == AlertState.CLOSED


def test_a_graver_part_makes_the_whole_graver_and_louder(people: People) -> None:
    over = make_alert(NOON)
    actions.acknowledge(people.manager, over)
    within = {"region": "north", "cause": "delivery/late"}
    part = raise_for_rule(rule_of(people, severity="critical"), fired(within), NOON + minutes(9))
    assert part
    over.refresh_from_db()
    assert (over.severity, over.state, over.run) == ("critical", AlertState.RAISED, 2)


def test_a_rule_raises_one_alert_for_a_subject_at_a_time(people: People) -> None:
    rule = rule_of(people)
    first = raise_for_rule(rule, fired({}, "1"), NOON)
    assert first
    assert raise_for_rule(rule, fired({}, "1"), NOON) is None
    assert raise_for_rule(rule, fired({}, "2"), NOON) is None
    actions.close(people.manager, first, "seen to")
    assert raise_for_rule(rule, fired({}, "1"), NOON) is None
    assert raise_for_rule(rule, fired({}, "2"), NOON)


def test_who_may_acknowledge(people: People) -> None:
    alert = make_alert(NOON, owner=people.leader)
    for person in (people.owner, people.admin):
        with pytest.raises(Http404):
            actions.acknowledge(person, alert)
    with pytest.raises(PermissionDenied, match="acknowledge and close"):
        actions.acknowledge(people.compliance, alert)
    Notice.objects.create(alert=alert, kind="alert", person=people.owner, created_at=NOON)
    assert actions.acknowledge(people.owner, alert).acknowledged_by == people.owner
    assert actions.acknowledge(people.manager, alert).acknowledged_by == people.owner
    with pytest.raises(ValidationError, match="Say why"):
        actions.close(people.manager, alert, " ")
    actions.close(people.manager, alert, "Mended")
    with pytest.raises(ValidationError, match="ended"):
        actions.acknowledge(people.manager, alert)


def test_who_becomes_owner_or_comes_on_call_later_is_told_then(people: People) -> None:
    alert = make_alert(NOON)
    climb(NOON)
    assert told() == []
    changed(alert.breakdown, owner=people.leader)
    raise_for_breakdowns(NOON + minutes(1))
    climb(NOON + minutes(1))
    assert told() == ["Leo"]
    now = timezone.now()
    other = make_alert(now, where={"region": "west"})
    climb(now)
    fields = {
        "name": "All", "time_zone": "UTC", "starts_on": NOON.date(), "handover_at": time(9),
        "rounds": 1,
    }  # fmt: skip
    steps = [rotas.Rung(StepKind.ON_CALL, 10)]
    rotas.save_rota(people.manager, None, fields, [people.analyst], steps)
    climb(timezone.now())
    assert other.notices.get().person == people.analyst


def test_a_source_that_falls_silent_is_told_by_the_job_that_looks(people: People) -> None:
    make_rota(people.manager)
    stopped = timezone.now() - timedelta(hours=30)
    for name, until in (("zendesk", stopped), ("surveys", timezone.now())):
        Source.objects.create(name=name, title=name.title(), way=Way.API)
        usual_weeks(name, until, per_hour=4, rows=6)
        arrived(name, until)
    for _ in range(2):
        jobs.watch_for_silence(0)
    alert = Alert.objects.get()
    assert alert.title.startswith("Nothing from Zendesk since")
    assert alert.where == {"source": "zendesk"}
    climb(timezone.now())
    assert told()[0] == "Mara"


def test_whoever_stands_in_is_told(people: People) -> None:
    rota = make_rota(people.manager)
    now = timezone.now()
    rotas.stand_in(people.leader, rota, people.analyst, now, now + timedelta(hours=2), "swap")
    make_alert(now)
    climb(now + minutes(1))
    assert told() == ["Ana"]
    with pytest.raises(ValidationError, match="ends before"):
        rotas.stand_in(people.leader, rota, people.analyst, now, now, "")
    with pytest.raises(ValidationError, match="may not handle alerts"):
        rotas.stand_in(people.leader, rota, people.admin, now, now + minutes(5), "")
    with pytest.raises(PermissionDenied):
        rotas.stand_in(people.analyst, rota, people.analyst, now, now + minutes(5), "")


def test_a_channel_of_somebody_else_is_not_used(people: People) -> None:
    make_rota(people.manager)
    make_channel("json://127.0.0.1:9/", people.analyst)
    alert = make_alert(NOON)
    climb(NOON)
    assert Attempt.objects.get().channel.kind == "in_app"
    alert.refresh_from_db()
    assert alert.state == AlertState.DELIVERED
