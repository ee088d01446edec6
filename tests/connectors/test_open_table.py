"""Any file goes in; out come its rows, or one clear refusal."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from amends.connectors.files import (
    bytes_of,
    columns,
    excel,
    json_rows,
    lines,
    open_file,
    open_table,
    parquet,
)
from amends.connectors.files import delimited as delimited_text
from amends.engine.contracts import BadInput, RawTable

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ROWS = [
    {"id": "1", "date": "2024-01-31", "text": 'She said "no", then\nhung up'},
    {"id": "2", "date": "2024-02-01", "text": "Zu spät, zu teuer – 20 €"},
    {"id": "3", "date": "2024-02-02", "text": "late again; nobody called"},
]


def delimited(delimiter: str) -> str:
    lines = [delimiter.join(ROWS[0])]
    lines += [
        delimiter.join('"' + value.replace('"', '""') + '"' for value in row.values())
        for row in ROWS
    ]
    return "\r\n".join(lines) + "\r\n"


def workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    notes = book.create_sheet("Notes")
    notes.append(["made by hand"])
    sheet = book.create_sheet("Complaints")
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append([int(row["id"]), datetime.fromisoformat(row["date"]), row["text"]])
    book.save(path)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


WRITERS: dict[str, Callable[[Path], object]] = {
    "rows.csv": lambda p: write(p, delimited(",")),
    "semicolons.csv": lambda p: write(p, delimited(";")),
    "pipes.txt": lambda p: write(p, delimited("|")),
    "rows.tsv": lambda p: write(p, delimited("\t")),
    "marked.csv": lambda p: write(p, delimited(","), "utf-8-sig"),
    "western.csv": lambda p: write(p, delimited(";"), "cp1252"),
    "wide.csv": lambda p: write(p, delimited(","), "utf-16"),
    "wide_unmarked.csv": lambda p: write(p, delimited(","), "utf-16-le"),
    "rows.json": lambda p: write(p, json.dumps(ROWS)),
    "inside.json": lambda p: write(p, json.dumps({"count": 3, "data": ROWS}, indent=1)),
    "rows.jsonl": lambda p: write(p, "\n".join(map(json.dumps, ROWS))),
    "rows.parquet": lambda p: pq.write_table(pa.Table.from_pylist(ROWS), p),
    "rows.xlsx": workbook,
    "no_extension": lambda p: write(p, json.dumps(ROWS)),
    "wrong_extension.csv": lambda p: pq.write_table(pa.Table.from_pylist(ROWS), p),
}


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str, *, gzipped: bool) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    if gzipped:
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        path = packed
    raw = open_table(path)
    rows = [{k: v.removesuffix(" 00:00:00") for k, v in r.items()} for r in raw.columns.to_pylist()]
    assert rows == ROWS
    assert (raw.read, raw.rows.tolist(), raw.quarantined) == (3, [1, 2, 3], ())


def test_what_was_found_is_said(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", delimited(";"), "cp1252"))
    assert (raw.format, raw.encoding, raw.delimiter) == ("csv", "cp1252", ";")
    WRITERS["rows.xlsx"](tmp_path / "a.xlsx")
    assert "not read: 'Notes'" in open_table(tmp_path / "a.xlsx").notes[0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b" \n\n", "is empty"),
        ("header.csv", b"id,date,text\n", "header and no rows"),
        ("header.json", b"[]", "holds no rows"),
        ("word.json", b'"hello"', "empty|holds no rows|header and no rows"),
        ("broken.json", b'[{"a": 1},\n {"a": ]', "broken.*line 2|line 2.*broken"),
        ("two.json", b'{"a": [{"x": 1}], "b": [{"y": 2}]}', "several lists: a, b"),
        ("deep.json", b"[" * 100_000, "nested too deeply"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(100), "PNG image"),
        ("paper.csv", b"%PDF-1.7 abc", "PDF document"),
        ("binary.csv", bytes(range(256)) * 20, "not text"),
        ("cut.xlsx", b"PK\x03\x04" + b"abc" * 100, "not a workbook"),
        ("old.xls", OLE + bytes(2_000), "not a workbook"),
        ("locked.xlsx", OLE + "EncryptedPackage".encode("utf-16-le"), "locked with a password"),
        ("broken.parquet", b"PAR1" + b"abc" * 100, "Parquet file is broken"),
        ("plain.csv.gz", b"id,text\n1,hello\n", "not gzipped"),
        ("cut.csv.gz", gzip.compress(b"id,text\n1,hello\n" * 90_000)[:-20], "damaged or cut off"),
        ("bad.csv.gz", b"\x1f\x8b\x08" + b"x" * 40, "damaged or cut off|cannot be read"),
        ("ragged.csv", b"a,b\n1\n2\n3,4,5\n", "No row can be read.*1 fields, the header 2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_remedy(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadInput, match=message) as refusal:
        open_table(path)
    assert name in refusal.value.where
    assert refusal.value.remedy


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="folder"):
        open_table(tmp_path)
    with pytest.raises(BadInput, match="no such file"):
        open_table(tmp_path / "nothing.csv")


def test_ragged_rows_go_to_quarantine_and_the_rest_goes_on(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", "a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,\n13,14,15\n"))
    assert raw.columns["a"].to_pylist() == ["1", "10", "13"]
    assert raw.rows.tolist() == [1, 4, 5]
    assert [(q.row, q.reason, q.raw) for q in raw.quarantined] == [
        (2, "the row has 2 fields, the header 3", "4,5"),
        (3, "the row has 4 fields, the header 3", "6,7,8,9"),
    ]


@pytest.mark.parametrize("closing", ["", '9,"a, quoted",x\n', '9,"","x"\n9,"multi\nline",x\n'])
def test_an_unclosed_quote_costs_one_row(tmp_path: Path, closing: str) -> None:
    body = "".join(f"{i},text {i},x\n" for i in range(50))
    raw = open_table(write(tmp_path / "a.csv", f'a,b,c\n0,"never closed,x\n{body}{closing}'))
    assert raw.columns["b"].to_pylist()[:50] == [f"text {i}" for i in range(50)]
    assert [q.row for q in raw.quarantined] == [1]
    assert "quote" in raw.quarantined[0].reason
    assert raw.quarantined[0].raw == '0,"never closed,x'


def test_a_row_with_wrong_quoting_says_how_to_write_it(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", 'a,b\n1,"he said "no""\n2,fine\n3,5" pipe\n'))
    assert raw.columns["b"].to_pylist() == ["fine", '5" pipe']
    assert 'written as ""' in raw.quarantined[0].reason


def test_backslash_escapes_and_blanks_after_delimiters_are_found(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", 'a,b\n1,"he said \\"no\\", twice"\n2,"x"\n'))
    assert raw.columns["b"].to_pylist() == ['he said "no", twice', "x"]
    raw = open_table(write(tmp_path / "b.csv", 'a, b\n1, "yes, please"\n2, "x"\n'))
    assert raw.columns["b"].to_pylist() == ["yes, please", "x"]


def test_bytes_outside_the_encoding_quarantine_their_row_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = "".join(f"{i},schön und grün\n" for i in range(20)).encode()
    path.write_bytes(b"id,text\n" + good + b"20,sch\xffn\n21,ok\n")
    raw = open_table(path)
    assert (raw.encoding, len(raw.columns)) == ("utf-8", 21)
    assert [(q.row, q.reason) for q in raw.quarantined] == [(21, "the byte 0xFF is no utf-8")]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Café fermé – “très” mauvais, 20 € perdus"),
        ("cp1251", "Доставка опоздала, никто не отвечает на звонки"),
        ("cp1253", "παράδοση καθυστέρησε και κανείς δεν απαντά"),
    ],
)
def test_other_encodings_are_guessed(tmp_path: Path, encoding: str, text: str) -> None:
    body = "id,text\n" + "".join(f'{i},"{text}"\n' for i in range(30))
    raw = open_table(write(tmp_path / "a.csv", body, encoding))
    assert raw.columns["text"][0].as_py() == text


def test_encoding_and_delimiter_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a:b\n1:é\n", "cp850")
    raw = open_table(path, encoding="cp850", delimiter=":")
    assert raw.columns.to_pylist() == [{"a": "1", "b": "é"}]
    with pytest.raises(BadInput, match="no encoding 'klingon'"):
        open_table(path, encoding="klingon")


def test_a_field_of_ten_megabytes_and_a_nul_are_quarantined(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    text = f'id,text\n1,short\n2,{long}\n3,"{long}\n{long[:5_000_000]}"\n4,"a\0b"\n5,last\n'
    raw = open_table(write(tmp_path / "a.csv", text))
    assert raw.columns["id"].to_pylist() == ["1", "5"]
    assert [(q.row, q.field) for q in raw.quarantined] == [(2, "text"), (3, "text"), (4, "text")]
    assert "10,000,000 bytes; 1,000,000 are the most" in raw.quarantined[0].reason
    assert "NUL" in raw.quarantined[2].reason
    assert max(len(q.raw) for q in raw.quarantined) <= 10_000


def test_one_row_and_one_column_are_a_table(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", "text\nlate, rude and expensive\n"))
    assert raw.columns.to_pylist() == [{"text": "late, rude and expensive"}]
    assert raw.delimiter == ""
    assert open_table(write(tmp_path / "a.json", '{"text": "late"}')).read == 1


def test_names_are_made_unique_and_a_missing_header_is_noticed(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", "id,note,,note\n1,a,b,c\n"))
    assert raw.columns.column_names == ["id", "note", "column_3", "note (2)"]
    assert "Two columns are called 'note'" in raw.notes[0]
    raw = open_table(write(tmp_path / "b.csv", "1,2024-01-01,late\n2,2024-01-02,rude\n"))
    assert raw.columns.column_names == ["column_1", "column_2", "column_3"]
    assert raw.read == 2


def test_titles_above_the_header_are_passed_over(tmp_path: Path) -> None:
    text = "Export of May,,\n,,\nid,date,text\n" + "".join(f"{i},2024-01-01,t\n" for i in range(9))
    raw = open_table(write(tmp_path / "a.csv", text))
    assert raw.columns.column_names == ["id", "date", "text"]
    assert raw.read == 9
    assert "passed over" in raw.notes[0]


def test_the_hint_for_excel_is_followed_and_no_row(tmp_path: Path) -> None:
    raw = open_table(write(tmp_path / "a.csv", "sep=;\r\na;b\r\n1,5;x, y\r\n"))
    assert raw.columns.to_pylist() == [{"a": "1,5", "b": "x, y"}]
    assert raw.rows.tolist() == [1]


def test_broken_lines_of_jsonl_are_quarantined(tmp_path: Path) -> None:
    lines = ['{"id": 1, "text": "a"}', '{"id": 2, "te', "[1]", '{"id": 3, "text": "\\ud800"}', "{}"]
    raw = open_table(write(tmp_path / "a.jsonl", "\n".join([*lines, '{"id": 4}'])))
    assert raw.columns.to_pylist() == [{"id": "1", "text": "a"}, {"id": "4", "text": None}]
    assert [q.row for q in raw.quarantined] == [2, 3, 4, 5]
    assert raw.read == 6


def test_nested_json_becomes_columns(tmp_path: Path) -> None:
    row = {
        "id": 12345678901234567890,
        "price": 1.10,
        "via": {"channel": "web", "source": {"from": None}},
        "tags": ["late", "vip"],
        "custom_fields": [{"id": 7, "value": "north"}],
        "answers": [{"type": "nps"}],
        "open": True,
    }
    raw = open_table(write(tmp_path / "a.json", json.dumps([row])))
    assert raw.columns.to_pylist() == [
        {
            "id": "12345678901234567890",
            "price": "1.1",
            "via.channel": "web",
            "via.source.from": None,
            "tags": "late; vip",
            "custom_fields.7": "north",
            "answers": '[{"type": "nps"}]',
            "open": "true",
        }
    ]


def test_parquet_keeps_instants_and_spells_the_rest(tmp_path: Path) -> None:
    at = datetime(2024, 1, 31, 12, tzinfo=UTC)
    table = pa.table(
        {
            "at": pa.array([at], pa.timestamp("us", "UTC")),
            "loss": pa.array([Decimal("12.50")], pa.decimal128(12, 2)),
            "product": pa.array(["fibre"]).dictionary_encode(),
            "is_open": [True],
            "more": pa.array([[("colour", "red")]], pa.map_(pa.string(), pa.string())),
            "who": [{"name": "x", "age": 3}],
            "raw": pa.array([b"\xff\xfe"]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    [row] = open_table(tmp_path / "a.parquet").columns.to_pylist()
    assert row["at"] == at
    assert (row["loss"], row["product"], row["is_open"]) == (Decimal("12.50"), "fibre", True)
    assert (row["more.colour"], row["who.name"], row["who.age"]) == ("red", "x", 3)


def test_what_unpacks_to_air_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytes_of, "_PLENTY", 1 << 20)
    monkeypatch.setattr(bytes_of, "_MOST_TIMES", 20)
    bomb = tmp_path / "bomb.csv.gz"
    bomb.write_bytes(gzip.compress(b"id,text\n" + b"1,aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n" * 200_000))
    with pytest.raises(BadInput, match="more than 20 times its size"):
        open_table(bomb)
    monkeypatch.setattr(excel, "_LARGEST_UNPACKED", 1_000)
    workbook(tmp_path / "bomb.xlsx")
    with pytest.raises(BadInput, match="The workbook unpacks to"):
        open_table(tmp_path / "bomb.xlsx")


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_a_table_that_is_too_wide_is_refused(tmp_path: Path, kind: str) -> None:
    names = [f"c{i}" for i in range(100_000 if kind == "csv" else 2_001)]
    path = tmp_path / f"wide.{kind}"
    if kind == "csv":
        path.write_text(",".join(names) + "\n" + ",".join("1" for _ in names) + "\n")
    elif kind == "jsonl":
        path.write_text(json.dumps(dict.fromkeys(names, "1")))
    else:
        pq.write_table(pa.table({name: ["1"] for name in names}), path)
    with pytest.raises(BadInput, match="2,000 are the most"):
        open_table(path)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_line_without_an_end_costs_one_row_and_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    for module in (lines, delimited_text, json_rows):
        monkeypatch.setattr(module, "LONGEST_RECORD", 1_000)
    monkeypatch.setattr(lines, "_KEPT", 100)
    long = "x" * 50_000
    text = (
        f"id,text\n1,short\n2,{long}\n3,fine\n"
        if kind == "csv"
        else f'{{"id": 1, "text": "short"}}\n{{"id": 2, "text": "{long}"}}\n{{"id": 3}}\n'
    )
    raw = open_table(write(tmp_path / f"a.{kind}", text))
    assert raw.columns["id"].to_pylist() == ["1", "3"]
    [row] = raw.quarantined
    assert (row.row, row.reason) == (2, "the line has more than 1,000 characters")
    assert len(row.raw) <= 100


def test_a_document_that_must_be_read_whole_has_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bytes_of, "LARGEST_WHOLE", 1 << 20)
    path = write(tmp_path / "a.json", json.dumps([{"text": "x" * 1_000}] * 2_000))
    with pytest.raises(BadInput, match=r"more than 1 MB.*CSV, JSONL or Parquet"):
        open_table(path)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_batches_go_on_after_any_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    for module in (columns, parquet):
        monkeypatch.setattr(module, "BATCH", 2)
    path = tmp_path / name
    WRITERS[name](path)
    whole = open_file(path)
    parts = list(whole.batches(after))
    assert [number for part in parts for number in part.rows.tolist()] == [1, 2, 3][after:]
    texts = [text for part in parts for text in part.columns["text"].to_pylist()]
    assert texts == [row["text"] for row in ROWS][after:]
    assert all(0 < part.share <= 1 for part in parts)
    assert whole.table().columns["text"].to_pylist() == [row["text"] for row in ROWS]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl", "parquet"])
def test_a_look_at_a_long_file_sees_its_end_too(tmp_path: Path, kind: str) -> None:
    rows = [
        {"id": str(i), "date": f"{i // 400 + 1:02}/03/2025", "text": f"late again, number {i}"}
        for i in range(12_000)
    ]
    path = tmp_path / f"long.{kind}"
    text = "id;date;text\n" + "".join(";".join(row.values()) + "\n" for row in rows)
    if kind == "csv":
        path.write_text(text)
    elif kind == "csv.gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=1_000)
    probe = open_file(path).probe(rows=100)
    assert probe.columns["date"].to_pylist()[0] == "01/03/2025"
    assert {"20/03/2025", "28/03/2025"} <= set(probe.columns["date"].to_pylist())
    whole = open_file(path).probe()
    assert whole.share == 1
    assert whole.read == 12_000


def accounts_for_every_row(path: Path) -> RawTable | None:
    raw, refusal = None, None
    try:
        raw = open_table(path)
    except BadInput as error:
        refusal = error
    if raw is None:
        assert refusal is not None
        assert refusal.where
        assert refusal.remedy
        return None
    assert raw.read == len(raw.rows) + len(raw.quarantined)
    numbers = sorted([*raw.rows.tolist(), *(q.row for q in raw.quarantined)])
    assert numbers == list(range(1, raw.read + 1))
    assert raw.columns.num_rows == len(raw.rows)
    return raw


FUZZ = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.binary(max_size=300), st.sampled_from(["csv", "json", "jsonl", "xlsx", "parquet", "gz"]))
@example(b"\x1f\x8b", "gz")
@example(b"PK\x03\x04", "xlsx")
@example(b"\xff\xfe\x00", "csv")
@example(b'"', "csv")
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, extension: str) -> None:
    path = tmp_path / f"any.{extension}"
    path.write_bytes(content)
    accounts_for_every_row(path)


CELLS = st.text(st.sampled_from('a1,;"\n\r\t\\|{}[]: \0é\x1f'), max_size=12)


@FUZZ
@given(st.lists(CELLS, max_size=12), st.sampled_from(["csv", "jsonl", "json"]))
def test_any_text_is_read_or_refused(tmp_path: Path, lines: list[str], extension: str) -> None:
    path = tmp_path / f"any.{extension}"
    path.write_text("\n".join(lines), encoding="utf-8")
    accounts_for_every_row(path)


@FUZZ
@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(0, 99).map(str), "text": st.text("ab\"',;\n é", max_size=9)}
        ),
        min_size=1,
        max_size=8,
    )
)
def test_well_written_csv_comes_back_whole(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    lines = [f'"{r["id"]}","{r["text"].replace(chr(34), chr(34) * 2)}"' for r in rows]
    raw = accounts_for_every_row(
        write(tmp_path / "a.csv", "\n".join(['"number","text"', *lines, ""]))
    )
    assert raw is not None
    if not raw.quarantined:
        expected = [{"number": r["id"], "text": r["text"] or None} for r in rows]
        assert raw.columns.to_pylist() == expected
