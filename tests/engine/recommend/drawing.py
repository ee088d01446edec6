"""Cases drawn at the edges of a table's conditions."""

import random

from amends.engine.recommend import Table
from amends.engine.recommend.columns import Scalar
from amends.flows.bench.policy_fuzz import edges


def drawn(table: Table, rng: random.Random) -> dict[str, Scalar | None]:
    return {
        column.name: None
        if column.is_optional and rng.random() < 0.2
        else rng.choice(list(edges(column, table)))
        for column in table.inputs
    }
