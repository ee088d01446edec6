"""What recommending an action did, from logged chances: effects, as distinct from associations.

Which action a case was shown was drawn with a chance that was logged. Cases alike in everything
that was known are therefore compared as in a trial: the effect is that of *recommending* one action
instead of the usual one, over the cases that could have been shown either and were shown one of
them, whatever was done in the end.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from django.db import transaction
from numpy.typing import NDArray

from amends.engine.contracts import Effect, Floats
from amends.engine.stats.multiplicity import benjamini_hochberg, holm
from amends.engine.track.effects import (
    EffectConfig,
    Learner,
    Study,
    cohort_effects,
    encode_covariates,
    estimate_effect,
    two_arms,
)
from amends.web.cases.models import ActionState, Recommendation
from amends.web.track.models import WINDOW_DAYS, EffectEstimate, Scope
from amends.web.track.settling import SATISFIED_FROM
from amends.web.ui.live import publish

CONFIG: Final = EffectConfig(learner=Learner.LINEAR, trim=(0.01, 0.99))
COHORT_CONFIG: Final = EffectConfig(learner=Learner.LINEAR)
LEAST_COHORT: Final = 60
"""Cases in a cohort, below which it is not asked about at all."""


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome that actions are compared on."""

    name: str
    label: str
    better: str
    """"higher" or "lower"."""
    is_share: bool
    n_of: str


RESULTS: Final[Mapping[str, Result]] = {
    r.name: r
    for r in (
        Result("value", "Value kept", "higher", False, "cases whose value is known"),
        Result("stayed", "Stayed", "higher", True, "cases of which it is known who stayed"),
        Result("came_back", "Came back", "lower", True, "cases whose window is over"),
        Result("satisfied", "Satisfied", "higher", True, "answers, corrected for who answers"),
    )
}


@dataclass(frozen=True, slots=True)
class Told:
    """One estimate with what it rests on."""

    effect: Effect
    p_value: float | None
    p_adjusted: float | None
    """Holm among the actions (all cases); Benjamini–Hochberg among the cohorts."""
    n_shown: int
    n_reference: int
    n_done: int
    """Of those shown the action, how many got it."""
    mean_shown: float | None
    mean_reference: float | None
    """Plain means: associations, not corrected for who was shown what."""


@dataclass(frozen=True, slots=True)
class _Log:
    """N decisions with what came of them; arrays of shape (N,)."""

    shown: NDArray[np.str_]
    done: NDArray[np.str_]
    chances: Sequence[Mapping[str, float]]
    outcomes: Mapping[str, Floats]
    known: pa.Table
    customer: NDArray[np.int64]
    cohorts: Mapping[str, NDArray[np.str_]]


def estimate_effects(now: datetime) -> int:
    """Estimate the effect of each action, on each result, for all cases and per cohort; keep it.

    Refused estimates are kept too, with the reason. Returns how many estimates there are.
    """
    log = _read(now)
    rows = [] if log is None else list(_estimates(log, now))
    with transaction.atomic():
        EffectEstimate.objects.all().delete()
        EffectEstimate.objects.bulk_create(rows)
        publish("outcomes")
    return len(rows)


def read_told(row: EffectEstimate) -> Told:
    """Return an estimate as it was kept."""
    return msgspec.convert(row.estimate, Told)


def _estimates(log: _Log, now: datetime) -> Iterator[EffectEstimate]:
    counts = Counter(log.shown.tolist())
    usual = max(counts, key=lambda kind: (counts[kind], kind))
    others = [kind for kind, _ in counts.most_common() if kind != usual]
    for result in RESULTS:
        whole = {kind: _overall(log, kind, usual, result) for kind in others}
        adjusted = holm(_p_values(list(whole.values())))
        for (kind, told), p in zip(whole.items(), adjusted.tolist(), strict=True):
            yield _row(Scope.ALL, "", kind, usual, result, _with(told, p), now)
        for scope in (Scope.TIER_SEVERITY, Scope.SEGMENT):
            found = [
                (kind, cohort, told)
                for kind in others
                for cohort, told in _by_cohort(log, kind, usual, result, scope)
            ]
            shared = benjamini_hochberg(_p_values([told for _, _, told in found]))
            for (kind, cohort, told), p in zip(found, shared.tolist(), strict=True):
                yield _row(scope, cohort, kind, usual, result, _with(told, p), now)


def _overall(log: _Log, kind: str, usual: str, result: str) -> Told:
    rows = _comparable(log, kind, usual)
    study = _study(log, rows, kind, usual, result)
    if refusal := _too_few(study):
        return _told(log, rows, kind, result, refusal, None)
    found = estimate_effect(study, CONFIG)
    return _told(log, rows, kind, result, found.effect, found.p_value)


def _by_cohort(
    log: _Log, kind: str, usual: str, result: str, scope: str
) -> Iterator[tuple[str, Told]]:
    rows = _comparable(log, kind, usual)
    names, n = np.unique(log.cohorts[scope][rows], return_counts=True)
    large = names[n >= LEAST_COHORT]
    rows = rows[np.isin(log.cohorts[scope][rows], large)]
    study = _study(log, rows, kind, usual, result)
    if _too_few(study):
        return
    cohort = log.cohorts[scope][rows]
    for found in cohort_effects(study, [usual, kind], cohort.tolist(), COHORT_CONFIG):
        mine = rows[cohort == found.cohort]
        yield found.cohort, _told(log, mine, kind, result, found.effect, found.p_value)


def _too_few(study: Study) -> Effect | None:
    """Return the refusal of a study with too few cases of known outcome in an arm; else None."""
    known = ~np.isnan(study.outcome)
    control, treated = np.bincount(study.arm[known], minlength=2).tolist()
    if min(control, treated) >= CONFIG.min_per_arm:
        return None
    reason = (
        f"Refused: the outcome is known of {treated:,} cases shown it and of {control:,} shown the "
        f"usual one; {CONFIG.min_per_arm} of each are needed."
    )
    return Effect(None, None, None, treated, control, 0.0, 0.0, None, (reason,))


def _comparable(log: _Log, kind: str, usual: str) -> NDArray[np.int64]:
    """Return the cases that could have been shown either and were shown one of the two."""
    either = [
        i
        for i, chances in enumerate(log.chances)
        if chances.get(kind, 0.0) > 0
        and chances.get(usual, 0.0) > 0
        and log.shown[i] in {kind, usual}
    ]
    return np.array(either, dtype=np.int64)


def _study(log: _Log, rows: NDArray[np.int64], kind: str, usual: str, result: str) -> Study:
    mine = np.array([log.chances[i][kind] for i in rows], dtype=np.float64)
    theirs = np.array([log.chances[i][usual] for i in rows], dtype=np.float64)
    return Study(
        arm=(log.shown[rows] == kind).astype(np.int64),
        outcome=log.outcomes[result][rows],
        covariates=encode_covariates(log.known.take(pa.array(rows)), len(rows)),
        propensity=two_arms(mine / (mine + theirs)),
        cluster=log.customer[rows],
    )


def _told(
    log: _Log,
    rows: NDArray[np.int64],
    kind: str,
    result: str,
    effect: Effect,
    p_value: float | None,
) -> Told:
    is_mine = log.shown[rows] == kind
    outcome = log.outcomes[result][rows]
    return Told(
        effect=effect,
        p_value=p_value,
        p_adjusted=None,
        n_shown=int(is_mine.sum()),
        n_reference=int((~is_mine).sum()),
        n_done=int((log.done[rows][is_mine] == kind).sum()),
        mean_shown=_mean(outcome[is_mine]),
        mean_reference=_mean(outcome[~is_mine]),
    )


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _p_values(told: Sequence[Told]) -> Floats:
    return np.array([np.nan if t.p_value is None else t.p_value for t in told])


def _with(told: Told, p_adjusted: float) -> Told:
    return replace(told, p_adjusted=None if np.isnan(p_adjusted) else float(p_adjusted))


def _row(
    scope: str, cohort: str, kind: str, usual: str, result: str, told: Told, now: datetime
) -> EffectEstimate:
    return EffectEstimate(
        scope=scope,
        cohort=cohort,
        action=kind,
        reference=usual,
        result=result,
        estimate=msgspec.to_builtins(told),
        computed_at=now,
    )


def _read(now: datetime) -> _Log | None:
    """Read all decisions of cases whose window is over; None when there are none."""
    rows = list(_rows(now))
    if not rows:
        return None
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in rows[0]}
    customers = {customer: i for i, customer in enumerate(dict.fromkeys(columns["customer"]))}
    return _Log(
        shown=np.array(columns["shown"]),
        done=np.array(columns["done"]),
        chances=columns["chances"],
        outcomes={name: np.array(columns[name], dtype=np.float64) for name in RESULTS},
        known=pa.table({name: pa.array(columns[name]) for name in _COVARIATES}),
        customer=np.array([customers[c] for c in columns["customer"]], dtype=np.int64),
        cohorts={
            Scope.TIER_SEVERITY: np.array(
                [f"{t}|{s}" for t, s in zip(columns["tier"], columns["severity"], strict=True)]
            ),
            Scope.SEGMENT: np.array(columns["segment"]),
        },
    )


_CASE: Final = ("severity", "tier", "segment", "region", "product", "channel")
_NUMBERS: Final = ("loss", "value_at_risk", "failures_90_days")
_COVARIATES: Final = (*_CASE, *_NUMBERS, "branch", "is_rejected")


def _rows(now: datetime) -> Iterator[dict[str, Any]]:
    allowed, chances = "record__decision__allowed", "record__decision__propensities"
    of_case = (*_CASE, *_NUMBERS, "cause", "is_rejected", "customer", "resolved_at")
    after = ("window_days", "satisfaction", "recontacted_at", "churned", "value")
    names = (
        "case_id",
        "kind",
        allowed,
        chances,
        *(f"case__{name}" for name in of_case),
        *(f"case__outcome__{name}" for name in after),
    )
    done = _done()
    logged = Recommendation.objects.filter(case__resolved_at__lte=now).order_by("pk")
    for row in logged.values(*names):
        case = {name: row[f"case__{name}"] for name in of_case}
        told = {name: row[f"case__outcome__{name}"] for name in after}
        days = WINDOW_DAYS if told["window_days"] is None else told["window_days"]
        if case["resolved_at"] + timedelta(days=days) > now:
            continue
        yield {
            **{name: case[name] for name in _CASE},
            **{name: float(case[name]) for name in _NUMBERS},
            "branch": case["cause"].partition("/")[0],
            "is_rejected": case["is_rejected"],
            "customer": case["customer"],
            "shown": row["kind"],
            "done": done.get(row["case_id"], ""),
            "chances": _per_kind(row[allowed], row[chances]),
            **_results(told),
        }


def _done() -> dict[int, str]:
    """Return what was done in each case, the first action taken."""
    taken = Recommendation.objects.filter(case__actions__state=ActionState.TAKEN)
    rows = taken.order_by("case__actions__pk").values_list("case_id", "case__actions__kind")
    found: dict[int, str] = {}
    for case_id, kind in rows:
        found.setdefault(case_id, kind)
    return found


def _per_kind(allowed: Sequence[Sequence[Any]], chances: Sequence[float]) -> dict[str, float]:
    """Return the chance of each kind: amounts of one kind are one action here."""
    found: dict[str, float] = {}
    for arm, chance in zip(allowed, chances, strict=True):
        found[arm[0]] = found.get(arm[0], 0.0) + chance
    return found


def _results(told: Mapping[str, Any]) -> dict[str, float]:
    """Return each result of a case whose window is over as a number, NaN where it is not known."""
    satisfied, churned, value = told["satisfaction"], told["churned"], told["value"]
    nothing = float("nan")
    return {
        "value": nothing if value is None else float(value),
        "stayed": nothing if churned is None else float(not churned),
        "came_back": float(told["recontacted_at"] is not None),
        "satisfied": nothing if satisfied is None else float(satisfied >= SATISFIED_FROM),
    }
