"""What to do for the customers: a typical case of each matter, through policy and ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import (
    CaseFacts,
    CostAssumption,
    Money,
    Recommendation,
    Severity,
    Taxonomy,
)
from amends.engine.recommend import Recommender
from amends.flows.causes import is_not_delivered

TYPICAL_LOSS: Final = Decimal(30)
TYPICAL_VALUE: Final = Decimal(300)
TYPICAL_TENURE_MONTHS: Final = 24.0


@dataclass(frozen=True, slots=True)
class Adviser:
    """Recommends for typical cases; what the file does not say is assumed, and said."""

    taxonomy: Taxonomy
    currency: str
    ends_at: datetime
    recommender: Recommender

    def typical(self, hit: pa.Table, cause: str) -> Recommendation:
        """Recommend for the typical case among the signals of a cause."""
        return self.recommender.recommend(self._facts(hit, cause))

    def _facts(self, hit: pa.Table, cause: str) -> CaseFacts:
        return CaseFacts(
            case_ref=f"typical {cause}",
            customer_id="",
            opened_at=self.ends_at,
            cause=cause,
            severity=_severity(hit, self.taxonomy, cause),
            region="",
            tier=_commonest(hit["tier"]),
            segment=_commonest(hit["segment"]),
            product=_commonest(hit["product"]),
            channel=_commonest(hit["channel"]),
            tenure_months=TYPICAL_TENURE_MONTHS,
            value_per_year=self._median(hit["value_at_risk"], TYPICAL_VALUE),
            loss=self._median(hit["loss"], TYPICAL_LOSS),
            failures_90_days=0,
            is_rejected=is_not_delivered(cause),
        )

    def _median(self, amounts: pa.ChunkedArray, otherwise: Decimal) -> Money:
        known = amounts.drop_null().cast(pa.float64()).to_numpy()
        amount = Decimal(f"{np.median(known):.2f}") if len(known) else otherwise
        return Money(amount, self.currency)


def assumptions(signals: pa.Table, currency: str) -> tuple[CostAssumption, ...]:
    """Return what is assumed of a typical case because the file does not say it."""
    found = []
    if not _any(signals["loss"]):
        found.append(
            CostAssumption(
                "Loss of a typical case",
                float(TYPICAL_LOSS),
                currency,
                "assumed: no amount of loss is given; map it with --map COLUMN=loss",
            )
        )
    if not _any(signals["value_at_risk"]):
        found.append(
            CostAssumption(
                "Value of a typical customer a year",
                float(TYPICAL_VALUE),
                currency,
                "assumed: no value at risk is given; map it with --map COLUMN=value_at_risk",
            )
        )
    return tuple(found)


def _any(values: pa.ChunkedArray) -> bool:
    return bool(values.null_count < len(values))


def _severity(hit: pa.Table, taxonomy: Taxonomy, cause: str) -> Severity:
    commonest = _commonest(hit["severity"])
    if commonest:
        return Severity(commonest)
    return taxonomy[cause].default_severity if cause in taxonomy else Severity.MEDIUM


def _commonest(values: pa.ChunkedArray) -> str:
    counted: list[Mapping[str, str]] = pc.value_counts(
        values.drop_null().cast(pa.string()).combine_chunks()
    ).to_pylist()
    best = max(counted, key=lambda entry: (entry["counts"], entry["values"]), default=None)
    return best["values"] if best else ""
