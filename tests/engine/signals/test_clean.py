"""One row per identity: the latest version counts."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.signals.raw_tables import make_signals

from amends.engine.signals import clean


def test_the_latest_version_wins_and_repeats_are_counted() -> None:
    signals = make_signals(
        [
            {"external_id": "a", "version": 2, "verbatim": "new"},
            {"external_id": "a", "version": 1, "verbatim": "old"},
            {"external_id": "b", "verbatim": "same"},
            {"external_id": "b", "verbatim": "same"},
            {"external_id": "c", "received_at": datetime(2024, 2, 1, tzinfo=UTC)},
            {"external_id": "c", "received_at": datetime(2024, 1, 1, tzinfo=UTC)},
            {"external_id": "d", "verbatim": "first"},
            {"external_id": "d", "verbatim": "last"},
        ]
    )
    cleaned = clean(signals)
    assert cleaned.signals["verbatim"].to_pylist() == ["new", "same", None, "last"]
    assert cleaned.signals["received_at"][2].as_py() == datetime(2024, 2, 1, tzinfo=UTC)
    assert (cleaned.repeated, cleaned.superseded, cleaned.duplicates) == (1, 3, 4)


def test_the_same_id_of_two_sources_is_two_signals() -> None:
    signals = make_signals([{"external_id": "a"}, {"external_id": "a", "source": "other"}])
    assert clean(signals).duplicates == 0


def test_no_signals_are_clean() -> None:
    assert clean(make_signals([{}]).slice(0, 0)).duplicates == 0


VERSIONS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), min_size=1, max_size=12)


@given(VERSIONS, st.integers(0, 99))
def test_what_stays_does_not_depend_on_the_order(rows: list[tuple[str, int]], seed: int) -> None:
    signals = make_signals([{"external_id": e, "version": v, "nps": v} for e, v in rows])
    shuffled = signals.take(pa.array(np.random.default_rng(seed).permutation(len(rows))))
    one, other = clean(signals), clean(shuffled)
    assert sorted(one.signals["nps"].to_pylist()) == sorted(other.signals["nps"].to_pylist())
    assert len(one.signals) == len({e for e, _ in rows})
    assert len(one.signals) + one.duplicates == len(rows)
    again = clean(one.signals)
    assert (again.duplicates, again.signals.equals(one.signals)) == (0, True)
