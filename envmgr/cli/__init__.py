"""Commands, formats, progress, exit statuses. Imports every room.

`main` is the `envmgr` command. What a command prints goes through `answers`, what stops it through
`failures`; what is slow to import (pydantic, rich, packaging) is imported by the commands that need it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main", "run"]

_COLLECT = (50_000, 20, 100)
"""What a command imports and reads stays until it ends: looking through it for garbage took a tenth of its start."""


def main() -> NoReturn:
    """Run the command line of this process and exit with its status."""
    gc.set_threshold(*_COLLECT)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """One command line: the answer on stdout, words on stderr. Returns the exit status, raises nothing."""
    from envmgr.cli import failures
    from envmgr.cli.invocation import Invocation

    invocation = Invocation.of(arguments)
    try:
        from envmgr.cli.answers import Answer, emit
        from envmgr.cli.application import application

        answer = application.main(list(arguments), "envmgr", standalone_mode=False, obj=invocation)
        if isinstance(answer, Answer):
            return emit(answer, invocation)
        return answer if isinstance(answer, int) else 0
    except BaseException as error:  # noqa: BLE001 - the one place where whatever happened becomes a status
        return failures.report(error, invocation)
