"""Commands that are imported when they are called: `amends analyze` needs no web server."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup


def lazy_group(commands: Mapping[str, str]) -> type[TyperGroup]:
    """Return a group of commands, each given as "module:attribute" below `amends.cli`.

    The attribute is a `typer.Typer` or a function that typer can make a command of.
    """

    # typer keeps click's types to itself, so they are Any here
    class LazyGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
            return [*super().list_commands(ctx), *commands]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
            if cmd_name not in commands:
                return super().get_command(ctx, cmd_name)
            module, _, attribute = commands[cmd_name].partition(":")
            return _command(cmd_name, getattr(import_module(f"amends.cli.{module}"), attribute))

    return LazyGroup


def _command(name: str, found: Any) -> Any:  # noqa: ANN401
    app = found
    if not isinstance(app, typer.Typer):
        app = typer.Typer(add_completion=False)
        app.command()(found)
    command = typer.main.get_command(app)
    command.name = name
    return command
