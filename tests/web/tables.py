"""Tables of signals for the tests that receive them."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from amends.engine.contracts import SIGNAL_SCHEMA, check_signals


def table(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return check_signals(
        pa.table({name: pa.array([r.get(name) for r in rows], _plain(name)) for name in names})
    )


def _plain(name: str) -> pa.DataType:
    kind = SIGNAL_SCHEMA.field(name).type
    return kind.value_type if pa.types.is_dictionary(kind) else kind
