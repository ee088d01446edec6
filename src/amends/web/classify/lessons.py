"""What a complete training learns from: the lake's texts with the causes that people gave."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import ibis

from amends.engine.classify import Classifier, read_labels
from amends.engine.contracts import UNSURE, Taxonomy
from amends.flows.learning import Lesson
from amends.store import reads
from amends.web.classify.models import ConfirmedCause
from amends.web.intake.asked import TOLD
from amends.web.intake.lake import lake

LOOKS_BACK: Final = timedelta(days=400)
MOST_CODED: Final = 20_000
MOST_CONFIRMED: Final = 10_000
_COLUMNS: Final = ("signal_id", "verbatim", "subject", "resolution_code")


def lesson_at(now: datetime, classifier: Classifier | None, taxonomy: Taxonomy) -> Lesson:
    """Return the newest texts with a code, and those confirmed; a person outdoes a code.

    Texts without either serve to learn which words go together.
    """
    confirmed = _confirmed()
    rows = {row["signal_id"]: row for row in _newest(now)}
    missing = [name for name in confirmed if name not in rows]
    if missing:
        found = lake().by_id(missing).select(_COLUMNS).to_pylist()
        rows |= {row["signal_id"]: row for row in found}
    codes = [row["resolution_code"] for row in rows.values()]
    meant = _meant(codes, classifier, taxonomy)
    paths = [
        confirmed[name] if name in confirmed else meant.get((code or "").strip())
        for name, code in zip(rows, codes, strict=True)
    ]
    texts = [row["verbatim"] or row["subject"] for row in rows.values()]
    return Lesson(texts, paths, meant)


def _newest(now: datetime) -> list[dict[str, str | None]]:
    signals = reads.where(lake().signals(), since=now - LOOKS_BACK, until=now, kinds=TOLD)
    told = signals.filter(ibis.coalesce(signals["verbatim"], signals["subject"]).length() > 0)
    order = told.order_by(
        told["resolution_code"].isnull().cast("int8"), told["occurred_at"].desc(), "signal_id"
    )
    found: list[dict[str, str | None]] = (
        lake().fetch(order.limit(MOST_CODED).select(*_COLUMNS)).to_pylist()
    )
    return found


def _confirmed() -> dict[str, str | None]:
    rows = ConfirmedCause.objects.filter(is_withdrawn=False).order_by("-confirmed_at")
    pairs: list[tuple[UUID, str]] = list(rows.values_list("signal_id", "cause")[:MOST_CONFIRMED])
    return {name.hex: cause or None for name, cause in pairs}


def _meant(
    codes: list[str | None], classifier: Classifier | None, taxonomy: Taxonomy
) -> Mapping[str, str]:
    """Return what codes stand for: as the classifier learnt it, or as the taxonomy says."""
    if classifier is not None and classifier.codebook is not None:
        return classifier.codebook.meant
    known = {leaf.path for leaf in taxonomy.leaves} | {UNSURE}
    meant = read_labels(codes, taxonomy).meant
    return {code: path for code, path in meant.items() if path in known}
