"""An erased customer leaves topics, and the examples that their words became."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from tests.people import People
from tests.web.arrivals import send
from tests.web.classify.unsure import described, drone
from tests.web.signals import signal

from amends.engine.contracts import signal_id
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import TaxonomyVersion, Topic, TopicMember
from amends.web.classify.topic_actions import NewCause, make_cause
from amends.web.project import erasing, pipeline

pytestmark = pytest.mark.django_db(transaction=True)


def test_topics_and_examples_forget_a_customer(people: People) -> None:
    described()
    now = timezone.now()
    send(
        *[
            signal(external_id=f"S-{n}", customer_id=f"K-{n}", verbatim=drone(n), occurred_at=now)
            for n in range(2)
        ]
    )
    pipeline.work_off()
    mine = UUID(signal_id("tests", "S-0"))
    topic = Topic.objects.create(
        phrases=["drone"], typical=mine, n=2, first_found_at=now, last_found_at=now
    )
    TopicMember.objects.create(signal_id=mine, topic=topic, nearness=1)
    new = NewCause("Drone", "delivery", "A drone let it go.", [drone(0), drone(1), "Drone fell"])
    cause = make_cause(people.analyst, topic, new)

    entry = erasing.erase_customer(people.compliance, "K-0", "Asked by letter")

    assert entry.is_proven
    assert entry.removed["signals in topics"] == 1
    assert entry.removed["examples of causes"] == 1
    topic.refresh_from_db()
    assert topic.typical is None
    assert not TopicMember.objects.exists()
    assert taxonomy_in_force()[cause.path].examples == (drone(1), "Drone fell")
    assert drone(0) not in TaxonomyVersion.objects.get().document
    assert entry.began_at > now - timedelta(minutes=1)
