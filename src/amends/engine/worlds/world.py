"""A simulated company whose truth is known."""

from collections.abc import Iterator
from functools import cached_property

from amends.engine.contracts import BadInput

from .company import Company
from .language import Language
from .play import chunks, play, tell
from .reading import read_company
from .signals import Chunk
from .truth import Truth


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

    def simulate(self, signals: int | None = None, seed: int = 1) -> Iterator[Chunk]:
        """Yield the signals of the period in time order with their labels.

        Exactly `signals` (default: the world's own number) are no transactions; transactions come
        on top, one row per day and slice, `exposure` counting them.

        Raises
        ------
        BadInput
            `signals` is below 1 or the seed negative.

        """
        return chunks(play(self.company, *self._asked(signals, seed)), self.language)

    def truth(self, signals: int | None = None, seed: int = 1) -> Truth:
        """Return what was planted in the play that `simulate` yields for the same arguments."""
        return tell(play(self.company, *self._asked(signals, seed)))

    def _asked(self, signals: int | None, seed: int) -> tuple[int, int]:
        wanted = self.company.default_signals if signals is None else signals
        if wanted < 1:
            raise BadInput(f"A world has at least 1 signal, not {wanted}.", where="signals")
        if seed < 0:
            raise BadInput(f"A seed is 0 or above, not {seed}.", where="seed")
        return wanted, seed


def read_world(name_or_path: str) -> World:
    """Return a shipped world by name, or one from a file.

    Raises
    ------
    BadInput
        There is no such world, or its file cannot be played; the message names the field.

    """
    return World(read_company(name_or_path))
