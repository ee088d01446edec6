from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from tests.web.signals import fill_lake, signal

from amends.web.classify.figures import (
    CauseFigures,
    CauseTable,
    cause_table,
    figures_of,
    others_of,
)
from amends.web.classify.places import places_of
from amends.web.classify.telling import change_of, map_of_causes, step_of
from amends.web.classify.verbatims import diverse, typical_of
from amends.web.intake.filters import Filters

pytestmark = pytest.mark.django_db


def filters(**given_values: str) -> Filters:
    return Filters(until=timezone.now() + timedelta(minutes=1), **given_values)  # type: ignore[arg-type]


def figures(n: int, n_before: int | None, spread: float = 1.0) -> CauseFigures:
    return CauseFigures("a/b", n, n_before, 0, n, None, "", None, spread)


def test_causes_are_counted_beside_the_period_before() -> None:
    outage = {"cause": "network/outage", "severity": "high", "currency": "GBP"}
    fill_lake(
        [
            signal(cause="billing/late", ago_days=55.9),
            signal(**outage, customer_id="A", value_at_risk=100, sentiment=-0.5),
            signal(**outage, customer_id="A", value_at_risk=100, sentiment=-0.1),
            signal(**{**outage, "severity": "low"}, customer_id="B", value_at_risk=50),
            signal(**outage, ago_days=30),
            signal(cause="unsure"),
            signal(verbatim="All is well"),
        ]
    )
    table = cause_table(filters())
    assert table.is_compared
    assert table.n == 4
    [cause] = table.named
    assert (cause.path, cause.n, cause.n_before, cause.n_severe) == ("network/outage", 3, 1, 2)
    assert cause.customers == 2
    assert cause.value_at_risk == 150
    assert cause.sentiment == pytest.approx(-0.3)
    assert cause.spread == pytest.approx(5 / 3)
    assert table.unsure is not None
    assert table.unsure.n == 1


def test_money_of_several_currencies_is_not_added_up() -> None:
    fill_lake(
        [
            signal(cause="a/b", customer_id=c, value_at_risk=10, currency=code)
            for c, code in (("A", "GBP"), ("B", "EUR"))
        ]
    )
    [cause] = cause_table(filters()).causes
    assert cause.value_at_risk is None


def test_a_lake_that_begins_within_the_period_before_is_not_compared_with() -> None:
    fill_lake([signal(cause="a/b"), signal(cause="a/b", ago_days=40)])
    table = cause_table(filters())
    assert not table.is_compared
    assert change_of(table.causes[0]).text == "no period before"


@pytest.mark.parametrize(
    ("n", "n_before", "text", "tone"),
    [
        (9, 3, "n too small", ""),
        (100, 100, "±0 %", ""),
        (160, 100, "+60 %", "critical"),
        (50, 100, "−50 %", "good"),
        (105, 100, "+5 %", ""),
        (30, 0, "new", "critical"),
        (0, 30, "−100 %", "good"),
    ],
)
def test_a_change_is_claimed_only_where_its_interval_leaves_none_out(
    n: int, n_before: int, text: str, tone: str
) -> None:
    change = change_of(figures(n, n_before))
    assert (change.text.replace("\u00a0", " "), change.tone) == (text, tone)


def test_customers_who_tell_it_often_count_less() -> None:
    narrow, wide = figures(160, 100).ratio_interval, figures(160, 100, spread=9.0).ratio_interval
    assert narrow is not None
    assert wide is not None
    assert wide.low < narrow.low < 1.6 < narrow.high < wide.high
    assert wide.low < 1


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_the_interval_of_a_ratio_holds_it(n: int, n_before: int) -> None:
    found = figures(n, n_before)
    if found.ratio is None or found.ratio_interval is None:
        assert n + n_before < 20
        return
    assert found.ratio_interval.low <= found.ratio <= found.ratio_interval.high


def test_a_branch_is_its_causes_together() -> None:
    fill_lake(
        [
            *(signal(cause="network/outage", severity="high") for _ in range(3)),
            signal(cause="network/wifi", severity="low"),
            signal(cause="billing/late"),
        ]
    )
    table = cause_table(filters(cause="network"))
    whole = figures_of(table, "network")
    assert (whole.n, whole.n_severe) == (4, 3)
    assert [c.path for c in others_of(table, "network", is_branch=True).causes] == [
        "network/outage",
        "network/wifi",
    ]
    rest = others_of(table, "network/outage", is_branch=False)
    assert [c.path for c in rest.causes] == ["network/wifi"]


def test_the_map_has_a_tile_for_every_named_cause() -> None:
    causes = [CauseFigures(p, n, None, 0, n, None, "", None) for p, n in (("a/b", 5), ("a/c", 3))]
    table = CauseTable((*causes, figures_of(CauseTable((), is_compared=False), "unsure")), False)
    [branch] = map_of_causes(table, filters())
    assert [tile.label for tile in branch.tiles] == ["B", "C"]
    assert [step_of(share) for share in (0, 0.19, 0.2, 0.99, 1)] == [1, 1, 2, 5, 5]


def test_where_a_cause_happens_is_told_against_where_everything_is_said() -> None:
    fill_lake(
        [
            *(signal(cause="a/b", product="tv", region="north") for _ in range(30)),
            *(signal(cause="a/c", product="phone", region="north") for _ in range(30)),
            *(signal(product="phone") for _ in range(60)),
            *(signal(kind="transaction", product="phone") for _ in range(500)),
        ]
    )
    places = places_of(filters(cause="a"))
    tv, phone = sorted(places["product"], key=lambda share: share.value, reverse=True)
    assert (tv.n, tv.share) == (30, 0.5)
    assert tv.lift == pytest.approx(0.5 / (30 / 120))
    assert phone.lift == pytest.approx(0.5 / (90 / 120))
    assert places["region"][0].lift == pytest.approx(1)
    assert "vendor" not in places
    [few] = places_of(filters(cause="a/b"))["region"]
    assert few.n == 30


def test_few_signals_have_no_lift() -> None:
    fill_lake([signal(cause="a/b", product="tv")])
    [share] = places_of(filters(cause="a/b"))["product"]
    assert share.lift is None


def test_typical_words_are_sure_and_no_two_alike() -> None:
    text = "My parcel has been stuck in the depot for {} days and nobody calls"
    fill_lake(
        [
            *(
                signal(cause="a/b", verbatim=text.format(i), cause_confidence=0.99)
                for i in range(5)
            ),
            signal(
                cause="a/b",
                verbatim="The courier threw it over the fence into the neighbour's pond",
                cause_confidence=0.6,
            ),
            signal(cause="a/b", verbatim="Late!", cause_confidence=1.0),
        ]
    )
    found = ["".join(p.text for p in row.said) for row in typical_of(filters(cause="a/b"))]
    assert len(found) == 2
    assert found[0].startswith("My parcel")
    assert found[1].startswith("The courier")
    assert diverse([], 3) == []
