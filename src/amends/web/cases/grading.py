"""How severe a case is: what its signal told, and what policy makes of that and of the customer."""

from amends.engine.contracts import Severity
from amends.engine.recommend import Policy
from amends.web.cases.facts import facts_of
from amends.web.cases.models import Case, Entry, Happening
from amends.web.intake.models import Customer


def grade(case: Case, customer: Customer, told: Severity, policy: Policy) -> Entry | None:
    """Set the severity of a new case; return the entry that says why it is not as told, not saved.

    Everything else that policy looks at must be set already.
    """
    case.severity, case.signal_severity = told.value, told
    ruling = policy.severity(facts_of(case, customer))
    decided = Severity(str(ruling.outcome["severity"]))
    if decided is told:
        return None
    case.severity = decided.value
    return Entry(
        case=case,
        at=case.opened_at,
        kind=Happening.STATE,
        title=f"Severity {decided.value} instead of {told.value}",
        body=f"{ruling.note or ruling.row} (policy table severity, version {ruling.version})",
        by_robot=True,
    )
