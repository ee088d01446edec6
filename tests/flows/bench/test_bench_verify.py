import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from amends.cli import app

runner = CliRunner()
START = datetime(2025, 1, 1, tzinfo=UTC)
FIX_AT = "2025-05-07"


def counts(days: int = 196, effect: float = -0.3) -> tuple[list[str], dict[str, list[int]]]:
    rng = np.random.default_rng(2)
    level = 200 * np.exp(np.cumsum(rng.normal(0, 0.01, days)))
    after = np.where(np.arange(days) >= 126, 1 + effect, 1.0)
    at = [(START + timedelta(days=i)).strftime("%Y-%m-%d") for i in range(days)]
    series = {"late": level * after, "billing": level, "advice": level / 2}
    return at, {name: rng.poisson(values).tolist() for name, values in series.items()}


def write_long(path: Path, days: int = 196) -> Path:
    at, series = counts(days)
    rows = [f"{n},{a},{v}" for n, vs in series.items() for a, v in zip(at, vs, strict=True)]
    path.write_text("series,at,value\n" + "\n".join(rows) + "\n")
    return path


def write_wide(path: Path) -> Path:
    at, series = counts()
    rows = [",".join([a, *(str(series[n][i]) for n in series)]) for i, a in enumerate(at)]
    path.write_text(",".join(["at", *series]) + "\n" + "\n".join(rows[::-1]) + "\n")
    return path


def run(*words: str) -> tuple[int, str, str]:
    result = runner.invoke(app, ["bench", "verify", *words])
    return result.exit_code, result.stdout, result.stderr


def test_long_and_wide_files_give_the_same_verdict(tmp_path: Path) -> None:
    found = []
    for path in (write_long(tmp_path / "long.csv"), write_wide(tmp_path / "wide.csv")):
        code, out, _ = run("--series", str(path), "--fix-at", FIX_AT, "--json")
        assert code == 0
        found.append(json.loads(out))
    assert found[0]["effect"] == pytest.approx(found[1]["effect"])
    assert found[0]["reasons"] == found[1]["reasons"]
    assert found[0]["verdict"] == "verified"
    assert found[0]["ci"][0] < -0.3 < found[0]["ci"][1]
    assert found[0]["treated"] == "late"
    assert found[0]["controls"] == ["billing", "advice"]
    assert found[0]["placebo"] is not None


def test_treated_and_controls_can_be_named(tmp_path: Path) -> None:
    path = write_long(tmp_path / "long.csv")
    words = ["--treated", "billing", "--controls", "advice", "--json"]
    figures = json.loads(run("--series", str(path), "--fix-at", FIX_AT, *words)[1])
    assert figures["verdict"] == "refuted"
    assert figures["controls"] == ["advice"]


def test_too_early_and_no_control_give_no_effect_and_say_why(tmp_path: Path) -> None:
    path = write_long(tmp_path / "long.csv", 160)
    code, out, _ = run("--series", str(path), "--fix-at", FIX_AT)
    assert code == 0
    assert "too early" in out
    assert "Look again in 28 days" in out
    alone = tmp_path / "alone.csv"
    at, series = counts()
    rows = [f"{a},{v}" for a, v in zip(at, series["late"], strict=True)]
    alone.write_text("at,late\n" + "\n".join(rows) + "\n")
    figures = json.loads(run("--series", str(alone), "--fix-at", FIX_AT, "--json")[1])
    assert figures["effect"] is None
    assert figures["reasons"][0].startswith("No control")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--fix-at", "2031-01-01"], "outside the series"),
        (["--fix-at", "soon"], "no time"),
        (["--fix-at", FIX_AT, "--controls", "sun"], "no series sun"),
        (["--fix-at", FIX_AT, "--controls", "late"], "own control"),
        (["--fix-at", FIX_AT, "--hoped", "0.2"], "--hoped"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, words: list[str], message: str) -> None:
    path = write_long(tmp_path / "long.csv")
    code, _, error = run("--series", str(path), *words)
    assert code == 2
    assert message in " ".join(error.split())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("at,a,b\n2025-01-01,1,2\n2025-01-02,3,4\n2025-01-03T07:00,5,6\n", "evenly spaced"),
        ("at,a,b\n2025-01-01,1,2\n2025-01-01,3,4\n", "same time"),
        ("at,a,b\n2025-01-01,-1,2\n2025-01-02,3,4\n2025-01-03,3,4\n", "negative"),
        ("at\n2025-01-01\n", "no series"),
    ],
)
def test_files_that_are_no_series_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    code, _, error = run("--series", str(path), "--fix-at", "2025-01-02")
    assert code == 2
    assert message in " ".join(error.split())
