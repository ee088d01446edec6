"""The directory names the customers of the signals, as the signals have them."""

from tests.engine.worlds.plays import SIGNALS, Told

from amends.engine.worlds import CUSTOMER_SCHEMA, read_world


def test_the_directory_holds_every_customer_of_the_signals(name: str, play_told: Told) -> None:
    table = read_world(name).customers(SIGNALS)
    assert table.schema == CUSTOMER_SCHEMA
    known = {row["customer_id"]: row for row in table.to_pylist()}
    assert len(known) == len(table)
    first = read_world(name).company.period.first
    for row in play_told.said.slice(0, 2_000).to_pylist():
        customer = known[row["customer_id"]]
        assert all(row[dim] == customer[dim] for dim in ("tier", "segment", "region"))
        if row["value_at_risk"] is not None:
            assert row["value_at_risk"] == customer["value_per_year"]
        assert customer["since"] <= first


def test_customers_have_names_of_their_own_whatever_is_played(name: str) -> None:
    names = read_world(name).customers(100_000)["name"].to_pylist()
    assert all(len(name.split(" ")) == 2 for name in names)
    assert len(set(names)) > len(names) / 3
    assert names[:500] == read_world(name).customers(3_000, seed=9)["name"].to_pylist()[:500]


def test_some_customers_are_vulnerable(name: str) -> None:
    world = read_world(name)
    share = sum(world.customers(100_000)["is_vulnerable"].to_pylist()) / 50_000
    assert abs(share - world.company.customers.vulnerable) < 0.02


def test_a_play_and_its_world_have_the_same_customers() -> None:
    world = read_world("bank")
    assert world.play(800, seed=4).customers().equals(world.customers(800, seed=4))
