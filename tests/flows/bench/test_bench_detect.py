import csv
import gzip
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from amends.cli.bench_detect import detect
from amends.engine.contracts import BadInput, Bucket
from amends.flows.bench.detect import bench_detect

runner = CliRunner()
bench = typer.Typer()
bench.command()(detect)


def _tick(stage: str, done: int, total: int) -> None:
    assert stage
    assert done <= total


def _write(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    with gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def _series(path: Path, days: int = 200) -> Path:
    rng = np.random.default_rng(1)
    first = np.datetime64("2024-01-01")
    rows: list[tuple[object, ...]] = [("series", "at", "value", "exposure")]
    for name in ("north", "south"):
        for day in range(days):
            factor = 3 if name == "north" and 150 <= day < 160 else 1
            rows.append((name, first + day, rng.poisson(20 * factor), 100))
    return _write(path, rows)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    labels = [("series", "start", "end"), ("north", "2024-05-30", "2024-06-08")]
    return _series(tmp_path / "s.csv.gz"), _write(tmp_path / "l.csv", labels)


def test_a_labelled_breakdown_is_found_and_written(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "scores.csv"
    figures = bench_detect(
        files[0],
        _tick,
        labels=files[1],
        evaluate_from="2024-03-01",
        budget=0.005,
        scores_out=out,
    )
    assert (figures.precision, figures.recall, figures.labelled) == (1.0, 1.0, 1)
    assert figures.delay is not None
    assert figures.delay <= 1
    assert figures.every == "day"
    assert figures.evaluated_buckets == 2 * 140
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 280
    alarmed = [r for r in rows if r["is_alarm"] == "1"]
    assert {r["series"] for r in alarmed} == {"north"}
    lowest_alarm = min(float(r["score"]) for r in alarmed)
    assert lowest_alarm > max(float(r["score"]) for r in rows if r["is_alarm"] == "0")


def test_the_door_prints_one_json_object(files: tuple[Path, Path]) -> None:
    given = ["--series", str(files[0]), "--labels", str(files[1]), "--every", "day"]
    result = runner.invoke(bench, [*given, "--json"])
    assert result.exit_code == 0, result.output
    assert msgspec.json.decode(result.stdout)["recall"] == 1.0
    assert "series updates per s" in runner.invoke(bench, given).stdout


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("series", "at")], "no column value"),
        ([("series", "at", "value")], "no rows"),
        ([("series", "at", "value"), ("a", "soon", "1")], "'soon' is no time"),
        ([("series", "at", "value"), ("a", "2024-01-01", "many")], "'many' is no number"),
        ([("series", "at", "value"), ("a", "2024-01-01", "-4")], "value is -4.0"),
    ],
)
def test_what_cannot_be_used_is_refused(
    tmp_path: Path, rows: list[tuple[str, ...]], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        bench_detect(_write(tmp_path / "bad.csv", rows), _tick)


def test_labels_of_an_unknown_series_and_a_budget_of_nothing_are_refused(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    labels = _write(tmp_path / "x.csv", [("series", "start", "end"), ("west", "2024", "2024")])
    with pytest.raises(BadInput, match="no series 'west'"):
        bench_detect(files[0], _tick, labels=labels)
    result = runner.invoke(bench, ["--series", str(files[0]), "--budget", "0"])
    assert result.exit_code == 2
    with pytest.raises(BadInput, match="cannot be read"):
        bench_detect(tmp_path, _tick)


def test_rows_of_one_bucket_add_up_and_missing_ones_are_unknown(tmp_path: Path) -> None:
    rows: list[tuple[object, ...]] = [("series", "at", "value")]
    rows += [("a", f"2024-01-{d:02d}T{h:02d}:00:00Z", 1) for d in (1, 2, 5) for h in range(6)]
    figures = bench_detect(_write(tmp_path / "h.csv", rows), _tick, every=Bucket.DAY)
    assert (figures.series, figures.buckets, figures.not_watched) == (1, 5, 1)
