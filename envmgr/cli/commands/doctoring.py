"""`doctor`: is this machine sound, and this project on it."""

from __future__ import annotations

import re

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import CHECK_FAILED
from envmgr.model.machine import Check

_WORDS = {"ok": ("ok", "green"), "warning": ("to know", "yellow"), "failed": ("failed", "red")}


@click.command(cls=Command)
@click.option(
    "--library",
    metavar="VERSION/PROTOCOL",
    help="The Elixir library that this command is to fit; `mix envmgr.doctor` says it.",
)
@click.pass_obj
def doctor(invocation: Invocation, library: str | None) -> Answer:
    """Check this machine and the project, and say what to do. Exit status 1 when something fails.

    Changes nothing. Without an envmgr.toml, the machine alone.
    """
    from envmgr.operations.doctoring import ElixirLibrary
    from envmgr.operations.doctoring import doctor as operation

    fits = None
    if library is not None:
        said = re.fullmatch(r"(\d+(?:\.\w+)*(?:-[\w.]+)?)/(\d+)", library)
        if said is None:
            raise click.UsageError(f"--library is a version, a slash and a protocol, not {library!r}")
        fits = ElixirLibrary(said[1], int(said[2]))
    found = operation(invocation.place(), invocation.layers, fits)
    failed = any(check.state == "failed" for check in found)
    return Answer(found, text(found), CHECK_FAILED if failed else 0)


def text(found: tuple[Check, ...]) -> str:
    """One line a check, and what to do below those that are not ok."""
    heads = columns((_WORDS[check.state][0], check.name) for check in found).split("\n")
    width = max(map(len, heads))
    lines = []
    for head, check in zip(heads, found, strict=True):
        word, color = _WORDS[check.state]
        first, *more = check.found.split("\n")
        lines.append(f"{click.style(word, fg=color)}{head.ljust(width)[len(word) :]}  {first}".rstrip())
        lines += [f"    {line}".rstrip() for line in more]
        if check.advice:
            lines.append(f"    -> {check.advice}")
    return "\n".join(lines)
