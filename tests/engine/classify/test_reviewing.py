"""What reviewers are given: candidates, several causes, corrections that are learnt at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.classify.complaints import SHOP, causes_of, complaints, texts_of

from amends.engine.classify import LearnConfig, correct, describe, told_causes, train
from amends.engine.classify.calibrate import candidates_from, probabilities
from amends.engine.contracts import BadInput

SEEN = complaints(400, 1)
LEARNT = train(texts_of(SEEN), causes_of(SEEN), SHOP)


@given(st.integers(0, 1_000), st.integers(2, 8))
@settings(max_examples=30)
def test_sets_hold_the_right_cause_as_often_as_promised(seed: int, n_causes: int) -> None:
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=(8_000, n_causes)).astype(np.float32)
    share = probabilities(margins.copy(), 2.0)
    # the truth follows other odds than the probabilities claim
    odds = np.cumsum(probabilities(margins.copy(), 1.0).astype(np.float64), axis=1)
    cause = (odds < rng.random((8_000, 1)) * odds[:, -1:]).sum(axis=1)
    least = candidates_from(share[:4_000], cause[:4_000])
    own = share[np.arange(4_000, 8_000), cause[4_000:]]
    assert (own >= least).mean() == pytest.approx(0.95, abs=0.02)


def test_candidates_are_the_likeliest_causes() -> None:
    plain, vague, blank = LEARNT.candidates(["charged twice for the rug", "hello", ""])
    assert plain[0][0] == "money/twice"
    assert len(vague) >= len(plain)
    assert [p for _, p in vague] == sorted((p for _, p in vague), reverse=True)
    assert blank == ()
    assert len(describe(SHOP).candidates(["late"])[0]) == 3


def test_each_cause_of_a_text_has_its_own_mood() -> None:
    text = "Where is my refund for the sofa? Awful. The jacket vanished in the depot on Monday!"
    (told,) = told_causes(LEARNT, [text])
    assert {one.cause for one in told} == {"money/refund", "post/lost"}
    words = {one.cause: one.words for one in told}
    assert words["post/lost"] == "The jacket vanished in the depot on Monday!"
    assert all(-1 <= one.sentiment <= 1 and one.confidence > 0.5 for one in told)
    assert told_causes(LEARNT, [None, "", "hello"]) == [(), (), ()]
    assert len(told_causes(LEARNT, ["charged twice for the rug"])[0]) == 1


def test_the_mood_is_that_of_the_part() -> None:
    text = "Where is my refund for the sofa? The jacket vanished in the depot, this is terrible!"
    (told,) = told_causes(LEARNT, [text])
    mood = {one.cause: one.sentiment for one in told}
    assert mood["post/lost"] < min(mood["money/refund"], 0)


def test_corrections_are_learnt_at_once_and_the_rest_stays() -> None:
    strange = ["the kettle hums the whole night", "the drill hums loudly"]
    before = LEARNT.label(texts_of(SEEN))
    amended = correct(LEARNT, strange * 3, ["money/refund"] * 6)
    labels = amended.label([*strange, "a lamp that hums the whole night"])
    assert [amended.causes[b] for b in labels.best] == ["money/refund"] * 3
    after = amended.label(texts_of(SEEN))
    assert (after.best == before.best).mean() > 0.97
    assert amended.model_version != LEARNT.model_version
    assert any("6 corrections" in note for note in amended.report.notes)
    again = correct(amended, strange, ["money/refund"] * 2)
    assert sum("corrections were learnt" in note for note in again.report.notes) == 1


def test_corrections_that_agree_change_no_label_and_blank_ones_nothing() -> None:
    same = correct(LEARNT, texts_of(SEEN)[:20], causes_of(SEEN)[:20])
    texts = texts_of(complaints(60, 3))
    assert (same.label(texts).best == LEARNT.label(texts).best).all()
    blank = correct(LEARNT, ["", None], ["money/refund"] * 2)
    assert (blank.label(texts).confidence == LEARNT.label(texts).confidence).all()


def test_corrections_that_need_a_training_are_refused() -> None:
    with pytest.raises(BadInput, match="never learnt money/gone"):
        correct(LEARNT, ["gone"], ["money/gone"])
    rows = [(f"broken part number{k} seen by {w}", f"kind{k}") for k in range(450) for w in "ab"]
    many = train(texts_of(rows), causes_of(rows), None, LearnConfig(costs=(0.1,), n_folds=2))
    with pytest.raises(BadInput, match="so many causes"):
        correct(many, ["x"], ["kind1"])


def test_one_example_of_each_cause_is_learnt_and_said() -> None:
    rows = complaints(4, 1)
    few = train(texts_of(rows), causes_of(rows), SHOP)
    assert few.label(["charged twice"]).causes == tuple(leaf.path for leaf in SHOP.leaves)
    assert any("fewer than five" in note for note in few.report.notes)
