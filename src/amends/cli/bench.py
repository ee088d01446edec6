"""`amends bench …`: every phase against data with known answers, as one JSON object."""

import typer

from amends.cli.lazy import lazy_group

DOORS = (
    "classify",
    "topics",
    "detect",
    "localize",
    "effects",
    "recommend",
    "verify",
    "ingest",
    "pages",
)

bench = typer.Typer(
    cls=lazy_group({door: f"bench_{door}:{door}" for door in DOORS}),
    help="Benchmark a phase on data named on the command line.",
    no_args_is_help=True,
)


@bench.callback()
def _bench() -> None:
    pass
