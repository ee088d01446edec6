"""Planned events: sent by programs, noted by people, shown beside breakdowns."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.breakdowns import make_breakdown
from tests.people import People

from amends.engine.contracts import BadInput
from amends.web.detect.models import PlannedEvent
from amends.web.detect.planned import read_events
from amends.web.intake.doors import digest_of
from amends.web.intake.models import Source, SourceToken, Way

pytestmark = pytest.mark.django_db
EVENT = {
    "external_id": "app-5.2",
    "title": "App 5.2",
    "kind": "release",
    "starts_at": "2026-03-02T09:00:00Z",
    "slice": {"region": "north"},
}


@pytest.fixture
def token() -> str:
    source = Source.objects.create(name="shop", title="The shop", way=Way.API)
    SourceToken.objects.create(
        source=source,
        label="t",
        digest=digest_of("sesame"),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return "sesame"


def send(body: object, token: str = "sesame") -> Any:  # noqa: S107
    return Client(enforce_csrf_checks=True).post(
        "/api/v1/events",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.mark.usefixtures("token")
def test_the_same_event_again_is_the_same_event() -> None:
    assert send(EVENT).json() == {"events": 1, "new": 1, "changed": 0, "answers": ["new"]}
    assert send([EVENT]).json()["answers"] == ["as it was"]
    assert send({**EVENT, "title": "App 5.2.1"}).json()["answers"] == ["changed"]
    kept = PlannedEvent.objects.get()
    assert (kept.title, kept.source) == ("App 5.2.1", "shop")
    assert kept.where.as_dict() == {"region": "north"}


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"kind": "party"}, "row 2, field kind"),
        ({"starts_at": "yesterday"}, "row 2, field starts_at"),
        ({"starts_at": None}, "row 2, field starts_at"),
        ({"ends_at": "2026-03-01T00:00:00Z"}, "row 2, field ends_at"),
        ({"title": " "}, "row 2, field title"),
        ({"slice": {"planet": "mars"}}, "row 2, field slice"),
        ({"colour": "red"}, "row 2"),
    ],
)
def test_all_or_none_is_taken_in_and_the_answer_says_where(
    change: dict[str, Any], where: str
) -> None:
    response = send([EVENT, {**EVENT, "external_id": "other", **change}])
    assert response.status_code == 422
    assert response.json()["where"] == where
    assert response.json()["remedy"]
    assert not PlannedEvent.objects.exists()


def test_without_a_token_nothing_is_taken_in(token: str) -> None:
    assert send(EVENT, "wrong").status_code == 401
    assert Client().get("/api/v1/events").status_code in {401, 405}
    assert send([EVENT] * 501, token).status_code == 413
    assert not PlannedEvent.objects.exists()


@given(
    record=st.dictionaries(
        st.sampled_from([*EVENT, "ends_at", "x"]),
        st.one_of(st.none(), st.text(), st.integers(), st.dictionaries(st.text(), st.text())),
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_sent_is_read_or_refused_with_a_reason(record: dict[str, Any]) -> None:
    told = None
    try:
        [told] = read_events([{**EVENT, **record}])
    except BadInput as error:
        refusal = error
    if told is None:
        assert refusal.what
        assert refusal.remedy
    else:
        assert told.title
        assert told.starts_at.tzinfo


def test_a_breakdown_shows_what_changed_where_it_may_matter(people: People, client: Client) -> None:
    b = make_breakdown()
    day = timedelta(days=1)
    for title, starts_at, where in (
        ("Right place", b.onset_at - day, '[["region","north"]]'),
        ("Everywhere", b.onset_at, "[]"),
        ("Elsewhere", b.onset_at, '[["region","south"]]'),
        ("Long ago", b.onset_at - 60 * day, "[]"),
    ):
        PlannedEvent.objects.create(title=title, kind="release", starts_at=starts_at, slice=where)
    client.force_login(people.manager)
    text = client.get(f"/breakdowns/{b.pk}/").content.decode()
    assert "Right place" in text
    assert "Everywhere" in text
    assert "Elsewhere" not in text
    assert "Long ago" not in text


def test_people_note_events_and_are_told_what_is_wrong(people: People, client: Client) -> None:
    client.force_login(people.manager)
    given = {"title": "Spring sale", "kind": "campaign", "starts_at": "2026-03-02"}
    bad = client.post("/breakdowns/events/note/", {**given, "where": "north"})
    assert bad.status_code == 422
    assert "Write dimension=value" in bad.content.decode()
    late = client.post("/breakdowns/events/note/", {**given, "ends_at": "2026-03-01"})
    assert "swap the dates" in late.content.decode()
    good = {**given, "ends_at": "2026-03-09", "where": "product=toys"}
    assert client.post("/breakdowns/events/note/", good).status_code == 302
    text = client.get("/breakdowns/events/").content.decode()
    assert "Spring sale" in text
    assert "2\u00a0Mar – 9\u00a0Mar" in text
    client.force_login(people.advocate)
    assert client.post("/breakdowns/events/note/", good).status_code == 403
    assert PlannedEvent.objects.count() == 1
