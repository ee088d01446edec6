"""Reviewing causes: what people say holds, teaches, and tells how far they agree."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.people import People
from tests.web.arrivals import send
from tests.web.signals import signal

from amends.engine.contracts import UNSURE, signal_id, starter_taxonomy
from amends.flows.learning import learn_causes
from amends.web.classify import jobs
from amends.web.classify.in_force import classifier_in_force, put_in_force
from amends.web.classify.models import ClassifierVersion, ConfirmedCause, Review
from amends.web.classify.reviewing import agreement_of
from amends.web.detect.keeping import landed
from amends.web.project import pipeline, relabelling

pytestmark = pytest.mark.django_db(transaction=True)
FRAGMENT = {"HX-Request": "true"}
LATE = "My parcel is three days late and nobody tells me where it is"
STRANGE = "Something about the whole evening felt entirely different than promised to us"
BILL = "You charged me twice for the same order on my card"


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


@pytest.fixture
def said() -> None:
    """Signals of which some are unsure, labelled by a classifier that only knows descriptions."""
    texts = [LATE, STRANGE, BILL]
    classifier, _ = learn_causes(starter_taxonomy("retail"), texts, [None] * 3)
    put_in_force(classifier, timezone.now())
    at = timezone.now() - timedelta(days=3)
    rows = [
        signal(external_id=f"S-{n}", kind="complaint", verbatim=text, occurred_at=at)
        for n, text in enumerate(texts)
    ]
    send(*rows)
    pipeline.work_off()


def name_of(n: int) -> str:
    return signal_id("tests", f"S-{n}")


def causes() -> dict[str, Any]:
    return {row["external_id"]: row["cause"] for row in landed().to_pylist()}


@pytest.fixture
def analyst(people: People, client: Client) -> Client:
    client.force_login(people.analyst)
    return client


def judge(client: Client, n: int, **given: str) -> str:
    answer = client.post(f"/causes/review/{name_of(n)}/verdict/", given, headers=FRAGMENT)
    assert answer.status_code in {200, 422}
    return answer.content.decode()


@pytest.mark.usefixtures("said")
def test_what_is_unsure_is_asked_first_with_what_comes_into_question(analyst: Client) -> None:
    unsure = [name for name, cause in causes().items() if cause == UNSURE]
    assert unsure, "the fixture holds something strange"
    text = analyst.get("/causes/review/").content.decode()
    asked = re.search(r"/causes/review/([0-9a-f]{32})/verdict/", text)
    assert asked
    assert asked[1] in {signal_id("tests", name) for name in unsure}
    assert 'data-press="1"' in text


@pytest.mark.usefixtures("said")
def test_what_a_person_says_holds_in_the_lake_and_teaches(analyst: Client) -> None:
    told = judge(
        analyst, 1, verdict="other", cause="delivery/carrier_delay", suggested="order/wrong_item"
    )
    assert "Saved." in told
    assert relabelling.prepare_confirmed() == 1
    pipeline.work_off()
    assert causes()["S-1"] == "delivery/carrier_delay"
    before = classifier_in_force()
    assert before is not None
    assert jobs.learn() == 1
    after = classifier_in_force()
    assert after is not None
    assert after.model_version != before.model_version
    k = before.causes.index("delivery/carrier_delay")
    gain = after.probabilities([STRANGE])[0, k] - before.probabilities([STRANGE])[0, k]
    assert gain > 0
    assert Review.objects.get().learnt_by == after.model_version
    assert ClassifierVersion.objects.filter(is_current=True).count() == 1
    assert jobs.learn() == 0


@pytest.mark.usefixtures("said")
def test_no_failure_and_no_cause_are_answers_too(analyst: Client) -> None:
    judge(analyst, 0, verdict="nothing")
    judge(analyst, 1, verdict="new", note="Evening went wrong")
    relabelling.prepare_confirmed()
    pipeline.work_off()
    assert causes()["S-0"] is None
    assert causes()["S-1"] == UNSURE
    assert Review.objects.get(verdict="new").note == "Evening went wrong"
    assert "S-1" not in analyst.get("/causes/review/").content.decode()


@pytest.mark.usefixtures("said")
def test_an_unknown_cause_is_refused_and_nothing_is_written(analyst: Client) -> None:
    assert "is no cause of the taxonomy" in judge(analyst, 0, verdict="other", cause="made/up")
    assert "Choose what it tells of" in judge(analyst, 0, verdict="perhaps")
    assert not Review.objects.exists()
    assert not ConfirmedCause.objects.exists()


@pytest.mark.usefixtures("said")
def test_a_review_can_be_taken_back(analyst: Client) -> None:
    judge(analyst, 0, verdict="other", cause="delivery/carrier_delay")
    answer = analyst.post(f"/causes/review/{name_of(0)}/undo/", headers=FRAGMENT)
    assert LATE in answer.content.decode()
    assert not Review.objects.exists()
    relabelling.prepare_confirmed()
    assert not ConfirmedCause.objects.exists()


@pytest.mark.usefixtures("said")
def test_what_was_applied_already_is_labelled_again_when_it_is_taken_back(analyst: Client) -> None:
    before = causes()["S-0"]
    judge(analyst, 0, verdict="other", cause="order/wrong_item")
    relabelling.prepare_confirmed()
    pipeline.work_off()
    assert causes()["S-0"] == "order/wrong_item" != before
    analyst.post(f"/causes/review/{name_of(0)}/undo/", headers=FRAGMENT)
    relabelling.prepare_confirmed()
    pipeline.work_off()
    assert causes()["S-0"] == before
    assert not ConfirmedCause.objects.exists()


@pytest.mark.usefixtures("said")
def test_taking_back_lets_the_other_persons_review_hold(analyst: Client, people: People) -> None:
    other = Client()
    other.force_login(people.manager)
    judge(other, 0, verdict="other", cause="order/wrong_item")
    judge(analyst, 0, verdict="other", cause="delivery/carrier_delay")
    assert ConfirmedCause.objects.get().cause == "delivery/carrier_delay"
    analyst.post(f"/causes/review/{name_of(0)}/undo/", headers=FRAGMENT)
    assert ConfirmedCause.objects.get().cause == "order/wrong_item"
    assert not ConfirmedCause.objects.get().is_withdrawn


@pytest.mark.usefixtures("said")
def test_a_second_opinion_changes_nothing_and_tells_how_far_people_agree(
    analyst: Client, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.web.classify.reviewing.SECOND_IN", 1)
    judge(analyst, 0, verdict="other", cause="delivery/carrier_delay")
    other = Client()
    other.force_login(people.manager)
    text = other.get("/causes/review/").content.decode()
    assert "Second opinion" in text
    assert "spoke for" not in text, "it is given without knowing why"
    judge(other, 0, verdict="other", cause="order/wrong_item", is_second="on")
    assert ConfirmedCause.objects.get().cause == "delivery/carrier_delay"
    found = agreement_of(least=1)
    assert found is not None
    assert (found.n, found.share) == (1, 0.0)


@pytest.mark.usefixtures("said")
def test_only_who_may_correct_every_cause_reviews(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert client.get("/causes/review/").status_code == 404
    client.force_login(people.leader)
    assert client.get("/causes/review/").status_code in {403, 404}
    assert not Review.objects.filter(signal_id=UUID(name_of(0))).exists()
