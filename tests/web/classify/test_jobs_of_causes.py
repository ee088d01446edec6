"""The jobs of causes end to end: a topic is found, becomes a cause, is learnt, and moves."""

import pytest
from tests.people import People
from tests.web.classify.unsure import causes, described, say

from amends.web.classify import jobs, publishing, topic_actions
from amends.web.classify import taxonomy_actions as edit
from amends.web.classify.in_force import classifier_in_force
from amends.web.classify.models import HistoryRun, Topic
from amends.web.classify.taxonomies import draft
from amends.web.classify.topic_actions import NewCause
from amends.web.project import jobs as project_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_unsure_texts_to_a_cause_that_moved(people: People) -> None:
    described()
    say(words=("drone",))
    jobs.search_topics()
    new = NewCause("Drone drops it", "delivery", "A drone let go of it.", ("The drone fell",))
    topic_actions.make_cause(people.analyst, Topic.objects.get(), new)
    project_jobs.relabel_confirmed()
    assert set(causes().values()) == {"delivery/drone_drops_it"}
    jobs.learn_all()
    learnt = classifier_in_force()
    assert learnt is not None
    assert "delivery/drone_drops_it" in learnt.causes
    edit.move_cause(people.analyst, "delivery/drone_drops_it", "order")
    jobs.preview_draft()
    mine = draft()
    assert mine is not None
    assert mine.preview is not None
    assert mine.preview["moved"] == mine.preview["total"] == 12
    publishing.publish(people.analyst, mine.pk, "Stock flies it")
    project_jobs.relabel_history()
    assert set(causes().values()) == {"order/drone_drops_it"}
    assert HistoryRun.objects.get().finished_at is not None
    assert Topic.objects.get().cause == "order/drone_drops_it"
