"""Words: many, different, in voices, and not to be solved by counting them."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.worlds.plays import Told, told

from amends.engine.worlds import read_world
from amends.engine.worlds.grammar import expand
from amends.engine.worlds.voices import slip

WAYS_OF_FAILURE = {
    "plain",
    "negated",
    "contrast",
    "earlier",
    "ironic",
    "mixed",
    "vague",
    "off_topic",
}


def test_no_two_of_a_thousand_are_alike(play_told: Told) -> None:
    words = [text for text in play_told.said["verbatim"].to_pylist() if text]
    assert all(len(set(words[i : i + 1000])) == 1000 for i in range(0, len(words) - 1000, 1000))
    assert len(words) > 4_000


def test_texts_are_whole(play_told: Told) -> None:
    for text in play_told.said["verbatim"].to_pylist():
        if text is not None:
            assert text == text.strip()
            assert len(text) > 1
            assert not re.search(r"[{}\[\]|]| ,|  |\.\.\.\.", text), text


def test_every_cause_is_told_in_every_way(play_told: Told, name: str) -> None:
    causes = Counter(play_told.labels["cause"].to_pylist())
    assert set(causes) - {None} == set(read_world(name).company.causes)
    ways = Counter(play_told.labels["way"].to_pylist())
    assert set(ways) >= WAYS_OF_FAILURE | {"solved", "praise", "question", "shorthand", "audit"}


def test_labels_say_what_the_words_tell(play_told: Told) -> None:
    for row in play_told.labels.to_pylist():
        if row["way"] == "mixed":
            assert len(row["causes"]) == 2
            assert row["causes"][0] == row["cause"]
        elif row["way"] in {"vague", "off_topic", "praise", "question", None}:
            assert row["causes"] == []
        elif row["cause"]:
            assert row["causes"] == [row["cause"]]


def test_customers_write_in_their_own_voices(retailer_told: Told) -> None:
    words = [text for text in retailer_told.said["verbatim"].to_pylist() if text]
    lower = np.mean([text == text.lower() for text in words])
    shouted = np.mean([text == text.upper() and len(text) > 20 for text in words])
    lengths = [len(text.split()) for text in words]
    assert 0.1 < lower < 0.4
    assert 0.002 < shouted < 0.05
    assert np.percentile(lengths, 10) <= 8
    assert np.percentile(lengths, 90) >= 25


def test_negation_hides_the_cause_among_the_words_of_another(retailer_told: Told) -> None:
    said = dict(
        zip(
            retailer_told.labels["signal_id"].to_pylist(),
            retailer_told.labels["way"].to_pylist(),
            strict=True,
        )
    )
    texts = zip(
        retailer_told.said["signal_id"].to_pylist(),
        retailer_told.said["verbatim"].to_pylist(),
        strict=True,
    )
    negated = [text for signal, text in texts if said[signal] == "negated"]
    assert (
        np.mean([bool(re.search(r"\b(not|n't|no|never|but)\b", t.lower())) for t in negated]) > 0.6
    )


def test_another_play_hears_other_templates() -> None:
    first = set(told("retailer", 3_000, 1).said["verbatim"].to_pylist())
    second = set(told("retailer", 3_000, 2).said["verbatim"].to_pylist())
    assert len(first & second) < 0.01 * len(first)


def test_alternatives_may_hold_alternatives() -> None:
    assert expand("a [b|c [d|e]|] f") == ("a b f", "a c d f", "a c e f", "a f")
    assert expand("price[ , really|]: {amount}") == ("price, really: {amount}", "price: {amount}")
    assert len(expand("[a|b|c|d|e] [a|b|c|d|e] [a|b|c|d|e] [a|b|c|d|e]")) == 80


@pytest.mark.parametrize("template", ["a [b", "a ] b", "a [b|c", "a | b"])
def test_a_broken_template_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="bracket"):
        expand(template)


@given(
    st.lists(st.text(max_size=40), min_size=1, max_size=8),
    st.integers(0, 2**64 - 1),
    st.integers(0, 3),
)
def test_slips_leave_valid_text_and_touch_at_most_as_many_letters(
    texts: list[str], seed: int, slips: int
) -> None:
    n = len(texts)
    seeds = np.arange(n, dtype=np.uint64) + np.uint64(seed)
    slipped = slip(pa.array(texts, pa.string()), np.full(n, slips), seeds)
    slipped.validate(full=True)
    for before, after in zip(texts, slipped.to_pylist(), strict=True):
        assert abs(len(before) - len(after)) <= slips
        if slips == 0 or not re.search("[a-z]{3}", before):
            assert before == after
