"""Proving the audit trail: every link follows from the one before, every entry is what was chained.

What it finds: a link that was changed, taken out or put in; an entry that was changed, taken out or
put in behind the triggers' back; one that was rewritten by other means than an erasure; a table
whose triggers are gone. What it cannot find alone: that the whole end of the trail was cut off with
its links. A head that was noted elsewhere (an export, the doctor's last answer) finds that, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from amends.engine.contracts import BadInput
from amends.web.audit.chain import histories, seal

MOST_NAMED: Final = 20

_BROKEN_LINKS: Final = """
SELECT number, follows, is_linked, is_whole FROM (
    SELECT number,
        number = coalesce(lag(number) OVER w, 0) + 1 AS follows,
        previous = coalesce(lag(hash) OVER w, repeat('0', 64)) AS is_linked,
        hash = audit_hash(previous, number, audit_moment(at), relation, entry, operation, object,
            verb, context, columns, digest) AS is_whole
    FROM audit_link WINDOW w AS (ORDER BY number)) AS checked
WHERE NOT (follows AND is_linked AND is_whole) ORDER BY number LIMIT %s
"""
_WRONG_ENTRIES: Final = """
SELECT coalesce(l.entry, t.pgh_id), l.number, l.operation, t.pgh_id IS NOT NULL FROM (
    SELECT DISTINCT ON (entry) entry, number, operation, columns, digest FROM audit_link
    WHERE relation = %s ORDER BY entry, number DESC) AS l
FULL JOIN {table} AS t ON t.pgh_id = l.entry
WHERE CASE WHEN t.pgh_id IS NULL THEN l.operation <> 'DELETE'
    ELSE l.number IS NULL OR l.operation = 'DELETE'
        OR l.digest <> audit_digest(to_jsonb(t), l.columns) END
AND NOT EXISTS (SELECT FROM audit_loose o
    WHERE o.relation = %s AND o.entry = coalesce(l.entry, t.pgh_id))
ORDER BY 1 LIMIT %s
"""
_REWRITTEN: Final = """
SELECT number, relation, entry, operation FROM audit_link l
WHERE operation IN ('UPDATE', 'DELETE') AND NOT EXISTS (SELECT FROM intake_erasure e
    WHERE l.context ->> 'source' = 'erasure' AND l.context ->> 'erasure' = e.id::text)
ORDER BY number LIMIT %s
"""
_TRIGGERS: Final = """
SELECT name, array_agg(t.tgname::text) FILTER (WHERE t.tgenabled IN ('O', 'A'))
FROM unnest(%s::text[]) AS name
LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(name) AND (t.tgname LIKE 'audit\\_%%'
    OR t.tgname LIKE 'pgtrigger\\_append\\_only\\_%%')
GROUP BY name ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of the chain at some time: all up to it can be held against it."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Read what `str` wrote.

        Raises
        ------
        BadInput
        """
        number, _, hash_ = text.partition(":")
        if not number.isdecimal() or len(hash_) != 64 or set(hash_) - set("0123456789abcdef"):
            raise BadInput(
                f"{text!r} is no head of an audit trail.",
                remedy="It is NUMBER:HASH as an export or `amends doctor --audit` names it.",
            )
        return cls(int(number), hash_)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a proof found."""

    links: int
    head: Head | None
    """None: there is no entry yet."""
    breaks: tuple[str, ...]
    """Where it breaks, in words, at most `MOST_NAMED` of each kind."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.breaks


def verify(known: Head | None = None) -> Verdict:
    """Prove the whole trail; with a head that was noted before also that it still stands in it."""
    seal()
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:  # within somebody else's transaction it is too late
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute("SELECT number, hash FROM audit_link ORDER BY number DESC LIMIT 1")
        last = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM audit_link")
        (links,) = cursor.fetchone()
        found = (
            *_missing_triggers(cursor),
            *_broken_links(cursor),
            *_wrong_entries(cursor),
            *_rewritten(cursor),
            *_lost_head(cursor, known),
        )
    return Verdict(links, Head(*last) if last else None, found)


def missing_triggers() -> list[str]:
    """Return the history tables that are not guarded, in words: quick, unlike the whole proof."""
    with connection.cursor() as cursor:
        return list(_missing_triggers(cursor))


def _missing_triggers(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(_TRIGGERS, [[*histories(), "audit_link"]])
    for name, triggers in cursor.fetchall():
        wanted = {"audit_keep", "audit_keep_all"}
        here = set(triggers or ())
        if name != "audit_link":
            wanted = {"audit_note", "audit_keep_all", "pgtrigger_append_only"}
            here = {"pgtrigger_append_only" if t.startswith("pgtrigger") else t for t in here}
        if missing := wanted - here:
            yield f"Table {name} is not guarded: {', '.join(sorted(missing))} missing or disabled"


def _broken_links(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(_BROKEN_LINKS, [MOST_NAMED])
    for number, follows, is_linked, is_whole in cursor.fetchall():
        if not follows:
            yield f"Link {number}: the link before it is missing"
        elif not is_linked:
            yield f"Link {number}: it does not follow from the link before it"
        elif not is_whole:
            yield f"Link {number}: its hash is not that of its content"


def _wrong_entries(cursor: CursorWrapper) -> Iterator[str]:
    for name in histories():
        table = connection.ops.quote_name(name)
        cursor.execute(_WRONG_ENTRIES.format(table=table), [name, name, MOST_NAMED])
        for entry, number, operation, is_there in cursor.fetchall():
            where = f"Entry {entry} of {name}"
            if number is None:
                yield f"{where} is in no link: it was put in behind the triggers’ back"
            elif not is_there:
                yield f"{where} (link {number}) is gone"
            elif operation == "DELETE":
                yield f"{where} was taken out (link {number}) and is there again"
            else:
                yield f"{where} (link {number}) is not what was chained"


def _rewritten(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(_REWRITTEN, [MOST_NAMED])
    for number, relation, entry, operation in cursor.fetchall():
        what = "taken out" if operation == "DELETE" else "overwritten"
        yield f"Link {number}: entry {entry} of {relation} was {what}, and not by an erasure"


def _lost_head(cursor: CursorWrapper, known: Head | None) -> Iterator[str]:
    if known is None:
        return
    cursor.execute("SELECT hash FROM audit_link WHERE number = %s", [known.number])
    here = cursor.fetchone()
    if here is None:
        yield f"Link {known.number}, noted before, is gone: the end of the trail was cut off"
    elif here[0] != known.hash:
        yield f"Link {known.number} has another hash than was noted: the trail was written anew"
