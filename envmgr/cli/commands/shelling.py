"""`shell`: a prompt in a library's own interpreter."""

from __future__ import annotations

import click

from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation


@click.command(cls=Command)
@click.argument("library", metavar="LIB")
@click.pass_obj
def shell(invocation: Invocation, library: str) -> None:
    """Open a Python prompt in the environment of LIB, loaded as its workers are.

    All libraries of the environment are there under their names. Tab completes from the catalog, NAME? explains.
    Lines may come from a pipe, too: the first error then ends with status 1.

    echo 'numpy.mean([1, 2])' | envmgr shell numpy
    """
    from envmgr.operations.shelling import shell as operation

    operation(invocation.root(), library)
