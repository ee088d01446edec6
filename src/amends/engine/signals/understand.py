"""What each column of a file means: told, by preset, by name, by content, else an attribute."""

from collections.abc import Mapping

from amends.engine.contracts import (
    BadInput,
    FieldMap,
    Kind,
    Preset,
    RawTable,
    Understanding,
    UnderstoodColumn,
)

from .fields import ATTRIBUTE, FIELDS, plain_name, same_name
from .kinds import guess_kind
from .names import EXACT, bears_out, is_never_when, name_score
from .profile import Profile, profile
from .reading import (
    FITS,
    FITS_DATES,
    Reading,
    in_words,
    is_plain_date,
    read_as,
    readable,
    score_hint,
)
from .strict import check_conversion, check_field


def understand(
    raw: RawTable,
    preset: Preset | None = None,
    told: Mapping[str, str] | None = None,
    kind: Kind | None = None,
) -> Understanding:
    """Say how every column of a file is read.

    Parameters
    ----------
    raw
        The file.
    preset
        The export it is, when that is known.
    told
        Column → field, or field:conversion, or "attribute"; overrules everything else.
    kind
        What the rows are; overrules preset and guess.

    Raises
    ------
    BadInput
        `told` names a column or field that there is not, or one that does not fit the column; or
        the file has no text, no score and no date: nothing that could be analysed.

    """
    table = raw.columns.slice(preset.skip_rows) if preset else raw.columns
    columns = {
        name: profile(name, values)
        for name, values in zip(table.column_names, table.columns, strict=True)
    }
    work = _Work(raw, columns)
    work.take_told(told or {})
    if preset is not None:
        work.take_preset(preset)
    work.take_names(_labels(raw, preset))
    work.take_content()
    understood = work.result()
    found_kind, because = guess_kind(raw.file, understood, preset)
    _refuse_nothing(raw, understood)
    return Understanding(
        preset=preset.name if preset else "",
        kind=kind or found_kind,
        kind_because="told" if kind else because,
        columns=understood,
        notes=raw.notes,
        skip_rows=preset.skip_rows if preset else 0,
        taxonomy=preset.taxonomy if preset else None,
    )


class _Work:
    """Columns that still wait for a meaning, and fields that still wait for a column."""

    def __init__(self, raw: RawTable, columns: Mapping[str, Profile]) -> None:
        self._file, self._columns = raw.file, columns
        self._found: dict[str, list[UnderstoodColumn]] = {}
        self._fields: set[str] = set()
        self._ruled_out: dict[str, str] = {}

    def take_told(self, told: Mapping[str, str]) -> None:
        """Read columns as they were told to be read, or refuse."""
        by_name = {same_name(name): name for name in self._columns}
        for given, target in told.items():
            name = given if given in self._columns else by_name.get(same_name(given))
            if name is None:
                raise BadInput(
                    f"There is no column {given!r}.",
                    where=self._file,
                    remedy=f"The columns are: {', '.join(self._columns)}.",
                )
            field, _, conversion = target.strip().partition(":")
            if field in {ATTRIBUTE, ""}:
                self._ruled_out[name] = "told"
                continue
            check_field(field, f"--map {given}={target}")
            self._put(name, field, "told", self._told_reading(name, field, conversion))

    def _told_reading(self, name: str, field: str, conversion: str) -> Reading:
        column = self._columns[name]
        where = f"{self._file}, column {name}"
        if conversion:
            check_conversion(conversion, f"--map {name}={field}:{conversion}")
            share = readable(column, conversion)
            found: Reading | None = Reading(conversion, share, in_words(conversion))
        else:
            holds = FIELDS[field].holds
            found = read_as(column, field)
            if found is None and holds in {"text", "id", "label", "word"} and field != "kind":
                found = Reading(holds, 1.0, f"{column.distinct:,} values")
        if found is None or not found.share:
            sample = column.samples[0] if column.samples else "nothing"
            raise BadInput(
                f"The column cannot be read as {field}: it holds {sample!r}.",
                where=where,
                remedy=f"Map another column to {field}, or leave it out.",
            )
        return found

    def take_preset(self, preset: Preset) -> None:
        """Read the columns that a preset knows; one that does not fit is said to."""
        by_name = {same_name(name): name for name in self._columns}
        for entry in preset.fields:
            name = by_name.get(same_name(entry.column))
            if name is None or name in self._ruled_out or entry.field in self._told_fields():
                continue
            if any(column.how == "told" for column in self._found.get(name, ())):
                continue
            reading = self._preset_reading(self._columns[name], entry)
            if reading is None:
                self._ruled_out.setdefault(
                    name, f"the preset reads {entry.field} here, but the values do not fit"
                )
                continue
            self._put(name, entry.field, "preset", reading, entry.when)

    def _told_fields(self) -> set[str]:
        columns = (column for found in self._found.values() for column in found)
        return {column.field or "" for column in columns if column.how == "told"}

    def _preset_reading(self, column: Profile, entry: FieldMap) -> Reading | None:
        if entry.field not in FIELDS:
            return Reading("id", 1.0, "made anew from source and id")
        if not column.filled:
            return Reading(entry.convert, 1.0, "empty")
        if entry.convert in {"text", "date"} or entry.convert == FIELDS[entry.field].holds:
            found = read_as(column, entry.field)
            if found is None and FIELDS[entry.field].holds in {"text", "id", "label", "word"}:
                return Reading(FIELDS[entry.field].holds, 1.0, f"{column.distinct:,} values")
            return found if found is not None and found.share >= FITS_DATES else None
        share = readable(column, entry.convert)
        if share < FITS_DATES and not entry.when:
            return None
        return Reading(entry.convert, share, in_words(entry.convert))

    def take_names(self, labels: Mapping[str, str]) -> None:
        """Give each field the column whose name means it best and whose values fit."""
        most = max((p.mean_length * p.filled for p in self._columns.values()), default=0.0) or 1.0
        ranked: list[tuple[float, str, str]] = []
        for name, column in self._columns.items():
            if name in self._found or name in self._ruled_out:
                continue
            for field in FIELDS:
                score = name_score(labels[name], field)
                if score and field == "verbatim":
                    score = (
                        min(score, EXACT - 100) + 100 * column.mean_length * column.filled / most
                    )
                if score:
                    ranked.append((score, name, field))
        for _, name, field in sorted(ranked, key=lambda entry: -entry[0]):
            if name in self._found or field in self._fields:
                continue
            reading = read_as(self._columns[name], field)
            if reading is not None and bears_out(reading, field, labels[name]):
                self._put(name, field, "name", reading)

    def take_content(self) -> None:
        """Find a date, the text and an id by their values where names said nothing."""
        left = [c for n, c in self._columns.items() if n not in self._found | self._ruled_out]
        if "occurred_at" not in self._fields:
            named = [c for c in left if not is_never_when(plain_name(c.column))]
            read = [(c, r) for c in named if (r := read_as(c, "occurred_at"))]
            dates = [(c, r) for c, r in read if r.share >= FITS and is_plain_date(r)]
            if dates:
                column, reading = max(dates, key=lambda pair: pair[0].filled)
                self._put(column.column, "occurred_at", "content", reading)
        if "verbatim" not in self._fields:
            texts = [c for c in left if c.is_text and c.column not in self._found]
            if texts:
                column = max(texts, key=lambda c: c.mean_length * c.filled)
                self._put(
                    column.column, "verbatim", "content", Reading("text", 1.0, "the longest text")
                )
        if "external_id" not in self._fields:
            ids = [c for c in left if c.is_unique and c.looks_like_ids and c.mean_length >= 6]
            ids = [c for c in ids if c.column not in self._found]
            ids = [c for c in ids if not c.is_dates and not c.is_personal]
            if ids:
                self._put(
                    ids[0].column, "external_id", "content", Reading("id", 1.0, "all different")
                )

    def _put(self, name: str, field: str, how: str, reading: Reading, when: str = "") -> None:
        column = self._columns[name]
        self._fields.add(field)
        understood = UnderstoodColumn(
            name, field, how, reading.detail, column.filled, column.samples, reading.convert, when
        )
        self._found.setdefault(name, []).append(understood)

    def result(self) -> tuple[UnderstoodColumn, ...]:
        """Return every column in the file's order; those without a field are attributes."""
        understood: list[UnderstoodColumn] = []
        for name, column in self._columns.items():
            if name in self._found:
                understood += self._found[name]
                continue
            because = self._ruled_out.get(name, "")
            how = "told" if because == "told" else "attribute"
            detail = column.in_words() + score_hint(column)
            if because and because != "told":
                detail = f"{detail}; {because}"
            understood.append(
                UnderstoodColumn(name, None, how, detail, column.filled, column.samples)
            )
        return tuple(understood)


def _labels(raw: RawTable, preset: Preset | None) -> dict[str, str]:
    """Return the name of each column in plain words; Qualtrics has the question in row 1."""
    names = raw.columns.column_names
    labels = {name: plain_name(name) for name in names}
    if preset is not None and preset.skip_rows and len(raw.columns):
        [questions] = raw.columns.slice(0, 1).to_pylist()
        for name, question in questions.items():
            if question and plain_name(question) != labels[name]:
                labels[name] = plain_name(question)
            if f"{name}_NPS_GROUP" in names:
                labels[name] = "nps"
    return labels


def _refuse_nothing(raw: RawTable, columns: tuple[UnderstoodColumn, ...]) -> None:
    needed = {"verbatim", "subject", "nps", "csat", "ces", "occurred_at", "opened_at"}
    if any(column.field in needed for column in columns):
        return
    seen = ", ".join(f"{c.column} ({c.detail})" for c in columns[:6])
    raise BadInput(
        f"There is nothing to analyse: no column holds text, a score or a date. Seen: {seen}.",
        where=raw.file,
        remedy='Name the columns, e.g. --map "My column=verbatim" --map "When=occurred_at".',
    )
