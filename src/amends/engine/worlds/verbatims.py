"""Plan and write the words of signals: which fragments, in which order, in whose voice."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Kind

from .contacts import CODE
from .language import Language, amount_index
from .randomness import Bools, Floats, Ints, Seeds, pick, uniform, weighted
from .voices import speak

WAYS: Final = (
    "plain",
    "negated",
    "contrast",
    "earlier",
    "ironic",
    "mixed",
    "vague",
    "off_topic",
    "solved",
    "lukewarm",
    "praise",
    "question",
    "shorthand",
    "audit",
    "escalation",
)
"""How a text is put. The first eight are ways to tell of a failure."""
TELLING: Final = ("plain", "negated", "contrast", "earlier", "ironic", "mixed")
WAY: Final = {name: code for code, name in enumerate(WAYS)}
_NONE: Final = -1
_SPACE, _STOP, _GAP = 1, 2, 3
"""after a fragment: go on, end the sentence, it has ended itself"""
_PARTS: Final = 11
"""Places: greet, tenure, lead, main, link, second, tail, detail, history, demand, close."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What n texts are about, arrays of shape (n,)."""

    kind: Ints
    voice: Ints
    mood: Ints
    attempt: Ints
    cause: Ints
    second_cause: Ints
    product: Ints
    vendor: Ints
    loss_cents: Ints
    seeds: Seeds

    def __len__(self) -> int:
        return len(self.kind)


@dataclass(frozen=True, slots=True)
class Texts:
    """n texts and how each was put."""

    words: pa.Array
    way: Ints


def write_texts(language: Language, topic: Topic) -> Texts:
    """Return the words of each topic."""
    way = ways(language, topic)
    plan = _Plan(language, topic, way)
    return Texts(speak(language, plan.write(), topic.voice, plan.is_customer, topic.seeds), way)


def write_subjects(language: Language, topic: Topic) -> pa.Array:
    """Return a noun for each cause, as agents file it."""
    pools = language.cause_pools["note"][topic.cause]
    capital = np.ones(len(topic), dtype=bool)
    return language.grammar.write(pools, topic.seeds, 90, capital, _own_words(language, topic))


def ways(language: Language, topic: Topic) -> Ints:
    """Decide how each text is put."""
    shares = language.shared.ways
    u = uniform(topic.seeds, 1)
    way = np.array([WAY[name] for name in shares])[weighted(u, np.array(list(shares.values())))]
    survey = topic.kind == CODE[Kind.SURVEY]
    way[(way == WAY["off_topic"]) & ~survey] = WAY["plain"]
    way[survey & (topic.mood >= 4)] = WAY["solved"]
    way[survey & (topic.mood == 3) & (u < 0.5)] = WAY["lukewarm"]
    nothing = topic.cause == _NONE
    v = uniform(topic.seeds, 2)
    way[nothing] = np.where(v < 0.12, WAY["off_topic"], WAY["praise"])[nothing]
    way[nothing & (topic.mood <= 3) & (v >= 0.4)] = WAY["vague"]
    way[nothing & (topic.kind == CODE[Kind.TICKET])] = WAY["question"]
    for kind, name in ((Kind.NOTE, "shorthand"), (Kind.QA_AUDIT, "audit")):
        way[topic.kind == CODE[kind]] = WAY[name]
    filed_by_agent = (topic.kind == CODE[Kind.ESCALATION]) & (v < 0.5)
    way[filed_by_agent] = WAY["escalation"]
    return way


class _Plan:
    """The fragments of n texts: a pool, a separator and a place for each."""

    def __init__(self, language: Language, topic: Topic, way: Ints) -> None:
        self.language, self.topic, self.way = language, topic, way
        self.pools = np.full((_PARTS, len(topic)), _NONE)
        self.ends = np.full((_PARTS, len(topic)), _STOP)
        self.is_customer = ~self._is("shorthand", "audit", "escalation")
        self._failure()
        self._simple()
        self._around()

    def write(self) -> pa.Array:
        """Return the texts."""
        own = _own_words(self.language, self.topic)
        pieces: list[pa.Array] = []
        n = len(self.topic)
        starts = np.ones(n, dtype=bool)
        separators = pa.array(["", " ", ". ", " "])
        for part in range(_PARTS):
            rows = np.flatnonzero(self.pools[part] != _NONE)
            if not len(rows):
                continue
            here = {name: words.take(pa.array(rows)) for name, words in own.items()}
            words = self.language.grammar.write(
                self.pools[part, rows], self.topic.seeds[rows], 100 + 8 * part, starts[rows], here
            )
            ends = np.zeros(n, dtype=np.int64)
            ends[rows] = self.ends[part, rows]
            where = np.full(n, len(rows))
            where[rows] = np.arange(len(rows))
            pieces.append(pa.concat_arrays([words, pa.array([""])]).take(pa.array(where)))
            pieces.append(separators.take(pa.array(ends)))
            starts[rows] = self.ends[part, rows] != _SPACE
        return pc.binary_join_element_wise(*pieces, "")

    def _is(self, *names: str) -> Bools:
        return np.isin(self.way, [WAY[name] for name in names])

    def _put(self, part: int, where: Bools, pools: Ints | int, end: int = _STOP) -> None:
        self.pools[part] = np.where(where, pools, self.pools[part])
        self.ends[part] = np.where(where, end, self.ends[part])

    def _failure(self) -> None:
        """Tell of the cause: a lead, the statement, what it is not, what else there is."""
        pool, pools, topic = self.language.pool, self.language.cause_pools, self.topic
        u, cause, second = uniform(topic.seeds, 3), topic.cause, topic.second_cause
        told = self._is(*TELLING) & (cause != _NONE)
        self._put(3, told, pools["say"][cause])
        negated, contrast, ironic = (self._is(way) for way in ("negated", "contrast", "ironic"))
        self._put(2, negated & (u < 0.35), pool("lead.negated"), _SPACE)
        self._put(6, negated & (u >= 0.25) & (u < 0.5), pool("tail.negated"))
        self._put(3, negated & (u >= 0.5), pool("main.negated"))
        self._put(2, contrast & (u < 0.5), pool("lead.contrast"), _SPACE)
        self._put(3, contrast & (u >= 0.5), pool("main.contrast"))
        earlier = self._is("earlier")
        self._put(2, earlier, pool("lead.earlier"), _SPACE)
        self._put(3, earlier, pools["say"][second])
        self._put(6, earlier, pool("tail.earlier"))
        self._put(2, ironic & (u < 0.35), pool("lead.irony"), _SPACE)
        self._put(6, ironic & (u < 0.7) & (u >= 0.2), pool("tail.irony"))
        self._put(3, ironic & (u >= 0.6), pools["irony"][cause])
        mixed = self._is("mixed")
        self._put(4, mixed, pool("link.mixed"), _SPACE)
        self._put(5, mixed, pools["say"][second])
        swap = mixed & (u < 0.3)
        self._put(5, swap, pools["say"][cause])
        self._put(3, swap, pools["say"][second])

    def _simple(self) -> None:
        """Tell what needs one or two fragments."""
        pool, u = self.language.pool, uniform(self.topic.seeds, 4)
        for name in ("vague", "off_topic", "solved", "lukewarm", "praise", "question"):
            self._put(3, self._is(name), pool(name))
        self._put(5, self._is("praise") & (u < 0.35), pool("praise"))
        self._put(5, self._is("vague") & (u < 0.4), pool("vague"))
        self._put(3, self._is("shorthand"), pool("note.open"))
        self._put(5, self._is("shorthand"), pool("note.act"))
        self._put(7, self._is("shorthand") & (u < 0.5), pool("note.tail"))
        self._put(8, self._is("shorthand") & (u < 0.25), pool("note.act"))
        nothing = self.topic.cause == _NONE
        self._put(3, self._is("audit"), np.where(nothing, pool("qa.ordinary"), pool("qa")))
        self._put(3, self._is("escalation"), pool("escalation"))
        self._put(5, self._is("escalation") & (u < 0.6), pool("note.act"))

    def _around(self) -> None:
        """Add what each voice says around it: greeting, details, history, demands, goodbye."""
        topic, language = self.topic, self.language
        telling = self._is(*TELLING)
        short = np.isin(topic.kind, [CODE[Kind.SURVEY], CODE[Kind.SOCIAL]])
        much = np.where(short, 0.45, 1.0) * np.where(telling, 1.0, 0.25) * self.is_customer
        calm = np.array([voice.shout == 0 for voice in language.voices])[topic.voice]
        self._maybe(0, "greet", much * ~short * (telling | calm), _GAP)
        self._maybe(1, "tenure", much * telling)
        self._maybe(8, "history", np.where(topic.attempt > 1, much * telling, 0.0))
        self._maybe(9, "demand", much * telling)
        self._maybe(10, "close", much * telling * ~short)
        pools = language.cause_pools["det"][topic.cause]
        self._put(7, self._wants(7, "detail", much * telling), pools)
        filler = (
            self._wants(12, "filler", much * telling) & (self.pools[8] == _NONE) & self.is_customer
        )
        self._put(8, filler, language.pool("filler"))
        threat = (topic.kind == CODE[Kind.ESCALATION]) & self.is_customer
        self._put(9, threat, language.pool("threat"))
        post = (topic.kind == CODE[Kind.SOCIAL]) & telling & (uniform(topic.seeds, 60) < 0.6)
        self._put(10, post, language.pool("social.tail"))
        early = (self.pools[7] != _NONE) & (self.pools[2] == _NONE) & self._is("plain")
        early &= uniform(topic.seeds, 61) < 0.2
        detail, main = self.pools[7].copy(), self.pools[3].copy()
        self._put(3, early, detail)
        self._put(7, early, main)

    def _maybe(self, part: int, name: str, chance: Floats, end: int = _STOP) -> None:
        pools = self.language.by_voice(name)[self.topic.voice]
        self._put(part, self._wants(part, name, chance) & (pools != _NONE), pools, end)

    def _wants(self, part: int, name: str, chance: Floats) -> Bools:
        habit = np.array([getattr(voice, name) for voice in self.language.voices])
        wanted: Bools = uniform(self.topic.seeds, 40 + part) < habit[self.topic.voice] * chance
        return wanted


def _own_words(language: Language, topic: Topic) -> Mapping[str, pa.Array]:
    """Return what each row puts into the slots that are its own."""
    grammar, seeds = language.grammar, topic.seeds
    own = {
        "item": grammar.words(language.items[topic.product], seeds, 20),
        "vendor": grammar.words(language.vendors[topic.vendor], seeds, 21),
        "amount": _amounts(language, topic),
    }
    lower = np.zeros(len(topic), dtype=bool)
    pools, cause, other = language.cause_pools, topic.cause, topic.second_cause
    agents = np.isin(topic.kind, [CODE[Kind.NOTE], CODE[Kind.QA_AUDIT], CODE[Kind.ESCALATION]])
    named = np.where(agents, pools["note"][cause], pools["np"][cause])
    nouns = {
        "np": grammar.write(named, seeds, 22, lower, own),
        "other": grammar.write(pools["np"][other], seeds, 30, lower, own),
        "other_ok": grammar.write(pools["ok"][other], seeds, 38, lower, own),
    }
    return own | nouns


def _amounts(language: Language, topic: Topic) -> pa.Array:
    index = np.where(
        topic.loss_cents > 0, amount_index(topic.loss_cents), 90 + pick(topic.seeds, 23, 170)
    )
    slot = language.grammar.slot["amounts"]
    return language.grammar.fillers.words.take(
        pa.array(language.grammar.fillers.start[slot] + np.minimum(index, 399))
    )
