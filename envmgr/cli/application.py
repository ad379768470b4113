"""The `envmgr` command: its table of commands, and the options that every one of them takes."""

from __future__ import annotations

import difflib
import importlib
import keyword
from pathlib import Path
from typing import Any

import click

import envmgr
from envmgr.cli.invocation import FORMATS

COMMANDS = {
    "init": "editing",
    "add": "editing",
    "remove": "editing",
    "config": "configuration",
    "lock": "building",
    "sync": "building",
    "explain": "explaining",
    "status": "generations",
    "health": "trust",
    "doctor": "doctoring",
    "history": "generations",
    "diff": "comparing",
    "plan": "upgrading",
    "upgrade": "upgrading",
    "rollback": "generations",
    "gc": "freeing",
    "bundle": "bundling",
    "unbundle": "bundling",
    "launch": "generations",
    "call": "calling",
    "functions": "discovering",
    "search": "discovering",
    "describe": "discovering",
    "shell": "shelling",
    "serializers": "serializers",
    "detect": "detecting",
    "import": "importing",
    "matrix": "matrices",
}
"""Command -> its module of `envmgr.cli.commands`, which has it under its own name; imported when it runs."""


def _remember(attribute: str) -> Any:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        if value not in (None, False):
            setattr(context.obj, attribute, value)

    return callback


def _remember_more(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    context.obj.settings += value


GLOBAL_OPTIONS = (
    click.Option(
        ["--project"],
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Directory of envmgr.toml.  [default: ENVMGR_PROJECT, or the nearest above the working directory]",
        expose_value=False,
        callback=_remember("directory"),
    ),
    click.Option(
        ["--profile"],
        metavar="NAME",
        help="A profile of envmgr.toml, laid over it.  [default: ENVMGR_PROFILE]",
        expose_value=False,
        callback=_remember("profile"),
    ),
    click.Option(
        ["--set"],
        metavar="KEY=VALUE",
        multiple=True,
        help="Another value for a key of envmgr.toml, such as library.numpy.workers=4. May be repeated.",
        expose_value=False,
        callback=_remember_more,
    ),
    click.Option(
        ["--format"],
        type=click.Choice(FORMATS),
        help="What stdout carries.  [default: text]",
        expose_value=False,
        callback=_remember("format"),
    ),
    click.Option(
        ["--quiet", "-q"],
        is_flag=True,
        help="No progress and no warnings.",
        expose_value=False,
        callback=_remember("quiet"),
    ),
)


class Command(click.Command):
    """A command that takes the global options, as its groups do."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.extend(GLOBAL_OPTIONS)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj.command = ctx.command_path.partition(" ")[2]
        return super().parse_args(ctx, args)


class Group(Command, click.Group):
    """A group whose unknown commands get the near name."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            raise click.UsageError(f"no command: {', '.join(self.list_commands(ctx))}", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None:
            near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
            guess = f"; did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(f"no command `{name}`{guess}", ctx)
        return super().resolve_command(ctx, args)


class Application(Group):
    """The top: commands come from `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"envmgr.cli.commands.{COMMANDS[cmd_name]}")
        attribute = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(module, attribute)
        return command


@click.group(cls=Application, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(envmgr.__version__, message="envmgr %(version)s")
def application() -> None:
    """Every Python library in its own locked environment, callable from Elixir."""
