"""Topics keep their number when data grow, become causes with one click, and stay dismissed."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from tests.people import People
from tests.web.classify.unsure import causes, described, say

from amends.web.classify import jobs, topic_actions
from amends.web.classify.in_force import classifier_in_force, taxonomy_in_force
from amends.web.classify.models import TaxonomyVersion, Topic, TopicMember, TopicState
from amends.web.classify.topic_actions import NewCause
from amends.web.classify.topics import search
from amends.web.project import pipeline, relabelling

pytestmark = pytest.mark.django_db(transaction=True)
NEW = NewCause("Drone drops it", "delivery", "A drone let go of the parcel.", ("The drone fell",))


def told_by(word: str) -> Topic:
    return next(topic for topic in Topic.objects.all() if word in " ".join(topic.phrases))


@pytest.fixture
def found() -> None:
    described()
    say()
    search(timezone.now())


@pytest.mark.usefixtures("found")
def test_what_is_unsure_is_grouped_named_and_dated() -> None:
    drones = told_by("drone")
    assert drones.n == TopicMember.objects.filter(topic=drones).count() == 12
    assert sum(drones.weeks) == 12
    assert len(drones.weeks) == 13
    assert drones.typical in set(drones.members.values_list("signal_id", flat=True))
    assert Topic.objects.count() == 2


@pytest.mark.usefixtures("found")
def test_topics_keep_their_number_when_data_grow() -> None:
    before = {word: told_by(word).pk for word in ("drone", "hologram")}
    say(3, first=50)
    found = search(timezone.now())
    assert {word: told_by(word).pk for word in before} == before
    assert told_by("drone").n == 15
    assert (found.n_texts, Topic.objects.count()) == (30, 2)


@pytest.mark.usefixtures("found")
def test_a_topic_becomes_a_cause_and_its_signals_get_it(people: People) -> None:
    topic = told_by("drone")
    cause = topic_actions.make_cause(people.analyst, topic, NEW)
    assert taxonomy_in_force()[cause.path] == cause
    version = TaxonomyVersion.objects.get(is_current=True)
    assert (version.version, version.base) == ("2", "1")
    while relabelling.prepare_confirmed():
        pipeline.work_off()
    told = causes()
    assert {told[f"drone-{n}"] for n in range(12)} == {"delivery/drone_drops_it"}
    assert "delivery/drone_drops_it" not in {told[f"hologram-{n}"] for n in range(12)}
    topic.refresh_from_db()
    assert (topic.state, topic.cause) == (TopicState.CAUSE, cause.path)
    assert (topic.decided_by, version.publisher) == (people.analyst, people.analyst)
    with pytest.raises(ValidationError, match="decided meanwhile"):
        topic_actions.make_cause(people.analyst, topic, NEW)
    jobs.learn_everything()
    learnt = classifier_in_force()
    assert learnt is not None
    assert cause.path in learnt.causes
    assert learnt.taxonomy.version == "2"
    assert {topic.pk for topic in Topic.objects.filter(n=12)} >= {topic.pk}


@pytest.mark.usefixtures("found")
def test_a_cause_that_cannot_be_is_refused_and_nothing_is_written(people: People) -> None:
    topic = told_by("drone")
    for wrong, message in (
        (NewCause("Drone", "nowhere", "d"), "There is no cause nowhere"),
        (NewCause("Drone", "delivery/carrier_delay", "d"), "not a branch"),
        (NewCause("  ", "delivery", "d"), "needs a name"),
        (NewCause("Drone", "delivery", ""), "needs a name"),
    ):
        with pytest.raises(ValidationError, match=message):
            topic_actions.make_cause(people.analyst, topic, wrong)
    assert not TaxonomyVersion.objects.exists()
    with pytest.raises(PermissionDenied):
        topic_actions.make_cause(people.manager, topic, NEW)


@pytest.mark.usefixtures("found")
def test_what_was_dismissed_stays_so_when_it_is_found_again(people: People) -> None:
    topic = told_by("hologram")
    with pytest.raises(ValidationError, match="Say why"):
        topic_actions.dismiss(people.analyst, topic, " ")
    topic_actions.dismiss(people.analyst, topic, "A joke that made the rounds")
    say(2, first=70)
    search(timezone.now())
    topic.refresh_from_db()
    assert (topic.state, topic.n) == (TopicState.DISMISSED, 14)
    topic_actions.reopen(people.analyst, topic)
    topic.refresh_from_db()
    assert (topic.state, topic.because) == (TopicState.OPEN, "")


def test_few_texts_make_no_topic() -> None:
    described()
    say(2)
    assert search(timezone.now()).n_placed == 0
    assert not Topic.objects.exists()
