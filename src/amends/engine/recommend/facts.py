"""What policy tables may look at, under the names that their columns use."""

from decimal import Decimal
from typing import Final

from amends.engine.contracts import BadInput, CaseFacts

from .table import Fact

ROLES: Final = ("agent", "team_leader", "manager", "executive")
"""Who may decide, in order of authority."""

COURTESY: Final = frozenset(
    {"segment", "tier", "product", "channel", "region", "tenure_months", "value_per_year", "role"}
)
"""Facts that may change courtesy but never what is owed."""


def case_inputs(facts: CaseFacts, role: str) -> dict[str, Fact]:
    """Return column name → fact of a case; measured facts under their own names.

    Raises
    ------
    BadInput
        The role is unknown, the amounts have two currencies, or a measured fact bears the name of
        another fact.

    """
    if role not in ROLES:
        raise BadInput(f"{role!r} is no role.", remedy=f"Roles are {', '.join(ROLES)}.")
    if facts.loss.currency != facts.value_per_year.currency:
        raise BadInput(
            f"The loss is in {facts.loss.currency}, the value in {facts.value_per_year.currency}.",
            where=f"case {facts.case_ref}",
            remedy="Convert both to one currency.",
        )
    inputs: dict[str, Fact] = {
        "cause": facts.cause,
        "cause_family": facts.cause.partition("/")[0] if facts.cause else None,
        "severity": facts.severity.value,
        "signal_severity": (facts.signal_severity or facts.severity).value,
        "region": facts.region,
        "tier": facts.tier,
        "segment": facts.segment,
        "product": facts.product,
        "channel": facts.channel,
        "tenure_months": Decimal(int(facts.tenure_months * 100)).scaleb(-2),
        "value_per_year": facts.value_per_year,
        "loss": facts.loss,
        "failures_90_days": facts.failures_90_days,
        "is_rejected": facts.is_rejected,
        "is_vulnerable": facts.is_vulnerable,
        "is_regulated": facts.is_regulated,
        "received_on": facts.opened_at.date(),
        "role": role,
    }
    for name, value in facts.measured:
        if name in inputs:
            raise BadInput(
                f"{name} is given twice, as a fact and as measured.",
                where=f"case {facts.case_ref}",
            )
        inputs[name] = value
    return inputs
