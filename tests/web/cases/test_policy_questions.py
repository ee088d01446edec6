"""A policy table asked on a page: answers stand in the address, the end says what is permitted."""

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from tests.people import People

pytestmark = pytest.mark.django_db
PAGE = "/policy/approvals/questions/"


def text_of(client: Client, query: str = "", status: int = 200) -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def offered(text: str) -> dict[str, str]:
    """Return what the page offers: words → query."""
    (listed,) = re.findall(r'<ul class="answers".*?</ul>', text, re.DOTALL)
    return {words: query for query, words in re.findall(r'href="(.*?)".*?>(.*?)</a>', listed)}


def test_answers_lead_to_who_approves(people: People, client: Client) -> None:
    client.force_login(people.owner)
    text, query = text_of(client), ""
    wanted = {"Agent", "Less than 5", "Less than 150", "From 50.01, up to 500"}
    for _ in range(4):
        (query,) = [q for words, q in offered(text).items() if words in wanted]
        text = text_of(client, query)
    assert "Approver: team leader" in text
    assert "Owed above agent" in text
    assert "It is owed and will be paid" in text
    assert parse_qsl(query[1:])[0] == ("role", "agent")
    assert "Less than 150" not in text
    assert 'aria-label="Change owed"' in text


def test_an_answer_that_cannot_be_read_is_asked_again(people: People, client: Client) -> None:
    client.force_login(people.owner)
    text = text_of(client, "?role=pope", status=422)
    assert "'pope' is not a value of role" in text
    assert "Role?" in text
    assert "Role?" in text_of(client, "?nothing=1")
    assert client.get("/policy/nothing/questions/").status_code == 404


def test_an_amount_that_is_multiplied_is_asked_for(people: People, client: Client) -> None:
    client.force_login(people.owner)
    page = "/policy/entitlement_contract/questions/"
    answer = client.get(page, {"cause": "billing/double_charge"}).content.decode()
    assert 'name="loss"' in answer
    end = client.get(page, {"cause": "billing/double_charge", "loss": "42.10"}).content.decode()
    assert "Owed: 42.1" in end


def test_what_may_be_done_is_listed_with_its_rows(people: People, client: Client) -> None:
    client.force_login(people.owner)
    facts = {
        "severity": "high", "failures_90_days": "0", "loss": "0", "is_rejected": "false",
        "cause_family": "(other)", "is_vulnerable": "false", "is_regulated": "false",
    }  # fmt: skip
    text = client.get("/policy/eligibility/questions/", facts).content.decode()
    assert re.search(r"3\sactions may be taken", text)
    assert all(row in text for row in ("Apologise", "Call back", "Escalate severe"))
