"""From signals to outcomes: what counts, what does not, and that order plays no part."""

import random
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from pytest_django import DjangoAssertNumQueries
from tests.outcomes import RESOLVED_AT, make_case, make_signals

from amends.web.track.models import Outcome
from amends.web.track.recording import note_outcomes

pytestmark = pytest.mark.django_db

BACK = {"kind": "complaint", "customer_id": "ann", "cause": "delivery/late"}


def told(outcome: Outcome) -> dict[str, object]:
    names = [f.name for f in Outcome._meta.fields if f.name not in {"id", "case"}]
    return {name: getattr(outcome, name) for name in names}


def test_note_answer() -> None:
    case = make_case()
    answer = {"kind": "survey", "days": 3, "case_ref": case.ref, "csat": 4, "nps": 9}
    later = {"kind": "survey", "days": 4, "case_ref": case.ref, "csat": 1, "external_id": "late"}

    assert note_outcomes(make_signals(answer, later)) == 1

    outcome = Outcome.objects.get()
    assert (outcome.satisfaction, outcome.nps) == (4, 9)
    assert outcome.answered_at == RESOLVED_AT + timedelta(days=3)
    assert outcome.churned is None
    assert outcome.recontacted_at is None


@pytest.mark.parametrize(
    "signal",
    [
        {"kind": "survey", "days": 3, "case_ref": "C-unknown", "csat": 4},
        {"kind": "survey", "days": 3, "customer_id": "ann", "csat": 4},
        {"kind": "survey", "days": 3, "case_ref": "C-1"},
        {"kind": "survey", "days": -9, "case_ref": "C-1", "csat": 4},
        {"kind": "transaction", "days": 3, "case_ref": "C-1", "attributes": [("paid", "by card")]},
        {"kind": "complaint", "days": 3, "customer_id": "ann", "cause": "billing/wrong"},
        {"kind": "complaint", "days": 3, "customer_id": "ann", "cause": "unsure"},
        {"kind": "complaint", "days": 3, "customer_id": "ann"},
        {"kind": "complaint", "days": 3, "customer_id": "ben", "cause": "delivery/late"},
        {"kind": "survey", "days": 3, "customer_id": "ann", "cause": "delivery/late"},
        BACK | {"days": 15},
        BACK | {"days": 0},
        BACK | {"days": -1},
    ],
)
def test_note_nothing_else(signal: dict[str, object]) -> None:
    make_case()
    assert note_outcomes(make_signals(signal)) == 0
    assert not Outcome.objects.exists()


def test_note_recontact_first() -> None:
    make_case()
    unresolved = make_case(resolved_at=None, state="in_progress")
    other_customer = make_case("ben")

    note_outcomes(make_signals(BACK | {"days": 9}, BACK | {"days": 5}, BACK | {"days": 12}))

    assert Outcome.objects.get().recontacted_at == RESOLVED_AT + timedelta(days=5)
    assert not Outcome.objects.filter(case__in=[unresolved, other_customer]).exists()


def test_note_ticket_opened_before() -> None:
    """A ticket that was there before the resolution is not a customer who came back."""
    make_case()
    ticket = BACK | {"kind": "ticket", "days": 1, "opened_at": RESOLVED_AT - timedelta(days=1)}
    assert note_outcomes(make_signals(ticket)) == 0


def test_note_window() -> None:
    case = make_case()
    said = {"churned": "false", "repurchased": "True", "kept_value": "12.5"}
    row = {"kind": "transaction", "days": 14, "case_ref": case.ref}

    note_outcomes(make_signals(row | {"attributes": list(said.items())}))

    outcome = Outcome.objects.get()
    assert (outcome.churned, outcome.repurchased, outcome.value) == (False, True, Decimal("12.50"))
    assert outcome.window_closed_at == RESOLVED_AT + timedelta(days=14)


@pytest.mark.parametrize("word", ["", "perhaps", "NaN", "Infinity", "1e40", "€ 5"])
def test_note_window_unreadable(word: str) -> None:
    """What cannot be read is not known."""
    case = make_case()
    said = [("churned", word), ("kept_value", word), ("repurchased", "no")]
    row = {"kind": "transaction", "days": 14, "case_ref": case.ref, "attributes": said}
    note_outcomes(make_signals(row))
    outcome = Outcome.objects.get()
    assert (outcome.churned, outcome.repurchased, outcome.value) == (None, False, None)


def test_note_correction() -> None:
    """A newer version of a signal replaces what the older one said."""
    case = make_case()
    answer = {"kind": "survey", "days": 3, "case_ref": case.ref, "csat": 2}
    note_outcomes(make_signals(answer))
    assert note_outcomes(make_signals(answer | {"csat": 5, "version": 2})) == 1
    assert Outcome.objects.get().satisfaction == 5


def test_note_again() -> None:
    make_case()
    signals = make_signals(BACK | {"days": 2}, {"kind": "survey", "days": 3, "nps": 8})
    assert note_outcomes(signals) == 1
    assert note_outcomes(signals) == 0


@pytest.mark.parametrize("seed", range(8))
def test_note_any_order(seed: int) -> None:
    """However signals are cut into batches and shuffled, the same is known in the end."""
    rng = random.Random(seed)
    cases = [make_case(who) for who in ("ann", "ann", "ben")]
    rows = [_any_signal(rng, i, [c.ref for c in cases]) for i in range(40)]
    note_outcomes(make_signals(*rows))
    expected = {o.case_id: told(o) for o in Outcome.objects.all()}
    Outcome.objects.all().delete()

    table = make_signals(*rows)
    order = list(range(len(table)))
    rng.shuffle(order)
    while order:
        cut = rng.randint(1, 12)
        batch, order = order[:cut], order[cut:]
        note_outcomes(table.take(pa.array(batch)))

    assert {o.case_id: told(o) for o in Outcome.objects.all()} == expected
    assert expected


def _any_signal(rng: random.Random, n: int, refs: list[str]) -> dict[str, object]:
    days = rng.choice([0, 1, 2, 2, 5, 9, 14, 15])
    row = {"external_id": str(n), "days": days, "case_ref": rng.choice(refs)}
    kind = rng.choice(["survey", "complaint", "ticket", "transaction"])
    if kind == "survey":
        scores = {"csat": rng.choice([None, 1, 5]), "nps": rng.choice([None, 0, 10])}
        return row | scores | {"kind": kind}
    if kind == "transaction":
        said = [("churned", rng.choice(["true", "false", "?"])), ("kept_value", str(n))]
        return row | {"kind": kind, "attributes": rng.sample(said, rng.randint(1, 2))}
    cause = rng.choice(["delivery/late", "delivery/lost_parcel", "billing/wrong", None])
    who = rng.choice(["ann", "ben", "eve"])
    return row | {"kind": kind, "customer_id": who, "cause": cause}


def test_note_constant_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = []
    for i in range(60):
        case = make_case(f"customer {i}")
        rows += [
            {"kind": "survey", "days": 1, "case_ref": case.ref, "csat": 3, "external_id": f"s{i}"},
            BACK | {"days": 2, "customer_id": f"customer {i}", "external_id": f"c{i}"},
        ]
    with django_assert_max_num_queries(6):
        assert note_outcomes(make_signals(*rows)) == 60
