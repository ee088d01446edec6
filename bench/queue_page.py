"""Server time and database queries of the queue with many open cases, in a database of its own.

python -m bench.queue_page --home FOLDER [--cases 10000] [--times 15] [--json]

FOLDER is made, and a PostgreSQL in it started and stopped; run it again to measure what is there.
Cases are written as landing would write them: with customers, clocks and recommendations.
"""

import argparse
import json
import os
import statistics
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

REGIONS = ("north", "south", "east", "west")
CAUSES = ("delivery/missed_slot", "delivery/lost_parcel", "billing/double_charge", "")
AT_ONCE = 2_000


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    os.environ["AMENDS_DEMO"] = "1"
    from amends.web.project.start import prepared  # noqa: PLC0415  (after the environment)

    with prepared(asked.home):
        from django.core.management import call_command  # noqa: PLC0415  (once Django is set up)

        from amends.web.project.assets import prepare_static  # noqa: PLC0415

        call_command("migrate", verbosity=0)
        prepare_static()
        there, pages = fill(asked.cases), measure(asked.times)
    if asked.json:
        sys.stdout.write(json.dumps({"cases": there, "pages": pages}) + "\n")
        return
    sys.stdout.write(f"{there} open cases\n")
    for row in pages:
        sys.stdout.write(
            "{page:44} median {median_ms:5.0f} ms  fastest {fastest_ms:5.0f} ms"
            "  {queries:3} queries\n".format(**row)
        )


def fill(n: int) -> int:
    """Write open cases until there are n; return how many there are."""
    from django.utils import timezone  # noqa: PLC0415  (once Django is set up)

    from amends.web.accounts.demo import make_demo_people  # noqa: PLC0415
    from amends.web.accounts.models import Team, User  # noqa: PLC0415
    from amends.web.cases.clocks import set_deadlines  # noqa: PLC0415
    from amends.web.cases.models import Case, Recommendation, SavedView  # noqa: PLC0415
    from amends.web.cases.recommending import recommend_in_bulk  # noqa: PLC0415
    from amends.web.intake.models import Customer  # noqa: PLC0415
    from amends.web.intake.sequences import next_ids  # noqa: PLC0415

    if not User.objects.exists():
        make_demo_people()
    teams, owners = list(Team.objects.all()), list(User.objects.filter(roles__contains=["agent"]))
    rng, now = np.random.default_rng(1), timezone.now()
    while (there := Case.objects.is_open().count()) < n:
        some = min(AT_ONCE, n - there)
        cases = []
        for i, pk in enumerate(next_ids(Case, some)):
            customer = Customer(customer_id=f"B{pk}", name=f"Customer {pk}", region=REGIONS[i % 4])
            cases.append(
                Case(
                    pk=pk,
                    ref=f"C-{10_000 + pk}",
                    title=f"Parcel {pk} did not arrive",
                    severity=("low", "medium", "high", "critical")[i % 4],
                    customer=customer,
                    cause=CAUSES[i % 3],
                    region=REGIONS[i % 4],
                    tier=("gold", "basic")[i % 2],
                    channel="phone",
                    opened_at=now - timedelta(minutes=int(rng.integers(1, 20_000))),
                    opened_because="bench",
                    loss=Decimal(20),
                    value_at_risk=Decimal(500),
                    currency="EUR",
                    team=teams[i % len(teams)] if teams else None,
                    owner=owners[i % len(owners)] if owners and i % 3 else None,
                )
            )
        Customer.objects.bulk_create([case.customer for case in cases])
        set_deadlines(cases, now, are_new=True)
        Case.objects.bulk_create(cases)
        Recommendation.objects.bulk_create(recommend_in_bulk(cases))
    for person in User.objects.filter(name__in=("Priya Nair", "Tom Sander")):
        SavedView.objects.get_or_create(
            owner=person,
            name="Grave or southern",
            defaults={
                "groups": [
                    [{"field": "severity", "op": "is", "value": "critical"},
                     {"field": "value_at_risk", "op": "at_least", "value": "100"}],
                    [{"field": "region", "op": "is", "value": "south"}],
                ]
            },
        )  # fmt: skip
    return there


def measure(times: int) -> list[dict[str, Any]]:
    """Ask for every page so many times; the first request is not counted."""
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from amends.web.accounts.models import User  # noqa: PLC0415
    from amends.web.cases.models import Case, SavedView  # noqa: PLC0415

    found = []
    for name in ("Priya Nair", "Tom Sander"):
        person = User.objects.get(name=name)
        client = Client(headers={"host": "localhost"})
        client.force_login(person)
        view = SavedView.objects.get(owner=person).pk
        ref = Case.objects.is_open().filter(owner=person).values_list("ref", flat=True).first()
        for path in (
            "/cases/?tab=open",
            "/cases/?tab=open&page=150",
            f"/cases/?tab=open&view={view}",
            "/cases/?tab=open&q=parcel",
            f"/cases/{ref or 'C-10001'}/next/?tab=open",
            "/palette/?q=parcel+77",
        ):
            taken = []
            client.get(path)
            for _ in range(times):
                began = time.perf_counter()
                client.get(path)
                taken.append(1000 * (time.perf_counter() - began))
            with CaptureQueriesContext(connection) as seen:
                client.get(path)
            found.append(
                {
                    "page": f"{name.partition(' ')[0]} {path}",
                    "median_ms": round(statistics.median(taken), 1),
                    "fastest_ms": round(min(taken), 1),
                    "queries": len(seen),
                }
            )
    return found


if __name__ == "__main__":
    main()
