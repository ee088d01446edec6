"""Records of a source come in: read strictly, then received; each gets its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from amends.connectors import preset_named, pull_named
from amends.engine.contracts import TIMESTAMP, BadInput, Kind, Preset, QuarantinedRow
from amends.engine.signals import Normalised
from amends.flows.records import Broken, read_records
from amends.web.intake.models import Source, Way
from amends.web.intake.receiving import Answer, Receipt, check_room, receive


class SourceIsPaused(BadInput):
    """Somebody paused the source: nothing of it is taken in until it goes on."""

    def __init__(self, source: Source) -> None:
        super().__init__(
            "The source is paused, nothing was taken in.",
            where=source.name,
            remedy="Send again once an administrator has let it go on.",
        )


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of records that came in at once."""

    receipt: Receipt
    quarantined: tuple[QuarantinedRow, ...]
    """Those that could not be read or tell of an impossible time, by their number from 1."""
    answers: NDArray[np.int8]
    """Shape (N,): the `Answer` to each record in the order given."""


def accept_records(
    records: Sequence[Mapping[str, object] | Broken],
    source: Source,
    received_at: datetime,
    way: Way,
) -> Accepted:
    """Read records as their source says and put them into the inbox, all in one transaction.

    Raises
    ------
    SourceIsPaused
    InboxIsFull
        Too much waits already.
    BadInput
        The source's mapping or connector names what there is not.

    """
    if source.is_paused:
        raise SourceIsPaused(source)
    check_room()
    read = read_records(
        records, source.name, preset_of(source), mapping_of(source), kind_of(source)
    )
    receipt = take_in(read, source, received_at, way)
    answers = np.full(len(records), Answer.QUARANTINED, np.int8)
    is_read = np.ones(len(records), dtype=bool)
    is_read[[row.row - 1 for row in read.quarantined]] = False
    answers[is_read] = receipt.answers
    numbers = np.flatnonzero(is_read) + 1
    aside = [replace(row, row=int(numbers[row.row - 1])) for row in receipt.set_aside]
    return Accepted(receipt, (*read.quarantined, *aside), answers)


def take_in(read: Normalised, source: Source, received_at: datetime, way: Way) -> Receipt:
    """Put what was read of a source into the inbox."""
    signals = received(read.signals, received_at)
    return receive(signals, source.name, received_at, way=way, quarantined=read.quarantined)


def preset_of(source: Source) -> Preset | None:
    """Return whose fields the source's records have; None: those of the Signal contract."""
    name = pull_named(source.connector).preset if source.way == Way.PULL else source.connector
    return preset_named(name) if name else None


def mapping_of(source: Source) -> Mapping[str, str]:
    """Return what somebody, or the connector that pulls, says of the source's columns."""
    is_pulled = source.way == Way.PULL
    return pull_named(source.connector).told(source.mapping) if is_pulled else source.mapping


def kind_of(source: Source) -> Kind | None:
    """Return what the source's records are, where its options say it for all."""
    kind = source.options.get("kind")
    if kind is None:
        return None
    try:
        return Kind(kind)
    except ValueError:
        raise BadInput(
            f"{kind!r} is no kind of signal.",
            where=f"source {source.name}, option kind",
            remedy=f"The kinds are: {', '.join(Kind)}.",
        ) from None


def received(signals: pa.Table, at: datetime) -> pa.Table:
    """Say when each signal was received where it does not say so itself."""
    place = signals.schema.get_field_index("received_at")
    filled = pc.fill_null(signals["received_at"], pa.scalar(at, TIMESTAMP))
    return signals.set_column(place, signals.schema.field(place), filled)
