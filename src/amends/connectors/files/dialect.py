"""How a delimited text is delimited, found by trying."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

_DELIMITERS = (",", ";", "\t", "|")
NONE = "\x1f"
"""The delimiter of a text that has none: the unit separator, which no text uses."""
_PROBED = 400


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
    text = "".join(sample)
    scored = [
        (_score(sample, dialect), -place, dialect)
        for place, dialect in enumerate(_candidates(text, delimiter))
    ]
    (agreement, width), _, best = max(scored, key=lambda entry: entry[:2])
    if delimiter is None and (width < 2 or agreement < 0.25):
        return Dialect(NONE)
    return best


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


def _score(sample: Sequence[str], dialect: Dialect) -> tuple[float, int]:
    """Return the share of records that agree on the commonest of the first widths, and it."""
    widths: list[int] = []
    reader = dialect.reader(iter(sample))
    while True:
        try:
            widths.append(len(next(reader)))
        except StopIteration:
            break
        except csv.Error:
            widths.append(0)
    header = max(widths[:5], key=widths.count, default=0) if len(widths) > 3 else widths[0]
    if header < 2:
        return 0.0, header
    return widths.count(header) / len(widths), header
