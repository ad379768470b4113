"""`lock`, `sync`: resolve; build, verify, prove, activate."""

from __future__ import annotations

from pathlib import Path

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.model.locks import LockOutcome, Verification
from envmgr.model.outcomes import SyncOutcome


@click.command(cls=Command)
@click.argument("names", metavar="[LIB]...", nargs=-1)
@click.option("--upgrade", is_flag=True, help="Take the newest versions that will do, not the locked ones.")
@click.option("--exclude-newer", metavar="T", help="Ignore what was published after T, a date or a time.")
@click.option(
    "--verify-with",
    type=click.Choice(["pip-tools"]),
    help="Resolve independently with this tool, and compare pins and hashes.",
)
@click.pass_obj
def lock(
    invocation: Invocation,
    names: tuple[str, ...],
    upgrade: bool,
    exclude_newer: str | None,
    verify_with: str | None,
) -> Answer:
    """Resolve the requirements of each environment into its lock.

    Without LIB, of every environment. A lock keeps its T until --upgrade or another one.
    """
    project = invocation.project()
    from envmgr.operations.locking import lock as operation

    with progress(invocation) as report:
        outcomes = operation(project, names, upgrade=upgrade, exclude_newer=exclude_newer, report=report)
        if verify_with is not None:
            from envmgr.operations.verifying import verify

            outcomes = verify(project, outcomes, report=report)
    return Answer(outcomes, columns(map(_lock_row, outcomes)))


def _lock_row(outcome: LockOutcome) -> tuple[str, ...]:
    from envmgr.config.problems import displayed

    count = len(outcome.pins)
    packages = "1 package" if count == 1 else f"{count} packages"
    return (
        outcome.environment,
        "locked" if outcome.changed else "unchanged",
        packages,
        displayed(Path(outcome.path)),
        "" if outcome.verified is None else _verified(outcome.verified),
    )


def _verified(found: Verification) -> str:
    older = ", ".join(f"{pin.name} {pin.ours} (now {pin.theirs})" for pin in found.older)
    agrees = f"{found.tool} agrees on {found.agreed}" if found.agreed else "nothing to verify"
    return agrees + (f", held to {older}" if older else "")


@click.command(cls=Command)
@click.argument("names", metavar="[LIB]...", nargs=-1)
@click.option("--frozen", is_flag=True, help="Use the locks as they are; a stale one is an error.")
@click.option("--offline", is_flag=True, help="Use no network: locks as they are, files from uv's cache.")
@click.option(
    "--keep-rollbacks",
    is_flag=True,
    help="Leave alone what was rolled back since envmgr.toml and its lock last changed.",
)
@click.pass_obj
def sync(
    invocation: Invocation, names: tuple[str, ...], frozen: bool, offline: bool, keep_rollbacks: bool
) -> Answer:
    """Build what envmgr.toml and the locks say, verify it, activate it.

    Without LIB, every environment; those that are configured no more are deactivated.
    """
    project = invocation.project()
    from envmgr.operations.syncing import sync as operation

    with progress(invocation) as report:
        outcomes = operation(
            project, names, frozen=frozen, offline=offline, keep_rollbacks=keep_rollbacks, report=report
        )
    return Answer(outcomes, columns(map(_sync_row, outcomes)))


def _sync_row(outcome: SyncOutcome) -> tuple[str, ...]:
    generation = "" if outcome.generation is None else f"generation {outcome.generation}"
    return (outcome.environment, outcome.action, generation, f"{outcome.seconds:.2f} s")
