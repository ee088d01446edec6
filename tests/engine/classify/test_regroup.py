"""A classifier follows its taxonomy: what moves keeps its probability, and figures add up."""

import numpy as np
import pytest
from tests.engine.classify.complaints import SHOP, causes_of, complaints, texts_of

from amends.engine.classify import correct, describe, regroup, train
from amends.engine.contracts import Cause, Change, merge, move, retire, reword, split, unchanged
from amends.flows.learning import Lesson, dump_classifier, learn_anew, load_classifier

SEEN = complaints(400, 1)
TEXTS = texts_of(SEEN)
LEARNT = train(TEXTS, causes_of(SEEN), SHOP)
BOTH = merge(SHOP, ["post/lost"], into="post/late")


def test_merged_causes_are_as_likely_as_both_were() -> None:
    one = regroup(LEARNT, BOTH)
    before, after = LEARNT.probabilities(TEXTS), one.probabilities(TEXTS)
    at = {path: k for k, path in enumerate(LEARNT.causes)}
    assert set(one.causes) == {"post/late", "money/refund", "money/twice"}
    together = before[:, [at["post/late"], at["post/lost"]]].sum(axis=1)
    np.testing.assert_allclose(after[:, one.causes.index("post/late")], together, rtol=1e-6)
    np.testing.assert_allclose(after.sum(axis=1), before.sum(axis=1), rtol=1e-5)
    assert one.model_version != LEARNT.model_version
    assert one.explain("my parcel is three days late").reasons


@pytest.mark.parametrize(
    "change",
    [
        move(SHOP, "post", under="money"),
        retire(SHOP, "post/lost", into="money/refund"),
        BOTH.then(merge(BOTH.taxonomy, ["money/refund"], into="money/twice")),
        reword(SHOP, Cause("money/twice", "Double charge", "Two debits for one order.")),
    ],
    ids=["moved", "retired", "twice", "reworded"],
)
def test_labels_of_before_are_those_of_after_by_where_they_went(change: Change) -> None:
    one = load_classifier(dump_classifier(regroup(LEARNT, change)))
    labels = change.relabel(LEARNT.label(TEXTS).paths())
    sure = np.array([path != "unsure" for path in labels])
    again = np.array(one.label(TEXTS).paths())
    assert (again[sure] == np.array(labels)[sure]).mean() > 0.97, "two halves may outweigh a third"
    assert set(again) <= {leaf.path for leaf in one.taxonomy.leaves} | {"unsure"}
    known = {leaf.path for leaf in one.taxonomy.leaves} | {"unsure"}
    assert one.codebook is not None
    assert set(one.codebook.meant.values()) <= known


def test_a_regrouped_classifier_learns_corrections() -> None:
    one = regroup(LEARNT, BOTH)
    text = "an altogether different matter with the crate"
    k = one.causes.index("post/late")
    amended = correct(one, [text] * 3, ["post/late"] * 3)
    assert amended.probabilities([text])[0, k] > one.probabilities([text])[0, k]


def test_a_split_cause_is_learnt_from_the_labels_of_the_whole() -> None:
    parts = (
        Cause("post/late/courier", "Courier late", "The courier is days late with the thing."),
        Cause("post/late/depot", "Delayed again", "Delayed again, it was due on a day."),
    )
    change = split(SHOP, "post/late", parts)
    found = learn_anew(change, Lesson(TEXTS, causes_of(SEEN), {"P1": "post/late"}))
    told = found.label(["the courier is 5 days late with the rug", "delayed again, due on Monday"])
    assert told.paths() == ["post/late/courier", "post/late/depot"]
    assert found.codebook is not None
    assert found.codebook.meant == {"P1": "post/late/courier"}


def test_a_cause_without_labels_is_learnt_from_its_own_words() -> None:
    labels = [None if path == "money/refund" else path for path in causes_of(SEEN)]
    found = learn_anew(unchanged(SHOP), Lesson(TEXTS, labels, {}))
    assert "money/refund" in found.causes
    few = learn_anew(unchanged(SHOP), Lesson(TEXTS[:50], labels[:50], {}))
    assert few.report.mode == describe(SHOP).report.mode == "described"
