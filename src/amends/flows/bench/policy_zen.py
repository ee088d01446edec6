"""The policy tables against another engine: zen-engine reads them as JDM and decides the same."""

import json
import random
from decimal import Decimal
from typing import Any

from amends.engine.contracts import BadInput
from amends.engine.recommend import HitPolicy, Table, to_jdm
from amends.engine.recommend.jdm import ROW, jdm_facts
from amends.engine.recommend.policy import shipped_tables

from .policy_fuzz import edges

UNKNOWN = 0.2
"""Share of optional facts that are unknown."""
_HALF_A_CENT = 0.0051


def count_disagreements(n: int, seed: int) -> tuple[int, tuple[str, ...]]:
    """Return how often the engines differ over n cases of each shipped table, the first in words.

    The shared subset: which rows hold, in which order, and what a single row gives (amounts to the
    cent: JDM has no decimals).

    Raises
    ------
    BadInput
        zen-engine is not installed.
    """
    try:
        import zen  # noqa: PLC0415  (an oracle of tests and benchmarks; amends runs without it)
    except ImportError:
        raise BadInput(
            "zen-engine is not installed.",
            where="amends bench recommend",
            remedy="Install it, or compare nothing with --zen 0.",
        ) from None
    found: list[str] = []
    for table in shipped_tables():
        decision = zen.ZenEngine().create_decision(json.dumps(to_jdm(table)))
        rng = random.Random(seed)  # noqa: S311  (made-up cases)
        pools = [list(edges(column, table)) for column in table.inputs]
        for _ in range(n):
            facts = {
                column.name: None
                if column.is_optional and rng.random() < UNKNOWN
                else rng.choice(pool)
                for column, pool in zip(table.inputs, pools, strict=True)
            }
            theirs = decision.evaluate(jdm_facts(facts))["result"]
            if not agrees(table, facts, theirs):
                found.append(f"{table.name} {table.version}: {facts} gives {theirs}")
    return len(found), tuple(found[:10])


def agrees(table: Table, facts: dict[str, Any], theirs: Any) -> bool:  # noqa: ANN401  (JSON)
    """Return whether a JDM engine's result is what the table decides."""
    mask = table.match(facts)
    rows = [row.row_id for r, row in enumerate(table.rows) if mask >> r & 1]
    if table.hit in {HitPolicy.COLLECT, HitPolicy.COLLECT_MIN}:
        return [row[ROW] for row in theirs] == rows
    if theirs[ROW] != rows[0]:
        return False
    return all(
        abs(float(theirs[name]) - float(value)) < _HALF_A_CENT
        if isinstance(value, Decimal)
        else theirs[name] == value
        for name, value in table.answer(facts).outcome.items()
    )
