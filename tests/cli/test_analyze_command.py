"""`amends analyze` at its door: any file, one clear answer, every row accounted for."""

import csv
import gzip
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
from typer.testing import CliRunner, Result

from amends.cli import app
from amends.flows.report import report_schema

HEADER = ["Complaint ID", "Date", "Customer", "Product", "Region", "Comment"]
WORDS = {
    "late": ["the parcel is late again", "still waiting for my delivery", "it never came on time"],
    "paid": [
        "you charged my card twice",
        "money was taken two times",
        "a double charge on my bill",
    ],
    "rude": [
        "the agent was rude to me",
        "staff shouted at me",
        "an unfriendly person on the phone",
    ],
}


def rows(n: int, seed: int = 1) -> list[list[str]]:
    draw = random.Random(seed)
    day = date(2025, 1, 6)
    made = []
    for number in range(n):
        words = draw.choice(WORDS[draw.choice(list(WORDS))])
        made.append(
            [
                f"C-{number}",
                (day + timedelta(days=number * 120 // n)).isoformat(),
                f"K-{draw.randrange(n // 3 + 1)}",
                draw.choice(["fibre", "mobile"]),
                draw.choice(["north", "south"]),
                f"{words}, case {draw.randrange(10_000)} and nobody answers",
            ]
        )
    return made


def write_csv(path: Path, table: list[list[str]], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(table)
    return path


def analyze(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["analyze", *map(str, arguments)])


def report_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, report_schema())
    return found


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("analysed")
    source = write_csv(folder / "complaints.csv", [HEADER, *rows(600)])
    return folder / "out", analyze(source, "--out", folder / "out", "--taxonomy", "retail")


def test_it_writes_a_page_and_a_document_that_follows_its_schema(
    analysed: tuple[Path, Result],
) -> None:
    folder, result = analysed
    assert result.exit_code == 0, result.output
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    report = report_of(folder)
    assert report["rows"] == {"read": 600, "analysed": 600, "duplicate": 0, "quarantined": 0}
    assert not (folder / "quarantine.csv").exists()
    assert str(folder / "report.html") in result.stdout


def test_it_says_how_it_understood_the_columns(analysed: tuple[Path, Result]) -> None:
    columns = {c["column"]: c["field"] for c in report_of(analysed[0])["files"][0]["columns"]}
    assert columns["Date"] == "occurred_at"
    assert columns["Comment"] == "verbatim"
    assert columns["Customer"] == "customer_id"
    assert columns["Product"] == "product"


def test_causes_are_found_without_labels(analysed: tuple[Path, Result]) -> None:
    causes = {c["path"] for c in report_of(analysed[0])["causes"]}
    assert "billing/duplicate_charge" in causes


def test_the_limits_of_the_data_are_said(analysed: tuple[Path, Result]) -> None:
    what = " ".join(limit["what"] for limit in report_of(analysed[0])["limits"])
    assert "NPS" in what
    assert "rates per order" in what


def test_a_quiet_file_shows_no_breakdown(analysed: tuple[Path, Result]) -> None:
    report = report_of(analysed[0])
    assert report["watched_series"] > 0
    assert report["breakdowns"] == []


def test_the_same_file_gives_the_same_report(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "complaints.csv", [HEADER, *rows(200)])
    reports = []
    for name in ("one", "two"):
        assert analyze(source, "--out", tmp_path / name).exit_code == 0
        report = report_of(tmp_path / name)
        report.pop("generated_at")
        reports.append(report)
    assert reports[0] == reports[1]


def as_xlsx(path: Path, table: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("export", 0)
    for row in table:
        sheet.append(row)
    book.save(path)
    return path


def as_jsonl(path: Path, table: list[list[str]]) -> Path:
    lines = [json.dumps(dict(zip(table[0], row, strict=True))) for row in table[1:]]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def as_gzip(path: Path, table: list[list[str]]) -> Path:
    plain = write_csv(path.with_suffix(".plain"), table)
    path.write_bytes(gzip.compress(plain.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("c.tsv", lambda p, t: write_csv(p, t, "\t")),
        ("c.csv", lambda p, t: write_csv(p, t, ";")),
        ("c.xlsx", as_xlsx),
        ("c.jsonl", as_jsonl),
        ("c.csv.gz", as_gzip),
    ],
)
def test_every_format_says_the_same(
    tmp_path: Path, name: str, write: Callable[[Path, list[list[str]]], Path]
) -> None:
    source = write(tmp_path / name, [HEADER, *rows(60)])
    result = analyze(source, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    report = report_of(tmp_path / "out")
    assert report["rows"]["analysed"] == 60
    assert {c["field"] for c in report["files"][0]["columns"]} >= {"verbatim", "occurred_at"}


def test_a_column_can_be_told(tmp_path: Path) -> None:
    source = write_csv(
        tmp_path / "c.csv", [["when", "x", "y"], *([r[1], r[5], r[3]] for r in rows(40))]
    )
    result = analyze(source, "--out", tmp_path / "o", "--map", "x=verbatim", "--map", "y=product")
    assert result.exit_code == 0, result.output
    columns = {c["column"]: c for c in report_of(tmp_path / "o")["files"][0]["columns"]}
    assert (columns["y"]["field"], columns["y"]["how"]) == ("product", "told")


def test_bad_rows_go_to_quarantine_and_the_rest_goes_on(tmp_path: Path) -> None:
    table = rows(60)
    table[10] = table[10][:3]
    table[20][1] = "yesterday"
    table[31] = table[30]
    source = write_csv(tmp_path / "c.csv", [HEADER, *table])
    assert analyze(source, "--out", tmp_path / "o").exit_code == 0
    account = report_of(tmp_path / "o")["rows"]
    assert account == {"read": 60, "analysed": 57, "duplicate": 1, "quarantined": 2}
    with (tmp_path / "o" / "quarantine.csv").open(encoding="utf-8") as file:
        kept = list(csv.DictReader(file))
    assert [(row["file"], row["row"]) for row in kept] == [("c.csv", "11"), ("c.csv", "21")]
    assert all(row["reason"] and row["raw"] for row in kept)
    assert kept[1]["field"] == "Date"


def test_one_row_is_analysed(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "c.csv", [HEADER, *rows(1)])
    assert analyze(source, "--out", tmp_path / "o").exit_code == 0
    report = report_of(tmp_path / "o")
    assert report["rows"]["analysed"] == 1
    assert "cannot be told" in report["headline"]


def test_no_dates_means_no_trends_and_says_so(tmp_path: Path) -> None:
    source = write_csv(tmp_path / "c.csv", [["Comment"], *([r[5]] for r in rows(60))])
    assert analyze(source, "--out", tmp_path / "o").exit_code == 0
    report = report_of(tmp_path / "o")
    assert report["volume"] is None
    assert any("trends" in limit["what"] for limit in report["limits"])


def test_several_files_are_one_analysis_without_duplicates(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", [HEADER, *rows(40)])
    two = write_csv(tmp_path / "two.csv", [HEADER, *rows(40, seed=2)])
    assert analyze(one, two, "--out", tmp_path / "o").exit_code == 0
    assert report_of(tmp_path / "o")["rows"]["read"] == 80


def refused(tmp_path: Path, result: Result, *words: str) -> None:
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    told = " ".join(result.output.split())
    assert told.startswith("amends: ")
    for word in words:
        assert word in told, told
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", ("empty.csv", "empty")),
        ("header.csv", b"Date,Comment\n", ("header.csv",)),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", ("picture.csv",)),
        ("broken.xlsx", b"PK\x03\x04 nothing", ("broken.xlsx",)),
        ("broken.csv.gz", b"\x1f\x8b\x08\x00 nothing", ("broken.csv.gz",)),
        ("broken.json", b'[{"a": 1},', ("broken.json",)),
        ("numbers.csv", b"a,b\n1,2\n3,4\n", ("numbers.csv", "--map")),
    ],
)
def test_what_cannot_be_read_gets_one_clear_message(
    tmp_path: Path, name: str, content: bytes, words: tuple[str, ...]
) -> None:
    source = tmp_path / name
    source.write_bytes(content)
    refused(tmp_path, analyze(source, "--out", tmp_path / "o"), *words)


def test_a_folder_a_missing_file_and_no_file_are_refused(tmp_path: Path) -> None:
    refused(tmp_path, analyze(tmp_path, "--out", tmp_path / "o"), "folder")
    refused(tmp_path, analyze(tmp_path / "none.csv", "--out", tmp_path / "o"), "none.csv")
    refused(tmp_path, analyze("--out", tmp_path / "o"), "No file")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "Comment"], ("--map", "COLUMN=FIELD")),
        (["--map", "Nothing=verbatim"], ("Nothing",)),
        (["--map", "Comment=colour"], ("colour",)),
        (["--preset", "nosuch"], ("nosuch", "zendesk")),
        (["--taxonomy", "nosuch"], ("nosuch", "retail")),
        (["--false-alarms", "0"], ("--false-alarms",)),
        (["--currency", "euro"], ("--currency",)),
        (
            ["--country", "XX"],
            ("--country", "The public holidays of 'XX' are not known.", "such as DE, GB or US."),
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, options: list[str], words: tuple[str, ...]
) -> None:
    source = write_csv(tmp_path / "c.csv", [HEADER, *rows(600)])
    refused(tmp_path, analyze(source, "--out", tmp_path / "o", *options), *words)


def test_a_field_of_ten_megabytes_is_set_aside(tmp_path: Path) -> None:
    table = rows(40)
    table[5][5] = "x" * 10_000_000
    source = write_csv(tmp_path / "c.csv", [HEADER, *table])
    assert analyze(source, "--out", tmp_path / "o").exit_code == 0
    assert report_of(tmp_path / "o")["rows"]["quarantined"] == 1


def test_the_schema_can_be_printed() -> None:
    result = analyze("--schema")
    assert json.loads(result.stdout)["$defs"]
