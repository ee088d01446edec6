"""`docs/permissions.md`, written from the table and the addresses: both roles × verbs and × pages.

Run `python -m amends.web.project.permission_docs` to write it; a test compares it with the code.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import django
from django.urls import URLPattern, URLResolver, get_resolver

from amends.web.accounts.permissions import ALLOWS, COLUMNS, MATRIX, Reach, Verb

PATH: Final = Path("docs/permissions.md")
INTRODUCTION: Final = """# Permissions

Who may do what, and to whose things. This page is written from the code
(`src/amends/web/accounts/permissions.py` and the addresses); a test keeps them in step.

- A person has one or more roles; of several the widest reach counts. Nobody starts with a role.
- *own*: what one owns. *team*: also what one's teams own. *all*: everything. Empty: nothing.
- Who may not see a thing gets "not found", as if it did not exist. Who may see it, but not do this,
  gets "not allowed" with the permission that is missing.
- An address without a mark of who may call it is refused to everybody.
- Addresses for programs know no roles: a token or signature opens them, for its source alone.
- Some verbs have no page yet: they are here so that pages need not invent their own rules.
"""


def permission_docs() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([INTRODUCTION, *_verbs(), "", *_addresses(), ""])


def addresses() -> Iterator[tuple[str, str, str]]:
    """Yield every address as (route, name, mark of access)."""
    yield from _walk(get_resolver().url_patterns, "/", "")


def _walk(
    patterns: list[URLPattern | URLResolver], route: str, space: str
) -> Iterator[tuple[str, str, str]]:
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, here, inner)
        else:
            mark = getattr(pattern.callback, "access", "missing")
            yield here, f"{space}{pattern.name}", str(mark)


def _verbs() -> Iterator[str]:
    yield "## Roles and verbs"
    yield ""
    yield _row("verb", "allows to", *(role.label for role in COLUMNS))
    yield _row("---", "---", *(["---"] * len(COLUMNS)))
    for verb in Verb:
        cells = (MATRIX[verb][role] for role in COLUMNS)
        yield _row(f"`{verb}`", ALLOWS[verb], *(_word(cell) for cell in cells))


def _addresses() -> Iterator[str]:
    yield "## Addresses"
    yield ""
    yield "*Everybody* needs no log-in. Elsewhere a visitor is sent to log in first."
    yield ""
    yield _row("address", "needs", *(role.label for role in COLUMNS))
    yield _row("---", "---", *(["---"] * len(COLUMNS)))
    for route, _, mark in addresses():
        if mark in set(Verb):
            cells = [_word(MATRIX[Verb(mark)][role]) for role in COLUMNS]
            yield _row(f"`{route}`", f"`{mark}`", *cells)
        else:
            needs = {"public": "everybody", "token": "a token or signature"}.get(mark, mark)
            cell = "" if mark == "token" else "yes"
            yield _row(f"`{route}`", needs, *([cell] * len(COLUMNS)))


def _word(reach: Reach) -> str:
    return "" if reach is Reach.NONE else reach.name.lower()


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.web.project.settings")
    django.setup()
    PATH.write_text(permission_docs(), encoding="utf-8")
