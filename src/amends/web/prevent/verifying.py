"""Did the fixes work? Every fix with a date is judged anew: by its series, against others."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction

from amends.engine.contracts import MEASURES, Floats, Verdict, Verification, as_datetime
from amends.engine.prevent import course, verify
from amends.web.prevent.costing import price_fixes
from amends.web.prevent.models import Fix, FixState
from amends.web.prevent.series import Evidence, evidence_of
from amends.web.ui.live import publish

TOPIC = "fixes"
_STATES = {
    Verdict.VERIFIED: FixState.VERIFIED,
    Verdict.REFUTED: FixState.REFUTED,
    Verdict.TOO_EARLY: FixState.TOO_EARLY,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The series around a fix, as the page draws it: one value per week."""

    starts: list[datetime]
    actual: list[float]
    expected: list[float]
    n_before: int
    days: float
    source: str
    """Where it was read: "rollups" or "lake"."""
    per: str
    """What a value is per."""


def verify_fixes(now: datetime, fixes: list[int] | None = None) -> int:
    """Judge the fixes that have a date, all or those with the ids given.

    Stores verdict, effect and reasons (`Fix.verification`), the series around the fix, and what a
    verified one is estimated to prevent in a year. What cannot be judged has a verification of
    "too early" whose reasons say why.

    Returns
    -------
    int
        How many were judged.

    """
    every = list(Fix.objects.filter(fixed_at__isnull=False, fixed_at__lte=now))
    wanted = [fix for fix in every if fixes is None or fix.pk in fixes]
    for fix in wanted:
        _judge(fix, evidence_of(fix, now, every), now)
    price_fixes(wanted, now)
    if wanted:
        with transaction.atomic():
            fields = ["state", "verification", "course", "prevented", "verified_at"]
            Fix.objects.bulk_update(wanted, fields)
            publish(TOPIC)
    return len(wanted)


def read_verification(fix: Fix) -> Verification | None:
    """Return what was last judged of a fix."""
    if fix.verification is None:
        return None
    return msgspec.convert(fix.verification, Verification)


def read_course(fix: Fix) -> Shown | None:
    """Return the series around a fix."""
    return None if fix.course is None else msgspec.convert(fix.course, Shown)


def _judge(fix: Fix, evidence: Evidence, now: datetime) -> None:
    at = fix.fixed_at or now
    if evidence.series is None:
        found = _nothing(at, evidence.because)
    else:
        found = verify(evidence.series, at)
    told: dict[str, Any] = msgspec.to_builtins(found)
    told["reasons"] = [*told["reasons"], *evidence.notes]
    fix.verification, fix.verified_at = told, now
    fix.state = _STATES[found.verdict]
    fix.course = _shown(evidence, at, fix.measure)


def _nothing(at: datetime, because: str) -> Verification:
    return Verification(Verdict.TOO_EARLY, None, None, None, at, 0, 0, None, (because,))


def _shown(evidence: Evidence, at: datetime, measure: str) -> dict[str, Any] | None:
    series = evidence.series
    drawn = None if series is None else course(series, at)
    if drawn is None:
        return None
    shown = Shown(
        starts=[as_datetime(start) for start in drawn.starts],
        actual=_rounded(drawn.actual),
        expected=_rounded(drawn.expected),
        n_before=drawn.n_before,
        days=drawn.block_days,
        source=evidence.source,
        per=MEASURES[measure].per,
    )
    written: dict[str, Any] = msgspec.to_builtins(shown)
    return written


def _rounded(values: Floats) -> list[float]:
    return [float(f"{v:.6g}") for v in values.tolist()]
