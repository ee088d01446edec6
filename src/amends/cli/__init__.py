"""The `amends` command: arguments in, progress and errors out. `amends.flows` does the work."""

import typer

from amends import __version__
from amends.cli.lazy import lazy_group

app = typer.Typer(
    name="amends",
    cls=lazy_group(
        {
            "analyze": "analyze:analyze",
            "demo": "demo:demo",
            "worlds": "worlds:worlds",
            "bench": "bench:bench",
            "backtest": "backtest:backtest",
            "serve": "serve:serve",
            "web": "serve:web",
            "worker": "serve:worker",
            "migrate": "serve:migrate",
            "user": "serve:user",
            "doctor": "serve:doctor",
            "import": "importing:import_",
            "erase": "erase:erase",
        }
    ),
    help="Find where service breaks, make it right, prove it, stop it from happening again.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"amends {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    _version: bool = typer.Option(
        False, "--version", callback=_say_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    pass


__all__ = ["app"]
