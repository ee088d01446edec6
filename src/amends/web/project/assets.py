"""Static files: collected, compressed and named by content, once per version of what was built."""

import hashlib
from io import StringIO
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from amends.engine.contracts import BadInput

FINGERPRINT = ".fingerprint"
NEEDED = ("vendor/pages.css", "vendor/ui.js", "vendor/htmx.js")


def prepare_static() -> bool:
    """Collect the static files unless they are as they should be; return whether it was needed.

    Raises
    ------
    BadInput
        The frontend has not been built.
    """
    if missing := [name for name in NEEDED if finders.find(name) is None]:
        raise BadInput(
            f"The pages have not been built: {missing[0]} is missing.",
            remedy="From a clone run `make setup`; otherwise install amends again.",
        )
    if settings.DEBUG or is_prepared():
        return False
    root = Path(settings.STATIC_ROOT)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0, stdout=StringIO())
    (root / FINGERPRINT).write_text(fingerprint(), encoding="ascii")
    return True


def is_prepared() -> bool:
    """Whether the collected files are those of this version."""
    if settings.DEBUG:
        return True
    try:
        kept = (Path(settings.STATIC_ROOT) / FINGERPRINT).read_text(encoding="ascii")
    except OSError:
        return False
    return kept == fingerprint()


def fingerprint() -> str:
    """Return a digest of the names, sizes and times of all source files."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            state = Path(storage.path(name)).stat()
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()
