import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.classify.complaints import SHOP

from amends.engine.classify import (
    NEGATIVE_BELOW,
    POSITIVE_ABOVE,
    RULES,
    SeverityFacts,
    SeverityRule,
    sentiment,
    severity,
)
from amends.engine.contracts import UNSURE


@pytest.mark.parametrize(
    "text",
    [
        "This is terrible",
        "Not good at all",
        "I am not happy",
        "thanks for nothing",
        "Great, but then it broke and nobody helped",
        "still waiting, two hours on hold",
        "😡",
        "your website is DOWN again :(",
        "flight delayed, bag lost",
    ],
)
def test_complaints_are_negative(text: str) -> None:
    assert sentiment([text])[0] < NEGATIVE_BELOW


@pytest.mark.parametrize(
    "text",
    [
        "Excellent service, thank you!",
        "I love it",
        "no problem at all, very helpful staff",
        "👍👍",
        "can't wait to come back, amazing crew :)",
        "The start was slow but the support was fantastic",
    ],
)
def test_praise_is_positive(text: str) -> None:
    assert sentiment([text])[0] > POSITIVE_ABOVE


def test_facts_and_nothing_are_neutral() -> None:
    mild = sentiment(["", None, "my number is 7", "is gate 5 in terminal B"])
    assert (np.abs(mild) <= POSITIVE_ABOVE).all()
    assert (mild[:2] == 0).all()


def test_emphasis_moves_the_score_outwards() -> None:
    plain, very, loud, many = sentiment(
        [
            "the staff was rude",
            "the staff was very rude",
            "the staff was RUDE",
            "the staff was rude!!!",
        ]
    )
    assert very < plain
    assert loud < plain
    assert many < plain
    assert sentiment(["good"])[0] > sentiment(["somewhat good"])[0] > sentiment(["not good"])[0]


@given(st.lists(st.text(max_size=80), max_size=8))
def test_scores_stay_in_range_and_equal_texts_score_equally(texts: list[str]) -> None:
    scores = sentiment([*texts, *texts])
    assert scores.dtype == np.float32
    assert (np.abs(scores) <= 1).all()
    assert (scores[: len(texts)] == scores[len(texts) :]).all()


def _words(text: str, cause: str = "post/late", **facts: object) -> tuple[str, tuple[str, ...]]:
    columns = {name: np.array([value]) for name, value in facts.items()}
    found = severity([text], [cause], SHOP, SeverityFacts(**columns))
    return found.words()[0], found.reasons[0]


def test_severity_starts_at_the_cause() -> None:
    assert _words("late", "post/late") == ("medium", ())
    assert _words("twice", "money/twice") == ("low", ())
    assert _words("refund", "money/refund") == ("high", ())
    assert _words("something", UNSURE) == ("medium", ())


@pytest.mark.parametrize(
    ("text", "level", "reason"),
    [
        ("The charger caught fire next to my bed", "critical", "danger to life or health"),
        ("My daughter got an electric shock", "critical", "danger to life or health"),
        ("my mother is 84 years old and disabled", "high", "a vulnerable customer"),
        ("I will go to the ombudsman", "high", "regulator, police or law is named"),
        ("my lawyers will write to you", "high", "regulator, police or law is named"),
        ("no heating since Monday", "high", "something needed for daily life is missing"),
        ("I will cancel my contract", "high", "the customer threatens to leave"),
        ("I'll tell everyone, newspapers too", "high", "the customer goes public"),
        ("third time this happens", "high", "it is not the first time"),
        ("you owe me 450 euros", "high", "450 are at stake"),
        ("€1.299,00 gone", "high", "1,299 are at stake"),
    ],
)
def test_rules_raise_it_and_say_why(text: str, level: str, reason: str) -> None:
    found, reasons = _words(text)
    assert found == level
    assert reason in reasons


@pytest.mark.parametrize(
    "text",
    ["it is not dangerous, just late", "no smoking area", "a 5 euro voucher", "the case is closed"],
)
def test_harmless_words_do_not(text: str) -> None:
    assert _words(text) == ("medium", ())


def test_steps_do_not_add_up_to_critical() -> None:
    level, reasons = _words("third time, I cancel my contract and tell everyone", "money/refund")
    assert level == "high"
    assert len(reasons) == 3


def test_facts_count_as_words_do() -> None:
    assert _words("late", contacts=3)[0] == "high"
    assert _words("late", contacts=2)[0] == "medium"
    assert _words("late", reopens=1)[0] == "high"
    assert _words("late", "money/twice", is_escalated=True)[0] == "high"
    assert _words("late", "money/twice", loss=5_000.0)[0] == "high"
    assert _words("late", loss=float("nan"))[0] == "medium"


def test_praise_is_low_unless_a_rule_speaks() -> None:
    assert _words("great, thanks", mood=0.8)[0] == "low"
    assert _words("great, but the lamp caught fire", mood=0.8)[0] == "critical"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_phrase_of_the_table_is_found(rule: SeverityRule) -> None:
    for phrase in rule.phrases.split(";"):
        text = " ".join(phrase.split()).replace("*", "s").replace("#", "4")
        reasons = _words(f"well, {text} now")[1]
        assert rule.reason in reasons, phrase
