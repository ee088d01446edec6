"""A case and its customer as the facts that policy and ranking look at."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from amends.engine.contracts import UNSURE, CaseFacts, Money, Severity
from amends.web.cases.models import Case
from amends.web.intake.models import Customer

MONTH_DAYS: Final = 365.25 / 12

TENURE_MONTHS: Final = 24.0
"""Stands in for a tenure that is not on file. No shipped table asks for it."""
NO_VALUE: Final = Decimal(0)
"""Stands in for a yearly value that is not on file: policy reads 0 as "no limit by value"."""


def facts_of(case: Case, customer: Customer) -> CaseFacts:
    """Return the facts of a case; what is not on file has a stand-in (`assumed` names them)."""
    return CaseFacts(
        case_ref=case.ref,
        customer_id=customer.customer_id,
        opened_at=case.opened_at,
        cause=case.cause or UNSURE,
        severity=Severity(case.severity),
        region=case.region,
        tier=case.tier,
        segment=case.segment,
        product=case.product,
        channel=case.channel,
        tenure_months=_tenure(case, customer),
        value_per_year=Money(_value(case, customer), case.currency),
        loss=Money(Decimal(case.loss), case.currency),
        failures_90_days=case.failures_90_days,
        is_rejected=case.is_rejected,
        is_vulnerable=customer.is_vulnerable,
        is_regulated=case.is_regulated,
        signal_severity=case.signal_severity,
    )


def assumed(case: Case, customer: Customer) -> tuple[str, ...]:
    """Return the names of the facts of `facts_of` that are stand-ins."""
    return tuple(_assumed(case, customer))


def _assumed(case: Case, customer: Customer) -> Iterator[str]:
    if not case.cause:
        yield "cause"
    if customer.since is None:
        yield "tenure_months"
    if not _is_known(case, customer) and not case.value_at_risk:
        yield "value_per_year"


def _tenure(case: Case, customer: Customer) -> float:
    if customer.since is None:
        return TENURE_MONTHS
    return max(0.0, (case.opened_at.date() - customer.since).days / MONTH_DAYS)


def _value(case: Case, customer: Customer) -> Decimal:
    if customer.value_per_year is not None and _is_known(case, customer):
        return max(NO_VALUE, customer.value_per_year)
    return max(NO_VALUE, Decimal(case.value_at_risk))


def _is_known(case: Case, customer: Customer) -> bool:
    """Whether the value is on file in the case's currency: amounts are never mixed."""
    return customer.value_per_year is not None and customer.currency in {"", case.currency}
