import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from amends.cli import app

runner = CliRunner()


def write_log(path: Path, n: int = 1200, *, done: bool = False) -> Path:
    rng = np.random.default_rng(1)
    x, region = rng.normal(size=n), rng.choice(["north", "south"], n)
    chance = 0.1 + 0.8 / (1 + np.exp(x))
    arm = rng.random(n) < chance
    y = x + 0.5 * arm + rng.normal(size=n)
    rows = ["offer,result,need,region,chance,earlier"]
    for i in range(n):
        logged = chance[i] if arm[i] or not done else 1 - chance[i]
        what = "credit" if arm[i] else "none"
        rows.append(f"{what},{y[i]:.5f},{x[i]:.5f},{region[i]},{logged:.6f},{x[i] / 2:.5f}")
    path.write_text("\n".join(rows) + "\n")
    return path


def run(*words: str) -> tuple[int, str, str]:
    result = runner.invoke(app, ["bench", "effects", *words])
    return result.exit_code, result.stdout, result.stderr


def given(table: Path, *words: str) -> list[str]:
    names = ["--treatment", "offer", "--outcome", "result", "--treated", "credit"]
    return ["--table", str(table), *names, *words]


def test_the_door_prints_one_object_with_all_checks(tmp_path: Path) -> None:
    table = write_log(tmp_path / "t.csv")
    words = ["--covariates", "need,region", "--propensity", "chance", "--json"]
    code, out, _ = run(*given(table, *words))
    figures = json.loads(out)
    assert code == 0
    assert figures["ci"][0] < 0.5 < figures["ci"][1]
    assert figures["estimate"] == pytest.approx(0.5, abs=0.25)
    assert {"se", "ess", "overlap", "placebo", "warnings"} <= figures.keys()
    assert figures["sample_ratio_p"] > 0.001
    assert figures["warnings"] == []


def test_the_chance_of_what_was_done_can_be_given(tmp_path: Path) -> None:
    table = write_log(tmp_path / "t.csv", done=True)
    words = ["--covariates", "need", "--propensity", "chance", "--json"]
    wrong = json.loads(run(*given(table, *words))[1])
    assert any(w.startswith("Placebo") for w in wrong["warnings"])
    right = json.loads(run(*given(table, *words, "--propensity-of-done"))[1])
    assert right["warnings"] == []


def test_a_placebo_that_moves_and_a_refusal_are_said_in_words(tmp_path: Path) -> None:
    table = write_log(tmp_path / "t.csv")
    code, out, _ = run(*given(table, "--placebo", "earlier"))
    assert code == 0
    assert "! Placebo" in out
    small = write_log(tmp_path / "small.csv", 60)
    refused = json.loads(run(*given(small, "--covariates", "need", "--json"))[1])
    assert refused["estimate"] is None
    assert refused["ci"] is None
    assert refused["warnings"][0].startswith("Refused")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--covariates", "nothing"], "no column nothing"),
        (["--control", "nobody"], "No row has 'nobody'"),
        (["--propensity", "need"], "no chance of treatment"),
        (["--outcome", "region"], "is no number"),
        (["--estimand", "all"], "no estimand"),
        (["--trim", "0.7"], "--trim"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, words: list[str], message: str) -> None:
    table = write_log(tmp_path / "t.csv", 60)
    code, _, error = run(*given(table, *words))
    assert code == 2
    assert message in " ".join(error.split())


def test_treatment_values_that_could_mean_anything_have_to_be_named(tmp_path: Path) -> None:
    table = write_log(tmp_path / "t.csv", 60)
    code, _, error = run("--table", str(table), "--treatment", "offer", "--outcome", "result")
    assert code == 2
    assert "--treated" in error
