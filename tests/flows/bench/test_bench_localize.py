import csv
from itertools import product
from pathlib import Path

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from amends.cli.bench_localize import localize
from amends.engine.contracts import BadInput
from amends.flows.bench.localize import Against, bench_localize

runner = CliRunner()
bench = typer.Typer()
bench.command()(localize)


@pytest.fixture
def timed(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / "timed.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("minute", "cdn", "isp", "fails", "calls"))
        for minute, cdn, isp in product(range(6), "abc", "wxyz"):
            rate = 0.3 if minute == 5 and cdn == "b" else 0.03
            out.writerow((minute, cdn, isp, rng.poisson(300 * rate), 300))
    return path


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    rng = np.random.default_rng(2)
    path = tmp_path / "predicted.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(("a", "b", "real", "predict"))
        for a, b in product(range(12), range(12)):
            predict = rng.uniform(5, 50)
            fall = 0.5 if a == 3 else 1.0
            out.writerow((f"a{a}", f"b{b}", predict * fall * rng.normal(1, 0.03), predict))
    return path


def test_the_slice_that_rose_against_other_times_is_claimed(timed: Path) -> None:
    result = runner.invoke(
        bench,
        f"--table {timed} --dims cdn,isp --actual fails --exposure calls --time minute --at 5 "
        "--json",
    )
    assert result.exit_code == 0, result.output
    found = msgspec.json.decode(result.stdout)
    assert found["slices"][0] == {"cdn": "b"}
    assert found["explained_by"] == 1
    assert found["mode"] == "counts"
    assert found["seconds"] > 0


def test_the_slice_that_fell_short_of_its_prediction_is_claimed(predicted: Path) -> None:
    found = bench_localize(predicted, ["a", "b"], "real", Against(expected="predict"))
    assert found.mode == "values"
    assert found.slices[: found.explained_by] == [{"a": "a3"}]


@pytest.mark.parametrize(
    ("dims", "against", "says"),
    [
        ([], Against(expected="calls"), "must be named"),
        (["cdn"], Against(), "held against"),
        (["cdn"], Against(exposure="calls", time="minute"), "held against"),
        (["cdn"], Against(expected="x", at="5"), "held against"),
        (["cdn", "town"], Against(expected="calls"), "no column town"),
        (["cdn"], Against(exposure="calls", time="minute", at="9"), "No row has minute = 9"),
        (["cdn"], Against(expected="isp"), "'w' is no number"),
    ],
)
def test_what_cannot_be_used_is_refused(
    timed: Path, dims: list[str], against: Against, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        bench_localize(timed, dims, "fails", against)
