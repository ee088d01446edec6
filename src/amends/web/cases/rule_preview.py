"""What rules would have opened in the last 90 days, before they are saved: how many cases, which.

It is the sorting of what lands (`matters.fates`), over signals that have landed.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa
from django.urls import reverse

from amends.engine.contracts import UNSURE, Kind, check_signals
from amends.web.cases.matters import COLUMNS, Fate, Matter, Newest, candidates, fates
from amends.web.cases.models import Case, CaseRule, State
from amends.web.cases.opening import title_of
from amends.web.cases.rules import Rules, breakdowns_since
from amends.web.classify.in_force import taxonomy_in_force
from amends.web.detect.models import Breakdown
from amends.web.intake.lake import lake
from amends.web.intake.models import Customer

LOOKS_BACK: Final = timedelta(days=90)
MOST: Final = 50
"""Cases that are listed; all are counted."""
NEEDED: Final = (
    *COLUMNS, "source", "external_id", "version", "nps", "csat", "ces", "opened_at", "resolved_at",
    "is_escalated", "sentiment", "attributes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class WouldBe:
    """One case that would have been opened, or not."""

    at: datetime
    title: str
    customer: str
    severity: str
    because: str
    out: str
    """By which rule it is out of scope; empty when it is in."""
    href: str
    is_change: bool
    """Whether the rules in force say otherwise."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What rules would have done, beside what those in force would have."""

    n: int
    """Cases in scope."""
    n_now: int
    more: int
    less: int
    by_rule: Sequence[tuple[str, int]]
    kept_out: int
    joined: int
    """Signals that would have joined a case."""
    cases: Sequence[WouldBe]
    """What the changed rule picks, and what no longer opens; changes first, the newest first."""
    n_listed: int


def with_rule(rules: Sequence[CaseRule], draft: CaseRule) -> list[CaseRule]:
    """Return all rules with a draft in the place of the rule it would change; it is on."""
    draft.is_on = True
    return [*(rule for rule in rules if rule.pk != draft.pk), draft]


def preview_of(draft: Rules, in_force: Rules, now: datetime, focus: str = "") -> Preview:
    """Return what drafted rules would have opened; `focus` is the rule that is listed."""
    since = now - LOOKS_BACK
    signals = _landed(since, now)
    breakdowns = breakdowns_since(since)
    before = _run(signals, in_force, breakdowns, since)
    after = _run(signals, draft, breakdowns, since)
    opened = {row["signal_id"]: row for row, fate in after if fate is Fate.OPENS}
    out = {row["signal_id"]: row for row, fate in after if fate is Fate.IS_KEPT_OUT}
    was = {row["signal_id"]: row for row, fate in before if fate is Fate.OPENS}
    more, less = opened.keys() - was.keys(), was.keys() - opened.keys()
    by_rule = Counter(row["verdict"].opened_by.name for row in opened.values())
    listed = [
        (row, name in (more if name in opened else less))
        for name, row in {**was, **out, **opened}.items()
        if name in more or name in less or not focus or focus in _names(row)
    ]
    listed.sort(key=lambda pair: (pair[1], pair[0]["occurred_at"]), reverse=True)
    return Preview(
        n=len(opened),
        n_now=len(was),
        more=len(more),
        less=len(less),
        by_rule=[
            (rule.name, by_rule[rule.name])
            for rule in sorted(draft.opens, key=lambda rule: -by_rule[rule.name])
        ],
        kept_out=len(out),
        joined=sum(fate is Fate.JOINS for _, fate in after),
        cases=_told(listed[:MOST], opened.keys()),
        n_listed=len(listed),
    )


def _landed(since: datetime, until: datetime) -> pa.Table:
    """Return the contacts of a time as they lie in the lake."""
    rows = lake().signals(since, until)
    rows = rows.filter(rows.kind != Kind.TRANSACTION.value)
    return check_signals(lake().fetch(rows.select(*NEEDED)))


def _run(
    signals: pa.Table, rules: Rules, breakdowns: Iterable[Breakdown], since: datetime
) -> list[tuple[dict[str, Any], Fate]]:
    """Return what becomes of signals, after the cases that were there before them."""
    opened = Case.objects.filter(opened_at__gte=since - rules.same_matter, opened_at__lt=since)
    known: dict[Matter, Newest] = {
        (customer, cause or UNSURE): Newest(at, state == State.EXCLUDED)
        for customer, cause, at, state in opened.order_by("opened_at").values_list(
            "customer_id", "cause", "opened_at", "state"
        )
    }
    rows = candidates(signals, rules, breakdowns)
    return [(dict(row), fate) for row, fate in fates(rows, known, rules.same_matter)]


def _names(row: dict[str, Any]) -> set[str]:
    verdict = row["verdict"]
    return {rule.name for rule in (verdict.opened_by, verdict.excluded_by) if rule is not None}


def _told(listed: Sequence[tuple[dict[str, Any], bool]], opened: Collection[str]) -> list[WouldBe]:
    names = Customer.objects.in_bulk({row["customer_id"] for row, _ in listed})
    taxonomy = taxonomy_in_force()
    told = []
    for row, is_change in listed:
        verdict = row["verdict"]
        out = verdict.excluded_by.name if verdict.excluded_by else ""
        if row["signal_id"] not in opened and not out:
            out = "Opens no longer"
        told.append(
            WouldBe(
                at=row["occurred_at"],
                title=title_of(row, taxonomy),
                customer=str(names.get(row["customer_id"], row["customer_id"])),
                severity=row["severity"] or "medium",
                because=verdict.opened_by.name if verdict.opened_by else "",
                out=out,
                href=reverse("intake:signal", args=[row["signal_id"]]),
                is_change=is_change,
            )
        )
    return told
