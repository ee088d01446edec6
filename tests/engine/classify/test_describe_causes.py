import numpy as np
import pytest
from tests.engine.classify.complaints import SHOP, causes_of, complaints, texts_of

from amends.engine.classify import describe, read_labels, train
from amends.engine.classify.align import align_codes, are_opaque
from amends.engine.contracts import UNSURE, Taxonomy

ROWS = complaints(400, 11)


def _accuracy(paths: list[str], rows: list[tuple[str, str]]) -> float:
    return float(np.mean([path == cause for path, (_, cause) in zip(paths, rows, strict=True)]))


def test_descriptions_alone_tell_most_causes() -> None:
    classifier = describe(SHOP)
    labels = classifier.label(texts_of(ROWS))
    forced = [labels.causes[b] for b in labels.best]
    assert _accuracy(forced, ROWS) > 0.7
    assert classifier.report.mode == "described"
    assert classifier.report.cv_accuracy is None


def test_the_texts_themselves_teach_it_more() -> None:
    alone = describe(SHOP).label(texts_of(ROWS))
    taught = describe(SHOP, texts_of(ROWS)).label(texts_of(ROWS))
    by_itself = _accuracy([alone.causes[b] for b in alone.best], ROWS)
    by_company = _accuracy([taught.causes[b] for b in taught.best], ROWS)
    assert by_company > 0.9
    assert by_company > by_itself


@pytest.mark.parametrize("corpus", [[], texts_of(ROWS)])
def test_off_topic_and_empty_texts_are_unsure(corpus: list[str]) -> None:
    said = ["bad service", "everything was great, thank you", "", None, "what time do you open?"]
    assert describe(SHOP, corpus).label(said).paths() == [UNSURE] * 5


def test_it_explains_itself() -> None:
    label = describe(SHOP, texts_of(ROWS)).explain("still no refund for the sofa")
    assert label.cause == "money/refund"
    assert any("refund" in reason for reason in label.reasons)


def test_it_is_reproducible() -> None:
    assert (
        describe(SHOP, texts_of(ROWS)).model_version == describe(SHOP, texts_of(ROWS)).model_version
    )
    assert describe(SHOP).model_version != describe(SHOP, texts_of(ROWS)).model_version


def test_labels_are_read_by_path_key_code_words_and_synonyms() -> None:
    given = ["post/late", "lost", "M1", "charged  TWICE", "vanished", "Other", "", None, "zzz"]
    reading = read_labels([*given, *["P1"] * 5], SHOP)
    assert reading.how == "names"
    assert reading.paths[: len(given)] == (
        "post/late",
        "post/lost",
        "money/refund",
        "money/twice",
        "post/lost",
        UNSURE,
        None,
        None,
        None,
    )
    assert dict(reading.unknown) == {"Other": 1, "zzz": 1}


def test_a_scheme_that_shares_a_few_words_with_the_taxonomy_is_one_of_its_own() -> None:
    reading = read_labels(["Lost parcel", "Delayed", "Staff attitude", "Parking"], SHOP)
    assert reading.how == "labels"
    assert len(reading.taxonomy.leaves) == 4


def test_labels_that_differ_in_spelling_only_are_one_cause() -> None:
    reading = read_labels(["Late parcel", "late_parcel", "LATE-PARCEL", "Lost"], None)
    assert reading.how == "labels"
    assert len(reading.taxonomy.leaves) == 2


def test_opaque_codes_are_understood_by_their_texts() -> None:
    code = {"post/late": "10", "post/lost": "20", "money/refund": "30", "money/twice": "40"}
    codes = [code[cause] for cause in causes_of(ROWS)]
    reading = align_codes(texts_of(ROWS), codes, SHOP)
    assert reading is not None
    assert reading.meant == {number: cause for cause, number in code.items()}
    classifier = train(texts_of(ROWS), codes, SHOP)
    assert classifier.taxonomy is SHOP
    assert classifier.label(["where is my refund?"]).paths() == ["money/refund"]


def test_codes_that_spread_over_everything_stand_for_no_cause() -> None:
    code = {"post/late": "10", "post/lost": "20", "money/refund": "30", "money/twice": "40"}
    codes = ["99" if i % 5 == 0 else code[cause] for i, cause in enumerate(causes_of(ROWS))]
    reading = align_codes(texts_of(ROWS), codes, SHOP)
    assert reading is not None
    assert reading.meant["99"] == UNSURE


def test_codes_without_any_pattern_are_not_forced_into_the_taxonomy() -> None:
    rng = np.random.default_rng(12)
    codes = [str(n) for n in rng.integers(10, 20, len(ROWS))]
    assert align_codes(texts_of(ROWS), codes, SHOP) is None


def test_words_are_not_opaque() -> None:
    assert are_opaque(["A10", "B-2", "77", None])
    assert not are_opaque(["late", "lost parcel"])
    assert not are_opaque([None, ""])


def test_a_taxonomy_of_one_leaf_still_answers() -> None:
    one = Taxonomy("one", "One", "1", SHOP.causes[:2])
    assert describe(one).label(["my parcel is three days late"]).causes == ("post/late",)
