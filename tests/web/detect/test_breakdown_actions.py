import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from tests.breakdowns import make_breakdown
from tests.people import People

from amends.web.accounts.models import Team
from amends.web.detect import actions
from amends.web.detect.history import history
from amends.web.detect.models import Breakdown

pytestmark = pytest.mark.django_db


def test_acknowledging_counts_once(people: People) -> None:
    b = make_breakdown()
    first = actions.acknowledge(people.manager, b).acknowledged_at
    assert first is not None
    assert actions.acknowledge(people.analyst, b).acknowledged_at == first


def test_taking_makes_it_ones_own_and_ones_teams(people: People) -> None:
    b = actions.assign(people.manager, make_breakdown(), people.manager)
    assert b.owner == people.manager
    assert b.team == Team.objects.get(name="Care")
    assert b.acknowledged_at is not None


def test_giving_it_away_leaves_it_to_be_acknowledged(people: People) -> None:
    b = actions.assign(people.leader, make_breakdown(), people.manager)
    assert b.acknowledged_at is None
    assert actions.assign(people.leader, b, None).owner is None


def test_only_who_may_handle_breakdowns_can_own_one(people: People) -> None:
    with pytest.raises(ValidationError, match="may not handle"):
        actions.assign(people.leader, make_breakdown(), people.owner)


def test_a_judgement_needs_no_reason_and_can_be_taken_back(people: People) -> None:
    b = make_breakdown()
    assert actions.judge(people.analyst, b, "false").judgement == "false"
    with pytest.raises(ValidationError, match="no judgement"):
        actions.judge(people.analyst, b, "maybe", "because of it")
    judged = actions.judge(people.analyst, b, "known", "Agreed sale weekend")
    assert (judged.judgement, judged.judged_because) == ("known", "Agreed sale weekend")
    undone = actions.judge(people.analyst, b, "", "")
    assert (undone.judgement, undone.judged_because) == ("", "")


def test_who_only_reads_changes_nothing(people: People) -> None:
    b = make_breakdown()
    for user in (people.owner, people.compliance, people.advocate):
        with pytest.raises(PermissionDenied):
            actions.acknowledge(user, b)
        with pytest.raises(PermissionDenied):
            actions.judge(user, b, "real", "because")
    assert Breakdown.objects.get().acknowledged_at is None


def test_a_product_owner_handles_what_is_their_own(people: People) -> None:
    with pytest.raises(PermissionDenied):
        actions.acknowledge(people.product_owner, make_breakdown())
    own = make_breakdown(owner=people.product_owner)
    assert actions.acknowledge(people.product_owner, own).acknowledged_at is not None


def test_the_history_is_read_from_the_audit_trail_newest_first(people: People) -> None:
    b = make_breakdown()
    actions.acknowledge(people.manager, b)
    actions.assign(people.manager, b, people.analyst)
    actions.judge(people.analyst, b, "real", "Seen at the depot")
    Breakdown.objects.filter(pk=b.pk).update(state="recovering")
    told = history(Breakdown.objects.get())
    assert [event.title for event in told] == [
        "Recovering now",
        "Judged: real",
        "Given to Ana Analyst",
        "Acknowledged",
        "Noticed",
    ]
    assert told[1].body == "Seen at the depot"
