"""What connectors that pull share: the contract, a careful HTTP client, reading by time of change.

A connector that pulls is a `Pull`: what a person has to say about the source, and a function from
what was said and where the last pull ended to pages. It keeps nothing and writes nothing: who takes
a page keeps its state with it, so that a crash repeats a page and loses none.
"""

from amends.connectors.times import epoch_of, instant_of, version_of

from .changes import by_change
from .contract import SINCE, Asked, Gone, Need, Page, Patience, Pull, State, held_out
from .refusals import Later, Refused
from .rest import Rest, basic, bearer

__all__ = [
    "SINCE",
    "Asked",
    "Gone",
    "Later",
    "Need",
    "Page",
    "Patience",
    "Pull",
    "Refused",
    "Rest",
    "State",
    "basic",
    "bearer",
    "by_change",
    "epoch_of",
    "held_out",
    "instant_of",
    "version_of",
]
