"""`matrix`: compatibility matrices. `list` and `schema` are here; the others are imported when they run."""

from __future__ import annotations

import importlib

import click

from envmgr.cli.application import Group

_ELSEWHERE = {
    "run": "matrix_running",
    "report": "matrix_reporting",
    "merge": "matrix_reporting",
    "bisect": "bisecting",
}
"""Subcommand → its module of `envmgr.cli.commands`, which has it under its own name."""


class Matrices(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"envmgr.cli.commands.{_ELSEWHERE[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=Matrices)
def matrix() -> None:
    """Which releases work, on which interpreters, beside which companions."""
