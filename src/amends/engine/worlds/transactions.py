"""Business that rates are per: one row per day and slice, `exposure` counts it."""

import numpy as np
import pyarrow as pa

from amends.engine.contracts import SIGNAL_SCHEMA, Kind, signal_id

from .columns import dictionary, timestamps
from .company import Company
from .demand import SECONDS_PER_DAY, Calendar
from .intensity import surge, vendor_shares
from .randomness import Floats, stream


def transactions(company: Company, calendar: Calendar, failures: float, seed: int) -> pa.Table:
    """Return the transactions of the period in time order, with `SIGNAL_SCHEMA`.

    A row stands at midnight of its day (UTC) and has the dimensions region, product and vendor.
    """
    expected = _expected(company, calendar, failures)
    counts = stream(seed, company.name, "transactions").poisson(expected)
    day, region, product, vendor = np.nonzero(counts)
    exposure = counts[day, region, product, vendor].astype(np.float64)
    cell = np.ravel_multi_index((region, product, vendor), counts.shape[1:])
    names = [f"T-{d:04d}-{c:03d}" for d, c in zip(day.tolist(), cell.tolist(), strict=True)]
    spec, n = company.transactions, len(day)
    vendor_names = pa.array([*company.vendors, None]).take(pa.array(vendor))
    at = timestamps(company, day * SECONDS_PER_DAY)
    columns = {
        "signal_id": pa.array([signal_id(spec.source, name) for name in names]),
        "source": _same(spec.source, n),
        "external_id": pa.array(names),
        "version": pa.array(np.ones(n, dtype=np.int32)),
        "kind": _same(Kind.TRANSACTION.value, n),
        "occurred_at": at,
        "received_at": timestamps(company, (day + 1) * SECONDS_PER_DAY),
        "vendor": vendor_names,
        "region": dictionary(region, company.values("region")),
        "product": dictionary(product, company.values("product")),
        "touchpoint": dictionary(np.zeros(n, dtype=np.int64), (spec.touchpoint,)),
        "journey_stage": dictionary(np.zeros(n, dtype=np.int64), (spec.journey_stage,)),
        "exposure": pa.array(exposure),
    }
    return whole(columns, n)


def whole(columns: dict[str, pa.Array], n: int) -> pa.Table:
    """Return a table with `SIGNAL_SCHEMA`; columns that are not given are null."""
    filled = [
        columns[field.name] if field.name in columns else pa.nulls(n, field.type)
        for field in SIGNAL_SCHEMA
    ]
    return pa.table(filled, schema=SIGNAL_SCHEMA)


def _expected(company: Company, calendar: Calendar, failures: float) -> Floats:
    """Return expected transactions, shape (D, regions, products, vendors + 1); last: no vendor."""
    spec = company.transactions
    regions = np.array(list(company.customers.regions.values()))
    vendors = vendor_shares(company) * spec.with_vendor
    none = np.full((len(regions), 1), 1 - spec.with_vendor)
    by_region = (regions / regions.sum())[:, None] * np.concatenate([vendors, none], axis=1)
    daily = calendar.volume / company.days * failures * spec.per_failure
    expected: Floats = np.einsum("d,dp,rv->drpv", daily, calendar.product_share, by_region)
    for decoy in company.decoys:
        mask: Floats = np.ones(expected.shape[1:])
        for axis, dimension in enumerate(("region", "product", "vendor")):
            if dimension in decoy.slice:
                mask = mask * _only(company, dimension, decoy.slice[dimension], axis, mask.shape)
        expected *= 1 + surge(company, decoy)[:, None, None, None] * mask
    return expected


def _only(
    company: Company, dimension: str, value: str, axis: int, shape: tuple[int, ...]
) -> Floats:
    inside = np.zeros(shape[axis])
    inside[company.values(dimension).index(value)] = 1.0
    shaped: Floats = inside.reshape([-1 if i == axis else 1 for i in range(3)])
    return shaped


def _same(value: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(value), n)
