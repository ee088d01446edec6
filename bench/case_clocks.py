"""How long it takes to time all open cases anew, and that it gives what timing each alone gives.

python -m bench.case_clocks [--cases 100000] [--seed 1] [--json]
"""

import argparse
import json
import sys
import time
from datetime import UTC, datetime

import numpy as np

from amends.engine.clocks import (
    Cases,
    EventKind,
    Events,
    code_of,
    micros_of,
    next_deadlines,
    read_sheet,
    reckon,
)

SHEET = """
title: Three regions, split shifts, holidays, and the regulator's deadlines
calendars:
  dublin: {timezone: Europe/Dublin, holidays: IE, week: {mon-fri: "09:00-12:30, 13:30-17:30"}}
  london: {timezone: Europe/London, holidays: GB-ENG, week: {mon-sat: "08:00-18:00"}}
  sydney: {timezone: Australia/Sydney, holidays: AU-NSW, week: {mon-fri: "09:00-17:00"}}
  always: {}
regions: {"": dublin, south: london, east: sydney}
pauses_for: [customer, team]
targets:
  - {clock: first_response, hours: 8}
  - {clock: first_response, severity: critical, hours: 1, calendar: always}
  - {clock: first_response, tier: gold, hours: 4}
  - {clock: update, hours: 8}
  - {clock: resolution, hours: 40}
  - {clock: resolution, severity: critical, hours: 24, calendar: always}
  - {clock: resolution, tier: gold, region: south, hours: 24}
  - {clock: handoff, hours: 4}
regulators:
  - {preset: ie_cpc, region: north}
  - {preset: gb_ofcom, region: south}
"""
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LATER = (
    EventKind.CUSTOMER_SPOKE,
    EventKind.ANSWERED,
    EventKind.WAITS_CUSTOMER,
    EventKind.RESUMED,
    EventKind.WAITS_TEAM,
    EventKind.RESUMED,
    EventKind.HANDED_OVER,
    EventKind.ACCEPTED,
)


def made(n: int, seed: int) -> tuple[Cases, tuple[np.ndarray, ...]]:
    """Return n open cases of the last 60 days, each with 0 to 8 events."""
    rng = np.random.default_rng(seed)

    def some(*words: str) -> list[str]:
        return [words[i] for i in rng.integers(0, len(words), n).tolist()]

    cases = Cases(
        some("low", "medium", "high", "critical"),
        some("gold", "silver", "basic"),
        some("north", "south", "east", "west"),
        some("fibre", "mobile"),
    )
    minute = 60_000_000
    opened = micros_of(NOW) - rng.integers(1, 60 * 1440, n) * minute
    count = rng.integers(0, len(LATER) + 1, n)
    case = np.repeat(np.arange(n), count)
    order = np.arange(len(case)) - np.repeat(np.cumsum(count) - count, count)
    share = np.sort(rng.random((n, len(LATER))), axis=1)[case, order]
    at = opened[case] + ((micros_of(NOW) - opened[case]) * share).astype(np.int64)
    kind = np.array([code_of(k) for k in LATER])[order]
    return cases, (case, at, kind, rng.random(len(case)) < 0.1, opened)


def main() -> None:
    """Time it, and check a sample."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sheet = read_sheet(SHEET)
    cases, rows = made(asked.cases, asked.seed)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        clocks = reckon(cases, Events.of(*rows), [sheet], NOW)
        coming = next_deadlines(clocks, asked.cases)
        seconds.append(time.perf_counter() - began)
    different = 0
    sample = np.random.default_rng(asked.seed).integers(0, asked.cases, 300)
    for i in sample.tolist():
        own = rows[0] == i
        case, at, kind, by_robot, opened = rows
        alone = reckon(
            Cases(
                *(
                    [column[i]]
                    for column in (cases.severity, cases.tier, cases.region, cases.product)
                )
            ),
            Events.of(case[own] * 0, at[own], kind[own], by_robot[own], opened[i : i + 1]),
            [sheet],
            NOW,
        )
        different += alone.readings() != clocks.readings(i)
    found = {
        "cases": asked.cases,
        "events": len(rows[0]) + asked.cases,
        "clocks": len(clocks.case),
        "first_run_s": round(seconds[0], 3),
        "best_s": round(min(seconds), 3),
        "worst_s": round(max(seconds), 3),
        "overdue": int(((coming.due_at >= 0) & (coming.due_at < micros_of(NOW))).sum()),
        "checked_alone": len(sample),
        "different": different,
    }
    sys.stdout.write(
        json.dumps(found) + "\n" if asked.json else "".join(f"{k}: {v}\n" for k, v in found.items())
    )


if __name__ == "__main__":
    main()
