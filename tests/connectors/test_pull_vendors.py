"""Every vendor's paging: everything comes, changes come again, a pull goes on where it ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.connectors.servers import vendors
from tests.connectors.servers.service import Answer, Service

from amends.connectors import pull_named, pulls
from amends.connectors.pulling import Asked, Later, Page, Patience, Refused, version_of
from amends.engine.contracts import BadInput

QUICK = Patience(attempts=3, backoff_seconds=0.01, longest_wait_seconds=1, timeout_seconds=2)
NOW = int(time.time()) - 86_400
SECRETS = {"token": "secret", "key": "secret", "secret": "secret"}


@contextmanager
def running(service: Service) -> Iterator[Service]:
    with service.running():
        yield service


def asked(service: Service, state: Any = None, **options: str) -> Asked:
    said = {
        "address": service.address,
        "email": "me@example.com",
        "survey": "SV_1",
        "client": "key",
    }
    return Asked({**said, **options}, SECRETS, state or {}, QUICK)


def pull(name: str, service: Service, state: Any = None, **options: str) -> list[Page]:
    secrets = {**SECRETS, "secret": "signing"} if name == "medallia" else SECRETS
    said = asked(service, state, **options)
    return list(pull_named(name).pages(Asked(said.options, secrets, said.state, QUICK)))


def ids(pages: list[Page], key: str = "id") -> list[Any]:
    return [record[key] for page in pages for record in page.records]


def ticket(number: int, at: int) -> vendors.Record:
    text = vendors.iso(at)
    return {"id": number, "updated_at": text, "created_at": text, "generated_timestamp": at}


def test_zendesk_goes_on_from_its_cursor_and_sees_what_changed() -> None:
    tickets = [ticket(n, NOW + n) for n in range(1, 6)]
    with running(vendors.Zendesk(tickets)) as zendesk:
        first = pull("zendesk", zendesk)
        assert ids(first) == [1, 2, 3, 4, 5]
        assert [len(page.records) for page in first] == [2, 2, 1]
        tickets[1] = ticket(2, NOW + 50) | {"status": "solved"}
        again = pull("zendesk", zendesk, first[-1].state)
        assert ids(again) == [2]
        assert again[0].records[0]["version"] > first[0].records[1]["version"]  # type: ignore[operator]
        assert ids(pull("zendesk", zendesk, again[-1].state)) == []


def test_zendesk_tells_which_tickets_were_deleted() -> None:
    tickets = [ticket(1, NOW), ticket(2, NOW + 60) | {"status": "deleted"}]
    with running(vendors.Zendesk(tickets)) as zendesk:
        pages = pull("zendesk", zendesk)
    assert ids(pages) == [1]
    [gone] = [one for page in pages for one in page.gone]
    assert (gone.external_id, gone.version) == ("2", version_of(NOW + 60))


def test_zendesk_goes_on_after_every_page_and_by_time_when_its_cursor_is_too_old() -> None:
    tickets = [ticket(n, NOW + n) for n in range(1, 8)]
    with running(vendors.Zendesk(tickets)) as zendesk:
        whole = pull("zendesk", zendesk)
        for page in range(3):
            rest = pull("zendesk", zendesk, whole[page].state)
            assert ids(whole[: page + 1]) + ids(rest) == [1, 2, 3, 4, 5, 6, 7]
        zendesk.expired = {str(whole[0].state["cursor"])}  # type: ignore[attr-defined]
        assert set(ids(whole[:1])) | set(ids(pull("zendesk", zendesk, whole[0].state))) == set(
            range(1, 8)
        )


def test_zendesk_starts_at_the_day_that_was_said() -> None:
    tickets = [ticket(1, NOW - 90 * 86_400), ticket(2, NOW)]
    with running(vendors.Zendesk(tickets)) as zendesk:
        assert ids(pull("zendesk", zendesk, since=vendors.iso(NOW - 86_400)[:10])) == [2]
        assert ids(pull("zendesk", zendesk, since=vendors.iso(int(time.time()))[:10])) == []


def conversation(number: int, at: int) -> vendors.Record:
    return {"id": str(number), "updated_at": at, "created_at": at}


def test_intercom_pages_by_cursor_and_asks_again_for_what_its_index_may_have_missed() -> None:
    conversations = [conversation(n, NOW + n * 600) for n in range(1, 6)]
    with running(vendors.Intercom(conversations)) as intercom:
        first = pull("intercom", intercom)
        assert ids(first) == ["1", "2", "3", "4", "5"]
        conversations.append(conversation(6, NOW + 5 * 600 - 60))  # indexed late
        assert ids(pull("intercom", intercom, first[-1].state)) == ["6", "5"]
        rest = pull("intercom", intercom, first[0].state)
        assert set(ids(first[:1]) + ids(rest)) == {"1", "2", "3", "4", "5", "6"}
        intercom.expired = {str(first[0].state["after"])}  # type: ignore[attr-defined]
        rest = pull("intercom", intercom, first[0].state)
        assert {"3", "4", "5", "6"} <= set(ids(rest))


def test_intercom_names_the_end_of_its_limit_instead_of_a_pause() -> None:
    with running(vendors.Intercom([conversation(1, NOW)])) as intercom:
        intercom.reset_in = 1  # type: ignore[attr-defined]
        assert ids(pull("intercom", intercom)) == ["1"]
        intercom.reset_in = 90  # type: ignore[attr-defined]
        with pytest.raises(Later, match="pause") as caught:
            pull("intercom", intercom)
        assert 80 <= caught.value.retry_after_seconds <= 90


def test_freshdesk_loses_nothing_when_a_ticket_changes_between_pages() -> None:
    tickets = [ticket(n, NOW + n) for n in range(1, 7)]
    with running(vendors.Freshdesk(tickets)) as freshdesk:
        seen = []
        for page in pull_named("freshdesk").pages(asked(freshdesk)):
            seen += [record["id"] for record in page.records]
            if len(seen) == 2:  # by page numbers, ticket 3 would slip to page 1 and never be seen
                tickets[0] = ticket(1, NOW + 100)
        assert set(seen) == set(range(1, 7))
        assert seen.count(1) == 2


def test_freshdesk_reads_a_second_that_fills_several_pages() -> None:
    tickets = [ticket(n, NOW) for n in range(1, 8)] + [ticket(8, NOW + 1)]
    with running(vendors.Freshdesk(tickets)) as freshdesk:
        whole = pull("freshdesk", freshdesk)
        assert set(ids(whole)) == set(range(1, 9))
        for page in range(len(whole)):
            rest = pull("freshdesk", freshdesk, whole[page].state)
            assert set(ids(whole[: page + 1])) | set(ids(rest)) == set(range(1, 9))
        assert set(ids(pull("freshdesk", freshdesk, whole[-1].state))) <= {8}


def response(number: int, at: int) -> vendors.Record:
    return {
        "id": str(number),
        "survey_type": "nps",
        "score": 3,
        "created_at": NOW,
        "updated_at": at,
    }


def test_delighted_reads_full_pages_and_a_page_of_none() -> None:
    responses = [response(n, NOW + n) for n in range(1, 201)]
    with running(vendors.Delighted(responses)) as delighted:
        first = pull("delighted", delighted)
        assert set(ids(first)) == {str(n) for n in range(1, 201)}
        responses[3] = response(4, NOW + 300) | {"comment": "changed my mind"}
        again = pull("delighted", delighted, first[-1].state)
        assert set(ids(again)) == {"200", "4"}  # the border comes twice
    with running(vendors.Delighted([])) as empty:
        assert ids(pull("delighted", empty)) == []


def test_qualtrics_waits_for_its_export_and_goes_on_from_the_token() -> None:
    rows = [{"ResponseId": f"R_{n}", "RecordedDate": "2026-01-02", "Q1": 3} for n in range(3)]
    with running(vendors.Qualtrics(rows)) as qualtrics:
        seen, state = [], None
        for expected in ({"R_0", "R_1", "R_2"}, set(), {"R_3"}):
            if expected == {"R_3"}:
                rows.append({"ResponseId": "R_3", "RecordedDate": "2026-01-03", "Q1": 9})
            for page in pull_named("qualtrics").pages(asked(qualtrics, state)):
                assert page.document is not None
                text = page.document.read_text()
                assert {f"R_{n}" for n in range(4) if f"R_{n}" in text} == expected
                state = dict(page.state)
                seen.append(text)
        qualtrics.expired = {str(state["continuation"])}  # type: ignore[attr-defined,index]
        pages = iter(pull_named("qualtrics").pages(asked(qualtrics, state)))
        assert "R_3" not in next(pages).document.read_text()  # type: ignore[union-attr]
        assert "startDate" in qualtrics.seen[-4].json


def test_medallia_reads_answered_surveys_with_plain_answers() -> None:
    nps = {"selected_options": {"9": {"option_text": "9", "integer_value": 9}}, "comment": "Kind."}
    fcr = {"selected_options": {"a": {"option_text": "Tone"}, "b": {"option_text": "Speed"}}}
    feedback = [
        {
            "uuid": f"u{n}",
            "sequence_id": n,
            "response_received_at": vendors.iso(NOW) if n != 2 else None,
            "answers": {"nps": nps, "areas_of_improvement": fcr},
        }
        for n in range(1, 4)
    ]
    with running(vendors.Medallia(feedback, page=1000)) as medallia:
        first = pull("medallia", medallia)
        assert ids(first, "uuid") == ["u1", "u3"]
        answers = {"nps": 9, "areas_of_improvement": "Tone; Speed", "comment": "Kind."}
        assert first[0].records[0]["answers"] == answers
        feedback[1] |= {"sequence_id": 4, "response_received_at": vendors.iso(NOW)}
        assert ids(pull("medallia", medallia, first[-1].state), "uuid") == ["u2"]


def test_salesforce_follows_its_query_to_the_end() -> None:
    cases: list[vendors.Record] = [
        {"Id": f"5{n}", "CaseNumber": str(n), "SystemModstamp": f"2026-01-0{n}T10:00:00.000+0000"}
        for n in range(1, 6)
    ]
    with running(vendors.Salesforce(cases)) as salesforce:
        first = pull("salesforce", salesforce)
        assert ids(first, "CaseNumber") == ["1", "2", "3", "4", "5"]
        assert "attributes" not in first[0].records[0]
        assert ids(pull("salesforce", salesforce, first[-1].state), "CaseNumber") == ["5"]
        cases[4] |= {"IsDeleted": True, "SystemModstamp": "2026-01-06T10:00:00.000+0000"}
        [page] = pull("salesforce", salesforce, first[-1].state)
        assert ([one.external_id for one in page.gone], page.records) == (["5"], [])


@pytest.mark.parametrize("fault", ["500", "503", "429 1", "cut", "hang"])
def test_what_passes_is_waited_for(fault: str) -> None:
    with running(vendors.Zendesk([ticket(n, NOW + n) for n in range(1, 4)])) as zendesk:
        zendesk.faults.extend(["no", fault])
        assert ids(pull("zendesk", zendesk)) == [1, 2, 3]
        assert len(zendesk.seen) == 3


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("500", "trouble of its own"),
        ("429 3600", "asks for a pause"),
        ("429 1", "asks for a pause"),
        ("html", "no JSON"),
        ("cut", "does not answer"),
    ],
)
def test_what_does_not_pass_is_put_off(fault: str, says: str) -> None:
    with running(vendors.Zendesk([ticket(n, NOW + n) for n in range(1, 4)])) as zendesk:
        zendesk.faults.extend(["no"] + [fault] * 9)
        pages = pull_named("zendesk").pages(asked(zendesk))
        assert len(next(pages).records) == 2
        with pytest.raises(Later, match=says) as caught:
            next(pages)
        assert caught.value.retry_after_seconds == (int(fault[4:]) if "429" in fault else 0)
        if fault == "429 3600":
            assert len(zendesk.seen) == 2  # not asked again before its time


def test_a_wrong_secret_is_not_tried_again() -> None:
    with running(vendors.Zendesk([])) as zendesk:
        said = Asked(asked(zendesk).options, {"token": "old"}, {}, QUICK)
        with pytest.raises(Refused, match=r"does not accept the credentials \(401\)"):
            list(pull_named("zendesk").pages(said))
        assert len(zendesk.seen) == 1


def test_credentials_are_sent_to_no_other_server() -> None:
    with running(vendors.Salesforce([])) as thief, running(vendors.Freshdesk([])) as service:
        moved = Answer({}, 302, {"Location": f"{thief.address}/api/v2/tickets"})
        service.answer = lambda request: moved  # type: ignore[method-assign]  # noqa: ARG005
        with pytest.raises(Refused, match="has moved to"):
            pull("freshdesk", service)
        page = {"records": [], "done": False, "nextRecordsUrl": f"{thief.address}/query/2"}
        token = Answer({"access_token": "t"})
        service.answer = (  # type: ignore[method-assign]
            lambda request: token if "oauth2" in request.path else Answer(page)
        )
        with pytest.raises(Refused, match="another server"):
            pull("salesforce", service)
        assert thief.seen == []


def test_an_answer_without_the_list_is_not_taken_for_an_empty_one() -> None:
    with running(vendors.Zendesk([])) as zendesk:
        odd = Answer({"message": "ok"})
        zendesk.answer = lambda request: odd  # type: ignore[method-assign]  # noqa: ARG005
        with pytest.raises(Refused, match="no list 'tickets'"):
            pull("zendesk", zendesk)


@pytest.mark.parametrize("address", ["company.zendesk.com", "ftp://x", "https://", "https://u:p@x"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="no address of a web server"):
        list(pull_named("zendesk").pages(Asked({"address": address}, SECRETS)))


def test_every_connector_says_what_it_needs() -> None:
    for name, connector in pulls().items():
        assert connector.name == name
        assert len({need.name for need in connector.needs}) == len(connector.needs)
        assert any(need.is_place for need in connector.needs)
