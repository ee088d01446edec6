"""How bad a breakdown is: harm if ignored, with its reasons in words."""

from decimal import Decimal

from amends.engine.contracts import Money, Severity

from .breakdowns import Finding

_PER_DAY = ((100.0, 3), (20.0, 2), (5.0, 1))
_EXCESS = ((300.0, 3), (60.0, 2), (15.0, 1))
_RATIOS = ((5.0, 2), (2.0, 1))
_VALUES = ((Decimal(250_000), 3), (Decimal(50_000), 2), (Decimal(5_000), 1))
_CUSTOMERS = ((1_000, 3), (200, 2), (40, 1))


def severity_of(
    finding: Finding,
    *,
    bucket_days: float,
    customers: int | None = None,
    value_at_risk: Money | None = None,
    worst_cause: Severity | None = None,
) -> tuple[Severity, tuple[str, ...]]:
    """Return the severity and why: size, how many times the usual, people, money, cause.

    The worst single point decides, so that one large harm is not averaged away. Size is the excess
    a day, as far as the excess in all bears it out: eleven signals in one bad hour are no flood. A
    ratio counts for no more than one step above the size and never makes more than "high". A cause
    of critical severity makes any confirmed rise critical.
    """
    days = max((finding.last - finding.onset + 1) * bucket_days, bucket_days)
    per_day = finding.excess / days
    size = min(_rank(per_day, _PER_DAY), _rank(finding.excess, _EXCESS))
    more = "fewer" if finding.falls else "more"
    times = f"{finding.evidence.ratio:.1f} times the usual"
    points: list[tuple[int, str]] = [
        (size, f"{finding.excess:,.0f} {more} than expected, {per_day:,.1f} a day"),
        (min(_rank(finding.times_usual, _RATIOS), size + 1), times),
    ]
    if customers is not None:
        points.append((_rank(customers, _CUSTOMERS), f"{customers:,} customers hit"))
    if value_at_risk is not None:
        worth = f"{value_at_risk.amount:,.0f} {value_at_risk.currency} at risk"
        points.append((_rank(value_at_risk.amount, _VALUES), worth))
    if worst_cause is not None:
        points.append((worst_cause.rank, f"its main cause is of {worst_cause.value} severity"))
    rank = max(rank for rank, _ in points)
    reasons = [why for points_of, why in sorted(points, key=lambda p: -p[0]) if points_of == rank]
    rest = [why for points_of, why in points if 0 < points_of < rank]
    return list(Severity)[rank], tuple(reasons + rest)


def _rank(value: float | Decimal, steps: tuple[tuple[float | Decimal, int], ...]) -> int:
    return next((rank for limit, rank in steps if value >= limit), 0)
