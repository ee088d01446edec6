import numpy as np
from tests.engine.classify.complaints import SHOP, causes_of, complaints, texts_of

from amends.engine.classify import Told, agreement, drift, train

SEEN = complaints(300, 1)
LEARNT = train(texts_of(SEEN), causes_of(SEEN), SHOP)


def told(texts: list[str], group: str = "web") -> Told:
    labels = LEARNT.label(texts)
    return Told([group] * len(texts), texts, labels.paths(), labels.confidence)


BEFORE = told(texts_of(complaints(200, 2)))


def test_the_same_company_has_not_drifted() -> None:
    (same,) = drift(LEARNT, BEFORE, told(texts_of(complaints(200, 3))))
    assert (same.group, same.n_before, same.n_now) == ("web", 200, 200)
    assert same.labels_p > 0.01
    assert same.inputs_p > 0.001
    assert same.strange_words == ()


def test_a_cause_that_grows_is_named() -> None:
    late = texts_of(complaints(120, 4, ("post/lost",)))
    (found,) = drift(LEARNT, BEFORE, told([*texts_of(complaints(80, 5)), *late]))
    assert found.labels_p < 1e-6
    assert found.moved_most == "post/lost"
    assert found.share_now > found.share_before + 0.3


def test_words_that_were_never_seen_are_named() -> None:
    new = [f"the hologram flickers in room {n} again" for n in range(100)]
    (found,) = drift(LEARNT, BEFORE, told([*texts_of(complaints(100, 6)), *new]))
    assert found.inputs_p < 1e-6
    assert {"hologram", "flickers"} <= set(found.strange_words)


def test_groups_with_few_texts_are_not_judged() -> None:
    assert drift(LEARNT, BEFORE, told(texts_of(complaints(29, 7)))) == []
    assert drift(LEARNT, BEFORE, told(texts_of(complaints(90, 7)), "mail")) == []


def test_agreement_beyond_chance() -> None:
    same = agreement(list("aabb"), list("aabb"))
    assert (same.n, same.share, same.kappa) == (4, 1.0, 1.0)
    assert same.by_cause == {"a": (2, 2), "b": (2, 2)}
    half = agreement(list("aabb"), list("abab"))
    assert (half.share, half.kappa) == (0.5, 0.0)
    assert agreement([], []).kappa is None
    assert agreement(["a"], ["a"]).kappa is None
    rng = np.random.default_rng(0)
    first, second = rng.choice(list("abc"), (2, 3_000)).tolist()
    drawn = agreement(first, second).kappa
    assert drawn is not None
    assert abs(drawn) < 0.06
