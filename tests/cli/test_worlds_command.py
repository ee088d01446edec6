"""`amends worlds` from the outside: files, refusals, lists."""

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from amends.cli.worlds import worlds
from amends.engine.contracts import SIGNAL_SCHEMA
from amends.engine.worlds import Truth
from amends.flows.worlds import write_world


def run(*arguments: str) -> Result:
    return CliRunner().invoke(worlds, list(arguments))


def test_make_writes_signals_labels_and_truth(tmp_path: Path) -> None:
    out = tmp_path / "world"
    result = run("make", "bank", "--out", str(out), "--signals", "400", "--seed", "3")
    assert result.exit_code == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "labels.parquet",
        "signals.parquet",
        "truth.json",
    ]
    assert pq.read_schema(out / "signals.parquet").equals(SIGNAL_SCHEMA)
    labels = pq.read_table(out / "labels.parquet")
    assert len(labels) == 400
    truth = msgspec.json.decode((out / "truth.json").read_bytes(), type=Truth)
    assert (truth.world, truth.seed, truth.signals) == ("bank", 3, 400)
    assert str(out / "truth.json") in result.stdout.replace("\n", "")


def test_both_formats_tell_the_same(tmp_path: Path) -> None:
    for kind in ("parquet", "jsonl"):
        result = run(
            "make", "telco", "--out", str(tmp_path / kind), "--signals", "150", "--format", kind
        )
        assert result.exit_code == 0
    table = pq.read_table(tmp_path / "parquet" / "signals.parquet")
    lines = (tmp_path / "jsonl" / "signals.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == len(table)
    for name in ("signal_id", "kind", "verbatim", "region", "csat", "is_escalated"):
        assert [row.get(name) for row in rows] == table[name].to_pylist()
    losses = [None if loss is None else float(loss) for loss in table["loss"].to_pylist()]
    assert [row.get("loss") for row in rows] == losses
    assert rows[0]["occurred_at"] == "2024-07-01T00:00:00Z"
    audited = [row["attributes"] for row in rows if row["kind"] == "qa_audit"]
    assert all(int(attributes["qa_score"]) <= 100 for attributes in audited)


def test_list_names_the_worlds() -> None:
    assert all(name in run("list").stdout for name in ("bank", "retailer", "telco"))
    found = json.loads(run("list", "--json").stdout)
    assert [world["name"] for world in found] == ["bank", "retailer", "telco"]
    assert all(world["causes"] >= 25 for world in found)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("atlantis",), "no world"),
        (("bank", "--signals", "0"), "at least 1 signal"),
        (("bank", "--seed", "-1"), "seed is 0 or above"),
        (("bank", "--format", "xml"), "no format"),
    ],
)
def test_what_cannot_be_made_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = run("make", *arguments, "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_folder_with_something_in_it_is_left_alone_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    (tmp_path / "signals.jsonl").write_text("of an older world", encoding="utf-8")
    refused = run("make", "bank", "--out", str(tmp_path), "--signals", "20")
    assert refused.exit_code == 2
    assert "not empty" in refused.output
    forced = run("make", "bank", "--out", str(tmp_path), "--signals", "20", "--force")
    assert forced.exit_code == 0
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "signals.jsonl").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x", encoding="utf-8")
    result = run("make", "bank", "--out", str(path), "--signals", "20")
    assert result.exit_code == 2
    assert "not a folder" in " ".join(result.output.split())


def test_progress_is_told_and_ends_whole(tmp_path: Path) -> None:
    ticks: list[tuple[str, int, int]] = []
    write_world(
        "retailer",
        tmp_path,
        signals=50,
        tick=lambda stage, done, total: ticks.append((stage, done, total)),
    )
    assert ticks[0] == ("playing", 0, 1)
    assert ticks[-1] == ("writing signals", 50, 50)
