"""Causes side by side: shares with intervals, and cells that stand out against what is expected."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.people import People
from tests.web.signals import fill_lake, signal

from amends.web.classify.comparing import Side, compare, heat_of
from amends.web.intake.filters import filters_of

pytestmark = pytest.mark.django_db
LATE, WRONG = "delivery/carrier_delay", "order/wrong_item"
COUNTS = st.dictionaries(st.sampled_from([LATE, WRONG, "unsure"]), st.integers(1, 500))


@given(COUNTS, COUNTS)
def test_a_difference_of_one_side_is_the_inverse_of_the_other(
    first: dict[str, int], second: dict[str, int]
) -> None:
    there = {c.path: c for c in compare(Side(first), Side(second))}
    back = {c.path: c for c in compare(Side(second), Side(first))}
    assert there.keys() == back.keys() == first.keys() | second.keys()
    for path, one in there.items():
        assert one.differs == back[path].differs
        if one.interval and one.n_first and one.n_second:
            other = back[path]
            assert one.ratio is not None
            assert other.ratio is not None
            assert other.interval is not None
            assert one.ratio * other.ratio == pytest.approx(1)
            assert one.interval.low == pytest.approx(1 / other.interval.high)
            assert one.interval.low <= one.ratio <= one.interval.high


def test_the_same_on_both_sides_differs_nowhere() -> None:
    same = Side({LATE: 300, WRONG: 12})
    assert not any(one.differs for one in compare(same, same))
    more = compare(same, Side({LATE: 300, WRONG: 90}))
    assert more[0].path == WRONG
    assert more[0].differs
    few = compare(Side({LATE: 3}), Side({LATE: 9, WRONG: 4}))
    assert all(one.ratio is None for one in few)


def fill() -> None:
    rows = []
    for n in range(60):
        is_app = n % 2 == 0
        cause = LATE if (n % 10 < 8) == is_app else WRONG
        rows.append(
            signal(
                ago_days=3 if n < 40 else 33,
                cause=cause,
                channel="app" if is_app else "phone",
                touchpoint="door" if is_app else None,
                verbatim="x",
            )
        )
    fill_lake(rows)


def test_cells_stand_out_where_cause_and_value_belong_together(people: People) -> None:
    fill()
    client = Client()
    client.force_login(people.leader)
    request = client.get("/causes/heat/?across=channel&period=90d").wsgi_request
    heat = heat_of(filters_of(request), "channel")
    assert (heat.n, heat.n_silent) == (60, 0)
    cells = {(cause, cell.value): cell for cause, _, row in heat.rows for cell in row}
    assert sum(cell.n for cell in cells.values()) == 60
    strong, weak = cells[LATE, "app"], cells[LATE, "phone"]
    assert strong.lift is not None
    assert weak.lift is not None
    assert strong.lift > 1.25
    assert weak.lift < 0.8
    assert strong.step > weak.step == 1
    doors = heat_of(filters_of(request), "touchpoint")
    assert (doors.n, doors.n_silent, doors.values) == (30, 30, ("door",))


def test_the_pages_show_both_sides_and_every_cell_is_a_door(people: People, client: Client) -> None:
    fill()
    client.force_login(people.leader)
    text = client.get("/causes/compare/").content.decode()
    assert "The 28 days before" in text
    assert "40\u00a0signals" in text
    assert "from=" in text
    text = client.get("/causes/compare/?by=channel&first=app&second=phone").content.decode()
    assert "channel=app" in text
    assert "differ by more than chance" in text
    part = client.get("/causes/heat/?across=touchpoint", headers={"HX-Request": "true"})
    assert "touchpoint=door" in part.content.decode()
    assert client.get("/causes/heat/?across=burning").status_code == 200
    assert "/causes/heat/" in client.get("/causes/").content.decode()
    assert client.get("/causes/compare/?by=channel&first=%00").status_code == 200
