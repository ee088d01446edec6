"""How a delimited text is delimited, found by trying."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

_DELIMITERS = (",", ";", "\t", "|")
NONE = "\x1f"
"""The delimiter of a text that has none: the unit separator, which no text uses."""
_PROBED = 400
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Dialect:
    """What `csv.reader` needs to know."""

    delimiter: str
    escape: str | None = None
    skip_blanks: bool = False

    def reader(self, lines: object) -> "csv._reader":  # type: ignore[name-defined]
        """Return a strict reader over an iterable of lines."""
        return csv.reader(
            lines,  # type: ignore[arg-type]
            delimiter=self.delimiter,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.skip_blanks,
            strict=True,
        )


def find_dialect(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    """Return the dialect in which most records are as wide as the header.

    A text without a delimiter that does that is one column.
    """
    sample = [line for line in lines if line.strip()][:_PROBED]
    if not sample:
        return Dialect(delimiter or NONE)
    text = "".join(sample)
    scored = [
        (_agreement(sample, dialect), -place, dialect)
        for place, dialect in enumerate(_candidates(text, delimiter))
    ]
    agreement, _, best = max(scored, key=lambda entry: entry[:2])
    return best if delimiter or agreement > 0 else Dialect(NONE)


def _candidates(text: str, delimiter: str | None) -> list[Dialect]:
    delimiters = (delimiter,) if delimiter else tuple(d for d in _DELIMITERS if d in text)
    found = [Dialect(d) for d in delimiters or (NONE,)]
    if '\\"' in text:
        found += [Dialect(d.delimiter, escape="\\") for d in found]
    found += [
        Dialect(d.delimiter, d.escape, skip_blanks=True)
        for d in found
        if f'{d.delimiter} "' in text
    ]
    return found


def _agreement(sample: Sequence[str], dialect: Dialect) -> float:
    """Return the share of records as wide as the header; 0 when that is too few to be a table."""
    records: list[list[str]] = []
    reader = dialect.reader(iter(sample))
    while True:
        try:
            records.append(next(reader))
        except StopIteration:
            break
        except csv.Error:
            records.append([])
    widths = [len(record) for record in records]
    header = widths[0]
    common = max(set(widths), key=widths.count)
    if header < 2 or widths.count(common) > max(widths.count(header), 0.6 * len(widths)):
        header = common
    share = widths.count(header) / len(widths)
    # Prose has commas too, but no short words between them in its first line.
    is_named = all(len(cell) <= _LONGEST_NAME and cell.count(" ") < 6 for cell in records[0])
    return share if header >= 2 and share >= (0.2 if is_named else 0.6) else 0.0
