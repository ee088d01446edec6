"""What is heard of events: who complains, asks, comes back, escalates, answers, posts."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np

from amends.engine.contracts import Kind

from .company import Selection
from .demand import second_of_day
from .events import NOBODY, Events, Scene
from .intensity import survey_wave
from .randomness import Bools, Floats, Ints, stream, weighted

KINDS = tuple(Kind)
CODE = {kind: code for code, kind in enumerate(KINDS)}
DAY = 86_400
UNKNOWN = -1
"""A score that was not given, a time that has not come."""


@dataclass(frozen=True, slots=True)
class Heard:
    """S signals as arrays of shape (S,), each about one event; times in seconds of the period."""

    event: Ints
    kind: Ints
    at: Ints
    attempt: Ints
    mood: Ints
    """satisfaction 1–5, 0 where nobody knows"""
    nps: Ints
    csat: Ints
    ces: Ints
    resolved_at: Ints
    contacts: Ints
    reopens: Ints
    transfers: Ints
    is_escalated: Ints
    told: Ints
    """1 where there are words"""

    def __len__(self) -> int:
        return len(self.event)

    def take(self, index: Ints | Bools) -> "Heard":
        """Return some of the signals."""
        return Heard(**{f.name: getattr(self, f.name)[index] for f in fields(self)})


def heard(kind: Kind, event: Ints, at: Ints, **columns: Ints | Bools) -> Heard:
    """Return signals of one kind; columns that are not given have nothing in them."""
    n = len(event)
    empty = dict.fromkeys(("mood", "contacts", "reopens", "transfers", "is_escalated"), 0)
    empty |= dict.fromkeys(("nps", "csat", "ces", "resolved_at"), UNKNOWN)
    empty |= {"attempt": 1, "told": 1, "kind": CODE[kind]}
    full = {name: np.full(n, value, dtype=np.int64) for name, value in empty.items()}
    full |= {name: np.asarray(value, dtype=np.int64) for name, value in columns.items()}
    return Heard(event=event, at=at, **full)


def concat_heard(parts: Iterable[Heard]) -> Heard:
    """Return the signals of all parts, one after the other."""
    held = tuple(parts)
    return Heard(
        **{f.name: np.concatenate([getattr(p, f.name) for p in held]) for f in fields(Heard)}
    )


@dataclass(frozen=True, slots=True)
class Handling:
    """How the E events were handled, arrays of shape (E,)."""

    complains: Bools
    has_ticket: Bools
    first_at: Ints
    hours: Floats
    transfers: Ints
    attempts: Ints
    reopens: Ints
    is_escalated: Bools
    mood: Ints


def hear_failures(scene: Scene, events: Events) -> Heard:
    """Return everything that is heard of failures."""
    rng = stream(scene.seed, scene.company.name, "heard")
    handled = handle(scene, rng, events)
    everyone = np.arange(len(events))
    parts = [
        *_complaints_and_tickets(scene, rng, events, handled),
        *_afterwards(scene, rng, events, handled),
    ]
    silent = everyone[~handled.complains & ~handled.has_ticket]
    asked = silent[rng.random(len(silent)) < scene.company.selection.silent_answers]
    at = _on_later_day(scene, rng, events.day[asked], 1, 10)
    parts.append(_survey(rng, asked, at, handled.mood[asked], is_relationship=True))
    return concat_heard(parts)


def hear_ordinary(scene: Scene, events: Events) -> Heard:
    """Return what customers say to whom nothing happened: surveys, questions, posts."""
    rng = stream(scene.seed, scene.company.name, "heard ordinary")
    selection = scene.company.selection
    at = events.day * DAY + second_of_day(rng, len(events))
    surveys = selection.ordinary_surveys * survey_wave(scene.company)[events.day]
    u = rng.random(len(events))
    u *= surveys + selection.questions + selection.ordinary_social
    what = (u >= surveys).astype(np.int64) + (u >= surveys + selection.questions)
    mood = 1 + weighted(rng.random(len(events)), np.array([0.02, 0.05, 0.15, 0.38, 0.40]))
    asked, question, post = (np.flatnonzero(what == code) for code in range(3))
    hours = np.exp(np.log(3) + rng.standard_normal(len(question)))
    ticket = heard(
        Kind.TICKET,
        question,
        at[question],
        resolved_at=at[question] + (hours * 3_600).astype(np.int64),
        contacts=np.ones(len(question), dtype=np.int64),
        mood=mood[question],
    )
    return concat_heard(
        [
            _survey(rng, asked, at[asked], mood[asked], is_relationship=True),
            ticket,
            heard(Kind.SOCIAL, post, at[post], mood=mood[post]),
        ]
    )


def handle(scene: Scene, rng: np.random.Generator, events: Events) -> Handling:
    """Decide who complains and how each event was handled."""
    selection, n = scene.company.selection, len(events)
    complains = (
        rng.random(n)
        < complains_with(selection, events.loss_cents > 0)
        * (scene.population.loudness[events.customer])
    )
    asks = ~complains & (rng.random(n) < selection.asks)
    has_ticket = asks | (complains & (rng.random(n) < selection.ticket_after_complaint))
    same_day = rng.random(n) < 0.85
    day = np.where(same_day, events.day, scene.calendar.later(rng, events.day, 0, 2))
    transfers = weighted(rng.random(n), np.array([0.70, 0.21, 0.07, 0.02]))
    hours = selection.resolve_hours * np.exp(0.95 * rng.standard_normal(n))
    hours *= 1 + 0.4 * transfers
    poor = rng.random(n) < 0.22 + 0.10 * transfers + 0.10 * events.repeats
    again = rng.random(n) < np.where(poor, 2.2, 0.5) * selection.recontact
    attempts = 1 + (again & (complains | has_ticket)) * (1 + (rng.random(n) < 0.3))
    cost = np.log1p(events.loss_cents / 2_000)
    felt = 3.8 - 0.7 * events.is_rejected - 0.9 * poor - 0.6 * (attempts - 1) - 0.3 * transfers
    felt -= 0.4 * (hours > 72) + 0.5 * events.repeats + 0.25 * cost
    felt -= 0.7 * ~(complains | has_ticket)
    mood = np.clip(np.round(felt + 0.8 * rng.standard_normal(n)), 1, 5).astype(np.int64)
    escalates = selection.escalates * (1 + 1.5 * (attempts - 1) + 2 * events.repeats)
    return Handling(
        complains=complains,
        has_ticket=has_ticket,
        first_at=day * DAY + second_of_day(rng, n),
        hours=hours,
        transfers=transfers,
        attempts=attempts,
        reopens=((attempts > 1) & (rng.random(n) < 0.4)).astype(np.int64),
        is_escalated=rng.random(n) < np.minimum(escalates, 0.2) * (complains | has_ticket),
        mood=mood,
    )


def complains_with(selection: Selection, has_loss: Bools) -> Floats:
    """Return the chance of a complaint by whether money was lost."""
    return np.where(has_loss, selection.complains_with_loss, selection.complains_without_loss)


def _complaints_and_tickets(
    scene: Scene, rng: np.random.Generator, events: Events, handled: Handling
) -> list[Heard]:
    parts = []
    for attempt in (1, 2, 3):
        who = np.flatnonzero(handled.complains & (handled.attempts >= attempt))
        at = handled.first_at[who]
        if attempt > 1:
            at = _on_later_day(scene, rng, at // DAY, 2 * attempt - 3, 3 * attempt - 3)
        mood = np.maximum(handled.mood[who] - attempt + 1, 1)
        parts.append(heard(Kind.COMPLAINT, who, at, mood=mood, attempt=np.full(len(who), attempt)))
        asked = np.flatnonzero(handled.has_ticket & (handled.attempts >= attempt))
        if attempt > 1:
            asked = asked[~handled.complains[asked]]
        parts += _tickets(scene, rng, events, handled, asked, attempt)
    return parts


def _tickets(
    scene: Scene,
    rng: np.random.Generator,
    events: Events,
    handled: Handling,
    who: Ints,
    attempt: int,
) -> list[Heard]:
    """Return one ticket for each event of `who`, with its note, audit and survey."""
    selection, n = scene.company.selection, len(who)
    at = handled.first_at[who] + rng.integers(60, 7_200, n)
    if attempt > 1:
        at = _on_later_day(scene, rng, at // DAY, 2 * attempt - 3, 3 * attempt - 3)
    resolved = at + (handled.hours[who] * 3_600).astype(np.int64)
    resolved = np.where(rng.random(n) < 0.015, UNKNOWN, resolved)
    mood = np.maximum(handled.mood[who] - attempt + 1, 1)
    attempts = np.full(n, attempt)
    ticket = heard(
        Kind.TICKET,
        who,
        at,
        resolved_at=resolved,
        contacts=np.where(handled.complains[who], handled.attempts[who], attempts),
        reopens=np.where(attempt == 1, handled.reopens[who], 0),
        transfers=handled.transfers[who],
        is_escalated=handled.is_escalated[who],
        mood=mood,
        attempt=attempts,
        told=events.channel[who] != _phone(scene),
    )
    noted = rng.random(n) < selection.note
    audited = rng.random(n) < selection.qa_audit
    answers = np.array([0.0, *selection.answers])[mood] * selection.invited
    answers *= np.where(handled.is_escalated[who], 0.6, 1.0)
    answered = (rng.random(n) < answers) & (resolved != UNKNOWN)
    later = rng.integers(600, 14_000, n)
    survey_at = resolved + rng.integers(3_600, 2 * DAY, n)
    return [
        ticket,
        heard(Kind.NOTE, who[noted], (at + later)[noted], attempt=attempts[noted]),
        heard(Kind.QA_AUDIT, who[audited], (at + 5 * later + DAY)[audited], mood=mood[audited]),
        _survey(rng, who[answered], survey_at[answered], mood[answered], is_relationship=False),
    ]


def _afterwards(
    scene: Scene, rng: np.random.Generator, events: Events, handled: Handling
) -> list[Heard]:
    up = np.flatnonzero(handled.is_escalated)
    escalated_at = _on_later_day(scene, rng, handled.first_at[up] // DAY, 1, 6)
    angry = 1 + 2 * (handled.complains & (handled.mood <= 2))
    posts = np.flatnonzero(rng.random(len(events)) < scene.company.selection.social * angry)
    posted_at = _on_later_day(scene, rng, events.day[posts], 0, 2)
    return [
        heard(
            Kind.ESCALATION, up, escalated_at, mood=handled.mood[up], attempt=handled.attempts[up]
        ),
        heard(Kind.SOCIAL, posts, posted_at, mood=np.minimum(handled.mood[posts], 2)),
    ]


def _survey(
    rng: np.random.Generator, who: Ints, at: Ints, mood: Ints, *, is_relationship: bool
) -> Heard:
    """Return answers: relationship surveys ask for NPS, ticket surveys for CSAT, CES, often NPS."""
    n = len(who)
    nps = np.array([0.5, 2.5, 5.5, 7.6, 9.2, 9.8])[mood] + 1.1 * rng.standard_normal(n)
    nps = np.clip(np.round(nps), 0, 10).astype(np.int64)
    ces = np.clip(np.round(1.35 * mood + 0.4 + 0.9 * rng.standard_normal(n)), 1, 7)
    csat = np.clip(mood + weighted(rng.random(n), np.array([0.1, 0.8, 0.1])) - 1, 1, 5)
    has_nps = rng.random(n) < (1.0 if is_relationship else 0.4)
    told = rng.random(n) < np.array([0, 0.8, 0.7, 0.5, 0.4, 0.45])[mood]
    return heard(
        Kind.SURVEY,
        who,
        at,
        mood=mood,
        nps=np.where(has_nps, nps, UNKNOWN),
        csat=np.full(n, UNKNOWN) if is_relationship else csat,
        ces=np.full(n, UNKNOWN) if is_relationship else ces.astype(np.int64),
        told=told,
    )


def _on_later_day(scene: Scene, rng: np.random.Generator, day: Ints, low: int, high: int) -> Ints:
    inside = np.minimum(day, scene.company.days - 1)
    return scene.calendar.later(rng, inside, low, high) * DAY + second_of_day(rng, len(day))


def _phone(scene: Scene) -> int:
    channels = list(scene.company.channels)
    return channels.index("phone") if "phone" in channels else NOBODY
