"""The private folder of uploaded files: nobody but amends reads it, and nothing stays in it."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was written down."""

    name: str
    """In the folder; says nothing of the file's own name."""
    size: int
    sha256: str


def keep_upload(file: "UploadedFile[Any]") -> Kept:
    """Write an uploaded file into the folder, in flat memory."""
    settings.UPLOADS.mkdir(mode=0o700, parents=True, exist_ok=True)
    name, digest, size = secrets.token_hex(16), hashlib.sha256(), 0
    with os.fdopen(os.open(path_of(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to:
        for chunk in file.chunks(_CHUNK):
            to.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return Kept(name, size, digest.hexdigest())


def path_of(name: str) -> Path:
    """Return where an upload lies."""
    return Path(settings.UPLOADS) / name


def remove_upload(name: str) -> None:
    """Delete an upload, if it is there."""
    if name:
        path_of(name).unlink(missing_ok=True)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
