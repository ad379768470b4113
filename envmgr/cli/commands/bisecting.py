"""`matrix bisect`: the first release that fails a check."""

from __future__ import annotations

from collections.abc import Iterable

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation, color
from envmgr.cli.progress import progress
from envmgr.errors import CHECK_FAILED
from envmgr.model.bisection import Bisection, Moved, Probe

_COLORS = {"good": "green", "bad": "red", "skipped": "yellow"}


@click.command(cls=Command)
@click.argument("library", metavar="LIB")
@click.option("--good", required=True, metavar="A", help="A release that passes, or a day (see below).")
@click.option("--bad", required=True, metavar="B", help="A later one that fails.")
@click.option(
    "--with-dependencies",
    is_flag=True,
    help="Search by the day of the lock: what fails first may be the library, or anything under it.",
)
@click.option("--matrix", metavar="NAME", help="Run the checks of matrices/NAME.toml, beside its companions.")
@click.option("--check", "checks", multiple=True, metavar="NAME", help="Of these, the ones of this name.")
@click.option("--pytest", "selection", multiple=True, metavar="SELECTION", help="Run pytest on this.")
@click.option("--command", metavar="CMD", help="Run this command; status 125 says that it cannot judge.")
@click.option("--call", metavar="PATH", help="Call this function; it fails when it raises.")
@click.option("--args", "args_json", metavar="JSON", help="What it is called with.")
@click.option("--python", metavar="V", help="The interpreter.  [default: the library's]")
@click.option(
    "--with", "requirements", multiple=True, metavar="REQ", help="One more requirement of each cell."
)
@click.option("--pre", is_flag=True, help="Try pre-releases too.")
@click.option(
    "--retries",
    type=click.IntRange(min=0),
    metavar="N",
    help="How often a failure is tried again before it counts.  [default: the check's, at least 1]",
)
@click.option("--timeout", metavar="TIME", help='Of each attempt, such as "2m".  [default: the check\'s, or 10m]')
@click.option("--again", is_flag=True, help="Forget what an earlier bisect found out.")
@click.pass_obj
def bisect(invocation: Invocation, library: str, args_json: str | None, **options: object) -> Answer:
    """Find the first release of LIB, after A and up to B, that fails a check.

    Without a check of its own: import, and the library's health calls. Releases that cannot be installed are gone
    around; what was tried is kept, so that a bisect that was ended goes on where it stopped.

    With --with-dependencies, A and B are days too (2024-06-30: as locked that evening). A release then stands for the
    moment it was published as A, for today as B, and holds the library between the two: give the same one twice to
    leave it where it is.

    Exit status 1 when it cannot be told.
    """
    raise NotImplementedError
