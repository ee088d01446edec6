"""`amends serve`, `web`, `worker`, `migrate`, `user`, `doctor`: the running system.

Django is imported inside the commands: `amends analyze` starts without paying for it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from amends.cli.console import emit_json, refusals, stderr

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", help="The data folder (or AMENDS_HOME; else ./amends-data, else the user's own)"
    ),
]
Host = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all")]
Port = Annotated[int, typer.Option(help="The port to listen on")]
Processes = Annotated[int, typer.Option(help="Web server processes; about one per core", min=1)]
Workers = Annotated[
    int, typer.Option(help="Worker processes; those after the first only empty the inbox", min=1)
]
Concurrency = Annotated[int, typer.Option(help="Jobs at the same time", min=1)]


def serve(
    home: Home = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Processes = 1,
    workers: Workers = 1,
) -> None:
    """Run everything: database, pages and worker, until Ctrl-C."""
    from amends.web.project.serve import Door
    from amends.web.project.serve import serve as run

    with refusals():
        code = run(home, Door(host, port, processes), _say, workers=workers)
    raise typer.Exit(code)


def web(
    home: Home = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    processes: Processes = 1,
) -> None:
    """Run the pages only; a worker runs beside them."""
    from amends.web.project.serve import Door, run_web

    with refusals():
        run_web(home, Door(host, port, processes))


def worker(home: Home = None, concurrency: Concurrency = 4, processes: Workers = 1) -> None:
    """Run the worker only: what happens in the background and by the clock."""
    from amends.web.project.serve import run_worker

    with refusals():
        run_worker(home, concurrency, processes)


def migrate(home: Home = None) -> None:
    """Bring the database to this version of amends."""
    from amends.web.project.start import prepared

    with refusals(), prepared(home):
        from amends.web.project.tables import migrate as run

        applied = run()
    _say(f"{len(applied)} migrations were applied." if applied else "There was nothing to do.")


def doctor(
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout")] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Prove the whole audit trail, and nothing else")
    ] = False,
    head: Annotated[
        str, typer.Option(help="NUMBER:HASH noted before: with --audit, prove that it still stands")
    ] = "",
) -> None:
    """Say what is healthy, what is not, and what to do. Exit code 1: something is broken."""
    from amends.web.project.start import prepared

    with refusals(), prepared(home):
        from amends.web.project.audit_health import check_trail
        from amends.web.project.findings import State
        from amends.web.project.health import examine

        findings = check_trail(head) if audit or head else examine()
    is_broken = any(finding.state is State.BROKEN for finding in findings)
    if as_json:
        emit_json({"healthy": not is_broken, "findings": findings})
    else:
        found = Column("What was found", overflow="fold")  # a head is copied, so it is told whole
        table = Table("Part", "State", found, box=None, pad_edge=False)
        colours = {State.WELL: "green", State.WARNING: "yellow", State.BROKEN: "red"}
        for finding in findings:
            what = f"{finding.what}\n{finding.remedy}" if finding.remedy else finding.what
            table.add_row(finding.name, f"[{colours[finding.state]}]{finding.state}[/]", what)
        stderr.print(table, highlight=False)
    raise typer.Exit(1 if is_broken else 0)


user = typer.Typer(help="People who may log in.", no_args_is_help=True)


@user.command()
def add(
    email: Annotated[str, typer.Argument(help="The address they log in with")],
    role: Annotated[
        list[str],
        typer.Option(
            help="leader, service_manager, agent, qa_analyst, product_owner, compliance, advocate "
            "or admin; may be given several times"
        ),
    ],
    name: Annotated[str, typer.Option(help="Their name")] = "",
    home: Home = None,
) -> None:
    """Add somebody; the link on stdout lets them choose a password."""

    def run() -> str:
        from amends.web.accounts.actions import create_person
        from amends.web.accounts.welcome import welcome_link

        known_as = name or email.partition("@")[0].replace(".", " ").title()
        return welcome_link(create_person(email=email, name=known_as, roles=role))

    typer.echo(_with_people(home, run))
    _say("The link works once, for three days: open it to choose a password.")


@user.command()
def link(
    email: Annotated[str, typer.Argument(help="Whose password is lost")], home: Home = None
) -> None:
    """Print a fresh link for somebody who lost theirs or their password."""

    def run() -> str:
        from amends.web.accounts.models import User
        from amends.web.accounts.welcome import welcome_link

        return welcome_link(User.objects.get(email=email.strip().lower(), is_active=True))

    typer.echo(_with_people(home, run))


def _with_people(home: Path | None, run: Callable[[], str]) -> str:
    """Run what reads or writes people; say a refusal as one line."""
    from amends.engine.contracts import BadInput
    from amends.web.project.start import prepared

    with refusals(), prepared(home):
        import pghistory
        from django.core.exceptions import ObjectDoesNotExist, ValidationError

        from amends.web.project.tables import migrate as bring_tables

        bring_tables()
        try:
            with pghistory.context(source="command line"):
                return run()
        except ValidationError as error:
            raise BadInput(" ".join(error.messages), where="amends user") from None
        except ObjectDoesNotExist:
            raise BadInput("Nobody active has this address.", where="amends user link") from None


def _say(text: str) -> None:
    stderr.print(text, markup=False, highlight=False)
