"""A simulated company whose truth is known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property

import numpy as np
import pyarrow as pa

from amends.engine.contracts import ActionTaken, BadInput, CaseFacts, Kind, Money, Outcome

from . import outcomes
from .cases import action_effects, draw_cases, usual_actions
from .company import Company
from .dated import dated
from .directory import customers
from .fixes import FixSeries, fix_series
from .language import Language
from .outbreak import outbreak
from .play import Played, chunks, people_for, play, tell
from .population import populate
from .reading import read_company, world_names
from .retelling import retell
from .signals import Chunk
from .truth import Truth


@dataclass(frozen=True)
class Play:
    """One play of a world: its signals, chunk by chunk, and its truth."""

    played: Played
    language: Language

    @property
    def rows(self) -> int:
        """Signals that are no transactions."""
        return len(self.played.heard)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the signals in time order with their labels."""
        return chunks(self.played, self.language)

    def truth(self) -> Truth:
        """Return what was planted."""
        return tell(self.played, action_effects(self.played.scene.company))

    def customers(self) -> pa.Table:
        """Return the customers with `CUSTOMER_SCHEMA`; ids as in the signals."""
        return customers(self.played.scene.company, self.played.scene.population)

    def outbreak(
        self,
        cause: str,
        where: Mapping[str, str],
        start_at: datetime,
        minutes: float,
        per_minute: float,
        seed: int = 1,
    ) -> pa.Table:
        """Let something break all of a sudden and return what is heard of it, by time.

        Parameters
        ----------
        cause
            A cause of the company, or the name of a planted breakdown, whose cause and slice it
            has then (`where` goes before its slice).
        where
            Slice whose customers are hit; empty: anybody's.
        start_at
            When it begins, aware. It may lie after the period.
        minutes, per_minute
            How long it lasts and how many complaints a minute there are; tickets and posts come
            on top, about one for every four complaints.
        seed
            Another seed hits other customers and tells it in other words.

        Returns
        -------
        signals
            `SIGNAL_SCHEMA`; external ids begin with `LIVE-` and hold start and seed, so that they
            never clash with those of the play or of another outbreak. Tickets are open.

        Raises
        ------
        BadInput
            The cause cannot fail in the slice, the start has no time zone, or a number is not
            above 0.

        """
        return outbreak(
            self.played, self.language, cause, where, start_at, minutes, per_minute, seed
        )


class World:
    """A company that can be played: it emits signals and knows the truth about them."""

    def __init__(self, company: Company) -> None:
        self.company = company

    @property
    def name(self) -> str:
        """Name of the world."""
        return self.company.name

    @cached_property
    def language(self) -> Language:
        """The world's grammar, expanded once."""
        return Language(self.company)

    def dated(
        self, last: date, days: int = 365, *, future_days: int = 0, business: float = 1.0
    ) -> "World":
        """Return the same company at a time when `last` is today.

        What was planted is moved by whole weeks, so that the last day of the company's file comes
        as near to `last` as it can, not after; what would begin before the period is left out. On
        top come the breakdown that the company is in the middle of on that day and the fix that it
        made lately (`current` in its file).

        Parameters
        ----------
        last
            Today: the period ends on it, or `future_days` after it.
        days
            Length of the period up to and with today.
        future_days
            Days that are still to come; nothing new is planted in them.
        business
            How many times the company's usual transactions there are per failure.

        Raises
        ------
        BadInput
            There is no day in the period, or no business.

        """
        return World(dated(self.company, last, days, future_days, business))

    def play(self, signals: int | None = None, seed: int = 1) -> Play:
        """Let the period happen once.

        Exactly `signals` (default: the world's own number) are no transactions; transactions come
        on top, one row per day and slice, `exposure` counting them. The same arguments give the
        same play on every machine.

        Raises
        ------
        BadInput
            `signals` is below 1 or the seed negative.

        """
        wanted = self._checked(signals, seed)
        return Play(play(self.company, wanted, seed), self.language.dialect(seed))

    def customers(self, signals: int | None = None, seed: int = 1) -> pa.Table:
        """Return the customers of the play for the same arguments; see `Play.customers`."""
        wanted = self._checked(signals, seed)
        return customers(
            self.company, populate(self.company, people_for(self.company, wanted), seed)
        )

    def _checked(self, signals: int | None, seed: int) -> int:
        wanted = self.company.default_signals if signals is None else signals
        if wanted < 1:
            raise BadInput(f"A world has at least 1 signal, not {wanted}.", where="signals")
        if seed < 0:
            raise BadInput(f"A seed is 0 or above, not {seed}.", where="seed")
        return wanted

    def simulate(self, signals: int | None = None, seed: int = 1) -> Iterator[Chunk]:
        """Yield the signals of a play in time order with their labels; see `play`."""
        return self.play(signals, seed).chunks()

    def truth(self, signals: int | None = None, seed: int = 1) -> Truth:
        """Return what was planted in the play that `simulate` yields for the same arguments."""
        return self.play(signals, seed).truth()

    def cases(self, n: int, seed: int = 1) -> list[CaseFacts]:
        """Return n cases in time order, for a policy to be played against.

        Raises
        ------
        BadInput
            `n` is below 1 or the seed negative.

        """
        return draw_cases(self.play(max(2 * n, 200) if n > 0 else n, seed).played, n)

    def actions(self, facts: CaseFacts) -> tuple[ActionTaken, ...]:
        """Return what the company could do for a case, at its usual amounts and delays."""
        return usual_actions(self.company, facts)

    def cost(self, action: ActionTaken) -> Money:
        """Return what an action costs the company."""
        return Money(Decimal(repr(outcomes.cost(self.company, action))), self.company.currency)

    def respond(self, facts: CaseFacts, action: ActionTaken, seed: int = 1) -> Outcome:
        """Say what happens next when this action was taken on this case.

        Under one seed a case has the same luck whatever is done, so that actions are comparable.
        """
        return outcomes.respond(self.company, facts, action, seed)

    def retell(
        self,
        facts: Sequence[CaseFacts],
        kind: Kind,
        satisfaction: Sequence[float],
        *,
        attempt: int = 1,
        seed: int = 1,
    ) -> pa.Array:
        """Return what the customer of each case says in a signal of a kind, as strings.

        Parameters
        ----------
        facts
            N cases. Of a branch the most frequent cause is told; of an unknown one none.
        kind
            A complaint, a survey, a post …
        satisfaction
            N numbers from 1 to 5: how content each customer is.
        attempt
            The how many-th time the customer says so.
        seed
            Another seed gives other words.

        """
        mood = np.clip(np.round(np.asarray(satisfaction, dtype=np.float64)), 1, 5).astype(np.int64)
        dialect = self.language.dialect(seed)
        return retell(self.company, dialect, facts, kind, mood, attempt, seed)

    def expected_value(self, facts: CaseFacts, action: ActionTaken) -> float:
        """Return the expectation of `Outcome.value` in the world's currency, noise-free."""
        return outcomes.expected_value(self.company, facts, action)

    def prospect(self, facts: CaseFacts, action: ActionTaken) -> outcomes.Prospect:
        """Return the true chances that an action leads to."""
        return outcomes.prospect(self.company, facts, action)

    def fix_series(
        self,
        name: str,
        *,
        seed: int = 1,
        days_before: int = 126,
        days_after: int = 56,
        per_day: float = 200.0,
        effect: float | None = None,
    ) -> FixSeries:
        """Return daily counts around a fix, with causes that it does not touch; see `FixSeries`.

        Raises
        ------
        BadInput
            The world has no such fix, or a number cannot be played.

        """
        return fix_series(
            self.company,
            name,
            seed=seed,
            days_before=days_before,
            days_after=days_after,
            per_day=per_day,
            effect=effect,
        )


def read_world(name_or_path: str) -> World:
    """Return a shipped world by name, or one from a file.

    Raises
    ------
    BadInput
        There is no such world, or its file cannot be played; the message names the field.

    """
    return _shipped(name_or_path) if name_or_path in world_names() else _from_file(name_or_path)


def _from_file(path: str) -> World:
    return World(read_company(path))


_shipped = cache(_from_file)
"""Shipped worlds do not change: their grammar is expanded once."""
