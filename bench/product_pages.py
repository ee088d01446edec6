"""Server time and database queries of every page of a running installation, as its people see it.

    python bench/product_pages.py --home amends-demo --times 7

Needs a demo (`amends demo --home …`) that is running or stopped. Prints one line a page: the median
and the slowest of the requests after the first, and the queries of one.
"""

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

PAGES = (
    ("Priya Nair", "/overview/"),
    ("Priya Nair", "/overview/?period=90d"),
    ("Priya Nair", "/overview/?period=365d&product=electronics"),
    ("Priya Nair", "/breakdowns/"),
    ("Priya Nair", "/breakdowns/{breakdown}/"),
    ("Priya Nair", "/causes/"),
    ("Priya Nair", "/causes/{cause}/"),
    ("Priya Nair", "/cases/?tab=open"),
    ("Tom Sander", "/cases/"),
    ("Tom Sander", "/cases/{case}/"),
    ("Elena Marsh", "/outcomes/"),
    ("Elena Marsh", "/outcomes/?metric=recontact_rate&period=90d"),
    ("Elena Marsh", "/fixes/"),
    ("Elena Marsh", "/fixes/{fix}/"),
    ("Jonas Weber", "/signals/"),
    ("Jonas Weber", "/signals/?q=parcel&period=365d"),
    ("Jonas Weber", "/signals/?region=west&kind=complaint"),
    ("Ada Brandt", "/system/"),
)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    os.environ["AMENDS_DEMO"] = "1"
    from amends.web.project.start import prepared  # noqa: PLC0415  (after the environment)

    with prepared(options.home):
        measure(options.times)


def measure(times: int) -> None:
    """Ask for every page so many times and print what it took."""
    from django.test import Client  # noqa: PLC0415  (once Django is set up)

    from amends.web.accounts.models import User  # noqa: PLC0415

    print(f"{'page':58} {'median':>7} {'slowest':>8} {'queries':>8} {'KB':>6}")
    for name, path in PAGES:
        client = Client(headers={"host": "localhost"})
        client.force_login(User.objects.get(name=name))
        address = path.format(**things())
        first = client.get(address, follow=True)
        asked, taken = counted_queries(), []
        for _ in range(times):
            began = time.perf_counter()
            client.get(address, follow=True)
            taken.append(1000 * (time.perf_counter() - began))
        queries = round(sum(asked) / times)
        print(
            f"{address:58} {statistics.median(taken):4.0f} ms {max(taken):5.0f} ms"
            f" {queries:8} {len(first.content) / 1024:6.0f}"
            + ("" if first.status_code == 200 else f"  HTTP {first.status_code}")
        )


def counted_queries() -> list[int]:
    """Return a list that gets a 1 for every statement from now on, until it is asked for again."""
    from django.db.backends.utils import CursorWrapper  # noqa: PLC0415

    seen: list[int] = []
    execute = getattr(CursorWrapper, "plain", CursorWrapper.execute)

    def counted(self: CursorWrapper, sql: str, params: Any = None) -> object:  # noqa: ANN401
        seen.append(1)
        return execute(self, sql, params)

    CursorWrapper.plain = execute  # type: ignore[attr-defined]
    CursorWrapper.execute = counted  # type: ignore[assignment,method-assign]
    return seen


def things() -> dict[str, object]:
    """Return one of each thing that has a page."""
    from amends.web.cases.models import Case  # noqa: PLC0415
    from amends.web.detect.models import Breakdown  # noqa: PLC0415
    from amends.web.prevent.models import Fix  # noqa: PLC0415

    mine = Case.objects.filter(owner__name="Tom Sander")
    case = mine.filter(state="in_progress").first() or mine.first()
    breakdown = Breakdown.objects.order_by("-customers").first()
    fix = Fix.objects.filter(state="verified").first() or Fix.objects.first()
    return {
        "case": case and case.ref,
        "breakdown": breakdown and breakdown.pk,
        "cause": (case and case.cause) or "delivery",
        "fix": fix and fix.pk,
    }


if __name__ == "__main__":
    main()
