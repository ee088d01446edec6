"""Which versions of signals were accepted: the one table that tells new from known.

The order of versions is (version, is it a withdrawal): a withdrawal takes back its own version and
all before it, and a higher version brings the signal again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray

from amends.web.intake.bulk import copy_in

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Answer(IntEnum):
    """What becomes of one row that arrives."""

    ACCEPTED = 0
    DUPLICATE = 1
    SUPERSEDED = 2
    """A newer version of the signal was here first."""
    QUARANTINED = 3
    """It cannot be right; see `Receipt.set_aside`."""


@dataclass(frozen=True, slots=True)
class Identified:
    """What the identities say to N rows."""

    answers: NDArray[np.int8]
    """Shape (N,): an `Answer` each."""
    replaces: Flags
    """Shape (N,): accepted, and something was accepted of the signal before."""


def repeated(rows: pa.Table) -> NDArray[np.int8]:
    """Return ACCEPTED for each signal once, in its highest version, and why not for the rest."""
    answers = np.zeros(len(rows), np.int8)
    ids = rows["signal_id"]
    if pc.count_distinct(ids).as_py() == len(rows):
        return answers
    numbered = rows.select(["signal_id", "version"]).append_column(
        "place", pa.array(np.arange(len(rows)))
    )
    order = np.asarray(
        pc.sort_indices(
            numbered,
            [("signal_id", "ascending"), ("version", "descending"), ("place", "ascending")],
        )
    )
    names = np.asarray(ids.take(pa.array(order)))
    versions = np.asarray(rows["version"].take(pa.array(order)))
    is_again = np.r_[False, names[1:] == names[:-1]]
    best = np.maximum.accumulate(np.where(is_again, 0, np.arange(len(order))))
    is_same = is_again & (versions == versions[best])
    answers[order[is_again]] = Answer.SUPERSEDED
    answers[order[is_same]] = Answer.DUPLICATE
    return answers


def identify(rows: pa.Table, deliveries: Ints, *, is_withdrawal: bool = False) -> Identified:
    """Note the identities of rows, each signal once, in the caller's transaction.

    Identities are locked in one order whoever comes, so that nobody waits in a circle. Deliveries
    that wait and were overtaken are told so.

    Parameters
    ----------
    rows
        Columns signal_id and version.
    deliveries
        Shape (N,): the number of the delivery that each row is to be in; new numbers.
    is_withdrawal
        The rows take the signals back.

    """
    answers = np.zeros(len(rows), np.int8)
    replaces = np.zeros(len(rows), bool)
    arriving = rows.select(["signal_id", "version"])
    arriving = arriving.add_column(0, "place", pa.array(np.arange(len(rows))))
    arriving = arriving.append_column("delivery_id", pa.array(deliveries))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS arriving (place int, signal_id uuid, version int,"
            " delivery_id bigint) ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE arriving")
        copy_in(cursor, arriving, "arriving")
        known = _known(cursor, len(rows), is_withdrawal=is_withdrawal)
        if not known:
            return Identified(answers, replaces)
        place, version, withdrawn, delivery = np.array(known, dtype=np.int64).T
        mine = 2 * np.asarray(rows["version"], dtype=np.int64)[place] + is_withdrawal
        theirs = 2 * version + withdrawn
        answers[place[mine == theirs]] = Answer.DUPLICATE
        answers[place[mine < theirs]] = Answer.SUPERSEDED
        replaces[place[mine > theirs]] = True
        if replaces.any():
            cursor.execute(
                "UPDATE intake_identity AS known SET version = arriving.version,"
                " delivery_id = arriving.delivery_id, is_withdrawn = %(gone)s FROM arriving"
                " WHERE arriving.signal_id = known.signal_id"
                " AND (known.version, known.is_withdrawn) < (arriving.version, %(gone)s)",
                {"gone": is_withdrawal},
            )
            _tell_overtaken(cursor, delivery[mine > theirs])
    return Identified(answers, replaces)


def _known(
    cursor: CursorWrapper, n: int, *, is_withdrawal: bool
) -> list[tuple[int, int, bool, int]]:
    """Add the identities that are new; lock and return what is known of the others.

    What is known of a signal may be given back meanwhile (`give_back`): then it is new after all.
    """
    new = 0
    while True:
        cursor.execute(
            "INSERT INTO intake_identity (signal_id, version, delivery_id, is_withdrawn)"
            " SELECT signal_id, version, delivery_id, %s FROM arriving ORDER BY signal_id"
            " ON CONFLICT DO NOTHING",
            [is_withdrawal],
        )
        new += cursor.rowcount
        if new == n:
            return []
        cursor.execute("SET LOCAL random_page_cost = 1.1")  # by index, however many there are
        cursor.execute(
            "SELECT place, known.version, known.is_withdrawn, known.delivery_id"
            " FROM arriving JOIN intake_identity AS known USING (signal_id)"
            " WHERE known.delivery_id <> arriving.delivery_id"
            " ORDER BY signal_id FOR UPDATE OF known"
        )
        known: list[tuple[int, int, bool, int]] = cursor.fetchall()
        if new + len(known) == n:
            return known


def _tell_overtaken(cursor: CursorWrapper, deliveries: Ints) -> None:
    numbers, times = np.unique(deliveries, return_counts=True)
    cursor.execute(
        "SELECT id FROM intake_delivery WHERE id = ANY(%s) AND state <> 'done'"
        " ORDER BY id FOR NO KEY UPDATE",
        [numbers.tolist()],
    )
    waiting = {pk for (pk,) in cursor.fetchall()}
    pairs = [p for p in zip(numbers.tolist(), times.tolist(), strict=True) if p[0] in waiting]
    if pairs:
        cursor.execute(
            "UPDATE intake_delivery AS d SET overtaken = overtaken + new.n"
            " FROM (SELECT unnest(%s::bigint[]) AS id, unnest(%s::int[]) AS n) AS new"
            " WHERE d.id = new.id",
            [[pk for pk, _ in pairs], [n for _, n in pairs]],
        )


def are_current(rows: pa.Table, *, is_withdrawal: bool) -> tuple[Flags, Ints]:
    """Return which rows no newer version has overtaken, and the version in force of each.

    A withdrawal counts as the version after the one that it takes back.
    """
    numbered = rows.select(["signal_id"]).add_column(0, "place", pa.array(np.arange(len(rows))))
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE IF NOT EXISTS landing_rows (place int, signal_id uuid)"
            " ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE landing_rows")
        copy_in(cursor, numbered, "landing_rows")
        cursor.execute(
            "SELECT place, known.version, known.is_withdrawn"
            " FROM landing_rows JOIN intake_identity AS known USING (signal_id)"
        )
        found = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 3)
    mine = 2 * np.asarray(rows["version"], dtype=np.int64) + is_withdrawal
    theirs = np.full(len(rows), -1, np.int64)
    theirs[found[:, 0]] = 2 * found[:, 1] + found[:, 2]
    return mine == theirs, np.where(theirs < 0, mine // 2 + 1, (theirs + 1) // 2)


def give_back(name: str, version: int, delivery: int, instead: Sequence[int] | None) -> bool:
    """Forget that a row was accepted; False when a newer version has overtaken it already.

    `instead` is (version, delivery) of what the lake still has of the signal.
    """
    mine = "WHERE signal_id = %s AND version = %s AND delivery_id = %s AND NOT is_withdrawn"
    with connection.cursor() as cursor:
        if instead is None:
            cursor.execute(f"DELETE FROM intake_identity {mine}", [name, version, delivery])  # noqa: S608  (our own words)
        else:
            cursor.execute(
                f"UPDATE intake_identity SET version = %s, delivery_id = %s {mine}",  # noqa: S608  (our own words)
                [*instead, name, version, delivery],
            )
        return bool(cursor.rowcount)
