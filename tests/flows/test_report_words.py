import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.contracts import Bucket, Interval, Money
from amends.flows.report import words

AT = datetime(2026, 11, 14, 8, 2, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace(words.NBSP, " ")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (words.number(3984), "3,984"),
        (words.number(12.34), "12.3"),
        (words.number(0.0461), "0.0461"),
        (words.number(2.0), "2"),
        (words.number(-0.6), "−0.6"),
        (words.number(-0.001, 0), "0"),
        (words.number(None), "–"),
        (words.number(math.inf), "∞"),
        (words.compact(98_765_432_100), "98.8 bn"),
        (words.compact(99_999), "99,999"),
        (words.signed(34.2, 0), "+34"),
        (words.signed(-0.6), "−0.6"),
        (words.signed(0.0), "±0"),
        (words.percent(0.714), "71.4 %"),
        (words.percent(1.0), "100 %"),
        (words.percent(0.0001), "< 0.1 %"),
        (words.percent(0.0), "0.0 %"),
        (words.percent(None), "–"),
        (words.signed_percent(0.62), "+62 %"),
        (words.signed_percent(-0.153), "−15 %"),
        (words.money(1240.4, "EUR"), "€1,240"),
        (words.money(-3.5, "GBP", cents=True), "−£3.50"),
        (words.money(Money(Decimal(25), "EUR"), cents=True), "€25.00"),
        (words.money(75, "CHF"), "CHF 75"),
        (words.money(75, ""), "75"),
        (words.money(None, "EUR"), "–"),
        (words.times(1.62), "1.6×"),
        (words.level(Interval(0, 1)), "95 %"),
        (words.count(1, "row"), "1 row"),
        (words.count(2104, "row"), "2,104 rows"),
        (words.count(2, "series", "series"), "2 series"),
        (words.day(AT), "14 Nov"),
        (words.day(AT, year=True), "14 Nov 2026"),
        (words.moment(AT, Bucket.HOUR), "14 Nov, 08:02"),
        (words.moment(AT, Bucket.DAY), "14 Nov"),
        (words.period(AT - timedelta(days=21), AT), "24 Oct – 14 Nov 2026"),
        (words.period(AT - timedelta(days=400), AT), "10 Oct 2025 – 14 Nov 2026"),
        (words.period(AT, AT), "14 Nov 2026"),
        (words.period(None, AT), "Undated"),
        (words.span(AT - timedelta(days=27), AT), "28 days"),
        (words.span(AT - timedelta(days=425), AT), "14 months"),
        (words.duration(171), "2 h 51 m"),
        (words.duration(18), "18 m"),
        (words.duration(60 * 76 + 5), "3 d 4 h"),
        (words.every(1825), "once in 5 years"),
        (words.every(30), "once in 30 days"),
        (words.every(math.inf), "practically never"),
        (words.label("journey_stage"), "Journey stage"),
        (words.sentence("no dates"), "No dates."),
        (words.sentence(""), ""),
        (words.join(["a", "b", "c"]), "a, b and c"),
    ],
)
def test_figures_are_written_one_way(written: str, expected: str) -> None:
    assert plain(written) == expected


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_number_keeps_its_sign_and_size(value: float) -> None:
    text = words.number(value)
    read = float(text.replace(",", "").replace("−", "-"))
    assert read == pytest.approx(value, rel=0.06, abs=1e-9)
    assert "e" not in text


@given(st.floats(min_value=0, max_value=1))
def test_a_share_is_never_written_as_none_when_there_is_some(share: float) -> None:
    text = plain(words.percent(share))
    assert text.endswith("%")
    assert share == 0 or text != "0.0 %"
