from dataclasses import replace

import pytest

from amends.engine.contracts import Interval, Metric
from amends.flows.report.key_figures import CARDS, LEADING, choose, key_figure

SHARE = Metric("fcr", "Resolved", "%", 71.4, Interval(69.9, 72.9), 3610, "cases", "higher", "x")


@pytest.mark.parametrize(
    ("unit", "value", "written", "shown", "at"),
    [
        ("%", 71.43, "71.4", "%", 71.43),
        ("points", 34.2, "+34", "points", 67.1),
        ("points", -100.0, "−100", "points", 0.0),
        ("of 7", 4.0, "4.0", "/ 7", 50.0),
        ("days", 0.811, "0.811", "days", 66.7),
        ("per 1,000", 0.0, "0.0", "per 1,000", 0.0),
        ("days", 34_200_000_000.0, "34.2\u00a0bn", "days", 66.7),
    ],
)
def test_a_figure_is_written_in_its_unit_and_placed_on_its_scale(
    unit: str, value: float, written: str, shown: str, at: float
) -> None:
    figure = key_figure(replace(SHARE, unit=unit, value=value, interval=None))
    assert (figure.value, figure.unit) == (written, shown)
    assert figure.at == pytest.approx(at, abs=0.1)
    assert figure.interval == ""


def test_the_interval_is_written_like_its_value() -> None:
    assert key_figure(SHARE).interval.replace("\u00a0", " ") == "95 %: 69.9 – 72.9"


def test_what_a_leader_asks_for_first_gets_the_cards() -> None:
    names = ["save_rate", *reversed(LEADING), "reopen_rate"]
    cards, rest = choose([replace(SHARE, name=name) for name in names])
    assert [k.metric.name for k in cards] == list(LEADING[:CARDS])
    assert [k.metric.name for k in rest] == [n for n in names if n not in LEADING[:CARDS]]


def test_metrics_without_a_value_make_room() -> None:
    metrics = [replace(SHARE, name=name) for name in LEADING]
    metrics[0] = replace(metrics[0], value=None, missing_because="no answers")
    cards, rest = choose(metrics)
    assert [k.metric.name for k in cards] == list(LEADING[1 : CARDS + 1])
    assert len(cards) + len(rest) == len(LEADING) - 1
