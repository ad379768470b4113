"""One attempt of a check: what it stands on, and what came of it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments.layout import python_of
from envmgr.environments.modules import Resolved
from envmgr.matrix import limits
from envmgr.matrix.limits import Ended, Limits
from envmgr.matrix.warden import Warden
from envmgr.model.matrix import FAILED, OUT_OF_MEMORY, PASSED, TIMED_OUT, Check
from envmgr.model.project import Project
from envmgr.tools import process
from envmgr.tools.interpreters import Interpreter

INSIDE = Path(__file__).parent / "inside"


@dataclass(frozen=True, slots=True)
class Ground:
    """A cell that stands: `store` is its environment, `layer` the runtime layer of its interpreter (None when no
    check needs one), `compiled` where bytecode goes, and `library` the one that is imported, or why there is none.
    """

    project: Project
    store: Path
    interpreter: Interpreter
    layer: Path | None
    library: Resolved | str
    compiled: Path
    warden: Warden
    stop: threading.Event
    names: Mapping[str, str]

    @property
    def root(self) -> Path:
        return self.project.root


@dataclass(frozen=True, slots=True)
class Attempt:
    """`files` are those of the project that it was seen to read; `timed`: whether it has tests to measure."""

    status: str
    detail: str = ""
    log: str = ""
    failures: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    timed: bool = False


class Stopped(Exception):
    """The run is to end."""


def run(
    argv: tuple[str | Path, ...],
    check: Check,
    ground: Ground,
    variables: Mapping[str, str],
    *,
    cwd: Path | None = None,
) -> Ended:
    """A program within the limits of its check. Raises E-BUILD when it cannot be started, Stopped."""
    child = process.start(argv, cwd=cwd or ground.root, env=variables)
    ground.warden.remember(child.pid)
    try:
        ended = limits.attend(child, _bounds(check, ground))
    finally:
        ground.warden.forget(child.pid)
        _end_daemons(variables)
    if ended.why == limits.STOPPED:
        raise Stopped
    return ended


Start = Callable[[Sequence[str | Path], Sequence[int]], process.Child]


@contextlib.contextmanager
def attended(
    check: Check, ground: Ground, variables: Mapping[str, str], *, times: int = 1
) -> Iterator[tuple[Start, list[Ended]]]:
    """What starts a program with which one speaks over descriptors, within the limits of its check (the time, so many
    `times`); how it ended, when this is left. It ends then at the latest."""
    watchers: list[threading.Thread] = []
    ends: list[Ended] = []
    children: list[process.Child] = []

    def start(words: Sequence[str | Path], descriptors: Sequence[int]) -> process.Child:
        child = process.start(words, cwd=ground.root, env=variables, pass_fds=descriptors)
        ground.warden.remember(child.pid)
        children.append(child)
        bounds = _bounds(check, ground, times)
        watcher = threading.Thread(target=lambda: ends.append(limits.attend(child, bounds)))
        watchers.append(watcher)
        watcher.start()
        return child

    try:
        yield start, ends
    finally:
        for child in children:
            process.ended(child)
            ground.warden.forget(child.pid)
        _end_daemons(variables)
        for watcher in watchers:
            watcher.join()


def _end_daemons(variables: Mapping[str, str]) -> None:
    """What an attempt has left outside of its session: it has the attempt's own directory in its variables."""
    process.end_bearing(variables["TMPDIR"])


def _bounds(check: Check, ground: Ground, times: int = 1) -> Limits:
    return Limits(times * check.timeout_ms / 1000, check.memory, ground.stop)


def script(
    ground: Ground, name: Path, *words: str | Path, keep_bytecode: bool = True
) -> tuple[str | Path, ...]:
    """The command that runs a Python file in the cell's interpreter."""
    kept = (INSIDE / "start.py", ground.compiled) if keep_bytecode else ()
    return (python_of(ground.store), "-I", "-B", *kept, name, *words)


def limited(ended: Ended, check: Check) -> Attempt | None:
    """What it came to, if a limit ended it."""
    if ended.why == limits.TIME:
        return Attempt(TIMED_OUT, f"did not end within {_time(check.timeout_ms)}", ended.output)
    if ended.why == limits.MEMORY:
        used, bound = size(ended.peak), size(check.memory or 0)
        return Attempt(OUT_OF_MEMORY, f"used {used} of memory, more than {bound}", ended.output)
    return None


def by_status(ended: Ended) -> Attempt:
    if ended.status == 0:
        return Attempt(PASSED)
    return Attempt(FAILED, how(ended.status), ended.output)


def how(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"


def size(count: int) -> str:
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.4g} {unit}"


def _time(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:g} min"
