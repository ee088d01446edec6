"""The study of the budget: these series watched again under a ladder of budgets, and kept."""

import time
from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final

import numpy as np

from amends.engine.contracts import SILENCE
from amends.engine.detect import with_above
from amends.flows.backtest import Alarm
from amends.flows.budget_study import Point, study
from amends.flows.known_events import KnownEvent
from amends.web.detect.models import Breakdown, BudgetStudy, Judgement, Series
from amends.web.detect.rolled_up import first_day, read

STUDIED: Final = timedelta(days=200)
LEAST_DAYS: Final = 60
"""Days of rollups below which no study is worth its name."""
MOST_SERIES: Final = 1_200
"""Series that are watched again, the widest first; what lies above one is always among them."""
MOST_ALARMS: Final = 60
"""Alarms of one budget that are kept, the latest."""


def make_study(now: datetime) -> BudgetStudy | None:
    """Watch the past again under every budget and keep what came of it.

    None when there is nothing to watch yet, or too little to judge any of it.
    """
    began = time.monotonic()
    begins = first_day()
    every = list(Series.objects.exclude(measure=SILENCE.name).order_by("pk"))
    if begins is None or not every:
        return None
    batches = read(_chosen(every), max(begins, now - STUDIED), now)
    if len(batches[0].starts) < LEAST_DAYS:
        return None
    found = study(batches, len(every), known_events(now), lambda *_: None)
    return BudgetStudy.objects.create(
        made_at=now,
        seconds=time.monotonic() - began,
        n_series=found.n_series,
        n_watched=len(every),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        points=[_kept(point) for point in found.points],
    )


def known_events(now: datetime) -> tuple[KnownEvent, ...]:
    """Return what people judged real or known: what an alarm may rightly tell of."""
    judged = Breakdown.objects.exclude(measure=SILENCE.name).filter(
        judgement__in=[Judgement.REAL, Judgement.KNOWN]
    )
    return tuple(
        KnownEvent(
            b.title,
            _instant(b.onset_at),
            _instant(max(b.ended_at or now, b.onset_at + timedelta(days=1))),
            b.where,
            "",
        )
        for b in judged
    )


def _instant(at: datetime) -> np.datetime64:
    return np.datetime64(int(at.timestamp() * 1_000_000), "us")


def _chosen(every: list[Series]) -> list[Series]:
    """Return the widest slices of each measure, an equal part of what is studied."""
    by_key = {s.key: s for s in every}
    n_of = Counter(key.measure for key in by_key)
    room = max(MOST_SERIES // max(len(n_of), 1), 1)
    chosen = []
    for measure in n_of:
        keys = sorted(
            (key for key in by_key if key.measure == measure),
            key=lambda key: (len(key.slice.terms), by_key[key].pk),
        )
        chosen.append(with_above(keys, keys[:room]))
    return [by_key[key] for key in chain.from_iterable(chosen)]


def _kept(point: Point) -> dict[str, Any]:
    history = point.history
    rate = history.false_alarms_per_year_interval if history else None
    return {
        "per_year": point.per_year,
        "alarms_per_week": point.alarms_per_week,
        "n_alarms": len(history.alarms) if history else 0,
        "false_per_year": history.false_alarms_per_year if history else None,
        "false_interval": [rate.low, rate.high] if rate else None,
        "planted": [
            {
                "ratio": each.ratio,
                "n": each.n,
                "missed": each.missed_share,
                "missed_low": each.missed.low,
                "missed_high": each.missed.high,
                "delay_days": each.median_delay_days,
            }
            for each in point.planted
        ],
        "alarms": [_alarm(alarm) for alarm in (history.alarms if history else ())[-MOST_ALARMS:]],
        "events": [
            {
                "name": event.name,
                "starts_at": event.starts_at.isoformat(),
                "delay_days": event.delay_days,
            }
            for event in (history.known_events if history else ())
            if history and event.ends_at > history.starts_at
        ],
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    told = asdict(alarm)
    for name in ("onset_at", "detected_at", "ended_at"):
        told[name] = told[name].isoformat() if told[name] else None
    return told
