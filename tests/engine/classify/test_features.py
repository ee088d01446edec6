import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.classify.complaints import complaints, texts_of

from amends.engine.classify.features import FeatureConfig, fit_features, pieces, tokens

TEXTS = texts_of(complaints(80, 1))
FITTED = fit_features(TEXTS, FeatureConfig())


def test_tokens_keep_contractions_and_marks() -> None:
    assert tokens("Didn’t come, 3 days!?") == ["didn't", "come", "3", "days", "!", "?"]


def test_pieces_mark_the_borders_of_the_word() -> None:
    assert pieces("ab") == [" ab", "ab ", " ab "]
    assert len(pieces("x" * 500)) == len(pieces("x" * 40))


def test_rows_have_two_blocks_of_unit_length() -> None:
    rows = FITTED.transform(TEXTS)
    assert rows.shape == (len(TEXTS), FITTED.width)
    n_whole = len(FITTED.words) + len(FITTED.pair_keys)
    for block in (rows[:, :n_whole], rows[:, n_whole:]):
        assert np.allclose(np.sqrt(block.multiply(block).sum(axis=1)), 1, atol=1e-5)


@given(st.permutations(range(12)))
@settings(max_examples=20)
def test_a_row_does_not_depend_on_its_batch(order: list[int]) -> None:
    some = [*TEXTS[:10], "a word never seen: xylophone", ""]
    alone = [FITTED.transform([text]) for text in some]
    together = FITTED.transform([some[i] for i in order])
    for place, i in enumerate(order):
        assert (alone[i] != together[place]).nnz == 0


@given(st.lists(st.text(max_size=60), max_size=6))
@settings(max_examples=50)
def test_any_text_can_be_fitted_and_transformed(texts: list[str]) -> None:
    fitted = fit_features(texts, FeatureConfig(min_df=1))
    rows = fitted.transform([*texts, "late parcel"])
    assert rows.shape == (len(texts) + 1, fitted.width)
    assert np.isfinite(rows.data).all()


def test_idf_is_the_smooth_one() -> None:
    fitted = fit_features(["late parcel", "late refund", "late again"], FeatureConfig(min_df=1))
    assert fitted.idf[fitted.words["late"]] == pytest.approx(1.0)
    assert fitted.idf[fitted.words["refund"]] == pytest.approx(np.log(4 / 2) + 1)


def test_the_most_frequent_features_stay_when_there_are_too_many() -> None:
    small = fit_features(TEXTS, FeatureConfig(max_words=5, max_pairs=3, max_pieces=7))
    assert (len(small.words), len(small.pair_keys), len(small.piece_ids)) == (5, 3, 7)
    assert small.width == 15


def test_phrases_name_words_and_pairs_but_not_pieces() -> None:
    n_words = len(FITTED.word_list)
    assert FITTED.phrase(0) == FITTED.word_list[0]
    pair = FITTED.phrase(n_words)
    assert pair is not None
    assert len(pair.split()) == 2
    assert FITTED.phrase(FITTED.width - 1) is None
