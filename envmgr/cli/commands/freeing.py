"""`gc`: disk that nobody needs any more."""

from __future__ import annotations

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.model.freeing import Freed, GcOutcome


@click.command(cls=Command)
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="N",
    help="Generations to keep on either side of the active one.",
)
@click.pass_obj
def gc(invocation: Invocation, keep: int) -> Answer:
    """Delete what no generation within reach of a rollback needs and no worker runs from."""
    from envmgr.operations.gc import gc as operation

    outcome = operation(invocation.root(), keep=keep)
    return Answer(outcome, "\n".join(_lines(outcome)))


def _lines(outcome: GcOutcome) -> list[str]:
    leased = [f"{name} stays: a worker runs from it" for name in outcome.leased]
    if not outcome.freed:
        return [*leased, "nothing to free"]
    came_free = f"{size(outcome.bytes)} came free"
    shared = outcome.total_bytes - outcome.bytes
    elsewhere = f"; {size(shared)} are linked elsewhere too, as in uv's cache" if shared else ""
    return [columns(map(_row, outcome.freed)), *leased, f"{came_free}{elsewhere}"]


def _row(freed: Freed) -> tuple[str, ...]:
    numbers = ", ".join(map(str, freed.generations))
    word = "generation" if len(freed.generations) == 1 else "generations"
    return (
        freed.kind,
        freed.name,
        f"{word} {numbers}" if numbers else "",
        f"{size(freed.bytes)} of {size(freed.total_bytes)}",
    )


def size(count: int) -> str:
    """Bytes as people read them."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"
