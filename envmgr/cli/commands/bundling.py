"""`bundle`, `unbundle`: an environment for a machine without a network."""

from __future__ import annotations

from pathlib import Path

import click

from envmgr.cli.answers import Answer
from envmgr.cli.application import Command
from envmgr.cli.commands.freeing import size
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.config import find_root
from envmgr.config.problems import displayed
from envmgr.errors import EnvmgrError
from envmgr.model.bundles import UnbundleOutcome


@click.command(cls=Command)
@click.argument("environment", metavar="ENV")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write it.  [default: PROJECT-ENV-ABI.tar in the working directory]",
)
@click.pass_obj
def bundle(invocation: Invocation, environment: str, output: Path | None) -> Answer:
    """Write all that the environment ENV is built from into one archive, for `unbundle`.

    It is for this system and this Python. Wheels are downloaded and checked against the lock.
    """
    project = invocation.project()
    from envmgr.operations.bundling import bundle as operation

    with progress(invocation) as report:
        outcome = operation(project, environment, invocation.layers, output=output, report=report)
    count = len(outcome.packages)
    packages = "1 package" if count == 1 else f"{count} packages"
    lines = [
        f"{displayed(Path(outcome.file))}: {size(outcome.size)}, {packages} for {outcome.target}",
        f"sha256 {outcome.sha256}",
    ]
    if outcome.uv is None:
        lines.append("without uv: no uv package with its licences is installed beside envmgr")
    return Answer(outcome, "\n".join(lines))


@click.command(cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.pass_obj
def unbundle(invocation: Invocation, file: Path) -> Answer:
    """Build and activate the environment of the bundle FILE, with no network.

    In DIR, the nearest project above the working directory, or a new one right there.
    """
    from envmgr.operations.unbundling import unbundle as operation

    with progress(invocation) as report:
        outcome = operation(file, _directory(invocation), invocation.layers, report=report)
    invocation.project()  # says what this version accepts of the configuration, and does not do
    return Answer(outcome, "\n".join(_lines(outcome)))


def _directory(invocation: Invocation) -> Path:
    if invocation.directory is not None:
        return invocation.directory.absolute()
    try:
        return find_root(Path.cwd())
    except EnvmgrError:
        return Path.cwd()


def _lines(outcome: UnbundleOutcome) -> list[str]:
    lines = [
        f"{outcome.environment}  {outcome.action}  generation {outcome.generation}  {outcome.seconds:.2f} s"
    ]
    if outcome.change == "written":
        lines.append(f"wrote {displayed(Path(outcome.config))}")
    if outcome.change == "added":
        lines.append(f"added the libraries of {outcome.environment} to {displayed(Path(outcome.config))}")
    if outcome.uv is not None:
        lines.append(f"uv was not installed: ENVMGR_UV={outcome.uv} lets other commands use the bundle's")
    return lines
