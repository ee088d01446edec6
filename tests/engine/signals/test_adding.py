"""What a batch adds to series is what one would reckon by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.signals.raw_tables import make_signals

from amends.engine.contracts import MEASURES as ALL_MEASURES
from amends.engine.contracts import Bucket, Kind, SeriesKey, Slice
from amends.engine.signals import Adder

MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
SLICES = [Slice.of(terms) for terms in (
    {}, {"product": "toys"}, {"product": "tools"}, {"region": "north"},
    {"product": "toys", "region": "north"}, {"product": "toys", "region": "south"},
)]  # fmt: skip
MEASURES = ("complaints", "nps_harm")
KEYS = [SeriesKey(measure, where) for measure in MEASURES for where in SLICES]
rows = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["complaint", "survey", "ticket"]),
        "occurred_at": st.integers(0, 60).map(lambda h: MONDAY + timedelta(hours=h)),
        "product": st.sampled_from(["toys", "tools", "other", None]),
        "region": st.sampled_from(["north", "south", None]),
        "nps": st.sampled_from([None, 0, 7, 10]),
    }
)


def reckoned(row: dict[str, object], key: SeriesKey) -> tuple[float, float]:
    """Return what one row adds to a series, by hand."""
    if any(row[dim] != value for dim, value in key.slice.terms):
        return 0.0, 0.0
    if key.measure == "complaints":
        return float(row["kind"] == "complaint"), 0.0
    harm = {None: 0.0, 0: 1.0, 7: 0.5, 10: 0.0}[row["nps"]]  # type: ignore[index]
    return harm, float(row["nps"] is not None)


@settings(max_examples=30)
@given(st.lists(rows, min_size=1, max_size=20), st.sampled_from([Bucket.DAY, Bucket.HOUR]))
def test_each_signal_is_added_where_it_belongs(
    told: list[dict[str, object]], bucket: Bucket
) -> None:
    adder = Adder(KEYS, [key.measure == "nps_harm" for key in KEYS], bucket)
    cells = adder.cells(make_signals(told))
    places = list(zip(cells.series.tolist(), cells.starts.tolist(), strict=True))
    assert places == sorted(set(places)), "each cell once, in one order"
    found = dict(zip(places, zip(cells.value, cells.exposure, strict=True), strict=True))
    expected: dict[tuple[int, datetime], list[float]] = {}
    for row in told:
        at = row["occurred_at"]
        assert isinstance(at, datetime)
        start = at - (at - MONDAY) % timedelta(seconds=bucket.seconds)
        for series, key in enumerate(KEYS):
            both = expected.setdefault((series, start.replace(tzinfo=None)), [0.0, 0.0])
            for i, part in enumerate(reckoned(row, key)):
                both[i] += part
    assert found == {place: tuple(both) for place, both in expected.items() if any(both)}


flagged_rows = st.fixed_dictionaries(
    {
        "kind": st.sampled_from([kind.value for kind in Kind]),
        "occurred_at": st.just(MONDAY),
        "is_escalated": st.sampled_from([None, True, False]),
        "sentiment": st.sampled_from([None, -0.5, 0.5]),
        "exposure": st.sampled_from([None, 2.0]),
    }
)


@settings(max_examples=30)
@given(st.lists(flagged_rows, min_size=2, max_size=12), st.data())
def test_parts_add_up_to_the_whole_in_every_measure(
    told: list[dict[str, object]], data: st.DataObject
) -> None:
    adder = Adder([SeriesKey(name) for name in ALL_MEASURES], [True] * len(ALL_MEASURES))
    cut = data.draw(st.integers(1, len(told) - 1))

    def sums(*parts: list[dict[str, object]]) -> dict[int, list[float]]:
        found: dict[int, list[float]] = {}
        for part in parts:
            cells = adder.cells(make_signals(part))
            for i, series in enumerate(cells.series.tolist()):
                both = found.setdefault(series, [0.0, 0.0])
                both[0] += cells.value[i]
                both[1] += cells.exposure[i]
        return found

    assert sums(told) == sums(told[:cut], told[cut:])


@pytest.mark.parametrize("signals", [[], [{"occurred_at": None}]])
def test_what_has_no_date_adds_nothing(signals: list[dict[str, object]]) -> None:
    table = make_signals(signals or [{}]).slice(0, len(signals))
    assert len(Adder(KEYS, [False] * len(KEYS)).cells(table)) == 0
