"""Named conversions: what they read, what they refuse, what counts as nothing."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amends.engine.signals import convert

NOTHING = [None, "", "  ", "N/A", "null"]


@pytest.mark.parametrize(
    ("conversion", "value", "expected"),
    [
        ("text", "  two  words ", "two  words"),
        ("label", " two \n words ", "two words"),
        ("id", " 007 ", "007"),
        ("score:0-10", "9", 9),
        ("score:0-10", "9.0", 9),
        ("score:0-10", "9 - very likely", 9),
        ("score:1-5", "4/5", 4),
        ("score:1-5", "4 stars", 4),
        ("scale:1-10>1-5", "10", 5),
        ("scale:1-10>1-5", "1", 1),
        ("scale:0-100>0-10", "45", 5),
        ("scale:1-7>7-1", "7", 1),
        ("words:good=5,bad=1,offered=", "Good", 5),
        ("words:good=5,bad=1,offered=", "offered", None),
        ("rename:1=email,2=portal", "2", "portal"),
        ("rename:1=email,2=portal", "9", "9"),
        ("plus:-1", "3", 2),
        ("plus:-1", "0", 0),
        ("whole", "12", 12),
        ("number", "1,234.5", 1234.5),
        ("flag", "Yes", True),
        ("flag", "0", False),
        ("money", "€ 1.234,50", Decimal("1234.50")),
        ("money", "$1,234.50", Decimal("1234.50")),
        ("money", "12,5 EUR", Decimal("12.50")),
        ("money", "(12.00)", Decimal("-12.00")),
        ("money", "1234", Decimal("1234.00")),
        ("kind", "QA audit", "qa_audit"),
        ("date:ymd", "2024-01-01", 19723 * 86_400_000_000),
    ],
)
def test_a_value_is_read(conversion: str, value: str, expected: object) -> None:
    values, good = convert(pa.array([value]), conversion)
    if conversion.startswith("date"):
        values = values.cast(pa.int64())
    assert (values.to_pylist(), good.tolist()) == ([expected], [True])


@pytest.mark.parametrize(
    ("conversion", "value"),
    [
        ("score:0-10", "11"),
        ("score:0-10", "-1"),
        ("score:1-5", "4.5"),
        ("score:1-5", "good"),
        ("scale:1-10>1-5", "0"),
        ("words:good=5,bad=1", "fine"),
        ("whole", "-1"),
        ("whole", "1.5"),
        ("flag", "maybe"),
        ("money", "12 or so"),
        ("money", "1e30"),
        ("number", "x1"),
        ("kind", "grumble"),
        ("date:dmy", "2024-01-01"),
    ],
)
def test_a_value_that_does_not_fit_is_told(conversion: str, value: str) -> None:
    values, good = convert(pa.array([value]), conversion)
    assert good.tolist() == [False]
    if conversion != "kind":
        assert values.null_count == 1


@pytest.mark.parametrize(
    "conversion",
    [
        "text",
        "label",
        "score:0-10",
        "scale:1-10>1-5",
        "words:a=1",
        "whole",
        "flag",
        "money",
        "kind",
    ],
)
def test_nothing_is_nothing_and_no_error(conversion: str) -> None:
    values, good = convert(pa.array(NOTHING, pa.string()), conversion)
    assert values.null_count == len(NOTHING)
    assert good.all()


def test_an_unknown_conversion_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"No conversion 'shout'.*money"):
        convert(pa.array(["a"]), "shout")


ANY = [
    "text",
    "label",
    "score:0-10",
    "scale:1-10>1-5",
    "words:a=1,b=",
    "whole",
    "flag",
    "money",
    "kind",
    "number",
    "plus:1",
    "rename:a=b",
    "date:ymd",
    "date:excel",
    "date:epoch-ms",
]


@given(st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=6), st.sampled_from(ANY))
def test_any_text_is_read_or_told(values: list[str | None], conversion: str) -> None:
    converted, good = convert(pa.array(values, pa.string()), conversion)
    assert len(converted) == len(good) == len(values)


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False, allow_infinity=False))
def test_money_is_exact_to_the_cent(amount: Decimal) -> None:
    values, good = convert(pa.array([f"{amount:,.2f}"]), "money")
    assert good.all()
    assert values[0].as_py() == amount
