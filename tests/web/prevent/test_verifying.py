"""Did the fixes work? Judged by rollups where they hold the series, else by the lake."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.web.signals import fill_lake, signal

from amends.engine.contracts import Slice
from amends.web.detect.models import Rollup, Series, slice_text
from amends.web.prevent.costing import price_causes, read_prevented, read_prices
from amends.web.prevent.models import Fix, FixState
from amends.web.prevent.verifying import read_course, read_verification, verify_fixes

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, tzinfo=UTC)
FIX_AT = NOW - timedelta(days=112)
OTHERS = ("billing/charged_twice", "product/defect", "service/long_wait")


def make_fix(**changes: object) -> Fix:
    given = {
        "name": "Second scan",
        "cause": "delivery/lost_parcel",
        "hypothesis": "A second scan finds parcels",
        "proposed_at": FIX_AT - timedelta(days=30),
        "fixed_at": FIX_AT,
    }
    return Fix.objects.create(**(given | changes))


def roll_up(effect: float, causes: tuple[str, ...] = OTHERS, **where: str) -> None:
    """Write 300 days of rollups in which the fixed cause changes by `effect` after the fix."""
    rng = np.random.default_rng(3)
    days = [NOW - timedelta(days=k) for k in range(300, 0, -1)]
    for cause in ("delivery/lost_parcel", *causes):
        is_fixed = cause == "delivery/lost_parcel"
        slices = slice_text(Slice.of({**where, "cause": cause}))
        series = Series.objects.create(measure="complaint_rate", slice=slices)
        series.exposure_of = series
        series.save()
        level = [30 * (1 + effect if is_fixed and day >= FIX_AT else 1) for day in days]
        Rollup.objects.bulk_create(
            Rollup(series=series, starts_at=day, value=float(v), exposure=1000.0)
            for day, v in zip(days, rng.poisson(level), strict=True)
        )


@pytest.mark.parametrize(("effect", "state"), [(-0.5, FixState.VERIFIED), (0.0, FixState.REFUTED)])
def test_verdict(effect: float, state: FixState) -> None:
    fix = make_fix()
    roll_up(effect)
    assert verify_fixes(NOW) == 1
    fix.refresh_from_db()
    told, shown = read_verification(fix), read_course(fix)
    assert fix.state == state
    assert told is not None
    assert told.effect == pytest.approx(effect, abs=0.08)
    assert shown is not None
    assert (shown.source, shown.per) == ("rollups", "transaction")
    after = np.array(shown.actual[shown.n_before :]) / np.array(shown.expected[shown.n_before :])
    assert after.mean() == pytest.approx(1 + effect, abs=0.1)
    assert any("Controls are other branches" in reason for reason in told.reasons)


def test_too_early() -> None:
    fix = make_fix(fixed_at=NOW - timedelta(days=20))
    roll_up(0.0)
    verify_fixes(NOW)
    fix.refresh_from_db()
    told = read_verification(fix)
    assert fix.state == FixState.TOO_EARLY
    assert told is not None
    assert told.effect is None
    assert "Too early" in told.reasons[0]


def test_without_series_it_says_why() -> None:
    fix = make_fix()
    assert verify_fixes(NOW) == 1
    fix.refresh_from_db()
    told = read_verification(fix)
    assert fix.state == FixState.TOO_EARLY
    assert told is not None
    assert "nothing to judge it by" in told.reasons[0]
    assert fix.course is None


def test_only_the_fixes_that_are_in_effect() -> None:
    make_fix(fixed_at=None)
    make_fix(fixed_at=NOW + timedelta(days=3))
    assert verify_fixes(NOW) == 0


def test_causes_that_another_fix_changed_are_no_controls() -> None:
    fix = make_fix()
    make_fix(cause=OTHERS[0], fixed_at=FIX_AT + timedelta(days=30))
    roll_up(-0.5)
    verify_fixes(NOW, [fix.pk])
    fix.refresh_from_db()
    told = read_verification(fix)
    assert told is not None
    assert any(r.startswith("Not used, because another fix") for r in told.reasons)
    assert not any("Charged twice" in r for r in told.reasons if r.startswith("Control:"))


def test_read_from_the_lake_and_priced() -> None:
    """A slice that is not rolled up is read from the lake; what it prevents is estimated."""
    rng = np.random.default_rng(7)
    rows: list[dict[str, object]] = []
    for k in range(300, 0, -1):
        day = NOW - timedelta(days=k)
        rows.append({"kind": "transaction", "occurred_at": day, "exposure": 500.0})
        for cause in ("delivery/lost_parcel", *OTHERS):
            is_fixed = cause == "delivery/lost_parcel" and day >= FIX_AT
            rows += [
                {
                    "kind": "complaint",
                    "occurred_at": day + timedelta(hours=3),
                    "cause": cause,
                    "vendor": "swift",
                    "customer_id": f"{k}",
                    "loss": 20,
                    "currency": "USD",
                }
                for _ in range(rng.poisson(6 * (0.4 if is_fixed else 1)))
            ]
    fill_lake([signal(**row) for row in rows])
    fix = make_fix(slice={"vendor": "swift"})
    verify_fixes(NOW)
    fix.refresh_from_db()
    shown, prevented = read_course(fix), read_prevented(fix)
    assert fix.state == FixState.VERIFIED
    assert shown is not None
    assert shown.source == "lake"
    assert prevented is not None
    assert prevented.currency == "USD"
    assert 0 < prevented.low < prevented.amount < prevented.high
    assert prevented.days == 90

    prices = read_prices(price_causes(NOW))
    assert {c.cause for c in prices.causes} == {"delivery/lost_parcel", *OTHERS}
    assert prices.currency == "USD"


def test_nothing_to_price() -> None:
    assert read_prices(price_causes(NOW)).causes == ()
