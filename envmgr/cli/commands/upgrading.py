"""`plan`, `upgrade`: what a new version of a library brings, and the way there with proof."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from envmgr.cli import impacts
from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.commands.comparing import way
from envmgr.cli.commands.freeing import size
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.config.problems import displayed
from envmgr.model.upgrades import ConfigEdit, PlannedChange, PlanOutcome, UpgradeOutcome


def _osv(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--osv",
        type=click.Path(exists=True, path_type=Path),
        metavar="FILE",
        help="A snapshot of OSV's advisories (PyPI/all.zip, a directory or a file of JSON): known vulnerabilities.",
    )(command)


@click.command(cls=Command)
@click.argument("wish", metavar="LIB[==V]")
@_osv
@click.pass_obj
def plan(invocation: Invocation, wish: str, osv: Path | None) -> Answer:
    """Show what `upgrade` would change, and what that means for this application; change nothing.

    Without a version, the newest that envmgr.toml allows; "LIB>=2,<3" and the like will do too. Needs the
    network. What the application calls is known by what its VMs have counted, and by `mix envmgr.calls`.
    """
    project = invocation.project()
    from envmgr.operations.planning import plan as operation

    with progress(invocation) as report:
        outcome = operation(project, wish, osv=osv, report=report)
    return Answer(outcome, "\n".join(_planned(outcome)))


def _planned(outcome: PlanOutcome) -> list[str]:
    serving = "nothing is active" if outcome.generation is None else f"generation {outcome.generation}"
    lines = [f"{outcome.library} in environment {outcome.environment}: {serving}, Python {outcome.python}"]
    if outcome.changes:
        lines += [columns(map(_change_row, outcome.changes)), *_requirers(outcome.changes)]
        if outcome.stays:
            pins = ", ".join(f"{pin.name} {pin.version}" for pin in outcome.stays)
            lines.append(f"{len(outcome.stays)} stay: {pins}")
        lines += _download(outcome.changes)
    lines += _config(outcome.config)
    if outcome.excludes_newer:
        lines.append(
            f"nothing that was published after {outcome.excludes_newer} counts; `envmgr lock --upgrade` lifts that"
        )
    if outcome.impact is not None:
        lines += impacts.lines(outcome.impact)
    return [*lines, *_refused(outcome), _next(outcome)]


def _refused(outcome: PlanOutcome) -> list[str]:
    reasons = outcome.impact.red if outcome.impact is not None and outcome.generation is not None else ()
    if not reasons:
        return []
    return ["`envmgr upgrade` refuses this unless told:", *(f"  {why}" for why in reasons)]


def _next(outcome: PlanOutcome) -> str:
    if not outcome.changes and outcome.config is None:
        return _nothing(outcome)
    if outcome.generation is None:
        return f"nothing was changed; `envmgr sync {outcome.environment}` first: there is nothing to upgrade"
    words = shlex.quote(f"{outcome.library}{outcome.asked}")
    words += " --accept-impact" if outcome.impact is not None and outcome.impact.red else ""
    return f"nothing was changed; `envmgr upgrade {words}` does it, with proof"


def _download(changes: Iterable[PlannedChange]) -> list[str]:
    """What uv's cache has already is not fetched again."""
    known = [change.download for change in changes if change.here and change.after is not None]
    unknown = " and what the index tells no size of" if None in known else ""
    return [f"at most {size(sum(filter(None, known)))}{unknown} to download"] if known else []


def _change_row(change: PlannedChange) -> tuple[str, ...]:
    fetched = "" if change.download is None else f"{size(change.download)} to download"
    present = "" if change.installed is None else f"{size(change.installed)} on disk"
    python = f"needs Python {change.requires_python}" if change.requires_python else ""
    where = "" if change.here else "on other platforms"
    return (change.name, change.change, way(change.before, change.after), present, fetched, python or where)


def _requirers(changes: Iterable[PlannedChange]) -> list[str]:
    """Who brings what is new, and took what goes."""
    lines = []
    for change in changes:
        if change.change in ("added", "removed") and change.asked_by:
            verb = "is asked for by" if change.change == "added" else "was asked for by"
            lines.append(f"{change.name} {verb} {', '.join(change.asked_by)}")
    return lines


def _nothing(outcome: PlanOutcome | UpgradeOutcome) -> str:
    there = f"{outcome.distribution} {outcome.version}"
    if outcome.asked:
        return f"nothing to do: {there} is there"
    return f"nothing to do: {there} is the newest that envmgr.toml allows ({outcome.allows})"


def _config(edit: ConfigEdit | None) -> list[str]:
    if edit is None:
        return []
    change = edit.after if edit.before is None else f"{edit.before}  ->  {edit.after}"
    return [f"{displayed(Path(edit.file))}:{edit.line}: {change}"]


@click.command(cls=Command)
@click.argument("wish", metavar="LIB[==V]")
@_osv
@click.option(
    "--accept-impact",
    is_flag=True,
    help="Upgrade though calls break, a matrix is red, or a vulnerability comes in.",
)
@click.pass_obj
def upgrade(invocation: Invocation, wish: str, osv: Path | None, accept_impact: bool) -> Answer:
    """Move one library to another version, proved before it serves; undone by itself when a proof fails.

    Without a version, to the newest that envmgr.toml allows. A version that envmgr.toml does not allow is
    written into it. Exit status 1 when the application would be harmed (`envmgr plan` shows how), and nothing was
    done; 5 when it was undone.
    """
    project = invocation.project()
    from envmgr.operations.upgrading import upgrade as operation

    with progress(invocation) as report:
        outcome = operation(project, wish, osv=osv, accept_impact=accept_impact, report=report)
    return Answer(outcome, "\n".join(_upgraded(outcome)))


def _upgraded(outcome: UpgradeOutcome) -> list[str]:
    if outcome.action == "unchanged":
        return [_nothing(outcome)]
    rows = [(found.name, found.change, way(found.before, found.after)) for found in outcome.packages]
    return [
        f"{outcome.environment}: generation {outcome.from_generation} -> {outcome.generation}"
        f" in {outcome.seconds:.2f} s",
        *([columns(rows)] if rows else []),
        *_config(outcome.config),
        *([] if outcome.impact is None else impacts.after(outcome.impact)),
        f"`envmgr rollback {outcome.environment}` goes back",
    ]
