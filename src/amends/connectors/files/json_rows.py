"""JSON: an array of objects, an object that holds one, or one object a line."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

import pyarrow as pa

from amends.engine.contracts import BadInput, QuarantinedRow, RawTable

from .bytes_of import LONGEST_RECORD, FileBytes
from .columns import Records
from .encoding import Encoding, find_encoding
from .header import MOST_COLUMNS, check_width, unique_names
from .json_flat import Row, flat_row
from .lines import CutLine, lines_of, spread_lines

Json = None | bool | str | list["Json"] | dict[str, "Json"]

_LONGEST_RAW = 100_000

Read = tuple[Row, str, str]
"""The row, or what is wrong with it, and itself."""


@dataclass(frozen=True, slots=True)
class JsonRows:
    """A JSON document or JSONL; nested objects become columns "outer.inner"."""

    file: FileBytes
    encoding: Encoding
    document: Json | None
    """A document is held whole; None: one object a line."""

    def batches(self, after: int = 0) -> Iterator[RawTable]:
        """Read the rows after a number.

        A line of JSONL that is broken, or an element that is no object, is quarantined.

        Raises
        ------
        BadInput
            There are no rows, or their fields have no end.

        """
        records, number = Records(), 0
        with self._rows() as (rows, share):
            for number, (row, problem, raw) in enumerate(rows, start=1):
                if problem:
                    kept = raw.strip()[:_LONGEST_RAW]
                    bad = QuarantinedRow(self.file.name, number, "", problem, kept)
                    if number > after:
                        records.quarantine(bad)
                elif number > after:
                    records.add(number, row, len(raw))
                else:
                    records.fields.update(dict.fromkeys(row))
                if len(records.fields) > MOST_COLUMNS:
                    check_width(len(records.fields), f"{self.file.name}, row {number}")
                if records.is_full:
                    yield self._batch(records, share(number))
        if not number:
            raise BadInput(
                "The file holds no rows.",
                where=self.file.name,
                remedy="Export it again with its rows.",
            )
        if records:
            yield self._batch(records, 1.0)

    def spread(self) -> pa.Table:
        """Return some rows from all over the file; of a document none, since it is read whole."""
        records = Records()
        lines = spread_lines(self.file, self.encoding.name) if self.document is None else ()
        for line in lines:
            try:
                row, problem = flat_row(_parse(line))
            except (ValueError, RecursionError):
                continue
            if not problem:
                records.add(0, row, 0)
        table = records.take()[0]
        return table.rename_columns(list(unique_names(table.column_names)[0]))

    @contextmanager
    def _rows(self) -> Iterator[tuple[Iterator[Read], Callable[[int], float]]]:
        if self.document is not None:
            elements = _rows_of(self.document, self.file.name)
            yield _elements(elements), lambda number: number / len(elements)
            return
        with self.file.follow() as (stream, share), _text(stream, self.encoding) as lines:
            yield _lines(lines), lambda _number: share()

    def _batch(self, records: Records, share: float) -> RawTable:
        table, numbers, quarantined = records.take()
        names, notes = unique_names(table.column_names)
        return RawTable(
            self.file.name,
            "jsonl" if self.document is None else "json",
            self.encoding.name,
            "",
            table.rename_columns(list(names)),
            numbers,
            quarantined,
            notes,
            share,
        )


def open_json(file: FileBytes) -> JsonRows:
    """Tell whether a text is one JSON document or one object a line.

    Raises
    ------
    BadInput
        A JSON document is broken or too large, or holds more than one list that could be the rows.

    """
    encoding = find_encoding(file)
    document = _document(file, encoding)
    if document is not None:
        _rows_of(document, file.name)
    return JsonRows(file, encoding, document)


def _parse(text: str) -> Json:
    # Numbers stay as they are written: 1.10 is not 1.1, and an id is no float.
    return cast("Json", json.loads(text, parse_int=str, parse_float=str, parse_constant=str))


def _text(stream: BinaryIO, encoding: Encoding) -> AbstractContextManager[Iterator[str]]:
    return lines_of(stream, encoding.name, errors="replace", newline="\n")


def _document(file: FileBytes, encoding: Encoding) -> Json | None:
    """Return the document; None when the text is one object a line."""
    with file.open() as stream, _text(stream, encoding) as lines:
        first, second = [*islice((line for line in lines if line.strip()), 2), "", ""][:2]
    if second and _is_object(first) and (_is_object(second) or file.extension != "json"):
        return None
    if file.extension in {"jsonl", "ndjson"}:
        return None
    try:
        return _parse(file.read().decode(encoding.name, "replace"))
    except json.JSONDecodeError as error:
        if second and _is_object(second):
            return None
        raise BadInput(
            f"The JSON is broken: {error.msg}.",
            where=f"{file.name}, line {error.lineno}, character {error.colno}",
            remedy="Export the file again, or mend it there.",
        ) from error
    except RecursionError as error:
        raise BadInput(
            "The JSON is nested too deeply.", where=file.name, remedy="Export a flat table."
        ) from error


def _is_object(line: str) -> bool:
    try:
        return isinstance(_parse(line), dict)
    except (ValueError, RecursionError):
        return False


def _elements(elements: list[Json]) -> Iterator[Read]:
    """Read the objects of a document: the row of each, or what is wrong with it, and itself."""
    for element in elements:
        row, problem = flat_row(element)
        yield row, problem, ascii(element) if problem else ""


def _rows_of(whole: Json, name: str) -> list[Json]:
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, dict):
        raise BadInput(
            "The JSON holds no rows.", where=name, remedy="Give an array with one object a row."
        )
    lists = {
        key: value
        for key, value in whole.items()
        if isinstance(value, list) and any(isinstance(item, dict) for item in value)
    }
    if len(lists) > 1:
        raise BadInput(
            f"The JSON holds several lists: {', '.join(sorted(lists)[:10])}.",
            where=name,
            remedy="Save the one that holds the rows as a file of its own.",
        )
    return next(iter(lists.values())) if lists else [whole]


def _lines(lines: Iterator[str]) -> Iterator[Read]:
    """Read one object a line: its row, or what is wrong with it, and itself."""
    for line in lines:
        if not line.strip():
            continue
        if isinstance(line, CutLine):
            yield {}, f"the line has more than {LONGEST_RECORD:,} characters", line
            continue
        try:
            row, problem = flat_row(_parse(line))
        except json.JSONDecodeError as error:
            row, problem = {}, f"the JSON is broken at character {error.colno}: {error.msg}"
        except RecursionError:
            row, problem = {}, "the JSON is nested too deeply"
        if not problem and "\ufffd" in line:
            problem = "bytes that are no text"
        yield row, problem, line
