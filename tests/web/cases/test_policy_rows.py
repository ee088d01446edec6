"""The editor of a table's rows: typed cells, what is wrong beside them, and nothing lost."""

from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from tests.people import People

from amends.engine.recommend import check, parse_table, shipped_policy, typed
from amends.engine.recommend.policy import shipped_tables
from amends.web.accounts.models import User
from amends.web.cases.policy_grid import MOST_CELLS, n_cells
from amends.web.recommend.actions import draft_policy, publish_policy
from amends.web.recommend.models import PolicyVersion
from amends.web.recommend.queries import policy_in_force

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}
Fields = dict[str, list[str]]


class Form(HTMLParser):
    """What a browser would send of the page's form of rows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: Fields = {}
        self._area = self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        name = known.get("name", "")
        is_sent = known.get("type") not in {"checkbox", "file"} or "checked" in known
        if tag == "input" and name and is_sent:
            self._add(name, known.get("value", ""))
        elif tag == "textarea":
            self._area = name
            self._add(name, "")
        elif tag == "select":
            self._select = name
            self.fields[name] = []
        elif tag == "option" and self._select and "selected" in known:
            self._add(self._select, known.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[self._area][-1] += data

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def form_of(client: Client, table: str) -> Fields:
    answer = client.get(f"/policy/{table}/rows/")
    assert answer.status_code == 200
    return Form(answer.content.decode()).fields


def send(client: Client, table: str, fields: Fields, do: str, **changes: str) -> tuple[int, str]:
    """Press a button; return the status and the page."""
    data = {**fields, **{k.replace("_", "-"): [v] for k, v in changes.items()}, "do": [do]}
    headers = {} if do == "keep" else FRAGMENT
    answer = client.post(f"/policy/{table}/rows/", data, headers=headers)
    return answer.status_code, unescape(answer.content.decode())


@pytest.mark.parametrize("table", [t for t in shipped_tables() if not t.jurisdiction], ids=str)
def test_a_table_that_is_kept_untouched_decides_the_same(people: People, table: object) -> None:
    name = table.name  # type: ignore[attr-defined]
    client = as_(people.compliance)
    fields = form_of(client, name)
    assert send(client, name, {**fields, "reason": ["Read it through"]}, "keep")[0] == 302
    kept = parse_table(PolicyVersion.objects.get().text)
    before = next(t for t in shipped_policy().tables if t.name == name)
    assert (kept.rows, kept.examples) == (before.rows, before.examples)
    assert (kept.version, kept.effective_from) == ("2", timezone.localdate() + timedelta(days=1))
    assert "Nothing that decides." in client.get(f"/policy/{name}/").content.decode()


def test_rows_are_added_copied_moved_and_removed_and_nothing_typed_is_lost(people: People) -> None:
    client = as_(people.manager)
    fields = form_of(client, "limits")
    assert fields["row"] == ["0", "1", "2", "3", "4"]
    fields["row-0-o0"], fields["row-4-note"] = ["not a number"], ["typed <b>"]
    names = ["agent", "team-leader", "manager", "executive", "share-of-lifetime-value"]
    for do, expected in (
        ("row-up:1", ["team-leader", "agent", *names[2:]]),
        ("row-down:0", ["team-leader", "agent", *names[2:]]),
        ("row-up:0", names),
        ("row-down:4", names),
        ("row-copy:0", ["agent", "agent-copy", *names[1:]]),
        ("row-drop:1", ["agent", *names[2:]]),
        ("row-add", [*names, ""]),
        ("row-drop:9", names),
        ("row-drop:x", names),
        ("sing", names),
        ("", names),
    ):
        status, page = send(client, "limits", fields, do)
        after = Form(page).fields
        assert status == 200
        assert "<html" not in page, "a fragment"
        assert [after[f"row-{n}-name"][0] for n in after["row"]] == expected
        place = str(expected.index("agent"))
        assert after[f"row-{place}-o0"] == ["not a number"], "as typed, wherever the row went"
        assert "typed <b>" in [after[f"row-{n}-note"][0] for n in after["row"]]
    for do, focus in (
        ("row-up:1", "row-down-0"),
        ("row-down:3", "row-up-4"),
        ("row-add", "row-5-name"),
    ):
        assert f'data-focus="{focus}"' in send(client, "limits", fields, do)[1]
    assert len(Form(send(client, "limits", fields, "example-add")[1]).fields["example"]) == 4
    assert len(Form(send(client, "limits", fields, "example-drop:0")[1]).fields["example"]) == 2
    assert not PolicyVersion.objects.exists(), "nothing is kept before the draft is"


def test_a_new_row_stands_before_the_one_that_takes_every_case(people: People) -> None:
    client = as_(people.compliance)
    fields = form_of(client, "approvals")
    after = Form(send(client, "approvals", fields, "row-add")[1]).fields
    assert [after[f"row-{n}-name"][0] for n in after["row"]][-2:] == ["", "alone"]


def test_what_is_wrong_stands_beside_its_cell_and_keeps_what_was_typed(people: People) -> None:
    client = as_(people.compliance)
    fields = form_of(client, "limits")
    status, page = send(
        client,
        "limits",
        {**fields, "effective_from": ["someday"]},
        "keep",
        row_0_o0="lots",
        row_1_c1="between 9 and 1",
        row_2_name="executive",
        reason="Typed with care",
    )
    assert status == 422
    for sentence in (
        "'lots' is not a number",
        "takes the lower and the higher end",
        "Two rows are called executive",
        "'someday' is not a day",
        "Nothing was kept yet",
    ):
        assert sentence in page
    after = Form(page).fields
    assert after["row-0-o0"] == ["lots"]
    assert after["row-1-c1"] == ["between 9 and 1"]
    assert after["reason"] == ["Typed with care"]
    assert not PolicyVersion.objects.exists()
    status, page = send(client, "limits", fields, "keep", row_0_o0="40", reason=" ")
    assert (status, "Say why" in page) == (422, True)
    assert Form(page).fields["row-0-o0"] == ["40"]


def test_gaps_shadows_overlaps_and_failing_examples_are_shown_and_stop_the_publication(
    people: People,
) -> None:
    client = as_(people.manager)
    fields = form_of(client, "limits")
    _, page = send(client, "limits", fields, "row-drop:3")
    assert "role = executive" in page.split("Gaps: no row holds")[1]
    fields["row-0-o0"], fields["reason"] = ["40"], ["More trust"]
    _, page = send(client, "limits", fields, "check")
    assert "Example 1 fails here: limit is 40, expected 25." in page
    assert send(client, "limits", fields, "keep")[0] == 302
    draft = PolicyVersion.objects.get()
    again = client.get("/policy/limits/rows/").content.decode()
    assert "Example 1 fails here" in again, "beside the row, after it was kept, too"
    review = as_(people.compliance).get("/policy/limits/").content.decode()
    assert "Example 1 fails: limit is 40, expected 25." in review
    with pytest.raises(ValidationError, match="Example 1 fails"):
        publish_policy(people.compliance, draft.pk)
    fields = form_of(client, "limits")
    fields["example-0-o0"] = ["40"]
    assert send(client, "limits", fields, "keep")[0] == 302
    publish_policy(people.compliance, PolicyVersion.objects.get().pk)
    newest = max(
        (t for t in policy_in_force().tables if t.name == "limits"), key=lambda t: t.effective_from
    )
    assert (newest.version, typed(newest).rows[0].gives) == ("2", ("40",))
    first = as_(people.compliance)
    fields = form_of(first, "approvals")
    _, page = send(first, "approvals", fields, "row-up:6")
    assert "Never decides" in page
    assert "pairs of rows hold for the same case" in page


def test_somebody_elses_draft_is_not_overwritten(people: People) -> None:
    client, other = as_(people.manager), as_(people.compliance)
    mine, theirs = form_of(client, "ceiling"), form_of(other, "ceiling")
    theirs["reason"], mine["reason"] = ["Theirs"], ["Mine"]
    assert send(other, "ceiling", theirs, "keep")[0] == 302
    status, page = send(client, "ceiling", mine, "keep")
    assert status == 422
    assert f"{people.compliance} kept another draft meanwhile" in page
    assert Form(page).fields["reason"] == ["Mine"]
    assert PolicyVersion.objects.get().reason == "Theirs"
    newest = form_of(client, "ceiling")
    assert newest["reason"] == ["Theirs"]
    newest["reason"] = ["Both"]
    assert send(client, "ceiling", newest, "keep")[0] == 302
    PolicyVersion.objects.all().delete()
    status, page = send(client, "ceiling", newest, "keep")
    assert (status, "published or discarded meanwhile" in page) == (422, True)


def test_who_may_not_draft_sees_no_editor_and_odd_posts_are_harmless(people: People) -> None:
    assert as_(people.owner).get("/policy/limits/rows/").status_code == 403
    client = as_(people.compliance)
    assert client.get("/policy/nothing/rows/").status_code == 404
    odd = {"base": ["policy: ["], "draft": ["x"], "do": ["keep"], "row": ["a", "a"]}
    status, page = send(client, "limits", odd, "keep")
    assert status == 422
    assert "Nothing was kept yet" in page
    fields = form_of(client, "limits")
    fields["base"] = [fields["base"][0].replace("policy: limits", "policy: ceiling")]
    status, page = send(client, "limits", {**fields, "reason": ["x"]}, "keep")
    assert (status, "This is the table ceiling, not limits" in page) == (422, True)


def test_a_table_too_large_for_a_form_is_written_as_text(people: People) -> None:
    client = as_(people.compliance)
    fields = form_of(client, "limits")
    rows = [str(n) for n in range(200)]
    status, page = send(client, "limits", {**fields, "row": rows}, "row-add")
    assert (status, "too large for cells" in page) == (422, True)
    table = next(t for t in shipped_policy().tables if t.name == "limits")
    head, _, tail = fields["base"][0].partition("rows:\n")
    more = "".join(
        f"- id: extra-{n}\n  when:\n    role: agent\n  then:\n    limit: '{n}'\n"
        for n in range(MOST_CELLS // 4)
    )
    draft_policy(people.compliance, "limits", f"{head}rows:\n{more}{tail}", "Many")
    large = parse_table(PolicyVersion.objects.get().text, tested=False)
    assert n_cells(typed(large), large) > MOST_CELLS
    assert check(table).gaps == ()
    answer = client.get("/policy/limits/rows/", follow=True)
    assert answer.redirect_chain == [("/policy/limits/draft/", 302)]
    assert "too large for cells" in answer.content.decode()
