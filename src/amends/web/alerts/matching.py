"""Which signals count for a rule, and for whom: the same for what lands and for the preview."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from amends.engine.contracts import UNSURE, Kind, Severity
from amends.flows.report import words
from amends.web.alerts.models import Rule, RuleKind
from amends.web.intake.naming import cause_label, value_label

DIMS: Final = ("product", "channel", "region", "segment", "tier", "vendor", "touchpoint")
"""By which surveys can be counted together, and which an alert says of itself."""
COLUMNS: Final = (
    "signal_id", "source", "external_id", "version", "kind", "occurred_at", "received_at",
    "customer_id", "nps", "csat", "ces", "severity", "cause", *DIMS,
)  # fmt: skip
CUSTOMER: Final = "customer"
LARGEST_NEGATIVE: Final[Mapping[str, int]] = {"nps": 6, "csat": 3, "ces": 4}
"""A survey is negative up to these answers: what the measures of shortfall count."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A signal that counts."""

    signal_id: str
    at: datetime
    subject: str
    kind: str
    where: Mapping[str, str]
    """What it says of dimensions and cause."""

    @property
    def place(self) -> str:
        """Return where it lies: `Product: Fibre · Region: North`."""
        told = [
            f"{value_label(dim)}: {value_label(value)}"
            for dim, value in self.where.items()
            if dim in {"product", "region", "channel"}
        ]
        return " · ".join(told)

    @property
    def what(self) -> str:
        """Return what it is, in words: `Complaint, Charged twice`."""
        kind = self.kind.replace("_", " ").capitalize()
        return f"{kind}: {cause_label(self.where['cause'])}" if "cause" in self.where else kind


def hits_of(rule: Rule, signals: pa.Table) -> list[Hit]:
    """Return the signals that count for a rule of surveys or single signals, in time order."""
    rows = signals.select(list(COLUMNS)).filter(_counts(rule, signals)).to_pylist()
    found = []
    for row in rows:
        at = row["occurred_at"] or row["received_at"]
        subject = _subject(rule, row)
        if at is not None and subject is not None:
            found.append(Hit(row["signal_id"], at, subject, row["kind"], _where(row)))
    return sorted(found, key=lambda hit: (hit.at, hit.signal_id))


def of_customer(customer_id: str) -> str:
    """Return what stands for a customer: HMAC-SHA256 under the secret key."""
    key = f"amends rules {settings.SECRET_KEY}".encode()
    return hmac.new(key, customer_id.encode(), hashlib.sha256).hexdigest()


def subject_label(rule: Rule, subject: str) -> str:
    """Say whose signals were counted together."""
    if rule.subject == CUSTOMER:
        return "of one customer"
    return f"of {words.label(rule.subject).lower()} {value_label(subject)}" if subject else ""


def _counts(rule: Rule, signals: pa.Table) -> pa.Array:
    if rule.kind == RuleKind.SURVEYS:
        wanted = pc.equal(signals["kind"], Kind.SURVEY.value)
        negative = pa.array([False] * len(signals), pa.bool_())
        for column, largest in LARGEST_NEGATIVE.items():
            negative = pc.or_(negative, _true(pc.less_equal(signals[column], largest)))
        wanted = pc.and_(_true(wanted), negative)
    else:
        grave = [s.value for s in Severity if s.rank >= Severity(rule.least_severity).rank]
        wanted = _true(pc.is_in(_plain(signals["severity"]), value_set=pa.array(grave)))
    for dim, value in rule.where.items():
        wanted = pc.and_(wanted, _true(pc.equal(signals[dim], value)))
    if rule.cause:
        causes = _plain(signals["cause"])
        below = pc.starts_with(causes, f"{rule.cause}/")
        wanted = pc.and_(wanted, _true(pc.or_(pc.equal(causes, rule.cause), below)))
    return wanted


def _subject(rule: Rule, row: Mapping[str, Any]) -> str | None:
    """Return whose it is; None when that is not known: it counts for nobody."""
    if rule.kind == RuleKind.SIGNAL:
        return str(row["signal_id"])
    if not rule.subject:
        return ""
    if rule.subject == CUSTOMER:
        return of_customer(row["customer_id"]) if row["customer_id"] else None
    return row[rule.subject] or None


def _where(row: Mapping[str, Any]) -> dict[str, str]:
    told = {dim: row[dim] for dim in DIMS if row[dim]}
    if row["cause"] and row["cause"] != UNSURE:
        told["cause"] = row["cause"]
    return told


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _true(mask: pa.Array) -> pa.Array:
    return pc.fill_null(mask, False)
