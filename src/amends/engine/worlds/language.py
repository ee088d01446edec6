"""The language of a world: the shared grammar, that of service, and the world's own."""

from collections.abc import Mapping
from copy import copy
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from amends.engine.contracts import BadInput

from .company import Company, Spec
from .grammar import Grammar
from .randomness import Ints
from .reading import load_yaml

GRAMMARS: Final = Path(__file__).parent / "grammar"
PARTS: Final = ("say", "det", "irony", "np", "ok", "note")

_S = TypeVar("_S", bound=Spec)


class Voice(Spec, frozen=True):
    """How a customer writes: the chance of each part of a text and of each habit."""

    greet: float = 0.0
    tenure: float = 0.0
    detail: float = 0.0
    history: float = 0.0
    demand: float = 0.0
    filler: float = 0.0
    close: float = 0.0
    typo: float = 0.0
    """mean number of slips"""
    exclaim: float = 0.0
    lower: float = 0.0
    trail: float = 0.0
    shout: float = 0.0
    shorten: float = 0.0
    expand: float = 0.0
    articles: float = 0.0
    """chance of leaving them out"""


class Telling(Spec, frozen=True):
    """What is said of one cause."""

    np: tuple[str, ...]
    ok: tuple[str, ...]
    note: tuple[str, ...]
    say: tuple[str, ...]
    det: tuple[str, ...]
    irony: tuple[str, ...]


class Shared(Spec, frozen=True):
    """What all companies' customers say."""

    voices: dict[str, Voice]
    ways: dict[str, float]
    shorten: dict[str, str | int]
    expand: dict[str, str]
    articles: tuple[str, ...]
    slots: dict[str, tuple[str | int, ...]]
    pools: dict[str, tuple[str, ...]]


class Own(Spec, frozen=True):
    """What one company's customers say."""

    causes: dict[str, Telling]
    pools: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Language:
    """A company's grammar and where in it each cause, product, vendor and voice is told."""

    def __init__(self, company: Company) -> None:
        shared = _read("shared", Shared)
        tellings = _tellings(company)
        own = _read(company.grammar, Own)
        pools: dict[str, tuple[str, ...]] = {**shared.pools}
        for name, templates in own.pools.items():
            pools[name] = pools.get(name, ()) + templates
        for path in company.causes:
            pools |= {f"{part}:{path}": getattr(tellings[path], part) for part in PARTS}
        slots = {name: tuple(map(str, words)) for name, words in shared.slots.items()}
        slots |= {f"item:{name}": p.says for name, p in company.products.items()}
        slots |= {f"vendor:{n}": v.says or (n,) for n, v in company.vendors.items()}
        slots |= {"vendor:": ("the carrier", "your partner", "the contractor", "your people")}
        slots |= {"amounts": amounts(company.currency_sign)}
        self.shared = shared
        self.codes = tuple(company.resolution_codes)
        self.grammar = Grammar(pools, slots)
        self.voices = [shared.voices[name] for name in company.customers.voices]
        self.voice_names = tuple(company.customers.voices)
        self.cause_pools = {
            part: np.array([self.grammar.pool[f"{part}:{path}"] for path in company.causes])
            for part in PARTS
        }
        self.items = self._slots("item", company.products)
        self.vendors = self._slots("vendor", [*company.vendors, ""])

    def dialect(self, seed: int) -> "Language":
        """Return the language as one play hears it; see `Grammar.dialect`."""
        heard = copy(self)
        heard.grammar = self.grammar.dialect(seed)
        return heard

    def pool(self, name: str) -> int:
        """Return the code of a pool."""
        return self.grammar.pool[name]

    def by_voice(self, part: str) -> Ints:
        """Return for each voice its pool of a part, −1 where it has none."""
        pools = self.grammar.pool
        return np.array([pools.get(f"{part}.{v}", pools.get(part, -1)) for v in self.voice_names])

    def _slots(self, kind: str, names: Mapping[str, object] | list[str]) -> Ints:
        return np.array([self.grammar.slot[f"{kind}:{name}"] for name in names])


def amounts(sign: str) -> tuple[str, ...]:
    """Return the amounts of money that are ever written, ascending; see `amount_index`."""
    return tuple(f"{sign}{1.02**i:.{0 if i % 3 else 2}f}" for i in range(400))


def amount_index(cents: Ints) -> Ints:
    """Return the amount that is nearest to a loss."""
    edges = np.array([102 * 1.02**i for i in range(399)])
    return np.searchsorted(edges, cents).astype(np.int64)


def _tellings(company: Company) -> dict[str, Telling]:
    """Return what is said of each cause; the company's own words go before the shared ones."""
    service: Own = _read("service", Own)
    own: Own = _read(company.grammar, Own)
    tellings = service.causes | own.causes
    untold = [path for path in company.causes if path not in tellings]
    if untold:
        raise BadInput(
            f"Nobody can tell of {untold[0]}.",
            where=f"grammar/{company.grammar}.yaml: causes",
            remedy="Write np, ok, note, say, det and irony for it.",
        )
    return tellings


@cache
def _read(name: str, kind: type[_S]) -> _S:
    path = GRAMMARS / f"{name}.yaml"
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in GRAMMARS.glob("*.yaml")))
        raise BadInput(f"There is no grammar {name!r}.", remedy=f"There are {there}.")
    return msgspec.convert(load_yaml(path), kind)
