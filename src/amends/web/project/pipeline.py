"""From the inbox to everything that pages show: many deliveries at once, each exactly once.

1. Deliveries that wait are put together into a landing, which gets a number; that is committed.
2. A worker claims a landing (`FOR UPDATE SKIP LOCKED`), unpacks and enriches it. Workers do so side
   by side.
3. One after another (`rollups.exclusively`) they write: rows that were overtaken meanwhile are
   dropped, cases and outcomes follow, then rollups and the rules of alerts, then the lake under the
   landing's number, and the transaction that holds the claim commits.

A crash anywhere leaves the landing open, and the next worker does the whole again; that it is in
the lake already is told by its number. Rows that cannot be processed are sifted out before.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import Error, transaction
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone
from numpy.typing import NDArray

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals
from amends.flows.enriching import enrich, with_causes
from amends.store import lake_rows
from amends.web.alerts.firing import note_signals
from amends.web.cases.corrections import take_back
from amends.web.cases.opening import open_cases
from amends.web.classify.confirmed import confirmed_of
from amends.web.classify.in_force import classifier_in_force, taxonomy_in_force
from amends.web.detect import rollups
from amends.web.intake.identities import are_current
from amends.web.intake.inbox import (
    LARGEST,
    LARGEST_BYTES,
    REPLACES,
    ROW,
    SIGNALS,
    WITHDRAWALS,
    ids_and_versions,
    rows_where,
    signals_in,
    unpack,
)
from amends.web.intake.lake import lake
from amends.web.intake.models import Delivery, DeliveryState, Landing
from amends.web.intake.replaced import landed_rows, packed, remove_replaced
from amends.web.intake.sequences import next_ids
from amends.web.project import relabelling
from amends.web.project.aside import Refused, put_aside
from amends.web.project.sifting import Bad, Unready, is_outside, sift
from amends.web.track.recording import forget_outcomes, note_outcomes
from amends.web.ui.live import publish

Flags = NDArray[np.bool_]

MOST_TOGETHER: Final = 2_000
"""Deliveries of one landing."""
LONGEST_PAUSE_SECONDS: Final = 300
log = logging.getLogger(__name__)


def work_off(limit: int | None = None) -> int:
    """Land what waits, oldest first, until nothing is left or `limit` landings are done.

    Raises
    ------
    Unready
        Something outside the signals is in the way; what waits is kept.

    """
    done = 0
    while (limit is None or done < limit) and process_next():
        done += 1
    return done


def process_next() -> bool:
    """Do one landing that no other worker has; False when nothing waits.

    Raises
    ------
    Unready

    """
    while not _land_next():
        if not _put_together():
            return False
    remove_replaced()
    return True


@transaction.atomic
def _put_together() -> bool:
    """Make a landing of the oldest deliveries that belong to none; False when there are none."""
    waiting = Delivery.objects.filter(state=DeliveryState.WAITING, landing=None).order_by("pk")
    sizes = waiting.annotate(size=Length("payload")).values_list("pk", "rows", "size")
    chosen: list[int] = []
    rows = size = 0
    for pk, more, bigger in sizes.select_for_update(skip_locked=True)[:MOST_TOGETHER]:
        if chosen and (rows + more > LARGEST or size + bigger > LARGEST_BYTES / 4):
            break
        chosen.append(pk)
        rows, size = rows + more, size + bigger
    if not chosen:
        return False
    [number] = next_ids(Delivery, 1)
    landing = Landing.objects.create(pk=number, rows=rows)
    Delivery.objects.filter(pk__in=chosen).update(landing=landing)
    return True


def _land_next() -> bool:
    pk = None
    try:
        with transaction.atomic():
            landing = _claim()
            if landing is None:
                return False
            pk = landing.pk
            _land(landing)
    except Exception as error:  # whatever it is, the landing waits and doctor says why
        if pk is None:
            raise
        log.warning("Landing %s waits: %s", pk, error, exc_info=not is_outside(error))
        _note_failure(pk, error)
        raise Unready(str(error)) from error
    return True


def _claim() -> Landing | None:
    is_due = Q(retry_at=None) | Q(retry_at__lte=timezone.now())
    unfinished = Landing.objects.filter(is_due, done_at=None).order_by("pk")
    return unfinished.select_for_update(skip_locked=True).first()


def _note_failure(pk: int, error: Exception) -> None:
    """Have a landing wait, twice as long each time."""
    try:
        with transaction.atomic():
            landing = Landing.objects.select_for_update().get(pk=pk)
            landing.attempts += 1
            pause = min(2.0**landing.attempts, LONGEST_PAUSE_SECONDS)
            landing.retry_at = timezone.now() + timedelta(seconds=pause)
            landing.error = f"{type(error).__name__}: {error}"[:2000]
            landing.save(update_fields=["attempts", "error", "retry_at"])
    except Error:
        log.warning("The database is away; landing %s is taken up when it is back.", pk)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What a landing holds: N signals, and the withdrawals."""

    signals: pa.Table
    """`SIGNAL_SCHEMA`."""
    marks: pa.Table
    """The columns row, replaces and delivery_id of the signals."""
    gone: pa.Table
    """Withdrawals, with these columns, too."""

    def where(self, mask: Flags) -> "_Batch":
        """Return the batch with those signals only for which the mask holds."""
        return replace(
            self, signals=rows_where(self.signals, mask), marks=rows_where(self.marks, mask)
        )

    def refused(self, bad: Sequence[Bad]) -> list[Refused]:
        """Return signals that cannot be processed, with what is to be known of them."""
        return [
            Refused(
                self.signals.slice(b.place, 1),
                self.marks.slice(b.place, 1).to_pylist()[0],
                b.error,
            )
            for b in bad
        ]

    def without(self, bad: Sequence[Bad]) -> "_Batch":
        """Return the batch without some signals."""
        mask = np.ones(len(self.signals), bool)
        mask[[b.place for b in bad]] = False
        return self.where(mask)


def _land(landing: Landing) -> None:
    """Do everything with one landing, in the caller's transaction."""
    if landing.relabels:
        with _outside():
            relabelling.land(landing)
        return
    batch = _unpacked(landing)
    with _outside():
        there = lake().of_delivery(landing.pk)
    batch, refused = _enriched(batch) if there is None else _as_in_lake(batch, there)
    with rollups.exclusively():
        now = timezone.now()
        batch, leaving = _without_overtaken(batch, landing, is_in_lake=there is not None)
        with _outside():
            older = landed_rows(_replaced_by(batch))
        bad = sift(batch.signals, lambda part: _record(part, _of(older, part)))
        if bad and there is not None:
            raise Unready(f"A signal that is in the lake cannot be processed: {bad[0].error}")
        refused += batch.refused(bad)
        batch = batch.without(bad)
        gone = _of(older, batch.gone)
        forget_outcomes(gone)
        take_back(gone, now)
        replaced = pa.concat_tables([_of(older, batch.signals), gone])
        with _outside():
            rollups.add(batch.signals, now, instead_of=replaced)
            note_signals(batch.signals, replaced["signal_id"].to_pylist(), now)
            put_aside(refused, older, now)
            if there is None and len(batch.signals):
                _append(batch.signals, landing)
        limits, names = _replaced_by(batch), replaced["signal_id"].to_pylist()
        leaving |= {name: limits[name] for name in names}
        _finish(landing, leaving)


def _unpacked(landing: Landing) -> _Batch:
    """Return what the deliveries of a landing hold; one that cannot be read is kept as failed."""
    signals, gone = [SIGNALS.empty_table()], [WITHDRAWALS.empty_table()]
    numbers: list[list[int]] = [[], []]
    for delivery in landing.deliveries.filter(state=DeliveryState.WAITING).order_by("pk"):
        try:
            table = unpack(bytes(delivery.payload))
            (gone if delivery.is_withdrawal else signals).append(
                table.cast(WITHDRAWALS if delivery.is_withdrawal else SIGNALS)
            )
        except (pa.ArrowException, OSError) as error:
            delivery.state, delivery.error = DeliveryState.FAILED, str(error)[:2000]
            delivery.save(update_fields=["state", "error"])
            continue
        numbers[delivery.is_withdrawal] += [delivery.pk] * len(table)
    both = [
        pa.concat_tables(tables).append_column("delivery_id", pa.array(pks, pa.int64()))
        for tables, pks in zip((signals, gone), numbers, strict=True)
    ]
    return _Batch(signals_in(both[0]), both[0].select([ROW, REPLACES, "delivery_id"]), both[1])


def _enriched(batch: _Batch) -> tuple[_Batch, list[Refused]]:
    """Return the batch with what classify adds, and the signals for which that fails."""
    with _outside():
        classifier, taxonomy = classifier_in_force(), taxonomy_in_force()
    done = [SIGNAL_SCHEMA.empty_table()]
    bad = sift(batch.signals, lambda part: done.append(enrich(part, classifier, taxonomy)))
    rest = batch.without(bad)
    signals = check_signals(pa.concat_tables(done))
    # Nobody can have confirmed the cause of a signal that comes for the first time.
    again = rows_where(signals, np.asarray(rest.marks[REPLACES], dtype=bool))
    with _outside():
        given = confirmed_of(again["signal_id"].to_pylist())
    return replace(rest, signals=with_causes(signals, given, taxonomy)), batch.refused(bad)


def _as_in_lake(batch: _Batch, there: pa.Table) -> tuple[_Batch, list[Refused]]:
    """Return the batch as a worker that died appended it, and what that one had sifted out."""
    place = {pair: i for i, pair in enumerate(ids_and_versions(there))}
    found = [place.get(pair, -1) for pair in ids_and_versions(batch.signals)]
    error = RuntimeError("It could not be processed, and the worker that knew why ended.")
    bad = [Bad(i, error) for i, at in enumerate(found) if at < 0]
    places = pa.array([at for at in found if at >= 0], pa.int64())
    signals = there.drop_columns(["delivery"]).take(places)
    return replace(batch.without(bad), signals=signals), batch.refused(bad)


def _without_overtaken(
    batch: _Batch, landing: Landing, *, is_in_lake: bool
) -> tuple[_Batch, dict[str, int]]:
    """Return the batch without what newer versions have overtaken, and what is to leave the lake.

    Newer versions may still come while it lands: they will find it landed.
    """
    overtaken = landing.deliveries.filter(overtaken__gt=0).values_list("pk", flat=True)
    numbers = pa.array(list(overtaken), pa.int64())
    if not is_in_lake and not len(numbers):
        return batch, {}

    def in_doubt(marks: pa.Table) -> Flags:
        if is_in_lake:
            return np.ones(len(marks), bool)
        return np.asarray(pc.is_in(marks["delivery_id"], value_set=numbers), dtype=bool)

    doubted = in_doubt(batch.marks)
    are_mine, before = are_current(rows_where(batch.signals, doubted), is_withdrawal=False)
    mask = np.ones(len(doubted), bool)
    mask[doubted] = are_mine
    names = rows_where(batch.signals, ~mask)["signal_id"].to_pylist() if is_in_lake else []
    leaving = dict(zip(names, before[~are_mine].tolist(), strict=True)) if names else {}
    doubted = in_doubt(batch.gone)
    still = np.ones(len(doubted), bool)
    still[doubted], _ = are_current(rows_where(batch.gone, doubted), is_withdrawal=True)
    kept = replace(batch.where(mask), gone=rows_where(batch.gone, still))
    return kept, leaving


def _replaced_by(batch: _Batch) -> dict[str, int]:
    """Return before which versions rows are replaced: of signals that were accepted before."""
    again = rows_where(batch.signals, np.asarray(batch.marks[REPLACES], dtype=bool))
    gone = batch.gone.filter(batch.gone[REPLACES])
    return dict(ids_and_versions(again)) | {name: v + 1 for name, v in ids_and_versions(gone)}


def _of(rows: pa.Table, others: pa.Table) -> pa.Table:
    """Return the rows whose signals are among others."""
    return rows.filter(pc.is_in(rows["signal_id"], value_set=others["signal_id"].combine_chunks()))


def _record(signals: pa.Table, older: pa.Table) -> None:
    """Let signals open and feed cases and say what came of others; undone when it fails."""
    lake_rows(signals, 0)  # what cannot lie in the lake is found here, and not when it is written
    with transaction.atomic():
        forget_outcomes(older)
        open_cases(signals, corrected=older)
        note_outcomes(signals)


def _append(signals: pa.Table, landing: Landing) -> None:
    if not lake().append(signals, delivery=landing.pk):
        raise Unready("A worker that was taken for dead has appended it.")


def _finish(landing: Landing, leaving: Mapping[str, int]) -> None:
    now = timezone.now()
    waiting = landing.deliveries.filter(state=DeliveryState.WAITING).order_by("pk")
    pks = list(waiting.select_for_update(no_key=True).values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=pks).update(
        state=DeliveryState.DONE, done_at=now, payload=b"", overtaken=0
    )
    landing.done_at, landing.error, landing.replaced = now, "", packed(leaving)
    landing.save(update_fields=["done_at", "error", "replaced"])
    publish("signals")


@contextmanager
def _outside() -> Iterator[None]:
    """Take every failure within for one that lies outside the signals."""
    try:
        yield
    except Unready:
        raise
    except Exception as error:  # whatever it is, nothing can be worked off before it is mended
        raise Unready(f"{type(error).__name__}: {error}") from error
