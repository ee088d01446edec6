"""The watch: how soon touched series are judged, and what it takes to keep the state of all.

    python -m bench.watch_state [--series N] [--days D] [--share .01 .1 1]

Starts a PostgreSQL of its own, writes the rollups of N series of eight measures (Poisson, mean 2),
has their state learnt and kept, and then lets a share of them change today, in one process: each
look reads what changed, judges it, and notes that it has been seen. Prints one JSON object.
"""

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

NOW = datetime(2026, 6, 15, 15, 0, tzinfo=UTC)
MEASURES = (
    "complaints", "tickets", "social_mentions", "complaint_rate", "ticket_rate", "escalation_rate",
    "csat_harm", "negative_share",
)  # fmt: skip
PRODUCTS = 112


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--share", type=float, nargs="+", default=[0.01, 0.1, 1.0])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from amends.web.project.start import prepared  # noqa: PLC0415  (Django is set up in it)

        with prepared(Path(folder)):
            from amends.web.project.tables import migrate  # noqa: PLC0415

            migrate()
            print(json.dumps(measured(options.series, options.days, options.share), indent=1))


def measured(n_series: int, days: int, shares: list[float]) -> dict[str, Any]:
    """Return the seconds of each step."""
    from django.db import connection, transaction  # noqa: PLC0415

    from amends.web.detect import in_force, looking, states  # noqa: PLC0415
    from amends.web.detect.models import Series, WatchState  # noqa: PLC0415

    figures: dict[str, Any] = {"series": n_series, "days": days}
    fill(n_series, days)
    Series.objects.update(changed_from=NOW.date(), changed_at=NOW)
    with transaction.atomic():
        figures["all learnt from their rollups"] = _timed(lambda: _look(looking))
    kept = sum(len(bytes(s.kept)) for s in WatchState.objects.all())
    figures["bytes of state a series, kept"] = round(kept / n_series)
    rng = np.random.default_rng(1)
    ids = np.array(Series.objects.order_by("pk").values_list("pk", flat=True))
    for share in shares:
        touched = rng.choice(ids, int(share * len(ids)), replace=False).tolist()
        Series.objects.filter(pk__in=touched).update(changed_from=NOW.date(), changed_at=NOW)
        for at_hand in ("read from the database", "at hand"):
            if at_hand != "at hand":
                states.at_hand.clear()
            looked, seconds = _timed_with(lambda: looking.look_at_changed(NOW))
            name = f"{share:.0%} touched ({len(touched):,}), state {at_hand}"
            figures[name] = {
                "seconds": seconds,
                "told": sum(len(w.findings) for w in looked.judged),
            }
        figures[name]["seconds to note it"] = _timed(lambda: looking.remember(looked))  # noqa: B023
    late = ids[:100].tolist()
    early = (NOW - timedelta(days=20)).date()
    Series.objects.filter(pk__in=late).update(changed_from=early, changed_at=NOW)
    figures["100 corrected three weeks back, state at hand"] = _timed(lambda: _look(looking))
    tomorrow = NOW + timedelta(days=1)

    def settle_all() -> None:
        for measure in MEASURES:
            config, levels = in_force.config_in_force(measure), in_force.levels_in_force(measure)
            block = states.block_of(measure, config, levels, NOW)
            if block is not None:
                states.settle(block, levels, tomorrow)

    figures["a day settled and kept, all series"] = _timed(settle_all)
    connection.close()
    return figures


def fill(n_series: int, days: int) -> None:
    """Write series and their rollups."""
    from django.db import connection  # noqa: PLC0415

    from amends.engine.contracts import MEASURES as KNOWN  # noqa: PLC0415
    from amends.engine.contracts import Slice  # noqa: PLC0415
    from amends.web.detect.models import Series, slice_text  # noqa: PLC0415
    from amends.web.intake.bulk import copy_in  # noqa: PLC0415

    rng = np.random.default_rng(0)
    each = n_series // len(MEASURES)
    first = np.datetime64(NOW.date() - timedelta(days=days), "s")
    starts = first + np.arange(days + 1) * np.timedelta64(86_400, "s")
    for measure in MEASURES:
        where = [Slice()]
        where += [Slice.of({"product": f"p{p}"}) for p in range(PRODUCTS)]
        pairs = each - len(where)
        where += [
            Slice.of({"product": f"p{n % PRODUCTS}", "region": f"r{n // PRODUCTS}"})
            for n in range(pairs)
        ]
        made = Series.objects.bulk_create(
            Series(measure=measure, slice=slice_text(each)) for each in where[:each]
        )
        ids = np.array([s.pk for s in made])
        is_exposed = KNOWN[measure].per != "day"
        value = rng.poisson(2.0, (len(ids), days + 1)).astype(float)
        exposure = np.full_like(value, 40.0 if is_exposed else 0.0)
        cells = {
            "series_id": np.repeat(ids, days + 1),
            "starts_at": pa.array(np.tile(starts, len(ids)), pa.timestamp("s", tz="UTC")),
            "value": value.ravel(),
            "exposure": exposure.ravel(),
        }
        with connection.cursor() as cursor:
            copy_in(
                cursor, pa.table(cells), "detect_rollup (series_id, starts_at, value, exposure)"
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE detect_rollup")
        cursor.execute("ANALYZE detect_series")


def _look(looking: Any) -> None:  # noqa: ANN401  (a module)
    looking.remember(looking.look_at_changed(NOW))


def _timed(do: Any) -> float:  # noqa: ANN401
    return _timed_with(do)[1]  # type: ignore[no-any-return]


def _timed_with(do: Any) -> Any:  # noqa: ANN401
    began = time.perf_counter()
    found = do()
    return found, round(time.perf_counter() - began, 2)


if __name__ == "__main__":
    main()
