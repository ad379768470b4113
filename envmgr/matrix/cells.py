"""One cell: from its lock to what came of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import Requirement

from envmgr.environments import modules
from envmgr.environments.layout import Layout, site_packages
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import checking, homes
from envmgr.matrix.attempts import Ground
from envmgr.matrix.locking import Locked, Refused
from envmgr.matrix.preparing import Prepared, Preparing, holding
from envmgr.matrix.standing import Standing
from envmgr.matrix.turns import Turns
from envmgr.matrix.warden import Warden
from envmgr.model.matrix import (
    ELSEWHERE,
    FAILED,
    FLAKY,
    NO_INTERPRETER,
    NOT_INSTALLABLE,
    OUT_OF_MEMORY,
    PASSED,
    TIMED_OUT,
    CellResult,
    CheckResult,
)
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment, Library
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter

_WORST = (FAILED, TIMED_OUT, OUT_OF_MEMORY, FLAKY, PASSED)
_NOT_INSTALLED = frozenset({"E-BUILD", "E-TAMPERED"})


@dataclass(frozen=True, slots=True)
class Stands:
    """A cell in which checks can be made: `key` is of its store entry."""

    ground: Ground
    home: Path
    key: str
    installed: Sequence[pypa.Distribution]

    @property
    def pins(self) -> dict[str, str]:
        return {each.name: each.version for each in self.installed}


class Cells:
    """The cells of one matrix that can be run, by any thread.

    `left` are the homes that were to be kept: a cell's id, the home, its environment.
    """

    def __init__(
        self, preparing: Preparing, warden: Warden, stop: threading.Event, *, keep: bool = False
    ) -> None:
        self.preparing = preparing
        self.left: list[tuple[str, Path, Path]] = []
        self._matrix = preparing.matrix
        self._layout = Layout(preparing.project.root)
        self._standing = Standing(self._layout, stop)
        self._warden = warden
        self._stop = stop
        self._keep = keep

    def run(self, found: Prepared, report: Report, turns: Turns | None = None) -> tuple[CellResult, str]:
        """What comes of it now, and the name of its store entry ("" where it has none). It is tried when it has one
        of the `turns`, which costs it no seconds.

        Raises Stopped, and what says nothing of the cell: E-NETWORK, E-DISK, E-BUSY.
        """
        begun, since = time.monotonic(), time.time()
        entry, waited = "", 0.0
        if found.locked is None or found.interpreter is None:
            result = self._result(found, NO_INTERPRETER, found.problem)
        elif isinstance(found.locked, Refused):
            result = self._result(found, found.locked.status, found.locked.detail)
        elif not found.is_here:
            pins = {pin.name: pin.version for pin in found.locked.lock.pins}
            result = self._result(found, ELSEWHERE, "locked, not run here", pins=pins)
        else:
            turns = turns or Turns(1, self._stop)
            result, entry, waited = self._tried(found, found.locked, found.interpreter, turns, report)
        seconds = round(time.monotonic() - begun - waited, 3)
        return replace(result, seconds=seconds, fingerprint=self.preparing.fingerprint(found, since)), entry

    def _tried(
        self, found: Prepared, locked: Locked, interpreter: Interpreter, turns: Turns, report: Report
    ) -> tuple[CellResult, str, float]:
        checks: list[CheckResult] = []
        read: set[str] = set()
        timed: list[str] = []
        try:
            with self.ground(found, locked, interpreter, report) as stands:
                with turns.turn() as waited:
                    self._standing.borrow_bytecode(found.environment, stands.key, interpreter)
                    for check in self._matrix.checks:
                        report(found.cell.id, check.name)
                        outcome, last = checking.run(check, stands.ground, stands.home)
                        checks.append(outcome)
                        read.update(last.files)
                        if last.timed:
                            timed.append(check.name)
                compiled = stands.ground.compiled
                self._standing.add_bytecode(
                    found.environment, stands.key, interpreter, stands.installed, compiled
                )
        except EnvmgrError as problem:
            if problem.code not in _NOT_INSTALLED:
                raise
            return self._result(found, NOT_INSTALLABLE, problem.message.splitlines()[0]), "", 0.0
        with self.preparing.noting:
            self.preparing.notes.tried(found.cell.id, read, timed)
        entry = stands.ground.store.name
        told = _told(checks)
        return self._result(found, worst(checks), told, pins=stands.pins, checks=checks), entry, waited

    @contextlib.contextmanager
    def ground(
        self, found: Prepared, locked: Locked, interpreter: Interpreter, report: Report
    ) -> Iterator[Stands]:
        """The cell's environment, built if need be, and a temporary home, while this is entered. Raises what a build
        raises."""

        def said(environment: str, stage: str) -> None:
            report(found.cell.id, stage)

        with (
            self._standing.entry(found.environment, locked, interpreter, said) as (key, entry),
            homes.temporary(self._warden, keep=self._keep) as home,
        ):
            if self._keep:
                self.left.append((found.cell.id, home, self._layout.entry(entry)))
            installed = pypa.installed(site_packages(self._layout.entry(entry)))
            ground = Ground(
                self.preparing.project,
                self._layout.entry(entry),
                interpreter,
                self._standing.layer(interpreter) if self.preparing.needs_layer else None,
                _library(found.environment, installed),
                home / "bytecode",
                self._warden,
                self._stop,
                {"ENVMGR_MATRIX": self._matrix.name, "ENVMGR_CELL": found.cell.id},
            )
            yield Stands(ground, home, key, installed)

    def _result(
        self,
        found: Prepared,
        status: str,
        detail: str,
        *,
        pins: Mapping[str, str] | None = None,
        checks: Sequence[CheckResult] = (),
    ) -> CellResult:
        pins = pins or {}
        return CellResult(
            matrix=self._matrix.name,
            cell=found.cell.id,
            values=dict(found.cell.values),
            status=status,
            fingerprint="",
            python="" if found.interpreter is None else found.interpreter.version,
            resolved=resolved(self._matrix.axes, pins, self.preparing.project.libraries),
            pins=pins,
            checks=tuple(checks),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            detail=detail,
            expected=holding(found.cell.expectation),
        )


def resolved(
    axes: Iterable[str], pins: Mapping[str, str], libraries: Mapping[str, Library]
) -> dict[str, str]:
    """Axis → the version of its distribution, which the axis names, perhaps with extras, or by a library."""
    found = {}
    for axis in axes:
        library = libraries.get(axis)
        wanted = axis if library is None or library.requirement is None else library.requirement
        name = pypa.canonical(Requirement(wanted).name)
        if name in pins:
            found[axis] = pins[name]
    return found


def worst(checks: Iterable[CheckResult]) -> str:
    return min((check.status for check in checks), key=_WORST.index, default=PASSED)


def _library(environment: Environment, installed: Sequence[pypa.Distribution]) -> Resolved | str:
    try:
        return modules.resolve(environment, installed)[0]
    except EnvmgrError as problem:
        return problem.message.splitlines()[0]


def _told(checks: Sequence[CheckResult]) -> str:
    """One line of what is the worst of them; "" when all passed."""
    status = worst(checks)
    return next(
        (f"{check.name}: {check.detail}" for check in checks if check.status == status and status != PASSED),
        "",
    )
