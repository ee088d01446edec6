from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.connectors.servers.imap import Mailbox

from amends.connectors import pull_named
from amends.connectors.mailbox.message import record_of
from amends.connectors.pulling import Asked, Later, Page, Patience, Refused
from amends.engine.contracts import BadInput

QUICK = Patience(timeout_seconds=5)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with Mailbox().running() as mailbox:
        yield mailbox


def pull(box: Mailbox, state: Any = None, given: str = "secret", **more: str) -> list[Page]:
    said = {"host": "127.0.0.1", "port": str(box.port), "security": "none", "user": "care", **more}
    asked = Asked(said, {"password": given}, state or {}, QUICK)
    return list(pull_named("mailbox").pages(asked))


def mail(number: int, text: str = "My parcel is lost.", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = "Anna Müller <Anna@Example.com>"
    message["To"] = "care@shop.example"
    message["Subject"] = f"Parcel {number} — wo ist er?"
    message["Message-ID"] = f"<m{number}@example.com>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    return message.as_bytes()


def records(pages: list[Page]) -> list[Any]:
    return [record for page in pages for record in page.records]


def test_each_message_comes_once_and_stays_unread(box: Mailbox) -> None:
    for number in range(1, 4):
        box.add(mail(number))
    first = pull(box)
    assert [r["external_id"] for r in records(first)] == [f"m{n}@example.com" for n in (1, 2, 3)]
    assert records(first)[0] == {
        "external_id": "m1@example.com",
        "kind": "complaint",
        "occurred_at": "2026-07-17T09:44:25+00:00",
        "customer_id": "anna@example.com",
        "subject": "Parcel 1 — wo ist er?",
        "verbatim": "My parcel is lost.",
        "channel": "email",
        "to": "care@shop.example",
    }
    assert not any("STORE" in c or c.startswith("SELECT") for c in box.commands)
    assert records(pull(box, first[-1].state)) == []
    box.add(mail(4))
    assert [r["external_id"] for r in records(pull(box, first[-1].state))] == ["m4@example.com"]


def test_new_numbers_have_everything_read_again_under_the_same_ids(box: Mailbox) -> None:
    box.add(mail(1))
    first = pull(box)
    box.validity, box.next_uid, box.messages = 8, 41, {}
    box.add(mail(1))
    box.add(mail(2))
    again = pull(box, first[-1].state)
    assert [r["external_id"] for r in records(again)] == ["m1@example.com", "m2@example.com"]
    assert again[-1].state == {"validity": 8, "uid": 42}


def test_it_goes_on_in_the_middle(box: Mailbox) -> None:
    for number in range(1, 121):
        box.add(mail(number))
    whole = pull(box)
    assert [len(page.records) for page in whole] == [50, 50, 20, 0]
    rest = pull(box, whole[0].state)
    assert len(records(whole[:1])) + len(records(rest)) == 120
    box.breaks_off_at = "UID FETCH"
    with pytest.raises(Later, match="broke off"):
        pull(box)


def test_what_cannot_be_opened_is_said(box: Mailbox) -> None:
    with pytest.raises(Refused, match="does not accept user and password"):
        pull(box, given="wrong")
    with pytest.raises(Refused, match="no folder 'Nowhere'"):
        pull(box, folder="Nowhere")
    with pytest.raises(BadInput, match="on this machine only"):
        pull(box, host="imap.example.com")
    with pytest.raises(Later, match="does not answer"):
        pull(box, port="1")


def test_html_only_and_automatic_answers() -> None:
    message = EmailMessage()
    message["From"], message["Auto-Submitted"] = "x@example.com", "auto-replied"
    body = "<style>p{}</style><p>Hello&nbsp;you,<br>it is &lt;late&gt;.</p><script>x()</script>"
    message.set_content(body, subtype="html")
    record = record_of(message.as_bytes(), "7-1", None)
    assert record["verbatim"] == "Hello you,\nit is <late>."
    assert record["external_id"] == "7-1"
    assert record["auto_submitted"] == "auto-replied"


def test_an_unknown_character_set_is_read_as_far_as_it_goes() -> None:
    head = b"From: a@b.example\r\nContent-Type: text/plain; charset=x-nothing\r\n\r\n"
    raw = head + b"Caf\xc3\xa9 broken"
    assert record_of(raw, "1", None)["verbatim"] == "Café broken"


@given(st.binary(max_size=400))
def test_whatever_bytes_a_message_is_made_of_it_is_a_record(raw: bytes) -> None:
    record = record_of(b"Subject: x\r\n" + raw, "7-9", None)
    assert record["external_id"]
    assert record["kind"] == "complaint"
