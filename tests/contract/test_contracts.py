"""The shared language holds together: schemas, taxonomies, values."""

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import (
    SIGNAL_SCHEMA,
    Money,
    Slice,
    check_signals,
    read_taxonomy,
    signal_id,
    starter_taxonomies,
    starter_taxonomy,
)


@pytest.mark.parametrize("name", starter_taxonomies())
def test_every_starter_taxonomy_is_whole(name: str) -> None:
    taxonomy = starter_taxonomy(name)
    assert taxonomy.name == name
    assert all(leaf.parent for leaf in taxonomy.leaves)
    assert len({leaf.label for leaf in taxonomy.leaves}) == len(taxonomy.leaves)


def test_an_unknown_taxonomy_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"There are: .*retail"):
        starter_taxonomy("nope")


def test_a_broken_taxonomy_file_names_file_and_field(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\ntitle: Mine\nversion: 1\ncauses:\n- key: a\n  label: A\n")
    with pytest.raises(ValueError, match=r"mine\.yaml.*description"):
        read_taxonomy(path)
    path.write_text("name: [")
    with pytest.raises(ValueError, match="not YAML"):
        read_taxonomy(path)


def test_signals_are_completed_and_checked() -> None:
    base = {
        "signal_id": [signal_id("a", "1")],
        "source": ["a"],
        "external_id": ["1"],
        "version": [1],
        "kind": ["survey"],
    }
    assert check_signals(pa.table(base)).schema.equals(SIGNAL_SCHEMA)
    with pytest.raises(ValueError, match="attributes"):
        check_signals(pa.table({**base, "colour": ["red"]}))
    with pytest.raises(ValueError, match="have no kind"):
        check_signals(pa.table({**base, "kind": pa.array([None], pa.string())}))
    with pytest.raises(ValueError, match="nps does not fit"):
        check_signals(pa.table({**base, "nps": ["nine"]}))


def test_identity_separates_source_and_id() -> None:
    assert signal_id("a", "bc") != signal_id("ab", "c")


@given(st.dictionaries(st.sampled_from("abcde"), st.text(max_size=3)))
def test_a_slice_does_not_depend_on_the_order_of_its_terms(terms: dict[str, str]) -> None:
    assert Slice.of(terms) == Slice.of(reversed(list(terms.items())))
    assert Slice().covers(Slice.of(terms))


def test_money_is_exact_and_never_mixes_currencies() -> None:
    assert Money(Decimal("0.1"), "EUR") + Money(Decimal("0.2"), "EUR") == Money(
        Decimal("0.30"), "EUR"
    )
    with pytest.raises(ValueError, match="Cannot mix"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "GBP")
    with pytest.raises(ValueError, match="no amount"):
        Money(Decimal("NaN"), "EUR")
