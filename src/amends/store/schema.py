"""What a row of the lake is: a signal, the delivery it came with and the month it lies in."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals

UNDATED: Final = "undated"
"""The month of a signal that neither occurred nor was received at a known time."""


def _plain(field: pa.Field) -> pa.Field:
    is_dictionary = pa.types.is_dictionary(field.type)
    return pa.field(field.name, field.type.value_type, field.nullable) if is_dictionary else field


LAKE_SCHEMA: Final = pa.schema(
    [
        *map(_plain, SIGNAL_SCHEMA),
        pa.field("delivery", pa.int64(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
    ]
)
"""`SIGNAL_SCHEMA` with plain strings, the `delivery`, and the partition column `month`."""


def lake_rows(signals: pa.Table, delivery: int) -> pa.Table:
    """Return signals as rows of `LAKE_SCHEMA`.

    Raises
    ------
    ValueError
        The signals do not keep to `SIGNAL_SCHEMA`.

    """
    checked = check_signals(signals)
    dated = pc.coalesce(checked["occurred_at"], checked["received_at"])
    month = pc.fill_null(pc.strftime(dated, format="%Y-%m"), UNDATED)
    columns = [
        column.cast(field.type)
        for column, field in zip(checked.itercolumns(), LAKE_SCHEMA, strict=False)
    ]
    deliveries = pa.array([delivery], pa.int64()).take(pa.repeat(0, len(checked)))
    return pa.table([*columns, deliveries, month], schema=LAKE_SCHEMA)


def signal_rows(rows: pa.Table) -> pa.Table:
    """Return rows of the lake as `SIGNAL_SCHEMA` and, last, their `delivery`."""
    delivery = rows["delivery"]
    signals = check_signals(rows.drop_columns(["delivery", "month"]))
    return signals.append_column(LAKE_SCHEMA.field("delivery"), delivery)
