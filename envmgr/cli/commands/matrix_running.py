"""`matrix run`: the cells of a matrix, built and tried."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import CHECK_FAILED
from envmgr.model.matrix import FLAKY, NOT_INSTALLABLE, NOT_RUN, PASSED, CellResult, MatrixRun

_SIGNALS = {"SIGINT": 130, "SIGTERM": 143}
_LOG_LINES = 20


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@click.option(
    "--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="Cells at a time.  [default: the cores]"
)
@click.option(
    "--cell",
    "cells",
    multiple=True,
    metavar="ID",
    help="This cell alone; an id, or a pattern such as 'numpy=2.*'. May be repeated.",
)
@click.option("--shard", metavar="I/N", help="The Ith of N parts of the cells, for several machines.")
@click.option("--again", is_flag=True, help="Run cells of which nothing has changed, too.")
@click.option("--upgrade", is_flag=True, help="Ask the index anew which releases there are, and lock anew.")
@click.option("--keep", is_flag=True, help="Leave the temporary homes, and say how to look around in a cell.")
@click.pass_obj
def run(
    invocation: Invocation,
    name: str,
    jobs: int | None,
    cells: tuple[str, ...],
    shard: str | None,
    again: bool,
    upgrade: bool,
    keep: bool,
) -> Answer:
    """Run the cells of the matrix NAME of which something has changed since they were last run.

    Results are kept one by one: what was interrupted goes on where it stopped. They are written to
    matrices/NAME.results.json in the end. Exit status 1 when a cell is red, 130 or 143 when it was interrupted.
    """
    from envmgr.cli.commands.matrices import project
    from envmgr.cli.matrix_progress import watching
    from envmgr.operations import matrices, matrix_running
    from envmgr.tools.index import Index

    here = project(invocation)
    matrix = matrices.load(here, name, index=Index(), upgrade=upgrade)
    with watching(invocation) as watch:
        outcome = matrix_running.run(
            here,
            matrix,
            jobs=jobs,
            cells=cells,
            shard=shard,
            again=again,
            upgrade=upgrade,
            keep=keep,
            watch=watch,
        )
    where = () if invocation.directory is None else ("--project", str(invocation.directory))
    text = "\n".join(_lines(outcome, shlex.join(where)))
    interrupted = outcome.facts.get(matrix_running.INTERRUPTED)
    if interrupted is not None:
        return Answer(outcome, text, _SIGNALS[interrupted])
    return Answer(outcome, text, CHECK_FAILED if any(result.red for result in outcome.results) else 0)


def _lines(outcome: MatrixRun, where: str) -> Iterator[str]:
    ran = frozenset(outcome.ran)
    shown = [result for result in outcome.results if result.cell in ran or result.status != PASSED]
    if shown:
        yield columns(_row(result, result.cell in ran) for result in shown)
    for result in outcome.results:
        if result.red:
            yield from _red(result, outcome.matrix, where)
    for cell, kept in outcome.facts.get("homes", {}).items():
        yield from _entering(cell, kept)
    yield from outcome.notes
    yield _summary(outcome)


def _row(result: CellResult, ran: bool) -> tuple[str, ...]:
    from envmgr.matrix.reporting import versions

    took = f"{result.seconds:.1f} s" if ran else "unchanged"
    return (result.cell, versions(result), result.status, took, _remark(result))


def _remark(result: CellResult) -> str:
    expected = result.expected
    if expected is None or (result.status in NOT_RUN and result.status != NOT_INSTALLABLE):
        return result.detail if result.status in NOT_RUN or result.status == FLAKY else ""
    if result.mended:
        return f"expected broken, passes: {expected.reason}"
    if result.status in (PASSED, FLAKY):
        return ""
    reason = f": {expected.reason}" if expected.reason else ""
    return f"expected ({expected.kind}{reason})"


def _red(result: CellResult, matrix: str, where: str) -> Iterator[str]:
    from envmgr.matrix.reporting import reproduce

    yield ""
    yield f"{result.cell}: {result.status}"
    for check in result.checks:
        if check.status not in (PASSED, FLAKY):
            tries = f" (tried {check.attempts} times)" if check.attempts > 1 else ""
            yield f"  {check.name} {check.status}{tries}: {check.detail}"
            yield from (f"    {line}" for line in check.log.splitlines()[-_LOG_LINES:])
    if not result.checks:
        yield f"  {result.detail}"
    yield f"  again: {reproduce(matrix, result.cell)}{f' {where}' if where else ''}"


def _entering(cell: str, kept: dict[str, str]) -> Iterator[str]:
    environment = kept["environment"]
    yield ""
    yield f"{cell}: its homes are in {kept['home']}; a shell in its environment:"
    variables = f"VIRTUAL_ENV={shlex.quote(environment)} PYTHONDONTWRITEBYTECODE=1"
    yield f'  env {variables} PATH={shlex.quote(environment)}/bin:"$PATH" "$SHELL"'


def _summary(outcome: MatrixRun) -> str:
    count = Counter(result.status for result in outcome.results)
    total = sum(count.values())
    red = sum(result.red for result in outcome.results)
    parts = [f"{number} {status}" for status, number in count.items()]
    if red:
        parts.append(f"{red} red")
    if outcome.kept:
        parts.append(f"{len(outcome.kept)} unchanged, not run again")
    shard = f", shard {outcome.shard}" if outcome.shard else ""
    words = f"{outcome.matrix}{shard}: {total} {'cell' if total == 1 else 'cells'}"
    words += f", {', '.join(parts)}; {outcome.seconds:.1f} s" if parts else f"; {outcome.seconds:.1f} s"
    interrupted = outcome.facts.get("interrupted")
    if interrupted is None:
        return words
    left = len(outcome.facts["not-run"])
    what = (
        f": {left} {'cell was' if left == 1 else 'cells were'} not run" if left else " while times were taken"
    )
    return (
        f"{words}\ninterrupted by {interrupted}{what}; what has ended is kept, and the same command goes on"
    )
