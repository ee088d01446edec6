"""Files of a folder or bucket, each once, and again when it has changed.

A file is known by name, size and time of change. They are read oldest first, in the same way as
any file, and one that cannot be read does not keep the others waiting.
"""

import fnmatch
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from amends.connectors.pulling import Asked, Later, Need, Page, Pull, Refused, held_out

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_SETTLED_SECONDS: Final = 10
"""A file of a local folder that changed this recently may still be written."""
_NOT_YET: Final = (".*", "*.part", "*.tmp", "*.crdownload", "*.filepart", "~*")


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    name: str
    """Below the folder."""
    mark: str
    changed_at: float


def pages(asked: Asked) -> Iterator[Page]:
    """Read the files that are new or changed since the last pull."""
    place = asked.option("address")
    known: dict[str, str] = dict(_marks(asked.state))
    with _said(place):
        files, root, is_local = _open(asked)
        found = _list(files, root, asked.option("pattern") or "*", is_local=is_local)
        there = {file.name for file in found}
        for file in sorted(found, key=lambda each: (each.changed_at, each.name)):
            if known.get(file.name) == file.mark:
                continue
            known[file.name] = file.mark
            kept = {name: mark for name, mark in known.items() if name in there}
            with _at_hand(files, file, is_local=is_local) as path:
                yield Page({"files": kept}, document=path, document_name=file.name, stays=True)


def _marks(state: Mapping[str, object]) -> Mapping[str, str]:
    marks = state.get("files")
    return marks if isinstance(marks, dict) else {}


def _open(asked: Asked) -> tuple["AbstractFileSystem", str, bool]:
    """Return what reads files, the folder in its words, and whether it is on this machine."""
    place = asked.option("address")
    if place.startswith("s3://"):
        files, root = _bucket(asked), place.removeprefix("s3://").rstrip("/")
        files.info(root.partition("/")[0])  # a listing of no bucket is an empty one
        return files, root, False
    from fsspec.implementations.local import LocalFileSystem

    path = Path(place)
    held_out(
        path.is_absolute() and path.is_dir(),
        "There is no such folder.",
        where=place,
        remedy="Write its whole path as the server sees it, or s3://bucket/folder.",
    )
    return LocalFileSystem(), str(path), True


def _bucket(asked: Asked) -> "AbstractFileSystem":
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import S3FileSystem

    endpoint = urlsplit(asked.option("endpoint"))
    options: dict[str, Any] = {
        "region": asked.option("region") or None,
        "connect_timeout": asked.patience.timeout_seconds,
        "request_timeout": asked.patience.timeout_seconds,
    }
    if endpoint.netloc:
        options |= {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
    if asked.option("access_key"):
        options |= {
            "access_key": asked.option("access_key"),
            "secret_key": asked.secret("secret_key"),
        }
    return ArrowFSWrapper(S3FileSystem(**options))


def _list(
    files: "AbstractFileSystem", root: str, pattern: str, *, is_local: bool
) -> Iterator[_File] | list[_File]:
    found = []
    for path, about in files.find(root, detail=True).items():
        name = path[len(root) :].lstrip("/")
        last = name.rpartition("/")[2]
        if any(fnmatch.fnmatch(last, each) for each in _NOT_YET):
            continue
        if not (fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(last, pattern)):
            continue
        changed = about.get("mtime")
        changed_at = changed.timestamp() if isinstance(changed, datetime) else float(changed or 0)
        if is_local and time.time() - changed_at < _SETTLED_SECONDS:
            continue
        found.append(_File(path, name, f"{changed_at:.6f} {about.get('size')}", changed_at))
    return found


@contextmanager
def _at_hand(files: "AbstractFileSystem", file: _File, *, is_local: bool) -> Iterator[Path]:
    if is_local:
        yield Path(file.path)
        return
    with tempfile.TemporaryDirectory(prefix="amends-") as folder:
        path = Path(folder) / file.name.rpartition("/")[2]
        with files.open(file.path, "rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield path


@contextmanager
def _said(place: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Refused("There is no such folder or bucket.", where=place) from None
    except PermissionError:
        raise Refused(
            "The files may not be read.", where=place, remedy="Give amends the right to."
        ) from None
    except OSError as error:
        first = str(error).splitlines()[0]
        raise Later(f"The files cannot be reached: {first}", where=place) from None


PULL: Final = Pull(
    name="folder",
    title="Folder or bucket of files",
    summary="CSV, XLSX, JSON or Parquet files that somebody puts there, each once.",
    needs=(
        Need(
            "address", "Folder", "/srv/exports on the server, or s3://bucket/folder", is_place=True
        ),
        Need(
            "pattern",
            "Names of files",
            "With * for anything: surveys-*.csv",
            is_required=False,
            default="*",
        ),
        Need("access_key", "Access key of the bucket", is_required=False),
        Need("secret_key", "Secret key of the bucket", is_secret=True, is_required=False),
        Need("region", "Region of the bucket", is_required=False),
        Need("endpoint", "Address of the bucket’s server", "Unless Amazon’s", is_required=False),
    ),
    pages=pages,
)
