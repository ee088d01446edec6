import csv
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from amends.cli.bench_topics import topics
from amends.engine.contracts import BadInput
from amends.flows.bench.topics import bench_topics

runner = CliRunner()
bench = typer.Typer()
bench.command()(topics)

SAID = {
    "late": "the parcel is late again",
    "app": "your app crashes when I log in",
    "refund": "I want my money back for this order",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("texts") / "t.csv"
    with path.open("w", newline="") as file:
        rows = [(f"{words} {n}", why) for n in range(20) for why, words in SAID.items()]
        csv.writer(file).writerows([("said", "why"), *rows])
    return path


def test_topics_are_found_named_and_compared(table: Path, tmp_path: Path) -> None:
    options = ["--table", str(table), "--text", "said", "--embeddings", str(tmp_path)]
    told = runner.invoke(bench, [*options, "--label", "why", "--json"])
    assert told.exit_code == 0, told.output
    figures = msgspec.json.decode(told.stdout)
    assert figures["texts"] == 60
    assert figures["topics"] >= 3
    assert figures["nmi"] > 0.5
    assert figures["novelty_auroc"] is None
    said = " ".join(p for topic in figures["largest"] for p in topic["phrases"])
    assert "parcel" in said
    plain = runner.invoke(bench, options)
    assert plain.exit_code == 0, plain.output
    assert "seed ari" in plain.stdout


def test_a_column_that_is_missing_is_refused(table: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no column words"):
        bench_topics(table, lambda *_: None, text="words", label=None, embeddings=tmp_path)
