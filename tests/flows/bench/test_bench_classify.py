import csv
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from amends.cli.bench_classify import classify
from amends.engine.contracts import BadInput
from amends.flows.bench.classify import bench_classify

runner = CliRunner()
bench = typer.Typer()
bench.command()(classify)

ROWS = [
    (f"{opening} {words} {n}", label)
    for opening in ("hello", "sir", "well")
    for words, label in (
        ("the parcel is late by days", "late"),
        ("no refund of my money", "refund"),
        ("the lamp arrived broken", "broken"),
    )
    for n in range(12)
]


def _tick(stage: str, done: int, total: int) -> None:
    assert stage
    assert done <= total


def _write(path: Path, rows: list[tuple[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("said", "why"), *rows])
    return path


def test_it_learns_from_one_file_and_scores_the_other(tmp_path: Path) -> None:
    train, test = _write(tmp_path / "a.csv", ROWS[::2]), _write(tmp_path / "b.csv", ROWS[1::2])
    out = tmp_path / "p.csv"
    figures = bench_classify(train, test, _tick, text="said", label="why", predictions_out=out)
    assert (figures.train_rows, figures.test_rows, figures.classes) == (54, 54, 3)
    assert figures.accuracy == figures.macro_f1 == 1
    assert figures.selective_accuracy == 1
    assert figures.docs_per_s > 0
    with out.open() as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["row", "label", "predicted", "confidence"]
    assert all(line["predicted"] in {"", line["label"]} for line in lines)
    assert figures.coverage == sum(bool(line["predicted"]) for line in lines) / 54


def test_labels_never_learnt_count_as_wrong(tmp_path: Path) -> None:
    train = _write(tmp_path / "a.csv", ROWS)
    test = _write(tmp_path / "b.csv", [*ROWS[:9], ("something new entirely", "novel")])
    figures = bench_classify(train, test, _tick, text="said", label="why")
    assert figures.accuracy == 0.9


def test_the_command_prints_one_object(tmp_path: Path) -> None:
    path = str(_write(tmp_path / "a.csv", ROWS))
    options = ["--train", path, "--test", path, "--text", "said", "--label", "why"]
    told = runner.invoke(bench, [*options, "--json"])
    assert told.exit_code == 0, told.output
    figures = msgspec.json.decode(told.stdout)
    assert figures["classes"] == 3
    assert {"accuracy", "macro_f1", "coverage", "docs_per_s", "train_s"} <= set(figures)
    assert "macro f1" in runner.invoke(bench, options).stdout


def test_files_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    good = _write(tmp_path / "a.csv", ROWS)
    one = _write(tmp_path / "one.csv", ROWS[:10])
    none = _write(tmp_path / "none.csv", [("text", "")])
    with pytest.raises(BadInput, match="no column reason"):
        bench_classify(good, good, _tick, text="said", label="reason")
    with pytest.raises(BadInput, match="All labels are the same") as refused:
        bench_classify(one, good, _tick, text="said", label="why")
    assert "one.csv" in refused.value.where
    with pytest.raises(BadInput, match="No row has a why"):
        bench_classify(good, none, _tick, text="said", label="why")
