"""Locks as they would have come out at an earlier time, kept: what was published does not change."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from envmgr.environments import files, resolving
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Inputs
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix.candidates import spelled
from envmgr.model.matrix import Cell
from envmgr.model.outcomes import Pin
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

_REFUSALS = ("E-CONFLICT", "E-LOCK", "E-BUILD")
Pins = Mapping[str, str]
"""Distribution → version."""


class DatedLocks:
    """Of what a cell asks for. `again`: nothing that is kept counts."""

    def __init__(
        self, layout: Layout, matrix: str, cell: Cell, interpreter: Interpreter, *, again: bool
    ) -> None:
        self._path = layout.matrices / matrix / "dated.json"
        self._cell = cell
        self._interpreter = interpreter
        self._wanted = Inputs(
            tuple(sorted({*cell.requirements})),
            tuple(sorted({*cell.constraints})),
            interpreter.minor,
            platforms=(cell.platform,) if cell.platform in pypa.PLATFORMS else (),
        )
        self._kept: dict[str, dict[str, str] | str] = {}
        if not again:
            with contextlib.suppress(OSError, ValueError, TypeError):
                self._kept = dict(json.loads(self._path.read_bytes()))

    def at(
        self, moment: datetime, *, prefer: Pins | None = None, moved: Sequence[str] = (), keep: bool = True
    ) -> Pins | str:
        """What is locked of all that was published before `moment`; or why nothing is.

        `prefer` are kept where `moved` (`name==version`) lets them. `keep` says that it is for good.

        Needs the network. Raises E-NETWORK, E-UV, E-DISK.
        """
        name = digest([self._wanted.digest, spelled(moment), sorted((prefer or {}).items()), sorted(moved)])
        if name not in self._kept:
            found = self._resolved(moment, prefer or {}, moved)
            if not keep:
                return found
            self._kept[name] = found
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write(self._path, json.dumps(self._kept).encode())
        return self._kept[name]

    def _resolved(self, moment: datetime, prefer: Pins, moved: Sequence[str]) -> dict[str, str] | str:
        try:
            lock, _ = resolving.solve(
                self._path,
                self._cell.id,
                self._wanted,
                self._interpreter,
                pins=[Pin(name, version) for name, version in prefer.items()],
                exclude_newer=spelled(moment),
                constraints=(*self._wanted.constraints, *moved),
            )
        except EnvmgrError as problem:
            if problem.code not in _REFUSALS:
                raise
            return problem.message.splitlines()[0]
        return {package.name: package.version for package in lock.packages(self._interpreter)}
