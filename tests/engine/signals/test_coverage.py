"""What the data hold, and what is plainly said that they cannot say."""

from datetime import UTC, datetime

from tests.engine.signals.raw_tables import make_signals

from amends.engine.signals import coverage, limits

DAY = datetime(2024, 1, 1, tzinfo=UTC)


def test_what_is_there_is_counted() -> None:
    signals = make_signals(
        [
            {
                "occurred_at": DAY,
                "verbatim": "late",
                "customer_id": "c1",
                "nps": 3,
                "product": "fibre",
                "resolution_code": "delay",
                "loss": "3.00",
                "resolved_at": DAY,
            },
            {
                "occurred_at": DAY.replace(day=3),
                "subject": "x",
                "customer_id": "c2",
                "product": "tv",
            },
            {"kind": "transaction", "exposure": 4.0, "occurred_at": DAY, "customer_id": "c3"},
        ]
    )
    seen = coverage(signals)
    assert (seen.n, seen.days, seen.with_text, seen.exposure) == (3, 3, 2, 4.0)
    assert seen.kinds == (("complaint", 2), ("transaction", 1))
    assert seen.scores == (("nps", 1), ("csat", 0), ("ces", 0))
    assert seen.dimensions == (("product", 2),)
    assert seen.has_dates
    assert seen.has_reasons
    assert not seen.with_time_of_day
    assert limits(seen) == ()


def test_what_is_not_there_is_said_with_a_remedy() -> None:
    found = limits(coverage(make_signals([{"verbatim": "late"}, {"verbatim": "rude"}])))
    assert [limit.what.split(",")[0] for limit in found] == [
        "trends and breakdowns",
        "recontact",
        "NPS",
        "time to resolution",
        "rates per order or contact",
        "what the failures cost the customers",
        "where it breaks",
    ]
    assert all(limit.because and limit.remedy for limit in found)


def test_a_few_undated_signals_are_said() -> None:
    rows = [{"occurred_at": DAY}] * 9 + [{}]
    whats = [limit.what for limit in limits(coverage(make_signals(rows)))]
    assert "when 1 of 10 signals happened" in whats


def test_nothing_is_covered_by_nothing() -> None:
    seen = coverage(make_signals([{}]).slice(0, 0))
    assert (seen.n, seen.days, seen.has_dates, seen.has_exposure) == (0, 0, False, False)
