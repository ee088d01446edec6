import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.classify.complaints import SHOP, causes_of, complaints, texts_of

from amends.engine.classify import LearnConfig, train
from amends.engine.classify.calibrate import (
    calibration_error,
    fit_sharpness,
    macro_f1,
    probabilities,
    threshold_for,
)
from amends.engine.contracts import UNSURE, BadInput

SEEN = complaints(400, 1)
HELD_OUT = complaints(200, 2)
LEARNT = train(texts_of(SEEN), causes_of(SEEN), SHOP)


def test_it_learns_the_causes_of_new_texts() -> None:
    labels = LEARNT.label(texts_of(HELD_OUT))
    right = [path == cause for path, (_, cause) in zip(labels.paths(), HELD_OUT, strict=True)]
    assert np.mean(right) > 0.95
    assert set(labels.causes) == {leaf.path for leaf in SHOP.leaves}


def test_the_report_says_how_good_it_is() -> None:
    report = LEARNT.report_on(LEARNT.label(texts_of(HELD_OUT)))
    assert report.mode == "learnt"
    assert report.taxonomy == "shop"
    assert (report.n_texts, report.n_training) == (200, 400)
    assert 190 <= report.n_labelled <= 200
    assert report.cv_accuracy is not None
    assert report.cv_accuracy > 0.95
    assert report.cv_macro_f1 is not None
    assert report.cv_macro_f1 > 0.95


def test_the_same_text_gets_the_same_label_whatever_the_batch() -> None:
    texts = texts_of(HELD_OUT)[:40]
    together = LEARNT.label(texts)
    shuffled = LEARNT.label(texts[::-1] + texts_of(SEEN))
    for i, text in enumerate(texts):
        alone = LEARNT.label([text])
        assert alone.best[0] == together.best[i] == shuffled.best[39 - i]
        assert alone.confidence[0] == together.confidence[i] == shuffled.confidence[39 - i]


def test_what_says_nothing_is_unsure() -> None:
    labels = LEARNT.label(["", None, "   ", "\x00", "<br>", "😡😡"])
    assert labels.paths() == [UNSURE] * 6
    assert (labels.best[:5] == -1).all()
    assert LEARNT.label(["bad service", "thanks, all good"]).paths() == [UNSURE] * 2


def test_reasons_are_phrases_of_the_text() -> None:
    label = LEARNT.explain("Hello, where is my refund for the tent?")
    assert label.cause == "money/refund"
    assert label.confidence > 0.8
    assert label.runner_up in {leaf.path for leaf in SHOP.leaves} - {"money/refund"}
    assert any("refund" in reason for reason in label.reasons)
    assert LEARNT.explain("").reasons == ()


def test_training_is_reproducible_and_the_version_tells_models_apart() -> None:
    again = train(texts_of(SEEN), causes_of(SEEN), SHOP)
    other = train(texts_of(SEEN)[:-4], causes_of(SEEN)[:-4], SHOP)
    assert again.model_version == LEARNT.model_version
    assert other.model_version != LEARNT.model_version


def test_labels_that_are_no_causes_of_the_taxonomy_become_one() -> None:
    rows = complaints(120, 3, ("post/late", "money/twice"))
    names = {"post/late": "Slow!", "money/twice": "Paid double"}
    classifier = train(texts_of(rows), [names[c] for c in causes_of(rows)], SHOP)
    assert set(classifier.causes) == {"slow", "paid_double"}
    assert classifier.taxonomy.label("paid_double") == "Paid double"
    assert classifier.label(["charged twice for the rug"]).paths() == ["paid_double"]


def test_rare_causes_are_kept_and_reported() -> None:
    rows = [*complaints(100, 4, ("post/late", "post/lost")), ("charged twice", "money/twice")]
    classifier = train(texts_of(rows), causes_of(rows), None)
    assert "money_twice" in classifier.causes
    assert any("fewer than five" in note for note in classifier.report.notes)


def test_contradictory_duplicates_are_reported() -> None:
    rows = complaints(100, 5)
    torn = [*rows, ("again the same thing", "post/late"), ("again the same thing", "post/lost")]
    notes = train(texts_of(torn), causes_of(torn), SHOP).report.notes
    assert any("1 texts carry different labels" in note for note in notes)


def test_noisy_codes_are_beaten_and_their_noise_is_estimated() -> None:
    rng = np.random.default_rng(6)
    rows = complaints(600, 6)
    truth = causes_of(rows)
    names = sorted(set(truth))
    slipped = rng.random(len(truth)) < 0.15
    codes = [str(rng.choice(names)) if s else t for s, t in zip(slipped, truth, strict=True)]
    classifier = train(texts_of(rows), codes, SHOP)
    by_code = np.mean([c == t for c, t in zip(codes, truth, strict=True)])
    labels = classifier.label(texts_of(rows), codes=codes)
    by_model = np.mean([p == t for p, t in zip(labels.paths(), truth, strict=True)])
    assert by_code < 0.92
    assert by_model > 0.97
    assert classifier.codebook is not None
    assert abs(classifier.codebook.trust - by_code) < 0.04


def test_human_reasons_stand_and_codes_fill_what_is_unsure() -> None:
    rows = complaints(100, 7, ("post/late", "money/twice"))
    own = train(texts_of(rows), [c.replace("/", " ") for c in causes_of(rows)], None)
    given = own.label(["charged twice for the rug"], codes=["post late"])
    assert given.paths() == ["post_late"]
    coded = LEARNT.label(["it happened again", "charged twice for the rug"], codes=["P2", "P2"])
    meant = train(texts_of(SEEN), ["P2" if c == "post/lost" else c for c in causes_of(SEEN)], SHOP)
    coded = meant.label(["it happened again", "charged twice for the rug"], codes=["P2", "P2"])
    assert coded.paths() == ["post/lost", "money/twice"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([""] * 60, "No text has a label"),
        (["late"] * 60, "All labels are the same"),
        ([f"case {i}" for i in range(60)], "identifiers, not causes"),
    ],
)
def test_labels_that_cannot_be_learnt_from_are_refused(labels: list[str], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        train(texts_of(complaints(60, 8)), labels, None)


def test_five_thousand_classes_are_learnt_by_their_means() -> None:
    rows = [(f"broken part number{k} seen by {w}", f"kind{k}") for k in range(5_000) for w in "ab"]
    classifier = train(texts_of(rows), causes_of(rows), None, LearnConfig(costs=(0.1,), n_folds=2))
    assert len(classifier.causes) == 5_000
    labels = classifier.label(["broken part number77 seen", "number4321 broken"])
    assert [classifier.causes[b] for b in labels.best] == ["kind77", "kind4321"]


def test_texts_and_labels_must_match() -> None:
    with pytest.raises(ValueError, match="2 texts, 1 labels"):
        train(["a", "b"], ["x"], None)


@given(st.integers(2, 6), st.integers(0, 1_000), st.floats(0.2, 5))
@settings(max_examples=40)
def test_sharpness_is_found_again(n_causes: int, seed: int, sharpness: float) -> None:
    rng = np.random.default_rng(seed)
    margins = rng.normal(size=(4_000, n_causes)).astype(np.float32)
    share = probabilities(margins, sharpness).astype(np.float64)
    draws = rng.random((4_000, 1)) * share.sum(axis=1, keepdims=True)
    cause = (share.cumsum(axis=1) < draws).sum(axis=1)
    found = fit_sharpness(margins, cause)
    assert found == pytest.approx(sharpness, rel=0.25, abs=0.1)


@given(st.integers(0, 1_000), st.floats(0.5, 0.95))
@settings(max_examples=40)
def test_above_the_threshold_labels_are_as_right_as_asked(seed: int, precision: float) -> None:
    rng = np.random.default_rng(seed)
    confidence = rng.random(2_000).astype(np.float32)
    is_right = rng.random(2_000) < confidence
    threshold = threshold_for(confidence, is_right, precision)
    sure = confidence >= threshold
    assert threshold >= 0.5
    assert is_right[sure].mean() >= precision - 0.02


def test_scores_of_known_cases() -> None:
    truth = np.array([0, 0, 1, 2])
    assert macro_f1(truth, truth) == 1.0
    assert macro_f1(np.array([0, 0, 0, 0]), truth) == pytest.approx((2 * 2 / 6) / 3)
    certain = np.ones(4, np.float32)
    assert calibration_error(certain, np.array([True] * 4)) == 0
    assert calibration_error(certain, np.array([True, True, False, False])) == pytest.approx(0.5)
