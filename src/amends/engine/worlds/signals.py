"""Write what was heard as signals, with the truth about each as labels."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from amends.engine.contracts import Kind, signal_id

from .columns import dictionary, integers, mapping, money, named, timestamps
from .contacts import CODE, KINDS, UNKNOWN, Heard
from .demand import SECONDS_PER_DAY
from .directory import customer_ids
from .events import Events, Scene
from .language import Language
from .randomness import Bools, Seeds, pick, uniform
from .transactions import whole
from .verbatims import WAYS, Texts, Topic, write_subjects, write_texts

AGENTS: Final = 140
SOURCES: Final = {
    Kind.COMPLAINT: "crm",
    Kind.SURVEY: "surveys",
    Kind.TICKET: "crm",
    Kind.NOTE: "crm",
    Kind.ESCALATION: "crm",
    Kind.QA_AUDIT: "qa",
    Kind.SOCIAL: "social",
    Kind.TRANSACTION: "orders",
}
LABEL_SCHEMA: Final = pa.schema(
    [
        pa.field("signal_id", pa.string(), nullable=False),
        pa.field("cause", pa.string()),
        pa.field("causes", pa.list_(pa.string())),
        pa.field("way", pa.string()),
        pa.field("breakdown", pa.string()),
    ]
)
"""`cause`: what failed, null when nothing did; `causes`: what the words tell of, in order;
`way`: how it was put, null without words; `breakdown`: the planted breakdown it belongs to."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some signals in time order and the truth about them, row by row (transactions have none)."""

    signals: pa.Table
    labels: pa.Table


@dataclass(frozen=True, slots=True)
class Rows:
    """Heard signals with their events and seeds, ready to be written."""

    heard: Heard
    events: Events
    seeds: Seeds
    first: int
    """number of the first row among all"""


def write_rows(
    scene: Scene, language: Language, rows: Rows, recent: frozenset[str] = frozenset()
) -> Chunk:
    """Return the rows as signals and labels; no words stand in `recent` or twice among them."""
    heard, events, population = rows.heard, rows.events, scene.population
    kind, n = heard.kind, len(heard)
    topic = Topic(
        kind=kind,
        voice=population.voice[events.customer],
        mood=heard.mood,
        attempt=heard.attempt,
        cause=events.cause,
        second_cause=events.second_cause,
        product=events.product,
        vendor=events.vendor,
        loss_cents=events.loss_cents,
        seeds=rows.seeds,
    )
    texts = write_texts(language, topic)
    told = heard.told == 1
    words = _distinct(language, topic, texts.words, told, recent)
    names = [f"{_PREFIX[k]}{rows.first + i:07d}" for i, k in enumerate(kind.tolist())]
    sources = [_SOURCE[k] for k in kind.tolist()]
    identity = [signal_id(s, name) for s, name in zip(sources, names, strict=True)]
    columns = {
        "signal_id": pa.array(identity, pa.string()),
        "source": pa.array(sources, pa.string()),
        "external_id": pa.array(names, pa.string()),
        "version": pa.array(np.ones(n, dtype=np.int32)),
        "kind": named(kind, [k.value for k in KINDS]),
        "verbatim": pc.if_else(pa.array(told), words, pa.scalar(None, pa.string())),
        "subject": _subjects(language, topic),
        **_dimensions(scene, rows),
        **_times_and_scores(scene, language, rows),
        **_money(scene, rows),
    }
    return Chunk(whole(columns, n), _labels(scene, rows, identity, texts, told))


_PREFIX: Final = [{"q": "QA"}.get(k.value[0], k.value[:3].upper()) + "-" for k in KINDS]
_SOURCE: Final = [SOURCES[k] for k in KINDS]


def _distinct(
    language: Language, topic: Topic, words: pa.Array, told: Bools, recent: frozenset[str]
) -> pa.Array:
    """Give texts that were told before a reference, so that no two of a thousand are alike."""
    codes = np.asarray(words.dictionary_encode().indices)
    _, first = np.unique(codes, return_index=True)
    again = told.copy()
    again[first] = False
    if recent:
        again |= told & np.asarray(pc.is_in(words, pa.array(sorted(recent), pa.string())))
    rows = np.flatnonzero(again)
    if not len(rows):
        return words
    pools = np.full(len(rows), language.pool("ref"))
    plain = np.zeros(len(rows), dtype=bool)
    refs = language.grammar.write(pools, topic.seeds[rows], 200, plain, {})
    mask = pa.array(again)
    bare = pc.utf8_rtrim(words.filter(mask), ".!,")
    joined = pc.binary_join_element_wise(bare, refs, ", ")
    return pc.replace_with_mask(words, mask, joined)


def _subjects(language: Language, topic: Topic) -> pa.Array:
    """Return agents' words for the matter on half of the complaints and tickets."""
    has = np.isin(topic.kind, [CODE[Kind.COMPLAINT], CODE[Kind.TICKET]]) & (topic.cause >= 0)
    has &= uniform(topic.seeds, 7) < 0.5
    subjects = write_subjects(language, topic)
    return pc.if_else(pa.array(has), subjects, pa.scalar(None, pa.string()))


def _dimensions(scene: Scene, rows: Rows) -> dict[str, pa.Array]:
    company, events, population = scene.company, rows.events, scene.population
    kind = rows.heard.kind
    causes = list(company.causes.values())
    stages = tuple(dict.fromkeys(c.stage for c in causes))
    touchpoints = tuple(dict.fromkeys(c.touchpoint for c in causes))
    ordinary = company.transactions
    stages = tuple(dict.fromkeys((*stages, ordinary.journey_stage)))
    touchpoints = tuple(dict.fromkeys((*touchpoints, ordinary.touchpoint)))
    stage_of = [*(stages.index(c.stage) for c in causes), stages.index(ordinary.journey_stage)]
    point_of = [
        *(touchpoints.index(c.touchpoint) for c in causes),
        touchpoints.index(ordinary.touchpoint),
    ]
    channels = (*company.values("channel"), "survey", "social_media")
    channel = np.where(kind == CODE[Kind.SURVEY], len(channels) - 2, events.channel)
    channel = np.where(kind == CODE[Kind.SOCIAL], len(channels) - 1, channel)
    by_agent = np.isin(
        kind, [CODE[k] for k in (Kind.TICKET, Kind.NOTE, Kind.QA_AUDIT, Kind.ESCALATION)]
    )
    agent = np.where(by_agent, rows.heard.event * 7_919 % AGENTS, -1)
    is_relationship = (kind == CODE[Kind.SURVEY]) & (rows.heard.csat == UNKNOWN)
    case = (kind != CODE[Kind.SOCIAL]) & (events.cause >= 0) & ~is_relationship
    cases = [
        f"CASE-{e:07d}" if c else None
        for e, c in zip(rows.heard.event.tolist(), case.tolist(), strict=True)
    ]
    return {
        "customer_id": pa.array(customer_ids(events.customer), pa.string()),
        "agent_id": named(agent, [f"agent-{a:03d}" for a in range(AGENTS)]),
        "vendor": named(events.vendor, company.values("vendor")),
        "case_ref": pa.array(cases, pa.string()),
        "region": dictionary(population.region[events.customer], company.values("region")),
        "segment": dictionary(population.segment[events.customer], company.values("segment")),
        "tier": dictionary(population.tier[events.customer], company.values("tier")),
        "product": dictionary(events.product, company.values("product")),
        "channel": dictionary(channel, channels),
        "touchpoint": dictionary(np.array(point_of)[events.cause], touchpoints),
        "journey_stage": dictionary(np.array(stage_of)[events.cause], stages),
    }


def _times_and_scores(scene: Scene, language: Language, rows: Rows) -> dict[str, pa.Array]:
    heard, company = rows.heard, scene.company
    n = len(heard)
    ticket = heard.kind == CODE[Kind.TICKET]
    closed = ticket & (heard.resolved_at != UNKNOWN)
    closed &= heard.resolved_at < company.days * SECONDS_PER_DAY
    lag = pick(rows.seeds, 8, 900)
    told = heard.told == 1
    scores = {
        name: integers(getattr(heard, name), getattr(heard, name) != UNKNOWN, pa.int8())
        for name in ("nps", "csat", "ces")
    }
    counts = {
        name: integers(getattr(heard, name), ticket, pa.int32())
        for name in ("contacts", "reopens", "transfers")
    }
    return {
        "occurred_at": timestamps(company, heard.at),
        "received_at": timestamps(company, heard.at + lag),
        "opened_at": timestamps(company, heard.at, ticket),
        "resolved_at": timestamps(company, heard.resolved_at, closed),
        "is_escalated": pc.if_else(
            pa.array(ticket), pa.array(heard.is_escalated == 1), pa.scalar(None, pa.bool_())
        ),
        "language": pc.if_else(
            pa.array(told), pa.repeat(pa.scalar("en"), n), pa.scalar(None, pa.string())
        ),
        "resolution_code": _codes(scene, language, rows, closed),
        "attributes": _audit_scores(rows),
        **scores,
        **counts,
    }


def _codes(scene: Scene, language: Language, rows: Rows, closed: Bools) -> pa.Array:
    """Return agents' codes: right but for the noise, which mostly hits a sibling or "other"."""
    codes = [*language.codes, "OTHER", "INFO"]
    right = np.where(rows.events.cause < 0, len(codes) - 1, rows.events.cause)
    wrong = rows.events.second_cause
    wrong = np.where(uniform(rows.seeds, 10) < 0.25, len(codes) - 2, wrong)
    slipped = uniform(rows.seeds, 9) < scene.company.selection.code_noise
    slipped &= rows.events.cause >= 0
    return named(np.where(closed, np.where(slipped, wrong, right), -1), codes)


def _audit_scores(rows: Rows) -> pa.Array:
    audited = rows.heard.kind == CODE[Kind.QA_AUDIT]
    score = np.clip(38 + 11 * rows.heard.mood + pick(rows.seeds, 11, 16), 0, 100)
    return mapping("qa_score", pa.array(score, mask=~audited).cast(pa.string()))


def _money(scene: Scene, rows: Rows) -> dict[str, pa.Array]:
    kinds = [CODE[k] for k in (Kind.COMPLAINT, Kind.TICKET, Kind.ESCALATION)]
    known = np.isin(rows.heard.kind, kinds) & (rows.events.cause >= 0)
    lost = known & (rows.events.loss_cents > 0)
    currency = pa.scalar(scene.company.currency)
    return {
        "value_at_risk": money(scene.population.value_cents[rows.events.customer], known),
        "loss": money(rows.events.loss_cents, lost),
        "currency": pc.if_else(pa.array(known), currency, pa.scalar(None, pa.string())),
    }


def _labels(scene: Scene, rows: Rows, identity: list[str], texts: Texts, told: Bools) -> pa.Table:
    company, events = scene.company, rows.events
    paths = list(company.causes)
    way = np.where(told, texts.way, -1)
    mixed = way == WAYS.index("mixed")
    silent = np.isin(
        way, [-1, *(WAYS.index(w) for w in ("vague", "off_topic", "praise", "question"))]
    )
    tells = ~silent & (events.cause >= 0)
    counts = np.where(mixed & tells, 2, tells.astype(np.int64))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    held = np.empty(offsets[-1], dtype=np.int64)
    held[offsets[:-1][tells]] = events.cause[tells]
    held[offsets[:-1][mixed & tells] + 1] = events.second_cause[mixed & tells]
    planted = [b.name for b in company.breakdowns]
    return pa.table(
        [
            pa.array(identity, pa.string()),
            named(events.cause, paths),
            pa.ListArray.from_arrays(offsets, named(held, paths)),
            named(way, WAYS),
            named(events.breakdown, planted),
        ],
        schema=LABEL_SCHEMA,
    )
