"""The model card tells how people judge labels, what drifted, and goes back when told why."""

import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.engine.contracts import signal_id, starter_taxonomy
from amends.flows.learning import learn_causes
from amends.web.classify.card import agreed, drift_of
from amends.web.classify.in_force import classifier_in_force, put_in_force
from amends.web.classify.models import ClassifierChange, ClassifierVersion, Review, Verdict

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
LATE, WRONG = "delivery/carrier_delay", "order/wrong_item"


@pytest.fixture(autouse=True)
def _own_lake(tmp_path: Path, settings: Settings) -> None:
    settings.AMENDS_LAKE = str(tmp_path / "lake")


def learn(*texts: str) -> str:
    classifier, _ = learn_causes(starter_taxonomy("retail"), list(texts), [None] * len(texts))
    put_in_force(classifier, timezone.now(), "It was trained")
    return classifier.model_version


def judged(people: People, n: int, accepted: int, confidence: float) -> None:
    for i in range(n):
        is_right = i < accepted
        Review.objects.create(
            signal_id=UUID(signal_id("tests", f"{confidence}-{i}")),
            suggested=LATE,
            confidence=confidence,
            verdict=Verdict.ACCEPTED if is_right else Verdict.OTHER,
            cause=LATE if is_right else WRONG,
            reviewer=people.analyst,
            reviewed_at=timezone.now(),
        )


def test_what_people_judged_is_told_by_cause_and_by_confidence(people: People) -> None:
    judged(people, 10, 9, 0.85)
    judged(people, 10, 2, 0.35)
    found = agreed()
    [late] = found.by_cause
    assert (late.n, late.accepted) == (20, 11)
    assert late.interval.low < 0.55 < late.interval.high
    assert [(round(b.claimed, 2), b.found, b.n) for b in found.bins] == [
        (0.35, 0.2, 10),
        (0.85, 0.9, 10),
    ]
    assert found.error == pytest.approx((0.15 + 0.05) / 2, abs=1e-3)
    assert found.confused == ((LATE, WRONG, 9),)


def test_few_judgements_draw_no_calibration(people: People) -> None:
    judged(people, 3, 1, 0.5)
    assert agreed().bins == ()
    assert agreed().error is None


def test_the_page_stands_without_a_classifier_and_with_one(people: People, client: Client) -> None:
    client.force_login(people.analyst)
    assert "Nothing has learnt yet" in client.get("/causes/model/").content.decode()
    version = learn("The parcel is late")
    text = client.get("/causes/model/").content.decode()
    assert version in text
    assert "It was trained" in text


def test_going_back_needs_a_reason_and_is_written_down(people: People, client: Client) -> None:
    first = learn("The parcel is late and nobody says why")
    second = learn("You charged me twice for one order", "My card was refused at the till")
    assert first != second
    old = ClassifierVersion.objects.get(version=first)
    client.force_login(people.analyst)
    refused = client.post(f"/causes/model/{old.pk}/", {"because": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    client.post(f"/causes/model/{old.pk}/", {"because": "It took tills for deliveries"})
    found = classifier_in_force()
    assert found is not None
    assert found.model_version == first
    change = ClassifierChange.objects.all()[0]
    assert (change.by, change.because) == (people.analyst, "It took tills for deliveries")
    client.force_login(people.manager)
    assert client.post(f"/causes/model/{old.pk}/", {"because": "I want it"}).status_code == 403


def test_only_the_newest_classifiers_are_kept_whole(
    people: People, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.web.classify.in_force.VERSIONS_KEPT", 2)
    names = [learn(f"The parcel number {word} is late") for word in ("one", "two", "three")]
    kept = {v.version: bool(v.parameters) for v in ClassifierVersion.objects.all()}
    assert kept == dict(zip(names, (False, True, True), strict=True))
    client.force_login(people.analyst)
    oldest = ClassifierVersion.objects.get(version=names[0])
    refused = client.post(f"/causes/model/{oldest.pk}/", {"because": "It was better"})
    assert refused.status_code == 422
    assert "Choose a newer one" in refused.content.decode()
    found = classifier_in_force()
    assert found is not None
    assert found.model_version == names[-1]


def test_a_source_whose_causes_moved_is_said_to_have_drifted(
    people: People, client: Client
) -> None:
    learn("The parcel is late and nobody says why")
    now = timezone.now()
    rows = []
    for n in range(160):
        is_new = n >= 80
        at = now - timedelta(days=10 if is_new else 60, minutes=n)
        for source, cause in (
            ("steady", LATE if n % 2 else WRONG),
            ("moved", LATE if (n % 8 == 0) == is_new else WRONG),
        ):
            rows.append(
                signal(
                    source=source,
                    external_id=f"{source}-{n}",
                    verbatim=f"The parcel number {n} is late",
                    cause=cause,
                    cause_confidence=0.6 + (n % 40) / 100,
                    model_version="x",
                    occurred_at=at,
                )
            )
    fill_lake(rows)
    while (drifts := drift_of(now)) is None:
        time.sleep(0.1)  # it is worked out on another thread
    found = {one.drift.group: one.is_drift for one in drifts}
    assert found == {"moved": True, "steady": False}
    client.force_login(people.analyst)
    text = client.get("/causes/model/drift/", headers=FRAGMENT).content.decode()
    assert text.count("Changed") == 1
