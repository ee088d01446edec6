"""Letters as the page of a case shows them: what, where it is, and the receipt of every try."""

from collections.abc import Sequence
from dataclasses import dataclass

from amends.web.cases.models import Case, ErrandState, Letter, LetterTry
from amends.web.cases.wording import ERRAND_TONES
from amends.web.ui.parts import Tone


@dataclass(frozen=True, slots=True)
class LetterTold:
    """One letter with its tries, the newest last."""

    letter: Letter
    state: str
    tone: Tone
    note: str
    tries: Sequence[LetterTry]


def letters_told(case: Case) -> list[LetterTold]:
    """Return the letters of a case, the first one first."""
    return [
        LetterTold(
            letter,
            ErrandState(letter.state).label,
            ERRAND_TONES[letter.state],
            _note(letter),
            list(letter.tries.all()),
        )
        for letter in case.letters.prefetch_related("tries")
    ]


def _note(letter: Letter) -> str:
    if letter.state == ErrandState.RECEIVED:
        return f"receipt {letter.reference}" if letter.reference else "received"
    return letter.answer or "it goes out within a minute"
