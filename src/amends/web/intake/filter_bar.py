"""The bar of filters on every page of figures: `<c-filters :bar="filters_bar" />`.

Its menus offer what the lake holds, the most frequent first. Each process reads them about once a
minute, beside the request that finds them old.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from amends.store import Lake
from amends.web.intake.filters import DEFAULT_PERIOD, PERIODS, Filters, joined
from amends.web.intake.lake import lake
from amends.web.intake.naming import cause_label, value_label

MENUS_LAST_SECONDS: Final = 60
MOST_CHOICES: Final = 200
"""Values that a menu offers; rarer ones are reached by links."""
PLURALS: Final = {
    "product": "products",
    "channel": "channels",
    "region": "regions",
    "segment": "segments",
    "cause": "causes",
}

Values = dict[str, list[tuple[str, int]]]
"""Column → its values with their frequency, the most frequent first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a menu."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Choices:
    """Options under one heading; a plain menu has one without."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Menu:
    """What one filter can be set to."""

    name: str
    label: str
    any_label: str
    groups: tuple[Choices, ...]

    @property
    def is_set(self) -> bool:
        """Whether something was chosen."""
        return any(c.is_chosen for group in self.groups for c in group.choices)


@dataclass(frozen=True, slots=True)
class Active:
    """A filter that is set, and the address part of the page without it."""

    label: str
    text: str
    without: str


@dataclass(frozen=True, slots=True)
class FilterBar:
    """The bar for one choice of filters."""

    periods: tuple[Choice, ...]
    menus: tuple[Menu, ...]
    active: tuple[Active, ...]
    cleared: str
    """The address part with the period alone; "?" when that is the default one."""
    kept: tuple[tuple[str, str], ...]
    """Other parameters of the page that filtering leaves as they are."""


def filter_bar(filters: Filters, kept: Sequence[tuple[str, str]] = ()) -> FilterBar:
    """Return the bar for a page; `kept` are the page's own parameters (search, sorting …)."""
    values = menu_values()
    chosen = {**filters.dims, **({"cause": filters.cause} if filters.cause else {})}
    others = tuple(pair for pair in kept if pair[1])
    return FilterBar(
        periods=tuple(
            Choice("" if key == DEFAULT_PERIOD else key, label, is_chosen=key == filters.period)
            for key, (label, _) in PERIODS.items()
        ),
        menus=tuple(_menu(name, values[name], chosen.get(name, "")) for name in PLURALS),
        active=tuple(
            Active(
                value_label(name),
                cause_label(value) if name == "cause" else value_label(value),
                joined(filters.query(**{name: ""}), others) or "?",
            )
            for name, value in chosen.items()
        ),
        cleared=joined(filters.query(**dict.fromkeys(PLURALS, "")), others) or "?",
        kept=others,
    )


def menu_values() -> Values:
    """Return what each filter can be set to, as it was about a minute ago."""
    return _menus.values(lake())


class _Menus:
    """The values of each lake; old ones are shown while somebody reads them again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: dict[str, tuple[float, Values]] = {}
        self._being_read: set[str] = set()

    def values(self, source: Lake) -> Values:
        with self._lock:
            until, values = self._read.get(source.address, (0.0, {}))
            if any(values.values()):
                if until < time.monotonic() and source.address not in self._being_read:
                    self._being_read.add(source.address)
                    threading.Thread(target=self._refresh, args=(source,), daemon=True).start()
                return values
        return self._fill(source)

    def _fill(self, source: Lake) -> Values:
        values = read_values(source)
        with self._lock:
            self._read[source.address] = (time.monotonic() + MENUS_LAST_SECONDS, values)
        return values

    def _refresh(self, source: Lake) -> None:
        try:
            self._fill(source)
        finally:
            with self._lock:
                self._being_read.discard(source.address)


_menus = _Menus()


def read_values(source: Lake) -> Values:
    """Return the values that occur in the lake, the most frequent first."""
    return {name: _values(source, name) for name in PLURALS}


def _values(source: Lake, name: str) -> list[tuple[str, int]]:
    found = [(row[name], row["n"]) for row in source.counts((name,)).to_pylist() if row[name]]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:MOST_CHOICES]


def _menu(name: str, values: Sequence[tuple[str, int]], chosen: str) -> Menu:
    known = [value for value, _ in values]
    groups = _cause_groups(known, chosen) if name == "cause" else _plain(known, chosen)
    return Menu(name, value_label(name), f"All {PLURALS[name]}", groups)


def _plain(known: Sequence[str], chosen: str) -> tuple[Choices, ...]:
    offered = [*known, *([chosen] if chosen and chosen not in known else [])]
    return (Choices("", tuple(Choice(v, value_label(v), v == chosen) for v in offered)),)


def _cause_groups(known: Sequence[str], chosen: str) -> tuple[Choices, ...]:
    """Return one group for each branch, its whole first; what has no branch comes last."""
    offered = [*known, *([chosen] if chosen and chosen not in known else [])]
    branches: dict[str, list[str]] = {}
    for path in offered:
        branch, _, leaf = path.partition("/")
        leaves = branches.setdefault(branch, [])
        if leaf:
            leaves.append(path)
    groups = [
        Choices(
            cause_label(branch),
            (
                Choice(branch, f"All of {cause_label(branch)}", branch == chosen),
                *(Choice(path, cause_label(path), path == chosen) for path in leaves),
            ),
        )
        for branch, leaves in branches.items()
        if leaves
    ]
    alone = tuple(
        Choice(branch, cause_label(branch), branch == chosen)
        for branch, leaves in branches.items()
        if not leaves
    )
    return (*groups, *((Choices("", alone),) if alone else ()))
