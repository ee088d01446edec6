import csv
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from amends.cli import app
from amends.engine.contracts import BadInput
from amends.flows.analyze import AnalyzeOptions
from amends.flows.backtest import Backtest, backtest_files

runner = CliRunner()


def _quiet(stage: str, done: int, total: int) -> None:
    assert stage
    assert 0 <= done <= max(total, done)


def _write(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Four series over 300 days; two break down, of which one is a known event."""
    rng = np.random.default_rng(1)
    first = np.datetime64("2024-01-01")
    rows: list[tuple[object, ...]] = [("series", "at", "value")]
    for name in ("east", "north", "south", "west"):
        for day in range(300):
            ill = (name, day // 10) in (("north", 15), ("south", 22))
            rows.append((name, first + day, rng.poisson(60 if ill else 20)))
    return _write(tmp_path / "s.csv", rows)


def _events(tmp_path: Path) -> Path:
    return _write(
        tmp_path / "events.csv",
        [
            ("start", "end", "name", "series"),
            ("2024-05-30", "2024-06-08", "strike", "north"),
            ("2024-09-01", "2024-09-02", "nothing was seen", "east"),
        ],
    )


def _run(history: Path, labels: Path | None, budget: float = 6.0) -> Backtest:
    return backtest_files(
        [history], AnalyzeOptions(), _quiet, budget_per_year=budget, labels=labels
    )


def test_alarms_are_held_against_known_events(history: Path, tmp_path: Path) -> None:
    done = _run(history, _events(tmp_path))
    strike, unseen = done.known_events
    assert strike.delay_days is not None
    assert 0 < strike.delay_days <= 2
    assert unseen.delay_days is None
    assert (done.found, done.series) == (1, 4)
    false = [a for a in done.alarms if a.known_event is None]
    assert any(a.slice == {"series": "south"} for a in false)
    assert done.false_alarms == len(false)
    interval = done.false_alarms_per_year_interval
    assert interval is not None
    assert interval.low <= done.false_alarms / ((300 - 42) / 365.25) <= interval.high
    assert done.is_within_budget


def test_without_labels_no_alarm_is_called_false(history: Path) -> None:
    done = _run(history, None)
    assert len(done.alarms) >= 2
    assert (done.false_alarms, done.false_alarms_per_year) == (None, None)
    assert "--labels" in done.note


def test_more_is_raised_where_more_is_granted(history: Path) -> None:
    assert len(_run(history, None, 400.0).alarms) > len(_run(history, None, 0.1).alarms)


def test_the_command_prints_one_json_object_and_plain_words(history: Path, tmp_path: Path) -> None:
    given = ["backtest", str(history), "--labels", str(_events(tmp_path))]
    result = runner.invoke(app, [*given, "--json"])
    assert result.exit_code == 0, result.output
    assert msgspec.json.decode(result.stdout)["found"] == 1
    told = runner.invoke(app, given).stdout
    assert "strike: known after" in told
    assert "nothing was seen: missed" in told
    assert "False alarms a year" in told


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("start", "end"), ("2024-05-30", "2024-05-01")], "ends before it starts"),
        ([("start", "end", "slice"), ("2024-05-30", "2024-06-01", "north")], "no part of a slice"),
        ([("start", "end"), ("soon", "2024-06-01")], "no time"),
        ([("begin", "end"), ("2024-05-30", "2024-06-01")], "no column start"),
    ],
)
def test_events_that_cannot_be_used_are_refused(
    history: Path, tmp_path: Path, rows: list[tuple[str, ...]], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        _run(history, _write(tmp_path / "bad.csv", rows))


def test_a_budget_of_nothing_and_too_short_a_history_are_refused(
    history: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="budget of 0"):
        _run(history, None, 0.0)
    rows = [("series", "at", "value"), *[("a", f"2024-01-{d:02d}", 3) for d in range(1, 20)]]
    with pytest.raises(BadInput, match="too short"):
        _run(_write(tmp_path / "short.csv", rows), None)
    assert runner.invoke(app, ["backtest"]).exit_code == 2


def test_signals_are_watched_as_the_running_system_would(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows: list[tuple[object, ...]] = [("id", "date", "kind", "region", "product", "text")]
    first = np.datetime64("2024-01-01")
    for day in range(160):
        for region in ("north", "south"):
            ill = region == "north" and 120 <= day < 130
            for _ in range(rng.poisson(24 if ill else 6)):
                product = rng.choice(["fibre", "tv"])
                text = "The engineer did not come to the appointment"
                rows.append((len(rows), first + day, "complaint", region, product, text))
    labels = [("start", "end", "slice"), ("2024-04-30", "2024-05-09", "region=north")]
    done = backtest_files(
        [_write(tmp_path / "signals.csv", rows)],
        AnalyzeOptions(),
        _quiet,
        budget_per_year=6.0,
        labels=_write(tmp_path / "l.csv", labels),
    )
    assert done.found == 1
    assert done.series > 2
    assert any(a.slice.get("region") == "north" and a.known_event for a in done.alarms)
