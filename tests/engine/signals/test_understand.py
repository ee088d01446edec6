"""What a person would say that each column means."""

import numpy as np
import pytest
from tests.engine.signals.raw_tables import meanings, raw_table

from amends.engine.contracts import BadInput, FieldMap, Kind, Preset, RawTable
from amends.engine.signals import understand

N = 60
TEXTS = [f"the parcel number {i} came late and nobody called me back" for i in range(N)]
DAYS = [f"2024-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(N)]


def cycle(*values: str) -> list[str]:
    return [values[i % len(values)] for i in range(N)]


def test_airline_tweets_are_understood_by_their_names() -> None:
    raw = raw_table(
        {
            "tweet_id": [f"5675882788752138{i:02}" for i in range(N)],
            "airline_sentiment": cycle("neutral", "negative"),
            "negativereason": cycle("Late Flight", "Lost Luggage", "Rude"),
            "airline": cycle("Northern", "Southern"),
            "text": TEXTS,
            "tweet_created": [f"{day} 23:36:05 -0800" for day in DAYS],
            "user_timezone": cycle("Sydney", "Berlin"),
        }
    )
    assert meanings(raw) == {
        "tweet_id": "external_id",
        "airline_sentiment": None,
        "negativereason": "resolution_code",
        "airline": "vendor",
        "text": "verbatim",
        "tweet_created": "occurred_at",
        "user_timezone": None,
    }
    understood = understand(raw)
    assert understood.kind is Kind.SOCIAL
    assert "tweet_id" in understood.kind_because


def test_reviews_keep_their_rating_until_told_what_it_is() -> None:
    raw = raw_table(
        {
            "AirlineName": cycle("Northern", "Southern"),
            "CabinType": cycle("Economy", "First"),
            "DatePub": cycle("26th November 2017", "3rd May 2016", "1st July 2015"),
            "OriginCountry": cycle("Germany", "Japan"),
            "OverallScore": cycle("1.0", "10.0", "7.0"),
            "Review": TEXTS,
            "Title": [f"never again {i} really" for i in range(N)],
            "TravelType": cycle("Business", "Family"),
            "unique_id": [f"5d05c354-aa1b-461e-ab69-f48e88dd30{i:02}" for i in range(N)],
        },
        file="airline_reviews.csv",
    )
    assert meanings(raw) == {
        "AirlineName": "vendor",
        "CabinType": "product",
        "DatePub": "occurred_at",
        "OriginCountry": "region",
        "OverallScore": None,
        "Review": "verbatim",
        "Title": "subject",
        "TravelType": "segment",
        "unique_id": "external_id",
    }
    [score] = [c for c in understand(raw).columns if c.column == "OverallScore"]
    assert "numbers from 1 to 10" in score.detail
    assert "--map OverallScore=csat" in score.detail
    [told] = [
        c for c in understand(raw, told={"overallscore": "csat"}).columns if c.field == "csat"
    ]
    assert (told.column, told.convert) == ("OverallScore", "scale:1-10>1-5")
    assert "1–10 moved to 1–5" in told.detail


def test_tickets_without_dates_are_text_and_a_coded_reason() -> None:
    raw = raw_table(
        {"Description": TEXTS, "Category": cycle("Network", "Database")}, file="tickets.csv"
    )
    understood = understand(raw)
    assert [c.field for c in understood.columns] == ["verbatim", "resolution_code"]
    assert "classify learns from it" in understood.columns[1].detail
    assert (understood.kind, understood.kind_because) == (Kind.TICKET, "the name 'tickets'")


def test_unnamed_columns_are_understood_by_what_they_hold() -> None:
    raw = raw_table(
        {
            "column_1": [f"{i:08x}-aa1b-461e-ab69-f48e88dd3000" for i in range(N)],
            "column_2": DAYS,
            "column_3": cycle("yes", "no"),
            "column_4": TEXTS,
            "column_5": [str(1_600_000_000 + i) for i in range(N)],
        }
    )
    assert meanings(raw) == {
        "column_1": "external_id",
        "column_2": "occurred_at",
        "column_3": None,
        "column_4": "verbatim",
        "column_5": None,
    }
    assert {c.how for c in understand(raw).columns} == {"content", "attribute"}


def test_a_name_does_not_count_when_the_values_do_not_fit() -> None:
    raw = raw_table(
        {"date": cycle("soon", "later"), "nps": cycle("a", "b"), "id": cycle("1", "2"), "c": TEXTS}
    )
    assert meanings(raw) == {"date": None, "nps": None, "id": None, "c": "verbatim"}


def test_numbers_and_birthdays_are_no_date_of_a_signal() -> None:
    raw = raw_table(
        {
            "handling time": [str(30_000 + i) for i in range(N)],
            "date of birth": DAYS,
            "due date": DAYS,
            "phone number": [f"0123456{i:03}" for i in range(N)],
            "c": TEXTS,
        }
    )
    assert {name for name, field in meanings(raw).items() if field} == {"c"}
    assert meanings(raw_table({"created": [str(1_700_000_000 + i) for i in range(N)]})) == {
        "created": "occurred_at"
    }


def test_scores_are_recognised_with_their_scale() -> None:
    raw = raw_table(
        {
            "NPS score": cycle("0", "9", "10"),
            "Customer Satisfaction": cycle("20", "85", "100"),
            "Effort score": cycle("1", "7", "4"),
            "comment": TEXTS,
        }
    )
    columns = {c.field: c for c in understand(raw).columns}
    assert columns["nps"].convert == "score:0-10"
    assert columns["csat"].convert == "scale:0-100>1-5"
    assert columns["ces"].convert == "score:1-7"
    assert understand(raw).kind is Kind.SURVEY
    worded = raw_table({"satisfaction": cycle("Very satisfied", "Dissatisfied"), "c": TEXTS})
    assert meanings(worded)["satisfaction"] == "csat"


def test_money_carries_its_currency() -> None:
    raw = raw_table({"amount": cycle("€ 12,50", "€ 1.000,00"), "text": TEXTS})
    [column] = [c for c in understand(raw).columns if c.field == "loss"]
    assert (column.convert, column.detail) == ("money:EUR", "amounts EUR")


def test_told_overrules_name_and_content() -> None:
    raw = raw_table({"text": TEXTS, "other": [*TEXTS[1:], "x"], "date": DAYS})
    assert meanings(raw, other="verbatim") == {
        "text": None,
        "other": "verbatim",
        "date": "occurred_at",
    }
    assert meanings(raw, date="attribute")["date"] is None
    [column] = [
        c
        for c in understand(raw, told={"date": "resolved_at:date:ymd"}).columns
        if c.field == "resolved_at"
    ]
    assert (column.how, column.convert) == ("told", "date:ymd")
    assert understand(raw, kind=Kind.NOTE).kind is Kind.NOTE


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"nothing": "nps"}, "no column 'nothing'.*text, date"),
        ({"text": "colour"}, "'colour' is no field.*verbatim"),
        ({"text": "nps"}, "cannot be read as nps: it holds 'the parcel"),
        ({"text": "occurred_at"}, "cannot be read as occurred_at"),
        ({"date": "occurred_at:date:klingon"}, "is no conversion"),
        ({"date": "occurred_at:shout"}, "is no conversion"),
        ({"text": "nps:score:0-x"}, "is no conversion"),
    ],
)
def test_what_was_told_wrongly_is_refused(told: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput, match=message) as refusal:
        understand(raw_table({"text": TEXTS, "date": DAYS}), told=told)
    assert refusal.value.remedy


def test_a_file_with_no_text_score_or_date_is_refused() -> None:
    raw = raw_table({"gender": cycle("f", "m"), "tenure": [str(i) for i in range(N)]})
    with pytest.raises(BadInput, match=r"nothing to analyse.*gender.*--map"):
        understand(raw)


def test_one_row_is_understood() -> None:
    raw = raw_table({"date": ["2024-05-01"], "comment": ["late again"], "product": ["fibre"]})
    assert list(meanings(raw).values()) == ["occurred_at", "verbatim", "product"]


def test_samples_show_no_personal_data_and_are_short() -> None:
    raw = raw_table({"comment": [f"mail me: jo{i}@x.example {'long ' * 40}" for i in range(N)]})
    [column] = understand(raw).columns
    assert column.filled == N
    assert all("[e-mail]" in sample and len(sample) <= 80 for sample in column.samples)


SHOP = Preset(
    name="shop",
    title="Shop",
    kind=Kind.SURVEY,
    fingerprint=("Ref",),
    fields=(
        FieldMap("external_id", "Ref", "id"),
        FieldMap("occurred_at", "When", "date"),
        FieldMap("nps", "Points", "score:0-10", when="Asked=nps"),
        FieldMap("csat", "Points", "score:1-5", when="Asked=csat"),
        FieldMap("verbatim", "Words", "text"),
    ),
)


def shop_table(**changes: list[str]) -> RawTable:
    columns = {
        "ref": [f"R{i}" for i in range(N)],
        "when": DAYS,
        "points": cycle("5", "9"),
        "asked": cycle("csat", "nps"),
        "words": TEXTS,
    }
    return raw_table({**columns, **changes})


def test_a_preset_decides_and_one_column_may_fill_two_fields() -> None:
    understood = understand(shop_table(), SHOP)
    assert understood.preset == "shop"
    assert [(c.column, c.field, c.when) for c in understood.columns if c.column == "points"] == [
        ("points", "nps", "Asked=nps"),
        ("points", "csat", "Asked=csat"),
    ]
    assert (understood.kind, understood.kind_because) == (Kind.SURVEY, "the preset shop")


def test_a_column_that_does_not_fit_its_preset_is_said_to() -> None:
    understood = understand(shop_table(when=cycle("soon", "later")), SHOP)
    [when] = [c for c in understood.columns if c.column == "when"]
    assert when.field is None
    assert "the preset reads occurred_at here, but the values do not fit" in when.detail


def test_told_overrules_a_preset() -> None:
    understood = understand(shop_table(), SHOP, told={"Words": "subject"})
    assert understood.column_of("subject") == "words"
    assert understood.column_of("verbatim") is None


def test_questions_in_metadata_rows_say_what_their_columns_mean() -> None:
    preset = Preset("q", "Q", Kind.SURVEY, ("Q1",), (), skip_rows=2)
    columns = {
        "Q1": ["How likely are you to recommend us?", '{"id":1}', *cycle("9", "10", "0")],
        "Q2": ["What could we do better?", '{"id":2}', *TEXTS],
    }
    raw = raw_table(columns)
    understood = understand(raw, preset)
    assert understood.column_of("nps") == "Q1"
    assert understood.column_of("verbatim") == "Q2"
    assert {c.filled for c in understood.columns} == {N}


def test_understanding_does_not_depend_on_the_order_of_the_rows() -> None:
    raw = shop_table()
    order = np.random.default_rng(1).permutation(N)
    shuffled = RawTable(raw.file, "csv", "utf-8", ",", raw.columns.take(order), raw.rows[order])
    assert [(c.column, c.field, c.convert) for c in understand(shuffled).columns] == [
        (c.column, c.field, c.convert) for c in understand(raw).columns
    ]
