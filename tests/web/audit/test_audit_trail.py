"""The audit trail: append-only for everybody, chained, and broken on purpose it says where."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pghistory
import pgtrigger
import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone
from tests.people import People
from tests.with_django import GUARDS

from amends.engine.contracts import BadInput
from amends.web.accounts import actions
from amends.web.accounts.models import Team, User
from amends.web.audit.chain import chain_histories, histories, seal
from amends.web.audit.exporting import lines
from amends.web.audit.models import Link, Loose
from amends.web.audit.verifying import Head, missing_triggers, verify
from amends.web.intake.models import Erasure
from amends.web.project.audit_health import check_audit, check_trail
from amends.web.project.findings import State

pytestmark = pytest.mark.django_db


def run(sql: str, *given: int | str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, given or None)
        return cursor.fetchall() if cursor.description else None


@contextmanager
def as_the_owner_of_the_database() -> Iterator[None]:
    """What somebody can do who may turn triggers off."""
    run(GUARDS.format("DISABLE", "USER"))
    yield
    run(GUARDS.format("ENABLE", "USER"))


@pytest.mark.parametrize("table", histories())
@pytest.mark.parametrize("guard", ["append_only", "audit_note", "audit_keep_all"])
def test_every_history_is_guarded(table: str, guard: str) -> None:
    found = run(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'O'", table
    )
    assert any(guard in name for (name,) in found)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_userevent SET name = 'Somebody else'",
        "DELETE FROM accounts_userevent",
        "TRUNCATE accounts_userevent",
        "TRUNCATE accounts_userevent, audit_link CASCADE",
        "UPDATE audit_link SET verb = 'update'",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
    ],
)
def test_raw_sql_of_the_applications_own_role_is_refused(people: People, statement: str) -> None:  # noqa: ARG001
    seal()
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        run(statement)
    assert verify().is_whole


def test_every_change_is_chained_with_who_and_where(people: People, client: Client) -> None:
    client.force_login(people.admin)
    seal()
    before = Link.objects.count()
    client.post("/people/new/", {"email": "new@example.com", "name": "Nia New", "roles": ["agent"]})
    seal()
    added = Link.objects.filter(number__gt=before, relation="accounts_userevent").first()
    assert added is not None
    assert (added.verb, added.operation) == ("insert", "INSERT")
    assert added.object == str(User.objects.get(email="new@example.com").pk)
    assert added.context == {"user": people.admin.pk, "url": "/people/new/"}
    assert not Loose.objects.exists()
    verdict = verify()
    assert verdict.is_whole, verdict.breaks
    assert verdict.head is not None
    assert verdict.links == verdict.head.number == Link.objects.count() > before


def change(people: People, name: str = "Olu Other") -> Link:
    """Change somebody, chain it, and return the link."""
    actions.change_person(
        people.admin, people.owner, name=name, roles=["agent"], teams=Team.objects.all()
    )
    seal()
    link = Link.objects.filter(relation="accounts_userevent", verb="update").last()
    assert link is not None
    assert verify().is_whole
    return link


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE accounts_userevent SET name = 'X' WHERE pgh_id = {entry}", "is not what was"),
        ("DELETE FROM accounts_userevent WHERE pgh_id = {entry}", "is gone"),
        ("TRUNCATE accounts_userevent", "is gone"),
        (
            (
                "INSERT INTO accounts_teamevent (pgh_label, pgh_created_at, pgh_obj_id, id, name,"
                " created_at) VALUES ('insert', now(), 77, 77, 'Forged', now())"
            ),
            "is in no link",
        ),
        (
            "UPDATE audit_link SET context = '{{}}' WHERE number = {number}",
            "Link {number}: its hash",
        ),
        ("UPDATE audit_link SET at = at - interval '1 us' WHERE number = {number}", "its hash"),
        ("DELETE FROM audit_link WHERE number = {number} - 1", "Link {number}: the link before"),
        (
            "UPDATE audit_link SET number = 1000 - number WHERE number IN (2, 998)",
            "the link before it is missing",
        ),
        (
            (
                "UPDATE audit_link SET digest = 'x', hash = audit_hash(previous, number,"
                " audit_moment(at), relation, entry, operation, object, verb, context, columns,"
                " 'x') WHERE number = 2"
            ),
            "Link 3: it does not follow",
        ),
        ("DELETE FROM audit_link WHERE number >= {number}", "is in no link"),
    ],
)
def test_what_is_done_behind_the_triggers_back_is_found(
    people: People, statement: str, says: str
) -> None:
    link = change(people)
    with as_the_owner_of_the_database():
        run(statement.format(entry=link.entry, number=link.number))
    found = verify()
    assert not found.is_whole
    wanted = says.format(number=link.number)
    assert any(wanted in sentence for sentence in found.breaks), found.breaks
    told = check_trail()
    assert {finding.state for finding in told} == {State.BROKEN}


def test_a_trail_without_its_end_is_found_by_a_head_that_was_noted(people: People) -> None:
    link = change(people)
    noted = verify().head
    assert noted is not None
    with as_the_owner_of_the_database():
        run("DELETE FROM accounts_userevent WHERE pgh_id = %s", link.entry)
        run("DELETE FROM accounts_membershipevent WHERE pgh_id IN"
            " (SELECT entry FROM audit_link WHERE relation = 'accounts_membershipevent'"
            " AND number >= %s)", link.number)  # fmt: skip
        run("DELETE FROM audit_link WHERE number >= %s", link.number)
    assert verify().is_whole
    assert "cut off" in verify(noted).breaks[0]
    for name in ("Olu Third", "Olu Fourth", "Olu Fifth"):
        change(people, name)
    assert "written anew" in verify(noted).breaks[0]
    assert check_trail(str(noted))[0].state is State.BROKEN
    with pytest.raises(BadInput, match="no head"):
        check_trail("12:nothing")


def test_an_entry_rewritten_with_the_triggers_ignored_breaks_the_proof(people: People) -> None:
    link = change(people)
    with pgtrigger.ignore("accounts.UserEvent:append_only"):
        run("UPDATE accounts_userevent SET name = 'X' WHERE pgh_id = %s", link.entry)
    (told,) = verify().breaks
    assert "overwritten, and not by an erasure" in told


def test_an_erasure_may_and_says_so_in_the_chain(people: People) -> None:
    link = change(people)
    erasure = Erasure.objects.create(customer_digest="d", because="asked", began_at=timezone.now())
    with (
        pghistory.context(source="erasure", erasure=erasure.pk),
        pgtrigger.ignore("accounts.UserEvent:append_only"),
    ):
        run("UPDATE accounts_userevent SET name = 'Erased' WHERE pgh_id = %s", link.entry)
    verdict = verify()
    assert verdict.is_whole, verdict.breaks
    last = Link.objects.get(number=verdict.head.number)  # type: ignore[union-attr]
    assert (last.operation, last.entry) == ("UPDATE", link.entry)


def test_missing_triggers_are_told(people: People) -> None:  # noqa: ARG001
    assert missing_triggers() == []
    assert check_audit().state is State.WELL
    run("ALTER TABLE accounts_userevent DISABLE TRIGGER audit_note")
    assert "audit_note missing or disabled" in missing_triggers()[0]
    assert check_audit().state is State.BROKEN
    assert not verify().is_whole


def test_a_column_that_comes_later_changes_no_digest(people: People) -> None:
    change(people)
    run("ALTER TABLE accounts_userevent ADD COLUMN shoe_size integer NOT NULL DEFAULT 42")
    assert verify().is_whole


def test_what_stood_there_before_is_chained_as_such(people: People) -> None:
    change(people)
    n = run("SELECT count(*) FROM accounts_userevent")[0][0]
    with as_the_owner_of_the_database():
        run("TRUNCATE audit_link, audit_loose")
    for table in histories():
        run(f"DROP TRIGGER audit_note ON {table}")
    chain_histories()
    chain_histories()
    assert verify().is_whole
    assert Link.objects.filter(relation="accounts_userevent", operation="BASELINE").count() == n


def test_triggers_that_are_put_back_make_nothing_good(people: People) -> None:
    link = change(people)
    with as_the_owner_of_the_database():
        run("DROP TRIGGER audit_note ON accounts_userevent")
        run("UPDATE accounts_userevent SET name = 'X' WHERE pgh_id = %s", link.entry)
        User.objects.create_user("forged@example.com", name="Fay Forged", roles=["leader"])
    chain_histories()
    assert missing_triggers() == []
    changed, forged = verify().breaks
    assert f"Entry {link.entry} of accounts_userevent (link {link.number}) is not what" in changed
    assert "is in no link" in forged


def verifier() -> str:
    page = Path("docs/howto/verify-the-audit-trail.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    return str(script)


@pytest.mark.parametrize(
    ("change_", "says"),
    [
        (lambda told: told, "Whole"),
        (lambda told: told[:3] + told[4:], "Broken at link 3"),
        (lambda told: told[:-1], "The end is missing"),
        (lambda told: [line.replace("Olu Other", "Olu Owner") for line in told], "not what was"),
        (
            lambda told: [line.replace('"verb":"update"', '"verb":"insert"') for line in told],
            "Broken",
        ),
        (
            lambda told: [json.dumps(json.loads(line) | {"content": None}) for line in told],
            "content is missing",
        ),
    ],
)
def test_an_export_verifies_itself(people: People, tmp_path: Path, change_: Any, says: str) -> None:
    change(people)
    (tmp_path / "verify.py").write_text(verifier())
    told = change_(list(lines()))
    (tmp_path / "trail.jsonl").write_text("\n".join(line.strip() for line in told) + "\n")
    done = subprocess.run(
        [sys.executable, "verify.py", "trail.jsonl"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert says in done.stdout + done.stderr
    assert (done.returncode == 0) == (says == "Whole")


@pytest.mark.django_db(transaction=True)
def test_many_writers_at_once_make_one_unbroken_chain() -> None:
    def write(writer: int) -> None:
        for i in range(10):
            with transaction.atomic():
                Team.objects.create(name=f"Team {writer}/{i}")
                transaction.set_rollback(i % 3 == 0)
        connection.close()

    def chain() -> None:
        for _ in range(10):
            seal()
        connection.close()

    seal()
    before = verify().links
    work = [Thread(target=write, args=[n]) for n in range(4)] + [Thread(target=chain) for _ in "ab"]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    verdict = verify()
    assert verdict.is_whole, verdict.breaks
    assert verdict.links - before == Team.objects.count() == 4 * 6


def test_auditors_narrow_the_trail_and_open_an_entry(people: People, client: Client) -> None:
    client.force_login(people.admin)
    client.post("/people/new/", {"email": "new@example.com", "name": "Nia New", "roles": ["agent"]})
    client.force_login(people.compliance)
    nia = User.objects.get(email="new@example.com")
    shown = client.get(f"/audit/?person={people.admin.pk}&kind=accounts_userevent&verb=insert")
    text = shown.content.decode()
    assert shown.status_code == 200
    assert f"Person {nia.pk} made" in text or f"User {nia.pk} made" in text
    assert "/people/new/" in text
    assert client.get("/audit/?object=987654").content.decode().count("No entry matches") == 1
    assert "No entry matches" in client.get("/audit/?since=2100-01-01").content.decode()
    assert "No entry matches" in client.get("/audit/?verb=rewritten").content.decode()
    link = Link.objects.get(relation="accounts_userevent", object=str(nia.pk))
    one = client.get(f"/audit/{link.number}/").content.decode()
    assert link.hash in one
    assert "Nia New" in one


def test_auditors_verify_and_export_and_nobody_else(people: People, client: Client) -> None:
    client.force_login(people.compliance)
    told = client.post("/audit/verification/").content.decode()
    assert "The trail is whole" in told
    assert str(verify().head) in told
    assert client.post("/audit/verification/", {"head": "x"}).status_code == 422
    export = client.get("/audit/trail.jsonl")
    first, *rest = b"".join(export).decode().splitlines()
    assert json.loads(first)["links"] == len(rest) > 0
    client.force_login(people.manager)
    for address in ("/audit/", "/audit/1/", "/audit/trail.jsonl"):
        assert client.get(address).status_code == 403
    assert client.post("/audit/verification/").status_code == 403


def test_a_head_is_read_as_it_is_written() -> None:
    head = Head(12, "a" * 64)
    assert Head.read(str(head)) == head
