"""How typer reads a command line here: each command's module when it is called, and every error in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.options import log_in
from cli.terminal import errors, plain

if TYPE_CHECKING:
    from collections.abc import Sequence


class Commands(TyperGroup):
    """A group whose commands are modules of `cli`, by name; a module is imported when its command is called."""

    def __init__(self, texts: Mapping[str, str], help_text: str | None) -> None:
        told: dict[str, Any] = {
            name: TyperCommand(name, short_help=text, rich_markup_mode=None, add_help_option=False)
            for name, text in texts.items()
        }
        super().__init__(name="cli", commands=told, help=help_text, rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that is called, with its options."""
        name, _, rest = super().resolve_command(ctx, args)
        module = import_module(f"cli.{name}")
        # The options of some commands are those of a log.
        function = module.main_of(log_in(rest)) if hasattr(module, "main_of") else module.main
        return name, command_of(function, str(name)), rest


def command_of(function: Callable[..., None], name: str) -> Any:
    """Return a function as a command: its docstring is the help, its parameters are the options."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(name)(function)
    return typer.main.get_command(app)


def execute(command: Any, program: str, args: Sequence[str] | None = None) -> None:
    """Run a command and exit; a bad argument is said in a line, with exit code 2."""
    try:
        code = command.main(args, prog_name=program, standalone_mode=False)
    except typer.TyperException as error:
        context = getattr(error, "ctx", None)
        where = f"; see {context.command_path} --help" if context else ""
        said = error.format_message().replace("Value error, ", "").rstrip(".")
        errors.print(f"[bold red]Error:[/] {plain(said)}{where}")
        sys.exit(error.exit_code)
    sys.exit(code or 0)
