"""`matrix`: compatibility matrices. `list` and `schema` are here; the others are imported when they run."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Group
from envmgr.cli.invocation import Invocation
from envmgr.errors import EnvmgrError

if TYPE_CHECKING:
    from envmgr.model.matrix import Cell, CellResult, Matrix
    from envmgr.model.project import Project

_ELSEWHERE = {
    "run": "matrix_running",
    "report": "matrix_reporting",
    "merge": "matrix_reporting",
    "bisect": "bisecting",
}
"""Subcommand → its module of `envmgr.cli.commands`, which has it under its own name."""


class Matrices(Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return ["list", "schema", *_ELSEWHERE]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"envmgr.cli.commands.{_ELSEWHERE[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(cls=Matrices)
def matrix() -> None:
    """Which releases work, on which interpreters, beside which companions."""


def root(invocation: Invocation) -> Path:
    """The directory that was named, or the nearest with an envmgr.toml or with matrices. Raises E-NO-PROJECT."""
    from envmgr.operations.matrices import find_root, require_root

    return find_root(Path.cwd()) if invocation.directory is None else require_root(invocation.directory)


def project(invocation: Invocation) -> Project:
    """As `Invocation.project`; one without libraries where there is no envmgr.toml."""
    from envmgr.operations.matrices import project_at

    found = project_at(root(invocation), invocation.layers)
    invocation.warn(found)
    return found


@matrix.command("list")
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--upgrade", is_flag=True, help="Ask the index anew which releases there are.")
@click.option("--github", is_flag=True, help="Print a job matrix for GitHub, as one line of JSON.")
@click.option(
    "--shards", type=click.IntRange(1, 256), metavar="N", help="Jobs a matrix, for --github.  [default: 1]"
)
@click.pass_obj
def list_(
    invocation: Invocation, name: str | None, upgrade: bool, github: bool, shards: int | None
) -> Answer:
    """Show the matrices of this project, or the cells of one, and what last came of them. Nothing is run.

    The index is asked for what no earlier command has found. For a workflow of GitHub:

    echo "jobs=$(envmgr matrix list --github --shards 3)" >> "$GITHUB_OUTPUT"
    """
    from envmgr.environments.layout import Layout
    from envmgr.matrix import results
    from envmgr.operations import matrices
    from envmgr.tools.index import Index

    if shards is not None and not github:
        raise EnvmgrError("E-USAGE", "--shards is of --github, which is missing")
    here = project(invocation)
    found = matrices.load_all(here, [name] if name else None, index=Index(), upgrade=upgrade)
    if github:
        from envmgr.matrix import jobs

        plan = jobs.github(found, shards or 1)
        return Answer(plan, json.dumps(plan, separators=(",", ":")))
    known = {each.name: results.known(Layout(here.root), each.name) for each in found}
    if name is not None:
        return _cells(found[0], known[name])
    data = [_summary(each, known[each.name]) for each in found]
    text = "\n\n".join(_overview(each, known[each.name]) for each in found)
    return Answer(data, text or f"no {matrices.FOLDER}/*.toml yet: docs/matrices.md says what they hold")


@matrix.command()
@click.pass_obj
def schema(invocation: Invocation) -> Answer:
    """Print the JSON Schema of matrices/NAME.toml, for editors."""
    from envmgr.matrix.json_schema import json_schema

    return Answer(json_schema(), json.dumps(json_schema(), indent=2))


def _summary(matrix: Matrix, known: Mapping[str, CellResult]) -> dict[str, object]:
    return {
        "name": matrix.name,
        "path": matrix.path,
        "library": matrix.library,
        "axes": matrix.axes,
        "cells": len(matrix.cells),
        "checks": matrix.checks,
        "last": _last(matrix.cells, known),
        "notes": matrix.notes,
    }


def _last(cells: Iterable[Cell], known: Mapping[str, CellResult]) -> dict[str, int]:
    """How many cells ended how; those that never ran are of "never run"."""
    counted = Counter(known[cell.id].status if cell.id in known else _NEVER for cell in cells)
    return dict(counted.most_common())


_NEVER = "never run"


def _overview(matrix: Matrix, known: Mapping[str, CellResult]) -> str:
    of = "1 cell" if len(matrix.cells) == 1 else f"{len(matrix.cells)} cells"
    last = ", ".join(f"{count} {status}" for status, count in _last(matrix.cells, known).items())
    rows = [
        *((f"  {axis}", ", ".join(values)) for axis, values in matrix.axes.items()),
        ("  checks", ", ".join(check.name for check in matrix.checks)),
        ("  last", last),
    ]
    return "\n".join([f"{matrix.name}: {of}", columns(rows), *(f"  {note}" for note in matrix.notes)])


def _cells(matrix: Matrix, known: Mapping[str, CellResult]) -> Answer:
    from envmgr.matrix.reports.phrases import expected

    cells = [
        {
            "id": cell.id,
            "values": cell.values,
            "python": cell.python,
            "platform": cell.platform,
            "resolution": cell.resolution,
            "requirements": cell.requirements,
            "expectation": cell.expectation,
            "last": known[cell.id].status if cell.id in known else None,
        }
        for cell in matrix.cells
    ]
    rows = [
        (
            cell.id,
            " ".join(_pins(cell)),
            known[cell.id].status if cell.id in known else _NEVER,
            expected(cell.expectation) if cell.expectation is not None else "",
        )
        for cell in matrix.cells
    ]
    text = "\n".join([columns(rows), *(["", *matrix.notes] if matrix.notes else [])])
    data = {**_summary(matrix, known), "cells": cells, "timing": matrix.timing}
    return Answer(data, text)


def _pins(cell: Cell) -> Iterable[str]:
    """What the values of the axes led to."""
    return (text.replace("==", " ") for text in cell.requirements if "==" in text)
