"""Where every row that was received is now: the sums behind `amends doctor`.

received = in the lake + waiting + superseded + duplicate + quarantined + withdrawn + erased. Each
term is counted where it lies: what was received in the ledger, what is in force in the identities,
what the lake holds in the lake.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import ibis
import numpy as np
from django.db import connection
from django.db.models import Q, Sum
from numpy.typing import NDArray

from amends.web.intake.erasing import LAST_VERSION
from amends.web.intake.inbox import unpack
from amends.web.intake.lake import lake
from amends.web.intake.models import Arrival, Delivery, DeliveryState, Landing

PARTS: Final = 256
"""Signals are compared by the first byte of their ids; only parts that differ are looked into."""
MOST_MOVING: Final = 20_000
"""Signals that may be on their way while identities and lake are compared."""
MISSING: Final = "missing in the lake"
SURPLUS: Final = "in the lake though nobody accepted them"
TWICE: Final = "twice in the lake"

Version = tuple[str, int]
"""A signal and its version."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The ledger and what became of its rows; numbers of rows."""

    received: int
    duplicates: int
    superseded: int
    """Late when they came, or replaced by a newer version since."""
    quarantined: int
    withdrawn: int
    """Withdrawals in force: their signals are nowhere."""
    erased: int
    """Removed for good with a customer, or since their retention ran out."""
    waiting: int
    landed: int
    """In force and worked off: these are to be in the lake."""

    @property
    def unaccounted(self) -> int:
        """Return how many rows are nowhere; below 0: so many are counted twice."""
        return self.received - (
            self.duplicates
            + self.superseded
            + self.quarantined
            + self.withdrawn
            + self.erased
            + self.waiting
            + self.landed
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Rows of one source and delivery that are not where they should be."""

    source: str
    delivery: int
    """Number of the delivery; of a row that nobody knows, of the landing."""
    rows: int
    what: str
    """`MISSING`, `SURPLUS` or `TWICE`."""


def terms() -> Terms:
    """Return the sums of the whole installation."""
    sums = {
        name: total or 0
        for name, total in Arrival.objects.aggregate(
            *(Sum(n) for n in ("rows", "duplicates", "superseded", "superseding", "quarantined"))
        ).items()
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE is_withdrawn AND version <> %s),"
            " count(*) FILTER (WHERE is_withdrawn AND version = %s),"
            " count(*) FILTER (WHERE NOT is_withdrawn AND delivery_id = ANY(%s)), count(*)"
            " FROM intake_identity",
            [LAST_VERSION, LAST_VERSION, _waiting()],
        )
        withdrawn, erased, waiting, known = cursor.fetchone() or (0, 0, 0, 0)
    return Terms(
        received=sums["rows__sum"],
        duplicates=sums["duplicates__sum"],
        superseded=sums["superseded__sum"] + sums["superseding__sum"],
        quarantined=sums["quarantined__sum"],
        withdrawn=withdrawn,
        erased=erased,
        waiting=waiting,
        landed=known - withdrawn - erased - waiting,
    )


def sources_that_do_not_add_up() -> list[tuple[str, int]]:
    """Return the sources whose ledger and identities differ: name, rows that are nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH accepted AS (SELECT source, sum(accepted - superseding) AS n"
            " FROM intake_arrival GROUP BY source),"
            " known AS (SELECT source, count(*) AS n FROM intake_identity"
            " JOIN intake_delivery ON intake_delivery.id = delivery_id GROUP BY source)"
            " SELECT source, coalesce(accepted.n, 0) - coalesce(known.n, 0) AS nowhere"
            " FROM accepted FULL JOIN known USING (source)"
            " WHERE coalesce(accepted.n, 0) <> coalesce(known.n, 0) ORDER BY 2 DESC, 1"
        )
        return [(source, int(n)) for source, n in cursor.fetchall()]


def gaps() -> list[Gap] | None:
    """Return where the lake does not hold exactly the newest version of what has landed.

    What differs is looked at twice: what was on its way between two looks is no gap. None: more is
    on its way than can be told apart; look again when the inbox is empty.
    """
    moving = _moving()
    if moving is None:
        return None
    first = _differences(_parts_that_differ(moving))
    again = _differences(sorted({int(name[:2], 16) for name, _ in first}))
    return _told({key: first[key] for key in first if again.get(key) == first[key]})


def _waiting() -> list[int]:
    """Return the deliveries that wait, those that cannot be read among them."""
    waiting = Delivery.objects.exclude(state=DeliveryState.DONE)
    return list(waiting.values_list("pk", flat=True))


def _moving() -> set[str] | None:
    """Return the signals that wait, or whose older versions are about to leave the lake."""
    waiting = _waiting()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT signal_id FROM intake_identity WHERE delivery_id = ANY(%s) LIMIT %s",
            [waiting, MOST_MOVING + 1],
        )
        moving = {name.hex for (name,) in cursor.fetchall()} if waiting else set()
    for replaced in Landing.objects.exclude(replaced=b"").values_list("replaced", flat=True):
        moving.update(unpack(bytes(replaced))["signal_id"].to_pylist())
    for relabels in Landing.objects.exclude(relabels=b"").values_list("relabels", flat=True):
        moving.update(unpack(bytes(relabels))["signal_id"].to_pylist())
    return None if len(moving) > MOST_MOVING else moving


def _parts_that_differ(moving: set[str]) -> list[int]:
    """Return the parts in which numbers or versions differ, without the signals that move."""
    expected, held = np.zeros((PARTS, 2), np.int64), np.zeros((PARTS, 2), np.int64)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT get_byte(uuid_send(signal_id), 0), count(*), sum(version) FROM intake_identity"
            " WHERE NOT is_withdrawn AND NOT signal_id = ANY(%s::uuid[]) GROUP BY 1",
            [sorted(moving)],
        )
        _fill(expected, cursor.fetchall())
    signals = _landed()
    if moving:
        signals = signals.filter(signals.signal_id.notin(sorted(moving)))
    by_part = signals.group_by(part=signals.signal_id[:2]).aggregate(
        n=signals.count(), versions=signals.version.sum()
    )
    rows = lake().fetch(by_part).to_pylist()
    _fill(held, [(int(row["part"], 16), row["n"], row["versions"]) for row in rows])
    return np.flatnonzero((expected != held).any(axis=1)).tolist()


def _landed() -> ibis.Table:
    """Return the lake without what a worker that died has appended and not landed."""
    signals = lake().signals()
    unfinished = list(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    return signals.filter(signals.delivery.notin(unfinished)) if unfinished else signals


def _fill(parts: NDArray[np.int64], rows: Sequence[tuple[int, int, int]]) -> None:
    for part, n, versions in rows:
        parts[part] = n, versions


def _differences(parts: Sequence[int]) -> dict[Version, tuple[str, int]]:
    """Return what differs in some parts: (signal, version) → (what, delivery or landing)."""
    found: dict[Version, tuple[str, int]] = {}
    for part in parts:
        moving = _moving() or set()
        expected, held, twice = _expected(part, moving), *_held(part, moving)
        found |= {key: (MISSING, expected[key]) for key in expected.keys() - held.keys()}
        found |= {key: (SURPLUS, held[key]) for key in held.keys() - expected.keys()}
        found |= {key: (TWICE, held[key]) for key in twice & expected.keys()}
    return found


def _expected(part: int, moving: set[str]) -> dict[Version, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT signal_id, version, delivery_id FROM intake_identity"
            " WHERE signal_id BETWEEN %s AND %s AND NOT is_withdrawn",
            [f"{part:02x}" + 30 * "0", f"{part:02x}" + 30 * "f"],
        )
        rows = [(name.hex, version, delivery) for name, version, delivery in cursor.fetchall()]
    return {(name, version): number for name, version, number in rows if name not in moving}


def _held(part: int, moving: set[str]) -> tuple[dict[Version, int], set[Version]]:
    """Return what the lake holds of a part, each with its landing, and what it holds twice."""
    signals = _landed()
    mine = signals.filter(signals.signal_id[:2] == f"{part:02x}")
    found: dict[Version, int] = {}
    twice: set[Version] = set()
    for row in lake().fetch(mine.select("signal_id", "version", "delivery")).to_pylist():
        key = row["signal_id"], row["version"]
        if row["signal_id"] in moving:
            continue
        if key in found:
            twice.add(key)
        found[key] = min(row["delivery"], found.get(key, row["delivery"]))
    return found, twice


def _told(found: Mapping[Version, tuple[str, int]]) -> list[Gap]:
    """Return differences by delivery, the largest first."""
    counted = Counter(found.values())
    numbers = [number for _, number in counted]
    named = Delivery.objects.filter(Q(pk__in=numbers) | Q(landing__in=numbers)).order_by("-pk")
    sources: dict[int, str] = {}
    for pk, landing, source in named.values_list("pk", "landing", "source"):
        sources[pk] = source
        if landing is not None:
            sources[landing] = source
    return [
        Gap(sources.get(number, "an unknown source"), number, n, what)
        for (what, number), n in counted.most_common()
    ]
