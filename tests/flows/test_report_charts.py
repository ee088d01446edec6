import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.flows.report_factory import DAY, FIRST, cause, causes, series

from amends.engine.contracts import CauseReport, SeriesChart, Severity
from amends.flows.report import charts
from amends.flows.report.flags import Flag, Options, stack
from amends.flows.report.render import ChartError, Option, draw
from amends.flows.report.ticks import time_ticks
from amends.flows.report.treemap import Branch, cause_map, is_clear, magnitude

TOKENS = Path(__file__).parents[2] / "frontend" / "css" / "tokens.css"
ONSET = (FIRST + 98 * DAY, FIRST + 100 * DAY, FIRST + 101 * DAY)


def strings(option: Option) -> Iterator[str]:
    if isinstance(option, str):
        yield option
    elif isinstance(option, dict):
        for value in option.values():
            yield from strings(value)
    elif isinstance(option, list | tuple):
        for value in option:
            yield from strings(value)


def every_option() -> list[Options]:
    chart = series(bump=(100, 130, 1.6))
    flags = [Flag(i, FIRST + 100 * DAY, s) for i, s in enumerate(Severity, 1)]
    return [
        charts.volume_option(chart, flags),
        charts.breakdown_option(chart, ONSET, None),
        charts.sparkline_option(chart),
    ]


def test_every_colour_is_a_token_of_the_pages() -> None:
    known = set(re.findall(r"--([\w-]+):", TOKENS.read_text(encoding="utf-8")))
    used = {s[1:] for option in every_option() for s in strings(option) if s.startswith("$")}
    assert used <= known


def test_a_drawn_chart_takes_its_colours_and_type_from_the_page() -> None:
    svg = draw(every_option()[0], name="volume", width=780, height=280)
    assert svg.startswith("<svg")
    assert 'stroke="var(--brand)"' in svg
    assert 'fill="var(--band)"' in svg
    assert "<style" not in svg
    assert "font-family" not in svg
    assert "zr0" not in svg


def test_ids_of_two_charts_on_a_page_do_not_clash() -> None:
    one, two = (draw(every_option()[1], name=name, width=440, height=220) for name in ("a", "b"))
    ids = [set(re.findall(r'id="([^"]+)"', svg)) for svg in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_the_same_chart_is_drawn_the_same_twice() -> None:
    one, two = (draw(every_option()[0], name="volume", width=780, height=280) for _ in range(2))
    assert one == two


def test_options_are_plain_json() -> None:
    for option in every_option():
        assert json.loads(json.dumps(option)) == option


def test_a_refused_option_names_the_chart() -> None:
    with pytest.raises(ChartError, match="Chart volume: "):
        draw(
            {"series": [{"type": "line", "data": 3}], "xAxis": 3}, name="volume", width=9, height=9
        )


def test_the_partial_last_bucket_is_dashed_and_hollow() -> None:
    whole, partial = (series(days=20, partial=p) for p in (False, True))
    dashes = [
        draw(charts.volume_option(c), name="v", width=700, height=200) for c in (whole, partial)
    ]
    assert [svg.count("stroke-dasharray") for svg in dashes] == [0, 1]


def numbers_on(flags: list[Flag]) -> list[str]:
    svg = draw(charts.volume_option(series(), flags), name="v", width=780, height=280)
    return re.findall(r'font-size="11"[^>]*>([^<]+)<', svg)


def test_flags_carry_their_numbers() -> None:
    apart = [Flag(i, FIRST + 20 * i * DAY, "high") for i in range(1, 9)]
    assert numbers_on(apart) == [str(i) for i in range(1, 9)]
    assert numbers_on([Flag(1, FIRST - 40 * DAY, "high")]) == []


def test_flags_pile_up_to_four_rows_and_the_last_one_counts_the_rest() -> None:
    together = [Flag(i, FIRST + 50 * DAY, "high") for i in range(1, 8)]
    assert numbers_on(together) == ["1", "2", "3", "+4"]


@given(st.lists(st.integers(0, 195), max_size=30), st.floats(0.001, 0.2))
def test_no_two_flags_of_a_row_overlap(days: list[int], gap: float) -> None:
    last = FIRST + 195 * DAY
    rows = stack([Flag(i, FIRST + d * DAY, "low") for i, d in enumerate(days)], FIRST, last, gap)
    assert sum(map(len, rows)) == len(days)
    for row in rows:
        ats = sorted(flag.at for flag in row)
        assert all(b - a >= (last - FIRST) * gap for a, b in pairwise(ats))


@given(days=st.integers(2, 5000), peak=st.integers(0, 4999))
def test_thinning_out_keeps_length_ends_and_the_peak(days: int, peak: int) -> None:
    chart = series(days=days)
    value = list(chart.value)
    value[peak % days] = 1e6
    thin = charts.thin_out(replace(chart, value=value), most=200)
    assert len(thin.starts) <= 210
    assert thin.starts[-2:] == chart.starts[-2:]
    assert thin.starts[0] == chart.starts[0]
    assert max(v or 0 for v in thin.value) == 1e6
    assert len(thin.low) == len(thin.high) == len(thin.expected) == len(thin.starts)


def test_a_series_of_gaps_alone_can_be_drawn() -> None:
    chart = series(days=900)
    empty: list[float | None] = [None] * 900
    gaps = replace(chart, value=empty, low=empty, high=empty, expected=empty)
    assert draw(charts.volume_option(gaps), name="v", width=700, height=200).startswith("<svg")


def test_the_window_around_a_breakdown_shows_what_was_usual_before() -> None:
    shown: SeriesChart = charts.around(series(), FIRST + 100 * DAY, FIRST + 110 * DAY)
    assert shown.starts[0] <= FIRST + 60 * DAY
    assert FIRST + 110 * DAY < shown.starts[-1] < FIRST + 150 * DAY
    assert not shown.last_is_partial


@given(hours=st.integers(1, 24 * 365 * 30), most=st.integers(2, 12))
def test_ticks_are_few_ordered_and_within(hours: int, most: int) -> None:
    last = FIRST + timedelta(hours=hours)
    ticks = time_ticks(FIRST, last, most)
    ats = [at for at, _ in ticks]
    assert len(ticks) <= most
    assert ats == sorted(set(ats))
    assert all(FIRST <= at <= last for at in ats)


def areas(branches: tuple[Branch, ...]) -> float:
    return sum(b.box.width * b.box.height for b in branches) / 100


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 10**9)), min_size=1, max_size=60))
def test_the_map_fills_its_space_and_leaves_no_signal_out(sizes: list[tuple[int, int]]) -> None:
    found = [
        cause(f"Branch {branch}", f"Cause {i}", n, None, Severity.LOW, 10**9)
        for i, (branch, n) in enumerate(sizes)
    ]
    branches = cause_map(found)
    assert sum(t.n for b in branches for t in b.tiles) == sum(n for _, n in sizes)
    if branches:
        assert areas(branches) == pytest.approx(100, rel=1e-6)
    for branch in branches:
        filled = sum(t.box.width * t.box.height for t in branch.tiles) / 100
        assert filled == pytest.approx(100, rel=1e-6)
        assert branch.n == sum(t.n for t in branch.tiles)


def test_small_causes_share_a_tile_and_large_ones_lead_to_their_row() -> None:
    found = [
        cause("A", f"Cause {i}", n, None, Severity.LOW, 1000) for i, n in enumerate([990, 2, 1])
    ]
    (branch,) = cause_map(found)
    assert [(t.label, t.number) for t in branch.tiles] == [
        ("Cause 0", 1),
        ("2 smaller causes", None),
    ]


def test_causes_without_a_tree_stand_side_by_side() -> None:
    found = [cause(f"Cause {i}", f"Cause {i}", 100 - i, None, Severity.LOW, 500) for i in range(5)]
    (only,) = cause_map(found)
    assert (only.label, only.header, len(only.tiles)) == ("", 0.0, 5)


def change(n: int, recent: float | None) -> CauseReport:
    return cause("A", "B", n, recent, Severity.HIGH, 1000)


def test_growth_is_coloured_only_where_it_is_more_than_chance() -> None:
    few, many = change(12, 0.5), change(1200, 0.5)
    assert [is_clear(c) for c in (few, many)] == [False, True]
    assert [magnitude([few, many]).step(c) for c in (few, many)] == [1, 4]


def test_without_dates_the_colour_says_sentiment_and_without_that_severity() -> None:
    undated = [replace(c, recent_change=None) for c in causes()]
    assert magnitude(undated).caption == "share of negative texts"
    plain = [replace(c, negative_share=None) for c in undated]
    assert magnitude(plain).caption == "severity"
    assert magnitude(plain).step(plain[0]) == 4
