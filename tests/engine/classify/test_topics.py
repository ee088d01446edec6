import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from amends.engine.classify.topics import (
    Register,
    TopicConfig,
    find_topics,
    keep_ids,
    name_topics,
    novelty,
)
from amends.engine.contracts import BadInput

WORDS = (
    "my parcel is late again",
    "charged twice for one order",
    "the app crashes at the start",
    "nobody answers the phone",
)


def clouds(n: int, seed: int, n_clouds: int = 4) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return n unit vectors round a few distant centres, and the centre of each."""
    middles = np.random.default_rng(7).normal(size=(n_clouds, 32))
    rng = np.random.default_rng(seed)
    cloud = np.arange(n) % n_clouds
    points = middles[cloud] + rng.normal(size=(n, 32)) * 0.35
    unit = points / np.linalg.norm(points, axis=1, keepdims=True)
    return unit.astype(np.float32), cloud


VECTORS, CLOUD = clouds(240, 1)
CONFIG = TopicConfig(resolution=1, rounds=3)
FOUND = find_topics(VECTORS, CONFIG)


def test_clouds_become_topics_without_their_number_being_told() -> None:
    assert len(FOUND.ids) == 4
    for cloud in range(4):
        assert len(set(FOUND.topic[cloud == CLOUD])) == 1
    assert (FOUND.of(VECTORS)[FOUND.topic >= 0] == FOUND.topic)[: len(VECTORS)].mean() > 0.85


def test_what_is_blank_rare_or_far_away_has_no_topic() -> None:
    blank = find_topics(np.concatenate([VECTORS, np.zeros((3, 32), np.float32)]), CONFIG)
    assert (blank.topic[-3:] == -1).all()
    assert find_topics(VECTORS[:3], CONFIG).ids == ()
    assert find_topics(np.zeros((0, 32), np.float32), CONFIG).ids == ()
    assert (find_topics(VECTORS[:3], CONFIG).of(VECTORS) == -1).all()
    strange = np.random.default_rng(3).normal(size=(5, 32)).astype(np.float32)
    strange /= np.linalg.norm(strange, axis=1, keepdims=True)
    assert (FOUND.of(strange) == -1).all()


def test_more_texts_than_are_grouped_are_placed() -> None:
    few = find_topics(VECTORS, TopicConfig(resolution=1, rounds=2, most_texts=120))
    assert len(few.ids) == 4
    assert (few.topic >= 0).mean() > 0.85


@given(st.integers(0, 500), st.floats(0.01, 0.3))
@settings(max_examples=8, deadline=None)
def test_ids_last_when_texts_come_in_another_order_or_grow(seed: int, growth: float) -> None:
    before, register = keep_ids(FOUND, VECTORS, Register())
    more, _ = clouds(int(240 * growth), seed)
    order = np.random.default_rng(seed).permutation(240)
    grown = np.concatenate([VECTORS[order], more])
    found = find_topics(grown, TopicConfig(resolution=1, rounds=3, seed=seed))
    after, again = keep_ids(found, grown, register)
    assert (after.topic[:240] == before.topic[order]).all()
    assert again.ids == register.ids


def test_a_new_topic_gets_a_number_that_was_never_used() -> None:
    _, register = keep_ids(FOUND, VECTORS, Register())
    five, cloud = clouds(300, 2, 5)
    after, again = keep_ids(find_topics(five, CONFIG), five, register)
    assert len(again.ids) == 5
    assert set(after.topic[cloud == 4]) == {4}
    lost = VECTORS[CLOUD != 0]
    _, still = keep_ids(find_topics(lost, CONFIG), lost, again)
    assert still.ids == again.ids


def test_merges_and_names_of_people_outlive_the_next_run() -> None:
    topics, register = keep_ids(FOUND, VECTORS, Register())
    a, b = topics.ids[:2]
    joint = register.merge(b, into=a).rename(b, "Late and charged")
    assert joint.names == {a: "Late and charged"}
    other, _ = clouds(400, 5)
    after, again = keep_ids(find_topics(other, CONFIG), other, joint)
    assert b not in after.ids
    assert len(after.ids) == 3
    assert again.names[again.now(b)] == "Late and charged"
    with pytest.raises(BadInput, match="are one already"):
        joint.merge(a, into=b)
    with pytest.raises(BadInput, match="no topic 99"):
        register.rename(99, "x")
    with pytest.raises(BadInput, match="needs a name"):
        register.rename(a, " ")


def test_topics_are_named_by_what_sets_them_apart() -> None:
    texts = [f"{WORDS[c]} {i}" for i, c in enumerate(CLOUD.tolist())]
    names = name_topics(texts, VECTORS, FOUND)
    assert [n.topic for n in names] == list(FOUND.ids)
    assert sum(n.n_texts for n in names) == (FOUND.topic >= 0).sum()
    for name in names:
        said = WORDS[int(CLOUD[FOUND.topic == name.topic][0])]
        assert name.phrases
        assert all(phrase in said for phrase in name.phrases)
        assert name.typical.startswith(said)


def test_what_lies_far_from_everything_known_is_new() -> None:
    known, _ = clouds(200, 8, 3)
    coming, cloud = clouds(200, 9, 4)
    sure = np.full(200, 0.9, np.float32)
    new = novelty(coming, sure, known, sure)
    assert new[cloud == 3].min() > new[cloud != 3].max()
    usual = np.linspace(0.7, 1, 200, dtype=np.float32)
    doubted = novelty(known[:50], np.full(50, 0.3, np.float32), known, usual)
    assert (doubted > novelty(known[:50], sure[:50], known, usual)).all()
