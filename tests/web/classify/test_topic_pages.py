"""The pages of topics and of the taxonomy: what they show, what they refuse, and to whom."""

import pytest
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.classify.unsure import described, say

from amends.engine.contracts import parse_taxonomy
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.classify.models import TaxonomyVersion, Topic, TopicState
from amends.web.classify.previewing import make_preview
from amends.web.classify.taxonomies import draft
from amends.web.classify.topics import search
from amends.web.project import pipeline, rewriting

pytestmark = pytest.mark.django_db(transaction=True)
LATE, WRONG = "delivery/carrier_delay", "order/wrong_item"


@pytest.fixture
def analyst(people: People, client: Client) -> Client:
    client.force_login(people.analyst)
    return client


@pytest.fixture
def drones() -> Topic:
    described()
    say(words=("drone",))
    search(timezone.now())
    return Topic.objects.get()


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def do(client: Client, address: str, **given: object) -> str:
    answer = client.post(address, given, follow=True)
    assert answer.status_code in {200, 422}
    return answer.content.decode()


def test_a_topic_is_listed_opened_and_made_a_cause_with_one_click(
    analyst: Client, drones: Topic
) -> None:
    page = text(analyst, "/causes/topics/")
    assert f"/causes/topics/{drones.pk}/" in page
    assert "swimming pool" in page
    assert "12 of 12 unsure texts" in page
    form = analyst.get(f"/causes/topics/{drones.pk}/").context["form"]
    assert form["examples"].value()
    given = {name: form[name].value() for name in form.fields}
    told = do(analyst, f"/causes/topics/{drones.pk}/cause/", **given)
    assert "is a cause now" in told
    drones.refresh_from_db()
    assert drones.state == TopicState.CAUSE
    assert drones.cause in taxonomy_in_force()
    assert "Became a cause" in text(analyst, "/causes/topics/")


def test_what_is_wrong_with_a_topic_is_said(analyst: Client, drones: Topic) -> None:
    told = do(analyst, f"/causes/topics/{drones.pk}/cause/", label="", parent="", severity="low")
    assert "This field is required" in told
    told = do(analyst, f"/causes/topics/{drones.pk}/dismissal/", because="")
    assert "Say why" in told
    do(analyst, f"/causes/topics/{drones.pk}/dismissal/", because="A joke")
    assert "A joke" in text(analyst, "/causes/topics/")
    do(analyst, f"/causes/topics/{drones.pk}/reopening/")
    drones.refresh_from_db()
    assert drones.state == TopicState.OPEN


def test_only_who_may_edit_the_taxonomy_decides(people: People, drones: Topic) -> None:
    manager = Client()
    manager.force_login(people.manager)
    page = text(manager, f"/causes/topics/{drones.pk}/")
    assert "Dismiss" not in page
    for address in (
        f"/causes/topics/{drones.pk}/cause/",
        f"/causes/topics/{drones.pk}/dismissal/",
        "/causes/topics/look-again/",
        "/causes/taxonomy/change/",
        "/causes/taxonomy/draft/publication/",
    ):
        assert manager.post(address).status_code == 403
    outsider = Client()
    outsider.force_login(people.admin)
    assert outsider.get("/causes/topics/").status_code in {403, 404}
    drones.refresh_from_db()
    assert drones.state == TopicState.OPEN


def test_the_taxonomy_is_edited_previewed_published_and_given_as_a_file(analyst: Client) -> None:
    described()
    page = text(analyst, f"/causes/taxonomy/?cause={LATE}")
    assert "as it came" in page
    form = analyst.get(f"/causes/taxonomy/?cause={LATE}").context["form"]
    given = {name: form[name].value() for name in form.fields}
    address = "/causes/taxonomy/change/"
    told = do(analyst, address, verb="reword", path=LATE, **{**given, "label": "Carrier is late"})
    assert "Renamed “Carrier delay” to “Carrier is late”" in told
    told = do(analyst, address, verb="merge", path=WRONG, into="order/missing_part")
    assert "Merged" in told
    assert "Working out what would move" in told
    mine = draft()
    assert mine is not None
    assert not mine.learns, "names and places teach nothing"
    refused = do(analyst, "/causes/taxonomy/draft/publication/", draft=mine.pk, because="Agreed")
    assert "Look at what would move" in refused
    make_preview(timezone.now())
    assert "Publish version 2" in text(analyst, "/causes/taxonomy/")
    do(analyst, "/causes/taxonomy/draft/publication/", draft=mine.pk, because="Agreed")
    while rewriting.rewrite_next():
        pipeline.work_off()
    file = parse_taxonomy(analyst.get("/causes/taxonomy/file/").content.decode())
    assert file == taxonomy_in_force()
    assert file.label(LATE) == "Carrier is late"
    assert WRONG not in file
    assert "Carrier is late" in text(analyst, "/causes/taxonomy/")


def test_every_verb_of_the_editor_and_what_it_refuses(analyst: Client) -> None:
    described()
    address = "/causes/taxonomy/change/"
    words = {"label": "Drone", "description": "It fell.", "severity": "low"}
    assert "Added “Drone”" in do(analyst, address, verb="add", parent="delivery", **words)
    assert "already" in do(analyst, address, verb="add", parent="delivery", **words)
    assert "Moved" in do(analyst, address, verb="move", path="delivery/drone", under="order")
    assert "Retired" in do(analyst, address, verb="retire", path="order/drone", into=LATE)
    parts = {"part": ["Courier", "Depot"], "says": ["The courier is late.", "The depot is."]}
    assert "Split" in do(analyst, address, verb="split", path=LATE, **parts)
    assert "Nothing is different" not in do(analyst, address, verb="merge", path=WRONG, into=WRONG)
    assert "merged with itself" in do(analyst, address, verb="merge", path=WRONG, into=WRONG)
    assert "Choose what to do" in do(analyst, address, verb="burn")
    bad = {"part": ["Courier", "Depot"], "says": ["The courier.", ""]}
    assert "what it is" in do(analyst, address, verb="split", path=WRONG, **bad)
    mine = draft()
    assert mine is not None
    assert len(mine.changes) == 4
    do(analyst, "/causes/taxonomy/draft/discarding/")
    assert draft() is None
    assert TaxonomyVersion.objects.get().state == "discarded"
