"""`detect`: what other tools have on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.model.detection import DetectOutcome, FoundEnvironment


@click.command(cls=Command)
@click.argument(
    "directory",
    metavar="[DIR]",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.pass_obj
def detect(invocation: Invocation, directory: Path | None) -> Answer:
    """Find the environments of uv, Poetry, PDM, Pipenv, conda, pyenv, virtualenv and the system.

    Looks into DIR (default: the project's, or the working directory) and at the usual places of this user's
    home, and says which may be trusted. Runs none of them.
    """
    from envmgr.operations.detecting import Surroundings
    from envmgr.operations.detecting import detect as operation

    outcome = operation(Surroundings.here(directory or invocation.place()))
    return Answer(outcome, "\n".join(_lines(outcome)))


def _lines(outcome: DetectOutcome) -> list[str]:
    if not outcome.environments:
        return ["nothing found"]
    rows = columns(map(_row, outcome.environments))
    beyond = [f"{directory} has more than was looked at" for directory in outcome.crowded]
    trusted = sum(found.trusted for found in outcome.environments)
    return [rows, *beyond, f"{len(outcome.environments)} found, {trusted} trusted"]


def _row(found: FoundEnvironment) -> tuple[str, ...]:
    kind = found.kind if found.role == found.kind else f"{found.kind} {found.role}"
    counted = {None: "", 1: "1 package"}
    packages = counted.get(found.distributions, f"{found.distributions} packages")
    return (
        "trusted" if found.trusted else "not trusted",
        kind,
        f"Python {found.python}" if found.python else "",
        packages,
        found.path,
        "; ".join(found.why),
    )
