"""`diff`: what changed between two generations."""

from __future__ import annotations

import json
from typing import Any

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.model.differences import DiffOutcome


@click.command(cls=Command)
@click.argument("environment", metavar="ENV")
@click.argument("a", metavar="[A]", type=click.IntRange(min=1), required=False)
@click.argument("b", metavar="[B]", type=click.IntRange(min=1), required=False)
@click.pass_obj
def diff(invocation: Invocation, environment: str, a: int | None, b: int | None) -> Answer:
    """Show what changed in the environment ENV from generation A to B.

    Without B, to the active one; without A, from the one that was active before.
    """
    from envmgr.operations.diff import diff as operation

    outcome = operation(invocation.root(), environment, a, b)
    return Answer(outcome, "\n".join(_lines(outcome)))


def _lines(outcome: DiffOutcome) -> list[str]:
    same = outcome.from_key == outcome.to_key
    key = f"key {outcome.to_key}, as before" if same else f"key {outcome.from_key} -> {outcome.to_key}"
    rows = [
        ("package", found.name, found.change, way(found.before, found.after)) for found in outcome.packages
    ]
    rows += [
        ("setting", found.name, "changed", way(_spelled(found.before), _spelled(found.after)))
        for found in outcome.settings
    ]
    head = f"{outcome.environment}: generation {outcome.from_generation} -> {outcome.to_generation}, {key}"
    return [head, columns(rows) if rows else "no package and no setting differs"]


def way(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return after or before or ""
    return f"{before} -> {after}"


def _spelled(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) and "\n" not in value else json.dumps(value)
