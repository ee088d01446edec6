"""`amends erase CUSTOMER`: remove a customer's data for good, and say what proves it."""

from typing import Annotated

import typer

from amends.cli.console import emit_json, progress, refusals, stderr
from amends.cli.serve import Home


def erase(
    customer: Annotated[str, typer.Argument(help="The customer's id, as it stands on a signal")],
    because: Annotated[str, typer.Option(help="Who asked, when and how; it stays in the entry")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout")] = False,
    home: Home = None,
) -> None:
    """Erase a customer from database and lake; counts stay. Exit code 1: something is left."""
    from amends.web.project.start import prepared

    with refusals(), prepared(home):
        from amends.web.project.erasing import erase_customer, known_of

        known = known_of(customer)
        if known.is_known and not yes:
            record = " and a customer record" if known.has_record else ""
            what = f"{known.signals + known.waiting:,} signals, {known.cases:,} cases{record}"
            typer.confirm(f"Erase {what} for good?", abort=True, err=True)
        with progress() as tick:
            entry = erase_customer(None, customer, because, tick)
    told = {"erasure": entry.pk, "removed": entry.removed, "left": entry.left}
    if as_json:
        emit_json({**told, "is_proven": entry.is_proven})
    else:
        for where, n in entry.removed.items():
            stderr.print(f"Removed: {n:,} {where}")
        for where, n in entry.left.items():
            stderr.print(f"Left, {where}: {n:,}")
        stderr.print(f"Entry {entry.pk} under Privacy says so, too.")
    raise typer.Exit(0 if entry.is_proven else 1)
