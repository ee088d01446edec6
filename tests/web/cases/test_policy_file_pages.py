"""A policy table is read from a file into the form of a draft, or refused with its place."""

import json
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from tests.people import People

from amends.engine.recommend import parse_table, to_jdm, write_table
from amends.web.cases.policy_telling import table_in_force
from amends.web.recommend.models import PolicyVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def drafter(people: People, client: Client) -> Client:
    client.force_login(people.compliance)
    return client


def send(client: Client, content: bytes, name: str = "table.yaml") -> Any:
    return client.post("/policy/limits/file/", {"file": SimpleUploadedFile(name, content)})


def filled(answer: HttpResponse) -> str:
    text = answer.content.decode()
    return unescape(text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]).strip()


def test_yaml_fills_the_form_and_is_not_kept(drafter: Client) -> None:
    table = table_in_force("limits", timezone.localdate())
    assert table is not None
    text = write_table(table).replace('version: "', 'version: "9')
    answer = send(drafter, text.encode())
    assert answer.status_code == 200
    assert parse_table(filled(answer)) == parse_table(text)
    assert not PolicyVersion.objects.exists()


def test_jdm_comes_back_typed_and_begins_tomorrow(drafter: Client) -> None:
    table = table_in_force("limits", timezone.localdate())
    assert table is not None
    answer = send(drafter, json.dumps(to_jdm(table)).encode(), "table.jdm.json")
    assert answer.status_code == 200
    read = parse_table(filled(answer))
    assert read.rows == table.rows
    assert (read.effective_from - timezone.localdate()).days == 1
    kept = {"text": filled(answer), "reason": "From the editor"}
    assert drafter.post("/policy/limits/draft/", kept).status_code == 302
    assert PolicyVersion.objects.get().table == "limits"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "No file was chosen, or it is empty"),
        (b"\xff\xfe", "no text in UTF-8"),
        (b"policy: [", "Not YAML"),
        (b"{", "Not JSON"),
        (b'{"nodes": []}', "0 decision tables"),
        (b"#" * 300_000, "more than 200,000 bytes"),
    ],
)
def test_what_is_no_table_is_refused(drafter: Client, content: bytes, says: str) -> None:
    answer = send(drafter, content)
    assert answer.status_code == 422
    assert says in unescape(answer.content.decode())


def test_agents_read_no_files_in(people: People, client: Client) -> None:
    client.force_login(people.owner)
    assert send(client, b"policy: limits").status_code == 403
