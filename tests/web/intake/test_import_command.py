"""`amends import` at its door: a receipt in which every row stands, and refusals in time."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.web.intake.test_importing import Killed, killed_after, lines
from typer.testing import CliRunner, Result

from amends.cli import app
from amends.web.intake.actions.imports import begin_or_go_on, mapping_kept
from amends.web.intake.importing import carry_out
from amends.web.intake.models import Arrival, Import, ImportState, Source

pytestmark = pytest.mark.django_db


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def receipts(*arguments: object) -> list[dict[str, Any]]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["files"]
    return found


def adds_up(receipt: dict[str, Any]) -> bool:
    parts = ("accepted", "duplicates", "superseded", "quarantined")
    return bool(receipt["rows"] == sum(receipt[part] for part in parts))


def test_a_dry_run_then_the_import_then_nothing_new(tmp_path: Path) -> None:
    path = tmp_path / "Complaints May.csv"
    path.write_text(lines(40, bad=(3,)))
    [said] = receipts(path, "--dry-run")
    assert not Arrival.objects.exists()
    [done] = receipts(path)
    [again] = receipts(path)
    assert (done["source"], done["state"]) == ("complaints-may", "done")
    counts = ("rows", "accepted", "duplicates", "superseded", "quarantined")
    assert [done[name] for name in counts] == [40, 39, 0, 0, 1]
    assert [said[name] for name in counts] == [done[name] for name in counts]
    assert [again[name] for name in counts] == [40, 0, 39, 0, 1]
    assert adds_up(done)
    result = run(path)
    assert "Quarantined rows are kept" in result.stderr
    assert "39 signals wait in the inbox" in result.stderr


def test_a_file_that_cannot_be_read_is_refused_before_any_other_is_taken_in(
    tmp_path: Path,
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(lines(5))
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    result = run(good, bad)
    assert result.exit_code == 2
    assert "PNG image" in result.stderr
    assert not Import.objects.exists()
    for arguments in (
        [],
        [tmp_path / "nothing.csv"],
        [good, "--preset", "nobody"],
        [good, "--map", "Date"],
        [good, "--map", "Nothing=nps"],
        [good, "--source", "Not A Name"],
    ):
        result = run(*arguments)
        assert result.exit_code == 2, arguments
        assert "Traceback" not in result.output
        assert not Arrival.objects.exists()


def test_the_same_command_goes_on_with_what_was_halted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("amends.connectors.files.columns.BATCH", 10)
    path = tmp_path / "complaints.csv"
    path.write_text(lines(35))
    begun = begin_or_go_on(path, source="shop", preset="auto", mapping={}, taken=frozenset())
    with pytest.raises(Killed):
        carry_out(begun.pk, path, killed_after(20))
    result = run(path, "--source", "shop")
    assert result.exit_code == 0, result.output
    assert "going on after row 20" in result.stderr
    found = Import.objects.get()
    assert (found.state, found.rows, found.accepted) == (ImportState.DONE, 35, 35)


def test_a_file_with_known_columns_is_read_as_those_before(tmp_path: Path) -> None:
    path = tmp_path / "june.csv"
    path.write_text("Ref,Day,Said\nR1,03/04/2025,it came late again\n")
    kept = mapping_kept(("Ref", "Day", "Said"), "none", {"Day": "occurred_at:date:mdy"})
    Source.objects.create(
        name="shop",
        title="Shop",
        way="file",
        mapping=kept["told"],
        options={"columns": kept["columns"], "preset": "none"},
    )
    result = run(path, "--json")
    assert json.loads(result.stdout)["files"][0]["source"] == "shop"
    assert "read as its files were" in result.stderr
    [receipt] = receipts(path, "--source", "other")
    assert receipt["source"] == "other"
    assert receipt["accepted"] == 1
