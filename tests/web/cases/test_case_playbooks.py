"""The steps of a case: what is next, what is done, and the book that says so."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.web.cases.making import make_case

from amends.engine.recommend.playbooks import SHIPPED, shipped_book
from amends.web.accounts.models import Team, User
from amends.web.accounts.permissions import Role
from amends.web.cases import actions, approving, remedies, scoping, stepping
from amends.web.cases.book_actions import book_in_force, draft_book, publish_book
from amends.web.cases.models import BookVersion, Case, Ground, Recommendation, State, StepDone
from amends.web.cases.playbook_steps import Step
from amends.web.cases.transitions import RefusedError
from amends.web.cases.workspace import beside_of, known_of

pytestmark = pytest.mark.django_db
TEXT = SHIPPED.read_text(encoding="utf-8")
VALUES = {"what_happened": "the parcel came late", "answer_by": "2026-12-01"}


@pytest.fixture
def case(people: People) -> Case:
    care = Team.objects.get(name="Care")
    return make_case(owner=people.owner, team=care, loss=Decimal(80), severity="high")


def fresh(case: Case) -> Case:
    return Case.objects.select_related("customer", "recommendation").get(pk=case.pk)


def steps(person: User, case: Case) -> list[Step]:
    playbook = beside_of(person, known_of(fresh(case), timezone.now())).playbook
    assert playbook is not None
    return list(playbook.steps)


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def post(client: Client, case: Case, step: str, **told: Any) -> int:
    told = {"version": fresh(case).version, **told}
    return client.post(f"/cases/{case.ref}/step/{step}/", told).status_code


def give(person: User, case: Case) -> None:
    options = remedies.authority_in(person, fresh(case)).options()
    key = next(o.key for o in options if o.kind == "credit" and o.amount and not o.approver)
    remedies.change_action(person, case, fresh(case).version, key, "It fits")


def test_the_page_shows_the_next_step_and_what_is_done(people: People, case: Case) -> None:
    found = steps(people.owner, case)
    assert [s.title for s in found][:2] == ["Say that it was heard", "Find the parcel with the carrier"]  # fmt: skip  # noqa: E501
    assert [s.is_next for s in found] == [True, *[False] * (len(found) - 1)]
    client = as_(people.owner)
    assert "Do: Say that it was heard" in client.get(f"/cases/{case.ref}/").content.decode()
    assert post(client, case, "heard", language="en", **{f"value_{k}": v for k, v in VALUES.items()}) == 302  # fmt: skip  # noqa: E501
    found = steps(people.owner, case)
    assert found[0].is_done
    assert found[1].is_next
    assert fresh(case).state == State.ACKNOWLEDGED
    reply = case.entries.get(kind="reply")
    assert reply.body.startswith("Dear Maya Okafor, thank you")
    assert "by 1 December 2026" in reply.body
    assert post(client, case, "heard", language="en", value_what_happened="x", value_answer_by="2026-12-01") == 422  # fmt: skip  # noqa: E501
    assert StepDone.objects.count() == 1


def test_a_message_is_written_in_the_language_that_is_chosen(people: People, case: Case) -> None:
    told = {f"value_{k}": v for k, v in VALUES.items()}
    assert post(as_(people.owner), case, "heard", language="de", **told) == 302
    assert case.entries.get(kind="reply").body.startswith("Guten Tag Maya Okafor")


@pytest.mark.parametrize("missing", ["value_what_happened", "value_answer_by", "language"])
def test_a_message_with_a_hole_goes_nowhere(people: People, case: Case, missing: str) -> None:
    told = {"language": "en", **{f"value_{k}": v for k, v in VALUES.items()}, missing: " "}
    assert post(as_(people.owner), case, "heard", **told) == 422
    assert not StepDone.objects.exists()
    assert not case.entries.filter(kind="reply").exists()


def names(person: User, case: Case) -> dict[str, str]:
    """Return the steps that a person may do now, by name, each with its title."""
    return {step.name: step.title for step in steps(person, case) if step.name}


def test_nothing_is_promised_that_is_not_decided(people: People, case: Case) -> None:
    book = shipped_book().playbook_for(case.cause)
    assert any(step.id == "told" for step in book.steps)
    Recommendation.objects.filter(case=case).update(kind="credit", explanation=None)
    assert any(s.title == "Say what was done" for s in steps(people.owner, case))
    assert "told" not in names(people.owner, case)
    told = {"language": "en", "value_what_happened": "it was late", "value_arrives_by": "2026-12-01"}  # fmt: skip  # noqa: E501
    with pytest.raises(RefusedError, match="Once the action is taken"):
        stepping.do_step(people.owner, case, fresh(case).version, "told", language="en")
    give(people.owner, case)
    assert "told" in names(people.owner, case)
    version = fresh(case).version
    values = {"what_happened": "it was late", "arrives_by": "soon"}
    with pytest.raises(RefusedError, match="arrives_by is no date"):
        stepping.do_step(people.owner, case, version, "told", language="en", values=values)
    assert post(as_(people.owner), case, "told", **told, value_amount="9999") == 302
    action = actions.standing(case)
    assert action is not None
    body = case.entries.filter(kind="reply").get().body
    assert f"€{action.amount:.2f}" in body, "the amount is that of the action, not what is typed"


def test_what_waits_for_approval_is_not_told(people: People, case: Case) -> None:
    options = remedies.authority_in(people.owner, fresh(case)).options()
    key = next(o.key for o in options if o.approver and o.kind == "credit")
    remedies.change_action(people.owner, case, fresh(case).version, key, "Let down badly")
    assert "told" not in names(people.owner, case)
    waiting = next(s for s in steps(people.owner, case) if s.title == "Say what was done")
    assert waiting.detail == "Once the action is approved"
    approving.approve_action(people.manager, case, fresh(case).version)
    assert "told" in names(people.owner, case)


def test_a_customer_is_asked_once_it_is_resolved_and_not_again_soon(
    people: People, case: Case
) -> None:
    """chatwoot#10149: repeated contacts are not surveyed."""
    assert "ask" not in names(people.owner, case)
    assert [s.title for s in steps(people.owner, case)][-2:] == ["Resolve", "Ask whether it arrived"]  # fmt: skip  # noqa: E501
    told = {"language": "en", "value_what_happened": "it was late"}
    again = make_case(owner=people.owner, team=case.team, severity="high")
    for one in (case, again):
        give(people.owner, one)
        actions.resolve(people.owner, one, fresh(one).version)
    assert post(as_(people.owner), case, "ask", **told) == 302
    assert fresh(case).state == State.FOLLOW_UP
    assert "ask" not in names(people.owner, again)
    with pytest.raises(RefusedError, match=f"asked already, in {case.ref}"):
        stepping.do_step(people.owner, again, fresh(again).version, "ask", language="en")
    StepDone.objects.update(at=timezone.now() - stepping.ASKED_WITHIN)
    assert "ask" in names(people.owner, again)


def test_what_is_trivial_is_not_surveyed(people: People, case: Case) -> None:
    """chatwoot#12867."""
    Case.objects.filter(pk=case.pk).update(severity="low")
    assert not any(s.title.startswith("Ask") for s in steps(people.owner, case))


def test_what_a_rule_closed_is_not_surveyed(people: People, case: Case) -> None:
    """chatwoot#8726: nobody is asked how something went that nobody did."""
    scoping.exclude(people.manager, case, fresh(case).version, Ground.MISUSE, "Reseller")
    assert not names(people.owner, case)
    with pytest.raises(RefusedError, match="cannot be answered"):
        stepping.do_step(people.owner, case, fresh(case).version, "ask", language="en")


def test_a_message_is_written_out_before_it_is_sent_by_hand(people: People, case: Case) -> None:
    client, path = as_(people.owner), f"/cases/{case.ref}/step/heard/"
    assert "I have sent it" not in client.get(path).content.decode()
    told = {"language": "en", **{f"value_{k}": v for k, v in VALUES.items()}}
    seen = client.post(path, {"version": fresh(case).version, **told, "write": "1"})
    page = seen.content.decode()
    assert seen.status_code == 200
    assert "that the parcel came late. Your case" in page
    assert "I have sent it" in page
    assert not StepDone.objects.exists()
    assert 'type="hidden" name="value_what_happened" value="the parcel came late"' in page
    changed = client.post(path, {"version": fresh(case).version, **told, "change": "1"})
    assert "the parcel came late</textarea>" in changed.content.decode()
    holes = client.post(path, {"version": fresh(case).version, "language": "en", "write": "1"})
    assert holes.status_code == 422
    assert post(client, case, "heard", **told) == 302
    assert case.entries.get(kind="reply").title == "Say that it was heard: sent by hand"


def test_a_step_of_money_is_done_by_its_action(people: People, case: Case) -> None:
    give(people.owner, case)
    assert post(as_(people.owner), case, "credit", note="Done") == 404
    with pytest.raises(RefusedError, match="Take the action itself"):
        stepping.do_step(people.owner, case, fresh(case).version, "credit", note="Done")
    assert any(s.is_done and "redit" in s.title for s in steps(people.owner, case))


def test_a_task_needs_a_note_and_a_newest_version(people: People, case: Case) -> None:
    client = as_(people.owner)
    assert post(client, case, "trace", note="") == 422
    assert post(client, case, "trace", note="At the depot", version=99) == 422
    assert post(client, case, "trace", note="At the depot") == 302
    assert post(client, case, "nothing", note="x") == 404
    stranger = User.objects.create_user("bea@example.com", name="Bea", roles=[Role.AGENT])
    assert post(as_(stranger), case, "trace", note="x") == 404
    assert as_(people.product_owner).get(f"/cases/{case.ref}/step/trace/").status_code == 403


def test_a_reopened_case_begins_its_steps_again(people: People, case: Case) -> None:
    assert post(as_(people.owner), case, "trace", note="At the depot") == 302
    give(people.owner, case)
    actions.resolve(people.owner, case, fresh(case).version)
    actions.reopen(people.owner, case, fresh(case).version, "Again")
    assert not any(s.is_done for s in steps(people.owner, case))


def test_a_book_is_drafted_by_one_and_published_by_another(people: People) -> None:
    changed = TEXT.replace("title: Deliveries", "title: Parcels")
    for person in (people.owner, people.admin):
        with pytest.raises(PermissionDenied):
            draft_book(person, changed, "Shorter")
    with pytest.raises(RefusedError, match="Say why"):
        draft_book(people.manager, changed, "")
    with pytest.raises(RefusedError, match="finance approves it"):
        draft_book(people.manager, TEXT.replace("approval: finance", "approval: legal"), "Quicker")
    draft = draft_book(people.compliance, changed, "Shorter")
    with pytest.raises(RefusedError, match="drafted this yourself"):
        publish_book(people.compliance, draft.pk, {"legal": "L. Law", "finance": "F. Fin"})
    draft = draft_book(people.manager, changed, "Shorter")
    with pytest.raises(RefusedError, match="finance approved"):
        publish_book(people.compliance, draft.pk, {"legal": "L. Law"})
    with pytest.raises(PermissionDenied):
        publish_book(people.leader, draft.pk, {"legal": "L. Law", "finance": "F. Fin"})
    assert book_in_force()[1] is None
    publish_book(people.compliance, draft.pk, {"legal": "L. Law", "finance": "F. Fin"})
    book, version = book_in_force()
    assert book.playbook_for("delivery").title == "Parcels"
    assert version is not None
    assert version.approvals == {"legal": "L. Law", "finance": "F. Fin"}
    with pytest.raises(RefusedError, match="is gone"):
        publish_book(people.compliance, draft.pk, {"legal": "L", "finance": "F"})


def test_words_that_nobody_approved_say_so(people: People, case: Case) -> None:
    client, path = as_(people.owner), f"/cases/{case.ref}/step/heard/"
    told = "legal has not approved these words here"
    assert told in client.get(path).content.decode()
    assert "has not approved" not in client.get(f"/cases/{case.ref}/step/trace/").content.decode()
    draft = draft_book(people.manager, TEXT, "As shipped, read by legal and finance")
    publish_book(people.compliance, draft.pk, {"legal": "L. Law", "finance": "F. Fin"})
    assert told not in client.get(path).content.decode()


def test_the_pages_of_the_book(people: People) -> None:
    client = as_(people.manager)
    told = {"text": TEXT.replace("title: Deliveries", "title: Parcels"), "reason": "Shorter"}
    preview = client.post("/cases/playbooks/draft/", {**told, "preview": "1"})
    assert preview.status_code == 200
    assert "Parcels" in preview.content.decode()
    assert not BookVersion.objects.exists()
    assert client.post("/cases/playbooks/draft/", {**told, "text": "x: ["}).status_code == 422
    assert client.post("/cases/playbooks/draft/", told).status_code == 302
    pk = BookVersion.objects.get().pk
    page = client.get("/cases/playbooks/").content.decode()
    assert "title: Parcels" in page
    assert "Publish</button>" not in page
    client = as_(people.compliance)
    assert "Who in finance approved" in client.get("/cases/playbooks/").content.decode()
    told = {"draft": str(pk), "legal": "L. Law", "finance": "F. Fin"}
    client.post("/cases/playbooks/publication/", told)
    assert "F. Fin" in client.get("/cases/playbooks/").content.decode()
