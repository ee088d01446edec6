from dataclasses import replace

import pytest

from amends.engine.classify import choose_taxonomy, describe, read_labels
from amends.engine.contracts import Taxonomy, starter_taxonomies, starter_taxonomy

LEAST_HELD_OUT = 0.6
STARTERS = [starter_taxonomy(name) for name in starter_taxonomies()]


@pytest.mark.parametrize("taxonomy", STARTERS, ids=lambda t: t.name)
def test_every_leaf_is_described_as_customers_tell_it(taxonomy: Taxonomy) -> None:
    assert len(taxonomy.leaves) >= 20
    for cause in taxonomy.causes:
        assert len(cause.description.split()) >= 5, cause.path
    for leaf in taxonomy.leaves:
        assert leaf.path.count("/") == 1
        assert 4 <= len(leaf.examples) <= 6, leaf.path
        assert len(leaf.synonyms) >= 8, leaf.path
        assert leaf.owner_team, leaf.path
        assert leaf.journey_stages, leaf.path
        branch, key = leaf.path.split("/")
        code = f"{branch[:3].upper()}-{key.upper().replace('_', '-')}"
        assert leaf.resolution_codes[0] == code


@pytest.mark.parametrize("taxonomy", STARTERS, ids=lambda t: t.name)
def test_no_example_or_code_stands_for_two_causes(taxonomy: Taxonomy) -> None:
    for texts in (
        [example.lower() for leaf in taxonomy.leaves for example in leaf.examples],
        [code for leaf in taxonomy.leaves for code in leaf.resolution_codes],
    ):
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize("taxonomy", STARTERS, ids=lambda t: t.name)
def test_its_own_words_lead_back_to_the_leaf(taxonomy: Taxonomy) -> None:
    codes = [leaf.resolution_codes[0] for leaf in taxonomy.leaves]
    assert read_labels(codes, taxonomy).paths == tuple(leaf.path for leaf in taxonomy.leaves)
    labels = describe(taxonomy).label([leaf.description for leaf in taxonomy.leaves])
    forced = [labels.causes[b] for b in labels.best]
    right = [f == leaf.path for f, leaf in zip(forced, taxonomy.leaves, strict=True)]
    assert sum(right) >= 0.95 * len(right)


@pytest.mark.parametrize("taxonomy", STARTERS, ids=lambda t: t.name)
def test_its_examples_are_told_apart_without_being_learnt_from(taxonomy: Taxonomy) -> None:
    """Each example is taken out in its turn (a fifth of them at a time) and then labelled."""
    right = total = 0
    for fold in range(5):
        held = [
            (example, leaf.path)
            for leaf in taxonomy.leaves
            for k, example in enumerate(leaf.examples)
            if k % 5 == fold
        ]
        gone = {example for example, _ in held}
        causes = tuple(
            replace(cause, examples=tuple(e for e in cause.examples if e not in gone))
            for cause in taxonomy.causes
        )
        labels = describe(replace(taxonomy, causes=causes)).label([text for text, _ in held])
        right += sum(
            labels.causes[best] == path
            for best, (_, path) in zip(labels.best.tolist(), held, strict=True)
            if best >= 0
        )
        total += len(held)
    assert right >= LEAST_HELD_OUT * total, f"{right} of {total}"


@pytest.mark.parametrize("taxonomy", STARTERS, ids=lambda t: t.name)
def test_its_own_examples_lead_back_to_the_leaf(taxonomy: Taxonomy) -> None:
    told = [(example, leaf.path) for leaf in taxonomy.leaves for example in leaf.examples]
    labels = describe(taxonomy).label([text for text, _ in told])
    found = [labels.causes[best] for best in labels.best]
    right = sum(f == path for f, (_, path) in zip(found, told, strict=True))
    assert right >= 0.95 * len(told)


def test_the_industry_is_told_by_its_words() -> None:
    said = {
        "telecoms": ["the router lost its broadband connection", "no signal and no mobile data"],
        "retail": ["the parcel never came, courier lost it", "wrong size, I sent the shoes back"],
        "banking": ["my card was declined by the bank", "the mortgage repayment was booked wrong"],
        "software": ["the api returns 500 since the update", "our sync lost a workspace"],
        "public_services": ["my housing benefit was not paid", "no appointment for a passport"],
        "hospitality": ["bed bugs in the hotel room", "the breakfast buffet was cold"],
        "airlines": ["our flight was cancelled at the gate", "my luggage is not on the plane"],
        "it_service_desk": ["vpn does not connect from my laptop", "outlook mailbox is full"],
    }
    for name, texts in said.items():
        many = [f"{text}, case {i}" for i in range(8) for text in texts]
        assert choose_taxonomy(many, STARTERS).name == name


def test_without_an_industry_it_is_the_general_one() -> None:
    assert choose_taxonomy([], STARTERS).name == "general"
    said = ["terrible", "worst company ever", "never again", "thanks, great staff", "not happy"]
    vague = [f"{words} {i}" for i in range(4) for words in said]
    assert choose_taxonomy(vague, STARTERS).name == "general"
