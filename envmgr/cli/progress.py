"""What is being done to which environment, on stderr, while it is done."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from envmgr.cli.invocation import Invocation
from envmgr.model.outcomes import Report, silent


@contextmanager
def progress(invocation: Invocation) -> Iterator[Report]:
    """A report for an operation; any thread may call it. Live lines on a terminal, also while a program reads
    stdout; plain lines elsewhere, but for machines; nothing with `--quiet`."""
    if invocation.quiet:
        yield silent
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _live() as report:
            yield report
    else:
        yield _plain if invocation.is_text else silent


def _plain(environment: str, stage: str) -> None:
    sys.stderr.write(f"{environment}: {stage}\n")
    sys.stderr.flush()


@contextmanager
def _live() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    text = TextColumn("[bold]{task.fields[environment]}[/bold] {task.description}", markup=True)
    lines = Progress(SpinnerColumn(), text, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
    tasks: dict[str, TaskID] = {}
    guard = threading.Lock()

    def report(environment: str, stage: str) -> None:
        with guard:
            if environment in tasks:
                lines.update(tasks[environment], description=stage)
            else:
                tasks[environment] = lines.add_task(stage, total=None, environment=environment)

    with lines:
        yield report
