"""The sheet of clocks: drafted by one, published by another, and what that does to open cases."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case

from amends.engine.clocks import read_sheet, shipped_text
from amends.web.accounts.models import User
from amends.web.cases import actions
from amends.web.cases.clocks import readings_of, sheet_in_force
from amends.web.cases.models import Case, ClockSheet
from amends.web.cases.sheet_actions import (
    current_draft,
    discard_sheet,
    draft_sheet,
    effect_of,
    publish_sheet,
)
from amends.web.cases.transitions import RefusedError

pytestmark = pytest.mark.django_db
SLOWER = shipped_text().replace("severity: medium, hours: 24", "severity: medium, hours: 72")


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_nobody_publishes_their_own_draft(people: People) -> None:
    draft = draft_sheet(people.compliance, SLOWER, "Too tight for our hours")
    with pytest.raises(RefusedError, match="drafted this yourself"):
        publish_sheet(people.compliance, draft.pk)
    with pytest.raises(PermissionDenied):
        publish_sheet(people.manager, draft.pk)
    with pytest.raises(PermissionDenied):
        draft_sheet(people.owner, SLOWER, "?")
    assert sheet_in_force() == read_sheet(shipped_text())


def test_a_published_sheet_moves_deadlines_and_rewrites_nothing_that_ended(
    people: People,
) -> None:
    now = timezone.now()
    waiting = make_case(owner=people.owner, opened_at=now - timedelta(hours=30))
    late = make_case(owner=people.owner, opened_at=now - timedelta(hours=30))
    actions.acknowledge(people.owner, late, 1)
    draft = draft_sheet(people.manager, SLOWER, "Too tight")
    seen = effect_of(read_sheet(SLOWER, timezone.now()), timezone.now())
    assert (seen.n, seen.moved, seen.late_before, seen.late_after) == (2, 1, 1, 0)
    assert publish_sheet(people.compliance, draft.pk) == 1
    waiting.refresh_from_db()
    assert waiting.due_at == waiting.opened_at + timedelta(hours=72)
    answered = readings_of(Case.objects.get(pk=late.pk), timezone.now())[0]
    assert answered.is_late(timezone.now()), "it was late under the sheet of its time"
    with pytest.raises(RefusedError, match="This draft is gone"):
        publish_sheet(people.compliance, draft.pk)


def test_a_draft_is_checked_replaced_and_discarded(people: People) -> None:
    with pytest.raises(RefusedError, match="there is no calendar"):
        draft_sheet(people.manager, SLOWER.replace('"": always', '"": never'), "?")
    with pytest.raises(RefusedError, match="Say why"):
        draft_sheet(people.manager, SLOWER, " ")
    draft_sheet(people.manager, SLOWER, "One")
    second = draft_sheet(people.compliance, SLOWER, "Two")
    assert current_draft() == second
    discard_sheet(people.manager, second.pk)
    assert not ClockSheet.objects.exists()


def test_a_draft_is_written_read_and_published_on_pages(people: People) -> None:
    manager, compliance = as_(people.manager), as_(people.compliance)
    make_case(owner=people.owner)
    form = manager.get("/cases/clocks/draft/").content.decode()
    assert "severity: medium, hours: 24" in form
    bad = manager.post("/cases/clocks/draft/", {"text": "targets: [", "reason": "Tighter"})
    assert bad.status_code == 422
    assert "This is no YAML" in bad.content.decode()
    sent = {"text": SLOWER, "reason": "Too tight"}
    assert manager.post("/cases/clocks/draft/", sent).status_code == 302
    draft = current_draft()
    assert draft is not None
    page = manager.get("/cases/clocks/").content.decode()
    assert "Somebody else who may publish policy has to read it." in page
    assert "severity: medium, hours: 72" in page
    page = compliance.get("/cases/clocks/").content.decode()
    assert 'action="/cases/clocks/publication/"' in page
    assert "Not legal advice" in page
    assert "not checked yet" in page
    compliance.post("/cases/clocks/publication/", {"draft": draft.pk})
    page = compliance.get("/cases/clocks/").content.decode()
    assert "“Too tight”" in page
    assert "It is in force" in page
    compliance.post("/cases/clocks/publication/", {"draft": "x"})
    assert "This draft is gone" in compliance.get("/cases/clocks/").content.decode()
    assert as_(people.owner).post("/cases/clocks/publication/", {"draft": 1}).status_code == 403
    assert as_(people.nobody).get("/cases/clocks/").status_code == 403
    manager.post("/cases/clocks/draft/", sent)
    manager.post("/cases/clocks/discard/", {"draft": current_draft().pk})  # type: ignore[union-attr]
    assert current_draft() is None
