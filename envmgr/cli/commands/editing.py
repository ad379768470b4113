"""`init`, `add`, `remove`: edits of envmgr.toml."""

from __future__ import annotations

from pathlib import Path

import click

from envmgr.cli.answers import Answer
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.config import CONFIG_NAME


@click.command(cls=Command)
@click.option("--name", metavar="N", help="The project's name.  [default: the directory's]")
@click.pass_obj
def init(invocation: Invocation, name: str | None) -> Answer:
    """Start an envmgr.toml in DIR, or in the working directory."""
    from envmgr.config.edit import create

    path = create(invocation.directory or Path.cwd(), name)
    return Answer({"file": path}, f"created {path}")


@click.command(cls=Command)
@click.argument("library", metavar="LIB")
@click.option("--version", metavar="SPEC", help='Versions that will do, such as ">=1.26,<3".')
@click.option("--python", metavar="V", help="Interpreter of its environment: a version or a path.")
@click.option("--env", "environment", metavar="E", help="Environment to share.  [default: one of its own]")
@click.option("--package", metavar="P", help="Requirement that installs it.  [default: LIB]")
@click.option("--module", metavar="M", help="Import name.  [default: found in the environment]")
@click.option("--stdlib", is_flag=True, help="A module of the interpreter itself.")
@click.pass_obj
def add(
    invocation: Invocation,
    library: str,
    version: str | None,
    python: str | None,
    environment: str | None,
    package: str | None,
    module: str | None,
    stdlib: bool,
) -> Answer:
    """Add the library LIB to envmgr.toml."""
    from envmgr.config.edit import NewLibrary
    from envmgr.config.edit import add as add_library

    new = NewLibrary(library, package, version, module, stdlib, environment, python)
    path = add_library(invocation.root(), new)
    data = {"file": path, "library": library, "environment": environment or library}
    return Answer(data, f"added {library} to {CONFIG_NAME}; `envmgr sync` builds it")


@click.command(cls=Command)
@click.argument("library", metavar="LIB")
@click.pass_obj
def remove(invocation: Invocation, library: str) -> Answer:
    """Remove the library LIB from envmgr.toml, and its environment when no other library lives there."""
    from envmgr.config.edit import remove as remove_library

    root = invocation.root()
    environment = remove_library(root, library)
    data = {"file": root / CONFIG_NAME, "library": library, "environment": environment}
    also = f", and with it environment {environment}" if environment else ""
    return Answer(data, f"removed {library} from {CONFIG_NAME}{also}; `envmgr sync` deactivates what is gone")
