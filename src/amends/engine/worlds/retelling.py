"""What the customers of given cases say, in the words of the world."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from amends.engine.contracts import CaseFacts, Kind

from .company import Company
from .contacts import CODE
from .events import NOBODY
from .language import Language
from .randomness import Ints, stream, weighted
from .verbatims import Topic, write_texts

_CENTS: Final = 100


def retell(
    company: Company,
    language: Language,
    facts: Sequence[CaseFacts],
    kind: Kind,
    mood: Ints,
    attempt: int,
    seed: int,
) -> pa.Array:
    """Return the words of each case's customer; see `World.retell`."""
    draws = [stream(seed, company.name, "retell", kind, f.case_ref) for f in facts]
    seeds = np.array([r.integers(0, 2**64, dtype=np.uint64) for r in draws], dtype=np.uint64)
    u = np.array([stream(seed, company.name, "voice", f.customer_id).random() for f in facts])
    n = len(facts)
    topic = Topic(
        kind=np.full(n, CODE[kind]),
        voice=weighted(u, np.array(list(company.customers.voices.values()))),
        mood=mood,
        attempt=np.full(n, attempt),
        cause=np.array([cause_code(company, f.cause) for f in facts], dtype=np.int64),
        second_cause=(seeds % np.uint64(len(company.causes))).astype(np.int64),
        product=_codes(company.values("product"), [f.product for f in facts]),
        vendor=np.full(n, NOBODY),
        loss_cents=np.array([int(f.loss.amount * _CENTS) for f in facts], dtype=np.int64),
        seeds=seeds,
    )
    return write_texts(language, topic).words


def cause_code(company: Company, cause: str) -> int:
    """Return the company's code of a cause; of a branch, of its most frequent one; else −1."""
    paths = list(company.causes)
    if cause in company.causes:
        return paths.index(cause)
    below = [path for path in paths if cause and path.startswith(f"{cause}/")]
    if not below:
        return NOBODY
    return paths.index(max(below, key=lambda path: company.causes[path].weight))


def _codes(values: tuple[str, ...], given: Sequence[str]) -> Ints:
    known = {value: code for code, value in enumerate(values)}
    return np.array([known.get(value, 0) for value in given], dtype=np.int64)
