"""The one door: any file that is read, whatever it is called."""

from pathlib import Path

from amends.engine.contracts import BadInput, RawTable

from .bytes_of import GZIP_ERRORS, damaged_gzip, format_of, look_at
from .delimited import read_delimited
from .excel import read_excel
from .json_rows import read_json
from .parquet import read_parquet
from .sift import sift


def open_table(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None
) -> RawTable:
    """Read a CSV, TSV, XLSX, JSON, JSONL or Parquet file, plain or gzipped.

    Format, encoding, delimiter and header are found from the content; `encoding` and `delimiter`
    overrule. Every data row comes out, as a row of the table or in quarantine with its reason.

    Raises
    ------
    BadInput
        There is nothing to read: no such file, a folder, an empty file, a header only, a format
        that is not read, a broken or locked file, or no row that can be read.

    """
    file = look_at(Path(path))
    try:
        kind = format_of(file)
        if kind == "xlsx":
            raw = read_excel(file)
        elif kind == "parquet":
            raw = read_parquet(file)
        elif kind == "json":
            raw = read_json(file)
        else:
            raw = read_delimited(file, encoding, delimiter)
    except GZIP_ERRORS as error:
        raise damaged_gzip(file.name) from error
    raw = sift(raw)
    if not len(raw.columns):
        first = raw.quarantined[0]
        raise BadInput(
            f"No row can be read; the first because {first.reason}.",
            where=f"{file.name}, row {first.row}",
            remedy="Mend the file or export it again.",
        )
    return raw
