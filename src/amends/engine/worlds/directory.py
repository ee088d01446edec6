"""The customer directory of a play: who the customers are that its signals name."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta

from amends.engine.contracts import MONEY

from .columns import dictionary, money
from .company import Company, Spec
from .population import Population
from .randomness import Ints, mix, pick
from .reading import load_yaml

NAMES: Final = Path(__file__).parent / "names" / "people.yaml"
_DAYS_PER_MONTH: Final = 365.25 / 12
_VALUE: Final = pa.dictionary(pa.int32(), pa.string())
CUSTOMER_SCHEMA: Final = pa.schema(
    [
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("tier", _VALUE),
        pa.field("segment", _VALUE),
        pa.field("region", _VALUE),
        pa.field("since", pa.date32()),
        pa.field("value_per_year", MONEY),
        pa.field("is_vulnerable", pa.bool_()),
    ]
)
"""`since`: first day as a customer; `value_per_year`: in the company's currency."""


class _People(Spec, frozen=True):
    given: Annotated[tuple[str, ...], Meta(min_length=1)]
    family: Annotated[tuple[str, ...], Meta(min_length=1)]


def customer_ids(customers: Ints) -> list[str]:
    """Return the names of customers in signals."""
    return [f"C{c:06d}" for c in customers.tolist()]


def customers(company: Company, people: Population) -> pa.Table:
    """Return the customers of a play with `CUSTOMER_SCHEMA`, in the order of their ids."""
    number = np.arange(len(people))
    columns = [
        pa.array(customer_ids(number), pa.string()),
        _names(number),
        dictionary(people.tier, company.values("tier")),
        dictionary(people.segment, company.values("segment")),
        dictionary(people.region, company.values("region")),
        _since(company, people),
        money(people.value_cents, np.ones(len(people), dtype=bool)),
        pa.array(people.is_vulnerable),
    ]
    return pa.table(columns, schema=CUSTOMER_SCHEMA)


def _names(number: Ints) -> pa.Array:
    """Return a name for each customer, the same in every play."""
    people = _people()
    seeds = mix(number.astype(np.uint64), 0)
    names = [f"{given} {family}" for given in people.given for family in people.family]
    return pa.array(names, pa.string()).take(pa.array(pick(seeds, 1, len(names))))


def _since(company: Company, people: Population) -> pa.Array:
    """Return first days: the tenure is that of the first day of the period."""
    first = np.datetime64(company.period.first, "D")
    held = np.round(people.tenure_months * _DAYS_PER_MONTH).astype("timedelta64[D]")
    return pa.array(first - held, pa.date32())


@cache
def _people() -> _People:
    return msgspec.convert(load_yaml(NAMES), _People)
