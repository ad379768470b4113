"""`matrix report`, `matrix merge`: what came of matrices, shown and united."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from envmgr.cli.answers import Answer
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import CHECK_FAILED
from envmgr.matrix.reporting import MatrixReport, counts

_FORMS = ("terminal", "markdown", "html", "junit", "json")
_CHART_WIDTH = 100


@click.command(cls=Command)
@click.argument("name", metavar="[NAME]", required=False)
@click.option(
    "--as", "form", type=click.Choice(_FORMS), default="terminal", show_default=True, help="What is made."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where.  [default: stdout]",
)
@click.option(
    "--against",
    metavar="FILE|REVISION[:PATH]",
    help="Earlier results: a file, or what git has of the committed one.",
)
@click.pass_obj
def report(
    invocation: Invocation, name: str | None, form: str, output: Path | None, against: str | None
) -> Answer:
    """Show what is known of the matrix NAME, or of all. Nothing is run, and no index asked.

    Exit status 1 when a cell is red; with --against, when one is that was not.
    """
    from envmgr.cli.commands.matrices import project
    from envmgr.matrix.reports.document import document
    from envmgr.operations.matrix_reporting import report as operation

    found = operation(project(invocation), name, against)
    status = CHECK_FAILED if any(each.failed for each in found) else 0
    text = _renderer(form, to_file=output is not None)(found)
    if output is not None:
        write(output, click.unstyle(text) if form == "terminal" else text)
        text = "\n".join(f"{each.matrix}: {counts(each)}" for each in found)
        text += f"\nwritten to {output}"
    return Answer([document(each) for each in found], text.rstrip("\n"), status)


@click.command(cls=Command)
@click.argument(
    "paths", metavar="FILES...", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path)
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where.  [default: matrices/NAME.results.json]",
)
@click.pass_obj
def merge(invocation: Invocation, paths: tuple[Path, ...], output: Path | None) -> Answer:
    """Unite what `matrix run --shard` left on several machines, into one file of results; `matrix report` has it too.

    Exit status 1 when a cell is red or has no result.
    """
    from envmgr.cli.commands.matrices import root
    from envmgr.matrix.reports.document import document
    from envmgr.operations.matrix_reporting import merge as operation

    union = operation(root(invocation), paths, output)
    lines = [f"{union.report.matrix}: {counts(union.report)}, from {union.parts} files"]
    lines += [f"no result of {cell}" for cell in union.report.missing]
    lines += [f"{result.status}: {result.cell}" for result in union.report.red]
    lines.append(f"{'written to' if union.changed else 'nothing new for'} {union.path}")
    data = {**document(union.report), "path": union.path, "changed": union.changed}
    sound = not union.report.missing and not union.report.red
    return Answer(data, "\n".join(lines), 0 if sound else CHECK_FAILED)


def write(path: Path, text: str) -> None:
    """Raises E-DISK."""
    from envmgr.environments import files

    with files.disk_problems("writing the report"):
        files.write(path.absolute(), text.encode("utf-8", "backslashreplace"))


def _renderer(form: str, *, to_file: bool) -> Callable[[Sequence[MatrixReport]], str]:
    if form == "terminal":
        from envmgr.matrix.reports import terminal

        width = _CHART_WIDTH if to_file else shutil.get_terminal_size((_CHART_WIDTH, 24)).columns
        return lambda found: terminal.render(found, width)
    import importlib

    name = {"json": "document"}.get(form, form)
    render: Callable[[Sequence[MatrixReport]], str] = importlib.import_module(
        f"envmgr.matrix.reports.{name}"
    ).render
    return render
