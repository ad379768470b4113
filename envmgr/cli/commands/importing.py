"""`import`: another tool's project becomes libraries here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.config.problems import displayed
from envmgr.model.imports import ImportOutcome, NotCarried

_FEW = 3


@click.command("import", cls=Command)
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@click.option("--library", "libraries", metavar="NAME", multiple=True, help="Only this one; may be repeated.")
@click.option(
    "--env", "environment", metavar="E", help="Environment to put them in.  [default: the project's name]"
)
@click.pass_obj
def import_(
    invocation: Invocation, path: Path, libraries: tuple[str, ...], environment: str | None
) -> Answer:
    """Turn another tool's project into libraries of one environment, and a lock that keeps its pins.

    PATH is a requirements file, uv.lock, poetry.lock, pdm.lock, Pipfile, Pipfile.lock, pylock.toml,
    environment.yml or pyproject.toml, or a directory with one of them. The libraries go into the envmgr.toml
    that is here, or a new one. What could not be carried over is listed.
    """
    from envmgr.operations.importing import import_project

    root = invocation.place()
    with progress(invocation) as report:
        outcome = import_project(path, root, libraries=libraries, environment=environment, report=report)
    return Answer(outcome, "\n".join(_lines(outcome)))


def _lines(outcome: ImportOutcome) -> list[str]:
    sources = " and ".join(displayed(Path(file)) for file in outcome.files)
    count = _count(len(outcome.libraries), "library", "libraries")
    kept = len(outcome.pins) - len(outcome.resolved)
    lines = [
        f"read {sources}",
        *(f"{displayed(Path(file))} is there too, and was not read" for file in outcome.beside),
        f"{'created' if outcome.created else 'changed'} {displayed(Path(outcome.config))}: {count} in environment"
        f" {outcome.environment}, Python {outcome.python}",
        f"wrote {displayed(Path(outcome.lock))}: {_count(len(outcome.pins), 'package')}, {kept} as they were pinned",
    ]
    if outcome.resolved:
        lines.append(f"resolved now: {', '.join(f'{pin.name} {pin.version}' for pin in outcome.resolved)}")
    if outcome.not_carried:
        lines += ["not carried over:", *_not_carried(outcome.not_carried)]
    return [*lines, "`envmgr sync` builds it"]


def _not_carried(left: Sequence[NotCarried]) -> Iterator[str]:
    """One a line; many of one file with one reason, such as the pins of development groups, on one."""
    alike: dict[tuple[str, str], list[NotCarried]] = {}
    for one in left:
        alike.setdefault((one.file, one.why), []).append(one)
    few = [one for one in left if len(alike[one.file, one.why]) <= _FEW]
    if few:
        yield columns((f"  {displayed(Path(one.file))}:{one.line}", one.what, one.why) for one in few)
    for (file, why), group in alike.items():
        if len(group) > _FEW:
            listed = ", ".join(f"{one.what} (line {one.line})" for one in group)
            yield f"  {displayed(Path(file))}, {len(group)} of them: {why}: {listed}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
