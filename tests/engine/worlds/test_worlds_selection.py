"""Who is heard, and how truly it is coded."""

import numpy as np
import pyarrow.compute as pc
from tests.engine.worlds.plays import Told, big_play

from amends.engine.contracts import Kind
from amends.engine.worlds import Play, read_world


def test_codes_are_wrong_in_fifteen_of_a_hundred(play_told: Told, name: str) -> None:
    codes = read_world(name).truth(50).resolution_codes
    rows = zip(
        play_told.said["resolution_code"].to_pylist(),
        play_told.labels["cause"].to_pylist(),
        strict=True,
    )
    right = np.array([codes.get(code) == cause for code, cause in rows if code and cause])
    assert abs((1 - right.mean()) - 0.15) < 4 * np.sqrt(0.15 * 0.85 / len(right))


def test_a_loss_makes_people_complain(planted_play: Play) -> None:
    events, heard = planted_play.played.events, planted_play.played.heard
    complaints = np.unique(heard.event[heard.kind == list(Kind).index(Kind.COMPLAINT)])
    complained = np.zeros(len(events), dtype=bool)
    complained[complaints] = True
    failed = events.cause >= 0
    with_loss = complained[failed & (events.loss_cents > 0)].mean()
    without = complained[failed & (events.loss_cents == 0)].mean()
    assert 0.5 <= with_loss <= 0.75
    assert 0.05 <= without <= 0.3


def test_the_unhappy_and_the_happy_answer_surveys_more_than_the_rest() -> None:
    played = big_play("telco").played
    heard, failed = played.heard, played.events.cause[played.heard.event] >= 0
    tickets = failed & (heard.kind == list(Kind).index(Kind.TICKET))
    surveys = failed & (heard.kind == list(Kind).index(Kind.SURVEY)) & (heard.csat > 0)
    rate = [
        (surveys & (heard.mood == mood)).sum() / (tickets & (heard.mood == mood)).sum()
        for mood in range(1, 6)
    ]
    assert rate[0] > 2 * rate[2]
    assert rate[4] > 1.2 * rate[2]


def test_few_escalate(planted_play: Play) -> None:
    heard = planted_play.played.heard
    tickets = heard.kind == list(Kind).index(Kind.TICKET)
    assert 0.01 < heard.is_escalated[tickets].mean() < 0.08


def test_failures_spoil_the_scores(retailer_told: Told) -> None:
    nps = retailer_told.said["nps"]
    failed = pc.is_valid(retailer_told.labels["cause"])
    assert pc.mean(nps.filter(failed)).as_py() < 6.3
    assert pc.mean(nps.filter(pc.invert(failed))).as_py() > 7.5
