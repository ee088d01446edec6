"""From signals to outcomes: who answered, who came back, who stayed, in the pipeline's transaction.

What is stored depends on the set of signals alone, not on their order or on how often they come:
of several answers the first counts, of several contacts the first, and of several statements about
whether the customer stayed the last. What no signal says stays null.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Q

from amends.engine.contracts import CENT, UNSURE, Kind, check_signals
from amends.web.cases.models import Case
from amends.web.intake.lake import lake
from amends.web.intake.models import Landing
from amends.web.intake.replaced import remove_replaced
from amends.web.track.models import LONGEST_WINDOW_DAYS, WINDOW_DAYS, Outcome
from amends.web.ui.live import publish

TOPIC: Final = "outcomes"
_RETURNS: Final = (Kind.COMPLAINT.value, Kind.TICKET.value)
_ANSWER: Final = ("answered_at", "answer_signal_id", "satisfaction", "nps")
_WINDOW: Final = ("window_closed_at", "window_signal_id", "churned", "repurchased", "value")
_RETURN: Final = ("recontacted_at", "recontact_signal_id")
_GROUPS: Final = (_ANSWER, _WINDOW, _RETURN)
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
_MOST: Final = Decimal(10) ** 10
_CHUNK: Final = 2_000

Fields = dict[str, Any]


@dataclass(slots=True)
class _Found:
    """What a batch says of one case."""

    answers: list[Fields] = field(default_factory=list)
    returns: list[Fields] = field(default_factory=list)
    windows: list[Fields] = field(default_factory=list)


def note_outcomes(signals: pa.Table) -> int:
    """Write down what enriched signals (`SIGNAL_SCHEMA`) say of the aftermath of cases.

    - A survey with the `case_ref` of a case: satisfaction (csat) and nps of the first one answered.
    - A complaint or ticket of a resolved case's customer about the same family of causes, within
      the window after the resolution: the first one is the recontact. A signal without a cause, or
      of which classify was unsure, is none, and neither is a ticket opened before the resolution.
    - A transaction with the `case_ref` of a case and `churned`, `repurchased` or `kept_value` among
      its attributes: the latest one says these three and closes the window.

    Runs in the caller's transaction, with a constant number of queries.

    Returns
    -------
    int
        How many cases something new was written down about.

    """
    found = _by_reference(signals)
    _add_returns(found, signals)
    if not found:
        return 0
    locked = Case.objects.select_for_update(no_key=True).filter(pk__in=found).order_by("pk")
    present = set(locked.values_list("pk", flat=True))
    outcomes = {o.case_id: o for o in Outcome.objects.filter(case_id__in=present)}
    changed = []
    for case_id in sorted(present):
        outcome = outcomes.get(case_id) or Outcome(case_id=case_id)
        if _merge(outcome, found[case_id]):
            changed.append(outcome)
    if not changed:
        return 0
    Outcome.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["case"],
        update_fields=[*_ANSWER, *_RETURN, *_WINDOW],
    )
    publish(TOPIC)
    return len(changed)


def forget_outcomes(older: pa.Table) -> int:
    """Forget what signals said of cases that were corrected or withdrawn; return of how many cases.

    What the other signals in the lake say of these cases is written down anew. Runs in the caller's
    transaction, within `exclusively`.
    """
    ids = [UUID(name) for name in older["signal_id"].to_pylist()]
    if not ids:
        return 0
    told = Q(*((f"{group[1]}__in", ids) for group in _GROUPS), _connector=Q.OR)
    touched = list(Outcome.objects.filter(told).select_related("case").order_by("case"))
    for outcome in touched:
        for group in _GROUPS:
            if getattr(outcome, group[1]) in ids:
                for name in group:
                    setattr(outcome, name, None)
    Outcome.objects.bulk_update(touched, [name for group in _GROUPS for name in group])
    if touched:
        note_outcomes(_rest([outcome.case for outcome in touched], older))
    return len(touched)


def _rest(cases: Sequence[Case], without: pa.Table) -> pa.Table:
    """Return the signals in the lake that may say something of cases."""
    open_ones = list(Landing.objects.filter(done_at=None).values_list("pk", flat=True))
    names = without["signal_id"].to_pylist()

    def look() -> pa.Table:
        s = lake().signals()
        is_about = s.case_ref.isin([case.ref for case in cases]) | s.customer_id.isin(
            [case.customer_id for case in cases]
        )
        found = lake().fetch(s.filter(is_about & s.signal_id.notin(names)))
        landed = pc.invert(pc.is_in(found["delivery"], value_set=pa.array(open_ones, pa.int64())))
        return found.filter(landed)

    found = look()
    if remove_replaced(wait=True, only=found["signal_id"].to_pylist()):
        found = look()
    return check_signals(found.drop_columns(["delivery", "month"]))


def _by_reference(signals: pa.Table) -> dict[int, _Found]:
    """Return what surveys and transactions say of the cases that they name."""
    scored = pc.or_(pc.is_valid(signals["csat"]), pc.is_valid(signals["nps"]))
    answers = pc.and_(pc.equal(signals["kind"], Kind.SURVEY.value), scored)
    paid = pc.and_(
        pc.equal(signals["kind"], Kind.TRANSACTION.value), pc.is_valid(signals["attributes"])
    )
    dated = pc.and_(pc.is_valid(signals["case_ref"]), pc.is_valid(signals["occurred_at"]))
    names = ["signal_id", "kind", "case_ref", "occurred_at", "csat", "nps", "attributes"]
    rows = signals.select(names).filter(pc.and_(dated, pc.or_(answers, paid)))
    cases = _cases_named(pc.unique(rows["case_ref"]).to_pylist())
    if not cases:
        return {}
    rows = rows.filter(pc.is_in(rows["case_ref"], value_set=pa.array(list(cases))))
    found: dict[int, _Found] = {}
    for row in rows.to_pylist():
        case_id, opened_at = cases[row["case_ref"]]
        if row["occurred_at"] < opened_at:
            continue
        if row["kind"] == Kind.SURVEY.value:
            found.setdefault(case_id, _Found()).answers.append(_answer(row))
        elif (window := _window(row)) is not None:
            found.setdefault(case_id, _Found()).windows.append(window)
    return found


def _cases_named(refs: list[str]) -> dict[str, tuple[int, datetime]]:
    """Return the cases among `refs`: ref → (id, opened_at)."""
    if not refs:
        return {}
    rows = Case.objects.filter(ref__in=refs).values_list("ref", "pk", "opened_at")
    return {ref: (pk, opened_at) for ref, pk, opened_at in rows}


def _answer(row: Mapping[str, Any]) -> Fields:
    values = row["occurred_at"], UUID(row["signal_id"]), row["csat"], row["nps"]
    return dict(zip(_ANSWER, values, strict=True))


def _window(row: Mapping[str, Any]) -> Fields | None:
    told = dict(row["attributes"])
    if not told.keys() & {"churned", "repurchased", "kept_value"}:
        return None
    values = (
        row["occurred_at"],
        UUID(row["signal_id"]),
        _flag(told.get("churned")),
        _flag(told.get("repurchased")),
        _money(told.get("kept_value")),
    )
    return dict(zip(_WINDOW, values, strict=True))


def _flag(text: str | None) -> bool | None:
    word = (text or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def _money(text: str | None) -> Decimal | None:
    try:
        amount = Decimal((text or "").strip())
        return amount.quantize(CENT) if amount.is_finite() and abs(amount) < _MOST else None
    except InvalidOperation:
        return None


def _add_returns(found: dict[int, _Found], signals: pa.Table) -> None:
    """Add the contacts that follow a resolution, the same customer's about the same family."""
    needed = ["signal_id", "customer_id", "cause", "occurred_at"]
    is_return = pc.is_in(signals["kind"], value_set=pa.array(_RETURNS))
    rows = signals.select([*needed, "opened_at"]).filter(is_return)
    for name in needed:
        rows = rows.filter(pc.is_valid(rows[name]))
    rows = rows.filter(pc.not_equal(rows["cause"], UNSURE))
    if not len(rows):
        return
    resolved = _resolved(rows)
    who = pa.array(list({customer for customer, _ in resolved}), pa.string())
    rows = rows.filter(pc.is_in(rows["customer_id"], value_set=who))
    for row in rows.to_pylist():
        at, opened_at = row["occurred_at"], row["opened_at"] or row["occurred_at"]
        family = row["cause"].partition("/")[0]
        for case_id, since, until in resolved.get((row["customer_id"], family), ()):
            if since < min(at, opened_at) and at <= until:
                values = at, UUID(row["signal_id"])
                contact = dict(zip(_RETURN, values, strict=True))
                found.setdefault(case_id, _Found()).returns.append(contact)


def _resolved(rows: pa.Table) -> dict[tuple[str, str], list[tuple[int, datetime, datetime]]]:
    """Return (customer, cause family) → cases whose window `rows` may lie in: id, start, end."""
    span = pc.min_max(rows["occurred_at"])
    since = span["min"].as_py() - timedelta(days=LONGEST_WINDOW_DAYS)
    cases = Case.objects.filter(resolved_at__gte=since, resolved_at__lt=span["max"].as_py())
    customers = pc.unique(rows["customer_id"]).to_pylist()
    if len(customers) <= _CHUNK:
        cases = cases.filter(customer__in=customers)
    told = cases.exclude(cause="").order_by("pk")
    found: dict[tuple[str, str], list[tuple[int, datetime, datetime]]] = {}
    for pk, customer, cause, resolved_at, days in told.values_list(
        "pk", "customer_id", "cause", "resolved_at", "outcome__window_days"
    ):
        if resolved_at is not None:  # as the filter says; the type does not
            end = resolved_at + timedelta(days=WINDOW_DAYS if days is None else days)
            key = customer, cause.partition("/")[0]
            found.setdefault(key, []).append((pk, resolved_at, end))
    return found


def _merge(outcome: Outcome, found: _Found) -> bool:
    """Take over what counts of stored and found; return whether anything is new."""
    return any(
        [
            _take(outcome, _ANSWER, found.answers, last=False),
            _take(outcome, _RETURN, found.returns, last=False),
            _take(outcome, _WINDOW, found.windows, last=True),
        ]
    )


def _take(outcome: Outcome, names: tuple[str, ...], found: Iterable[Fields], *, last: bool) -> bool:
    """Set `names` to the first (or last) of stored and found, by instant and then signal.

    A newer version of the signal that is stored replaces it.
    """
    at, signal = names[:2]
    told = {row[signal]: row for row in found}
    stored = {name: getattr(outcome, name) for name in names}
    if stored[at] is not None:
        told.setdefault(stored[signal], stored)
    if not told:
        return False
    pick = max if last else min
    chosen = pick(told.values(), key=lambda row: (row[at], str(row[signal] or "")))
    if chosen == stored:
        return False
    for name, value in chosen.items():
        setattr(outcome, name, value)
    return True
