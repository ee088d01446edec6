"""A draft's rows and examples as cells that can be typed into: what was posted, moved and marked.

The order of rows is the order of the page; a button that adds, copies, moves or removes one sends
everything that was typed, and nothing is kept before the draft is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.http import QueryDict

from amends.engine.recommend import (
    Failure,
    Findings,
    HitPolicy,
    Line,
    Overlap,
    Table,
    Typed,
    Wrong,
    check,
    failures,
    read_typed,
)
from amends.engine.recommend.columns import Column, ColumnType, write
from amends.flows.report import words

FIELDS: Final = ("version", "effective_from", "title", "citation", "note")
MOST_CELLS: Final = 900
"""Django reads at most 1,000 fields of a form; larger tables are written as text."""
MOST_CHOICES: Final = 9
"""Values of an enum that are ticked; of more, names are typed."""
_LINES: Final[Mapping[str, str]] = {"row": "rows", "example": "examples"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that can be chosen."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: `kind` is ticks, select, day or text."""

    name: str
    column: str
    label: str
    kind: str
    text: str
    choices: Sequence[Choice]
    known: str
    """Id of the list of values that are known; empty without."""
    is_output: bool
    error: str


@dataclass(frozen=True, slots=True)
class EditedLine:
    """One row or example."""

    number: int
    name: str
    note: str
    cells: Sequence[Cell]
    error: str
    """Of its name."""
    marks: Sequence[str]
    """What is wrong with it as a whole."""


@dataclass(frozen=True, slots=True)
class Head:
    """A column, and what it takes."""

    name: str
    takes: str
    is_output: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """All of it."""

    typed: Typed
    heads: Sequence[Head]
    rows: Sequence[EditedLine]
    examples: Sequence[EditedLine]
    known: Mapping[str, Sequence[str]]
    """Id of a list → its values."""
    errors: Mapping[str, str]
    """Of the fields beside the rows."""
    findings: Findings | None
    """None while something cannot be read."""
    overlaps: Sequence[Overlap]
    n_wrong: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing keeps the rows from being used."""
        marked = any(line.marks for line in (*self.rows, *self.examples))
        return self.findings is not None and not self.findings.gaps and not marked


def posted(data: QueryDict, table: Table) -> Typed:
    """Return what was typed."""
    lines = {
        part: tuple(_line(data, table, f"{part}-{key}") for key in data.getlist(part))
        for part in _LINES
    }
    texts = {name: data.get(name, "") for name in FIELDS}
    return Typed(**texts, rows=lines["row"], examples=lines["example"])


def _line(data: QueryDict, table: Table, key: str) -> Line:
    return Line(
        data.get(f"{key}-name", ""),
        tuple(", ".join(data.getlist(f"{key}-c{i}")) for i in range(len(table.inputs))),
        tuple(", ".join(data.getlist(f"{key}-o{i}")) for i in range(len(table.outputs))),
        data.get(f"{key}-note", ""),
    )


def changed(known: Typed, table: Table, do: str) -> tuple[Typed, str]:
    """Return what was typed with a row or example added, copied, moved or removed.

    With it the id of the part of the page to go on at; empty where nothing was changed.
    """
    part, _, rest = do.partition("-")
    verb, _, number = rest.partition(":")
    place = int(number) if number.isdecimal() and len(number) < 6 else -1
    if part not in _LINES or verb not in _VERBS:
        return known, ""
    lines = list(getattr(known, _LINES[part]))
    if verb == "add":
        place = len(lines)
        lines.append(Line("", ("",) * len(table.inputs), ("",) * len(table.outputs)))
    elif place < 0 or place >= len(lines):
        return known, ""
    then = _VERBS[verb](lines, place)
    told = tuple(lines)
    newer = replace(known, rows=told) if part == "row" else replace(known, examples=told)
    return newer, f"{part}-{_next(part, verb, then, len(lines))}"


def _next(part: str, verb: str, place: int, n: int) -> str:
    """Return where to go on: the line's name, or the button that moves it on."""
    if not n:
        return "add"
    if verb in {"add", "copy"}:
        return f"{place}-name" if part == "row" else f"{place}-c0"
    if verb == "up" and not place:
        return "down-0"
    return f"up-{place}" if verb == "down" and place == n - 1 else f"{verb}-{place}"


def _add(lines: list[Line], place: int) -> int:
    """Put a new row before the last one if that takes every case; it would never decide after."""
    if place and not any(lines[place - 1].cells) and lines[place - 1].name:
        lines.insert(place - 1, lines.pop())
        return place - 1
    return place


def _copy(lines: list[Line], place: int) -> int:
    line = lines[place]
    lines.insert(place + 1, replace(line, name=f"{line.name}-copy" if line.name else ""))
    return place + 1


def _up(lines: list[Line], place: int) -> int:
    if place:
        lines[place - 1], lines[place] = lines[place], lines[place - 1]
    return max(0, place - 1)


def _down(lines: list[Line], place: int) -> int:
    if place + 1 < len(lines):
        _up(lines, place + 1)
    return min(place + 1, len(lines) - 1)


def _drop(lines: list[Line], place: int) -> int:
    del lines[place]
    return min(place, len(lines) - 1)


_VERBS: Final[Mapping[str, Callable[[list[Line], int], int]]] = {
    "add": _add,
    "copy": _copy,
    "up": _up,
    "down": _down,
    "drop": _drop,
}


def n_cells(known: Typed, table: Table) -> int:
    """Return how many fields the form has, about."""
    width = len(table.inputs) + len(table.outputs) + 3
    return width * (len(known.rows) + len(known.examples))


def grid_of(table: Table, known: Typed, *, complains: bool) -> Grid:
    """Return what was typed as the page shows it, with what is wrong beside it.

    Without `complains` an empty new row is not blamed for being empty.
    """
    read, wrong = read_typed(table, known)
    findings = check(read) if read else None
    failed = failures(read) if read else ()
    is_one = table.hit in {HitPolicy.UNIQUE, HitPolicy.FIRST}
    shown = [w for w in wrong if complains or not _is_empty(known, w)]
    known_values = {f"known-{c}": _known_values(known, table, c) for c in range(len(table.inputs))}
    return Grid(
        typed=known,
        heads=[Head(words.label(c.name), takes(c), is_out) for c, is_out in _columns(table)],
        rows=_rows(table, known, shown, findings, failed),
        examples=_examples(table, known, shown, failed),
        known={name: values for name, values in known_values.items() if values},
        errors={w.part: w.what for w in shown if w.part in FIELDS},
        findings=findings,
        overlaps=findings.overlaps if findings and is_one else (),
        n_wrong=len(wrong),
    )


def _is_empty(known: Typed, wrong: Wrong) -> bool:
    if wrong.number < 0:
        return False
    line = (known.rows if wrong.part == "row" else known.examples)[wrong.number]
    return not line.name and not any((*line.cells, *line.gives))


def _rows(
    table: Table,
    known: Typed,
    wrong: Sequence[Wrong],
    findings: Findings | None,
    failed: Sequence[Failure],
) -> list[EditedLine]:
    found = []
    for number, line in enumerate(known.rows):
        errors = _errors(wrong, "row", number)
        marks = []
        if findings and line.name.strip() in findings.shadowed:
            marks.append("Never decides: earlier rows take its cases, or none fits.")
        if findings and table.hit is HitPolicy.UNIQUE:
            marks += [
                f"Also holds with {o.second if o.first == line.name.strip() else o.first}: {o.case}"
                for o in findings.overlaps
                if line.name.strip() in {o.first, o.second}
            ]
        marks += [
            f"Example {f.example} fails here: {f.what}."
            for f in failed
            if f.row == line.name.strip()
        ]
        cells = _cells(table, line, f"row-{number}", errors, is_example=False)
        name_error = errors.get("name", "")
        found.append(EditedLine(number, line.name, line.note, cells, name_error, marks))
    return found


def _examples(
    table: Table, known: Typed, wrong: Sequence[Wrong], failed: Sequence[Failure]
) -> list[EditedLine]:
    said = {f.example - 1: f"It fails: {f.what}." for f in failed}
    return [
        EditedLine(
            number,
            str(number + 1),
            "",
            _cells(
                table, line, f"example-{number}", _errors(wrong, "example", number), is_example=True
            ),
            "",
            [said[number]] if number in said else [],
        )
        for number, line in enumerate(known.examples)
    ]


def _errors(wrong: Sequence[Wrong], part: str, number: int) -> dict[str, str]:
    return {w.cell: w.what for w in wrong if (w.part, w.number) == (part, number)}


def _columns(table: Table) -> list[tuple[Column, bool]]:
    return [*((c, False) for c in table.inputs), *((c, True) for c in table.outputs)]


def _cells(
    table: Table, line: Line, key: str, errors: Mapping[str, str], *, is_example: bool
) -> list[Cell]:
    found = []
    places = [f"c{i}" for i in range(len(table.inputs))] + [
        f"o{i}" for i in range(len(table.outputs))
    ]
    part, _, number = key.partition("-")
    for (column, is_output), place, text in zip(
        _columns(table), places, (*line.cells, *line.gives), strict=True
    ):
        is_many = not is_output and not is_example
        is_list = is_output and is_example and table.hit is HitPolicy.COLLECT
        kind, choices = ("text", []) if is_list else _choices(column, text, is_many=is_many)
        if not is_output and not is_many and kind == "select" and column.is_optional:
            choices[0] = replace(choices[0], label="unknown")
        label = words.label(column.name)
        is_open = column.type is ColumnType.ENUM and not is_output
        found.append(
            Cell(
                f"{key}-{place}",
                label,
                f"{part.capitalize()} {int(number) + 1}, {label.lower()}",
                kind,
                text,
                choices,
                f"known-{place[1:]}" if is_open and kind == "text" else "",
                is_output,
                errors.get(place, ""),
            )
        )
    return found


def _choices(column: Column, text: str, *, is_many: bool) -> tuple[str, list[Choice]]:
    """Return how a column is typed, and what can be chosen."""
    if column.type is ColumnType.BOOL:
        values = ["", "yes", "no"]
        values += ["is known", "is unknown"] if column.is_optional and is_many else []
        empty = "any" if is_many else "–"
        return "select", [Choice(v, v or empty, text == v) for v in _with(values, text)]
    if column.type is ColumnType.ENUM and not column.is_open and len(column.values) <= MOST_CHOICES:
        if not is_many:
            return "select", [
                Choice(v, v.replace("_", " ") or "–", text == v)
                for v in _with(["", *column.values], text)
            ]
        chosen = [part.strip() for part in text.split(",") if part.strip()]
        values = [*column.values, *(["is known", "is unknown"] if column.is_optional else [])]
        values += [value for value in chosen if value not in values]
        return "ticks", [Choice(v, v.replace("_", " "), v in chosen) for v in values]
    return ("day" if column.type is ColumnType.DATE and not is_many else "text"), []


def _with(values: list[str], text: str) -> list[str]:
    return values if text in values else [*values, text]


def _known_values(known: Typed, table: Table, c: int) -> list[str]:
    column = table.inputs[c]
    if column.type is not ColumnType.ENUM:
        return []
    named = [part.strip() for line in known.rows for part in line.cells[c].split(",")]
    return sorted({*column.values, *filter(None, named)} - {"is known", "is unknown", "any"})


def takes(column: Column) -> str:
    """Return in words what a column takes."""
    ends = [
        f"{sign} {write(end)}"
        for sign, end in (("≥", column.low), ("≤", column.high))
        if end is not None
    ]
    kind = {
        ColumnType.ENUM: "names" if column.is_open else "choice",
        ColumnType.NUMBER: "whole number" if column.is_whole else "number",
        ColumnType.MONEY: "amount",
        ColumnType.DATE: "day",
        ColumnType.BOOL: "yes or no",
    }[column.type]
    return ", ".join([" ".join([kind, *ends]), *(["or unknown"] if column.is_optional else [])])
