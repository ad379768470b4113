"""`matrix bisect`: the first release that fails a check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.errors import CHECK_FAILED, EnvmgrError
from envmgr.model.bisection import Bisection, Moved, Probe

if TYPE_CHECKING:
    from envmgr.model.project import HealthCall, Project

_LOG_LINES = 10
_WIDTH = 72
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)\.\d+Z")


@click.command(cls=Command)
@click.argument("library", metavar="LIB")
@click.option(
    "--good", required=True, metavar="A", help="A release that passes; with dependencies also a day."
)
@click.option("--bad", required=True, metavar="B", help="A later one that fails.")
@click.option(
    "--with-dependencies",
    is_flag=True,
    help="Search by the day of the lock, for LIB or anything under it.",
)
@click.option("--matrix", metavar="NAME", help="Run the checks of matrices/NAME.toml, beside its companions.")
@click.option("--check", "checks", multiple=True, metavar="NAME", help="Only this check of the matrix.")
@click.option("--pytest", "selection", multiple=True, metavar="SELECTION", help="Run pytest on this.")
@click.option("--command", metavar="CMD", help="Run this; status 125 says that it cannot judge.")
@click.option("--call", metavar="PATH", help="Call this function; raising is failing.")
@click.option("--args", "args_json", metavar="JSON", help="An array of its arguments, or an object.")
@click.option("--python", metavar="V", help="The interpreter.  [default: the matrix's, or the library's]")
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
@click.option("--timeout", metavar="TIME", help="Of each attempt.  [default: the check's, or 10m]")
@click.option("--again", is_flag=True, help="Forget what an earlier bisect found out.")
@click.pass_obj
def bisect(invocation: Invocation, /, args_json: str | None, **asked: Any) -> Answer:
    """Find the first release of LIB, after A and up to B, that fails a check.

    Without a check of its own: import, and the library's health calls. Releases that cannot be installed are gone
    around. What was tried is kept: a bisect that was ended goes on where it stopped.

    With --with-dependencies A and B may be days (2024-06-30: as locked that evening). A release A stands for the
    moment it was published, a release B for now, and LIB stays between the two: with the same release twice, only
    what is under it moves.

    Exit status 1 when it cannot be told.
    """
    from envmgr.model.bisection import Question
    from envmgr.operations import bisecting

    asked["call"] = _call(asked["call"], args_json)
    asked["timeout_ms"] = _milliseconds(asked.pop("timeout"))
    question = Question(**asked)
    with progress(invocation) as report:
        outcome = bisecting.bisect(_project(invocation), question, report=report)
    return Answer(outcome, "\n".join(_lines(outcome)), 0 if outcome.found else CHECK_FAILED)


def _project(invocation: Invocation) -> Project:
    """Neither envmgr.toml nor a matrix need be there: what is known is then kept in the working directory, or in the
    one that was named."""
    from envmgr.cli.commands.matrices import project
    from envmgr.operations.matrices import project_at

    try:
        return project(invocation)
    except EnvmgrError as problem:
        place = (invocation.directory or Path.cwd()).absolute()
        if problem.code != "E-NO-PROJECT" or not place.is_dir():
            raise
        return project_at(place)


def _call(path: str | None, args_json: str | None) -> HealthCall | None:
    from envmgr.cli.commands.calling import arguments
    from envmgr.model.project import HealthCall

    if path is None:
        if args_json is not None:
            raise EnvmgrError("E-USAGE", "--args are those of a call", hint="name the function with --call")
        return None
    args, kwargs = arguments(args_json or "[]", None)
    return HealthCall(path, tuple(args), kwargs)


def _milliseconds(text: str | None) -> int | None:
    if text is None:
        return None
    from pydantic import TypeAdapter, ValidationError

    from envmgr.config.fields import Duration

    try:
        return TypeAdapter(Duration).validate_python(text)
    except ValidationError as problem:
        hint = 'write a number and its unit, such as "30s" or "2m"'
        raise EnvmgrError("E-USAGE", f"--timeout: {problem.errors()[0]['msg']}", hint=hint) from None


def _lines(outcome: Bisection) -> Iterator[str]:
    unit = "dates of locks" if outcome.with_dependencies else "releases"
    yield (
        f"{outcome.distribution}, {outcome.good} to {outcome.bad}, on Python {outcome.python}:"
        f" {outcome.candidates} {unit}"
    )
    yield from outcome.notes
    if outcome.probes:
        yield columns(map(_row, outcome.probes))
    yield from _told(outcome)
    yield f"{outcome.cells} {'cell' if outcome.cells == 1 else 'cells'} in {outcome.seconds:.1f} s"
    if outcome.command:
        yield f"once more: {outcome.command}"


def _row(probe: Probe) -> tuple[str, ...]:
    verdict = f"{probe.verdict}, flaky" if probe.flaky else probe.verdict
    status = probe.status if probe.verdict == "skipped" else ""
    known = "known" if probe.kept else f"{probe.seconds:.1f} s"
    moment = _MOMENT.fullmatch(probe.candidate)
    candidate = f"{moment[1]} {moment[2]}" if moment else probe.candidate
    short = probe.detail if len(probe.detail) <= _WIDTH else f"{probe.detail[: _WIDTH - 1]}…"
    return (candidate, probe.about, verdict, status or known, short)


def _told(outcome: Bisection) -> Iterator[str]:
    if not outcome.found:
        yield f"it cannot be told: {outcome.reason}"
        yield from (f"  {line}" for line in outcome.log.splitlines()[-_LOG_LINES:])
        return
    fails = " and ".join(f"`{check}`" for check in outcome.fails)
    names = [_name(each) for each in outcome.found]
    beside = f" beside {outcome.distribution} {outcome.version}" if _is_under(outcome) else ""
    if len(names) == 1:
        yield f"{names[0]} is the first that fails {fails}{beside}: {outcome.detail}"
    elif outcome.together:
        yield f"{_listed(names, 'and')} fail {fails} together{beside}: {outcome.detail}"
    else:
        yield f"the first that fails {fails} is one of {_listed(names, 'or')}: {outcome.detail}"


def _is_under(outcome: Bisection) -> bool:
    moved = {each.distribution for each in outcome.found}
    return outcome.version is not None and outcome.distribution not in moved


def _name(moved: Moved) -> str:
    if moved.after is None:
        return f"{moved.distribution} (gone)"
    released = f" (released {moved.released})" if moved.released else ""
    return f"{moved.distribution} {moved.after}{released}"


def _listed(names: list[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}"
