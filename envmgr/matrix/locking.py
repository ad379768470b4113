"""The lock of each cell, `.envmgr/matrix/NAME/pylock.<digest of what is asked for>.toml`: kept until `--upgrade`.

A cell that cannot be resolved has a note of why in the place of its lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from envmgr.environments import files, locks, resolving, stages
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Inputs, Lock
from envmgr.errors import EnvmgrError
from envmgr.model.matrix import NOT_INSTALLABLE, UNRESOLVABLE, Cell
from envmgr.model.project import Environment
from envmgr.tools.interpreters import Interpreter

LOWEST = "lowest-direct"
_REFUSALS = {"E-CONFLICT": UNRESOLVABLE, "E-LOCK": UNRESOLVABLE, "E-BUILD": NOT_INSTALLABLE}


@dataclass(frozen=True, slots=True)
class Locked:
    """A cell's lock that is on disk: `digest` is that of its bytes. Parsed when it is asked for."""

    path: Path
    digest: str
    content: bytes

    @property
    def lock(self) -> Lock:
        """Raises E-LOCK."""
        return locks.parse(self.path, self.content)

    @property
    def is_damaged(self) -> bool:
        try:
            return not self.lock.noted
        except EnvmgrError:
            return True


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is none: `status` is UNRESOLVABLE or NOT_INSTALLABLE."""

    status: str
    detail: str
    is_damaged: bool = False

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.status} {self.detail}".encode()).hexdigest()


def inputs(environment: Environment, cell: Cell, interpreter: Interpreter) -> Inputs:
    """All that decides the resolution of a cell. With the lowest versions, wheels alone: what is so old that it has
    none can seldom be built."""
    lowest = cell.resolution == LOWEST
    return Inputs(
        tuple(sorted(set(cell.requirements))),
        tuple(sorted(set(cell.constraints))),
        interpreter.minor,
        no_build=lowest or environment.no_build,
        platforms=environment.platforms,
        resolution=LOWEST if lowest else "",
    )


def known(layout: Layout, matrix: str, wanted: Inputs) -> Locked | Refused | None:
    """What an earlier run came to; cost: a read."""
    path = _path(layout, matrix, wanted)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(path.with_suffix(".refused").read_bytes())
            return Refused(str(note["status"]), str(note["detail"]))
        return None
    return Locked(path, hashlib.sha256(content).hexdigest(), content)


def resolve(
    layout: Layout, matrix: str, cell: Cell, wanted: Inputs, interpreter: Interpreter
) -> Locked | Refused:
    """Lock anew; a lock that says the same keeps its bytes. Needs the network.

    Raises E-NETWORK, E-UV, E-DISK and what else says nothing of the cell.
    """
    path = _path(layout, matrix, wanted)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = known(layout, matrix, wanted)
    try:
        lock, content = resolving.solve(path, cell.id, wanted, interpreter)
    except EnvmgrError as problem:
        status = _REFUSALS.get(problem.code)
        if status is None:
            raise
        refused = Refused(status, _words(problem))
        note = {"status": refused.status, "detail": refused.detail}
        files.write(path.with_suffix(".refused"), json.dumps(note).encode())
        path.unlink(missing_ok=True)
        return refused
    if isinstance(before, Locked) and not before.is_damaged and locks.same(before.lock, lock):
        return before
    stages.reached("lock-resolved")
    files.write(path, content)
    stages.reached("lock-written")
    path.with_suffix(".refused").unlink(missing_ok=True)
    return Locked(path, lock.digest, content)


def sweep(layout: Layout, matrix: str) -> None:
    """Delete what a killed run was writing; another shard's may be at it now."""
    for path in files.unfinished(layout.matrices / matrix):
        if not _is_at_it(path):
            files.remove(path)


def _is_at_it(path: Path) -> bool:
    """Whether the process lives whose number is in the name of an unfinished file."""
    try:
        os.kill(int(path.name.split(".")[-2]), 0)
    except (ValueError, IndexError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True


def _words(problem: EnvmgrError) -> str:
    """uv's derivation, as sentences; else its first line."""
    reasons = problem.details.get("reasons") or problem.message.splitlines()[:1]
    return ". ".join(reason.replace("the environment", "the cell") for reason in reasons)


def _path(layout: Layout, matrix: str, wanted: Inputs) -> Path:
    return layout.matrices / matrix / f"pylock.{wanted.digest[:32]}.toml"
