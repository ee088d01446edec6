"""A grammar of fragments: data in YAML, written out for many rows at once.

A template is a sentence with alternatives and slots: ``my [parcel|order] is {days} late``. All its
variants are expanded when the grammar is read; to write, each row picks a template of its pool, a
variant of the template and a filler per slot, all by its own seed.
"""

import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from math import gcd, prod
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .randomness import Bools, Ints, Seeds, pick

MAX_VARIANTS: Final = 80
MAX_SLOTS: Final = 4
FEWEST_SPLIT: Final = 4
"""Pools with fewer templates are heard whole in every play."""
_EMPTY: Final = -1
_GAP: Final = re.compile(r"\s+([,.:;?!](?:\s|$))")
"""what an empty alternative leaves before a stop"""
_MARK: Final = re.compile(r"[\[|\]]")


def expand(template: str) -> tuple[str, ...]:
    """Return the variants of a template, an even choice of `MAX_VARIANTS` when there are more.

    Alternatives may hold alternatives: ``[they [say|claim]|{vendor} says]``.

    Raises
    ------
    ValueError
        A bracket is left open or closes what never opened.

    """
    phrase, rest = _phrase(template, template)
    if rest:
        raise ValueError(f"A bracket closes that never opened: {template!r}")
    total = phrase.count
    step = max(1, total // MAX_VARIANTS) | 1
    while gcd(step, total) > 1:
        step += 2
    chosen = (phrase.variant(k * step % total) for k in range(min(total, MAX_VARIANTS)))
    return tuple(dict.fromkeys(_GAP.sub(r"\1", " ".join(words.split())) for words in chosen))


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Text and choices in turn; each choice is a tuple of phrases."""

    parts: tuple[str | tuple["_Phrase", ...], ...]

    @property
    def count(self) -> int:
        """How many variants there are."""
        return prod(sum(p.count for p in part) for part in self.parts if not isinstance(part, str))

    def variant(self, number: int) -> str:
        """Return one variant by its number."""
        words = []
        for part in self.parts:
            if isinstance(part, str):
                words.append(part)
                continue
            number, left = divmod(number, sum(p.count for p in part))
            for phrase in part:
                if left < phrase.count:
                    words.append(phrase.variant(left))
                    break
                left -= phrase.count
        return "".join(words)


def _phrase(text: str, template: str) -> tuple[_Phrase, str]:
    """Read up to the end, a bar or a closing bracket; return what is left from there."""
    parts: list[str | tuple[_Phrase, ...]] = []
    while True:
        cut = _MARK.search(text)
        parts.append(text[: cut.start()] if cut else text)
        if cut is None or cut.group() != "[":
            return _Phrase(tuple(parts)), text[cut.start() :] if cut else ""
        text, mark, choices = text[cut.end() :], "|", []
        while mark == "|":
            choice, text = _phrase(text, template)
            if not text:
                raise ValueError(f"A bracket is left open: {template!r}")
            choices.append(choice)
            mark, text = text[0], text[1:]
        parts.append(tuple(choices))


@dataclass(frozen=True, slots=True)
class Fillers:
    """Words for slots: one long array and where each slot's words lie in it."""

    words: pa.Array
    start: Ints
    """(slots,) first word of a slot"""
    count: Ints


class Grammar:
    """Pools of expanded templates.

    Parameters
    ----------
    pools
        Per pool its templates.
    slots
        Per slot its words. A slot without words is filled by the row: `write` gets them.

    """

    def __init__(
        self, pools: Mapping[str, Sequence[str]], slots: Mapping[str, Sequence[str]]
    ) -> None:
        self.pool = {name: code for code, name in enumerate(pools)}
        self.slot = {name: code for code, name in enumerate(slots)}
        self.fillers = _fillers(slots)
        first_template: list[int] = []
        templates: list[int] = []
        first_variant: list[int] = []
        variants: list[int] = []
        segments: list[tuple[str, ...]] = []
        kinds: list[tuple[int, ...]] = []
        for pool in pools.values():
            first_template.append(len(first_variant))
            templates.append(len(pool))
            for template in pool:
                first_variant.append(len(segments))
                for variant in expand(template):
                    cut, slot_codes = self._cut(variant)
                    segments.append(cut)
                    kinds.append(slot_codes)
                variants.append(len(segments) - first_variant[-1])
        self._first_template, self._templates = np.array(first_template), np.array(templates)
        self._first_variant, self._variants = np.array(first_variant), np.array(variants)
        self.shift, self.heard = np.zeros_like(self._templates), self._templates
        self._kinds = np.array(kinds).reshape(-1, MAX_SLOTS)
        self._offset = len(segments)
        lower = [pa.array([s[i] for s in segments]) for i in range(MAX_SLOTS + 1)]
        capital = pa.array([s[0][:1].upper() + s[0][1:] for s in segments], pa.string())
        self._first = pa.concat_arrays([lower[0], capital])
        self._others = lower[1:]
        self._opens_with_slot = np.array([not s[0] for s in segments], dtype=bool)

    def dialect(self, seed: int) -> "Grammar":
        """Return the grammar as one play hears it: of every pool three quarters of the templates.

        What is learnt on one play thus meets phrases on another that it has never seen.
        """
        codes = np.arange(len(self._templates), dtype=np.uint64)
        few = self._templates < FEWEST_SPLIT
        heard = copy(self)
        heard.shift = pick(codes, seed, self._templates)
        heard.heard = np.where(few, self._templates, -(-3 * self._templates // 4))
        return heard

    def _cut(self, variant: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
        pieces, slots = [], []
        rest = variant
        while True:
            plain, opened, rest = rest.partition("{")
            pieces.append(plain)
            if not opened:
                break
            name, _, rest = rest.partition("}")
            if name not in self.slot:
                raise ValueError(f"No slot {name!r}: {variant!r}")
            slots.append(self.slot[name])
        if len(slots) > MAX_SLOTS:
            raise ValueError(f"More than {MAX_SLOTS} slots: {variant!r}")
        missing = MAX_SLOTS - len(slots)
        return (*pieces, *[""] * missing), (*slots, *[_EMPTY] * missing)

    def write(
        self, pools: Ints, seeds: Seeds, salt: int, capital: Bools, own: Mapping[str, pa.Array]
    ) -> pa.Array:
        """Return one fragment per row.

        Parameters
        ----------
        pools, capital
            Pool of each row, and whether the fragment begins a sentence.
        seeds, salt
            Seed of each row and the number of the fragment in its text.
        own
            Slots that each row fills itself, with the words of each row.

        """
        n = self._templates[pools]
        nth = (self.shift[pools] + pick(seeds, salt, self.heard[pools])) % n
        template = self._first_template[pools] + nth
        chosen = self._first_variant[template] + pick(seeds, salt + 1, self._variants[template])
        columns = [self._first.take(pa.array(chosen + self._offset * capital))]
        for i in range(MAX_SLOTS):
            kinds = self._kinds[chosen, i]
            columns.append(self._fill(kinds, seeds, salt + 2 + i, own))
            columns.append(self._others[i].take(pa.array(chosen)))
        words = pc.binary_join_element_wise(*columns, "")
        return _capitalised(words, capital & self._opens_with_slot[chosen])

    def words(self, slots: Ints, seeds: Seeds, salt: int) -> pa.Array:
        """Return for each row one of the words of its slot."""
        chosen = self.fillers.start[slots] + pick(seeds, salt, self.fillers.count[slots])
        return self.fillers.words.take(pa.array(chosen))

    def _fill(self, kinds: Ints, seeds: Seeds, salt: int, own: Mapping[str, pa.Array]) -> pa.Array:
        filled = self.words(kinds, seeds, salt)
        for name, words in own.items():
            mine = kinds == self.slot[name]
            if mine.any():
                mask = pa.array(mine)
                filled = pc.replace_with_mask(filled, mask, words.filter(mask))
        return filled


def _capitalised(words: pa.Array, rows: Bools) -> pa.Array:
    """Begin some words with a capital; `pc.utf8_capitalize` would lower the rest."""
    if not rows.any():
        return words
    mask = pa.array(rows)
    held = words.filter(mask)
    first = pc.utf8_upper(pc.utf8_slice_codeunits(held, 0, 1))
    raised = pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(held, 1), "")
    return pc.replace_with_mask(words, mask, raised)


def _fillers(slots: Mapping[str, Sequence[str]]) -> Fillers:
    """Lay the words of all slots end to end; a slot without any has the empty one."""
    words: list[str] = []
    start, count = [], []
    for held in (*slots.values(), ()):
        start.append(len(words))
        count.append(max(len(held), 1))
        words += held or ("",)
    return Fillers(pa.array(words, pa.string()), np.array(start), np.array(count))
