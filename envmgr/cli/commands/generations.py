"""`status`, `history`, `rollback`, `launch`: what is active, what was, and back to it."""

from __future__ import annotations

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import CHECK_FAILED
from envmgr.model.outcomes import EnvironmentStatus, GenerationRecord

READY = "ready"


@click.command(cls=Command)
@click.pass_obj
def status(invocation: Invocation) -> Answer:
    """Show whether each environment is what envmgr.toml says. Exit status 1 when one is not."""
    project = invocation.project()
    from envmgr.operations.status import status as operation

    statuses = operation(project)
    lines = [columns(map(_status_row, statuses))] if statuses else ["no libraries; `envmgr add LIB` adds one"]
    return Answer(statuses, "\n".join(lines), 0 if all(s.state == READY for s in statuses) else CHECK_FAILED)


def _status_row(status: EnvironmentStatus) -> tuple[str, ...]:
    generation = "" if status.generation is None else f"generation {status.generation}"
    python = "" if status.python is None else f"Python {status.python}"
    libraries = ", ".join(
        f"{lib.name} {lib.version}" if lib.version else lib.name for lib in status.libraries
    )
    return (status.environment, status.state, generation, python, libraries, status.detail)


@click.command(cls=Command)
@click.argument("environment", metavar="ENV")
@click.pass_obj
def history(invocation: Invocation, environment: str) -> Answer:
    """List every activation of the environment ENV, newest first."""
    from envmgr.operations.history import history as operation

    records = operation(invocation.root(), environment)
    return Answer(records, columns(map(_history_row, records)))


def _history_row(record: GenerationRecord) -> tuple[str, ...]:
    return (
        "*" if record.active else " ",
        str(record.generation),
        record.at,
        record.action,
        record.outcome,
        record.actor,
        record.reason,
        "freed" if record.freed else "",
    )


@click.command(cls=Command)
@click.argument("environment", metavar="ENV")
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="Generation.  [default: the one before]")
@click.pass_obj
def rollback(invocation: Invocation, environment: str, to: int | None) -> Answer:
    """Activate an older generation of the environment ENV. Needs neither network nor a valid envmgr.toml."""
    from envmgr.operations.rollback import rollback as operation

    outcome = operation(invocation.root(), environment, to=to)
    way = f"generation {outcome.from_generation} -> {outcome.to_generation}"
    return Answer(outcome, f"{environment}: {way} in {outcome.milliseconds:.1f} ms")


@click.command(cls=Command)
@click.argument("environment", metavar="ENV")
@click.pass_obj
def launch(invocation: Invocation, environment: str) -> Answer:
    """Print the launch manifest of the environment ENV, which the pool starts workers from."""
    import json

    from envmgr.cli.plain import plain
    from envmgr.operations.launching import launch as operation

    manifest = operation(invocation.root(), environment)
    return Answer(manifest, json.dumps(plain(manifest), indent=2))
