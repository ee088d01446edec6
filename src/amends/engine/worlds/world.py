"""A simulated company whose truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from amends.engine.contracts import BadInput

from .company import Company
from .language import Language
from .play import Played, chunks, play, tell
from .reading import read_company
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
        return tell(self.played)


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
        wanted = self.company.default_signals if signals is None else signals
        if wanted < 1:
            raise BadInput(f"A world has at least 1 signal, not {wanted}.", where="signals")
        if seed < 0:
            raise BadInput(f"A seed is 0 or above, not {seed}.", where="seed")
        return Play(play(self.company, wanted, seed), self.language)

    def simulate(self, signals: int | None = None, seed: int = 1) -> Iterator[Chunk]:
        """Yield the signals of a play in time order with their labels; see `play`."""
        return self.play(signals, seed).chunks()

    def truth(self, signals: int | None = None, seed: int = 1) -> Truth:
        """Return what was planted in the play that `simulate` yields for the same arguments."""
        return self.play(signals, seed).truth()


def read_world(name_or_path: str) -> World:
    """Return a shipped world by name, or one from a file.

    Raises
    ------
    BadInput
        There is no such world, or its file cannot be played; the message names the field.

    """
    return World(read_company(name_or_path))
