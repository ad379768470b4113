"""One cell: from what it asks for to what came of it."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from envmgr.environments import layers, modules
from envmgr.environments.layout import Layout, site_packages
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import checking, fingerprints, homes, locking, sources
from envmgr.matrix.attempts import Ground
from envmgr.matrix.locking import Locked, Refused
from envmgr.matrix.notes import Notes
from envmgr.matrix.sources import Sources
from envmgr.matrix.standing import NAME, Standing
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
    Cell,
    CellResult,
    Check,
    CheckResult,
    Expectation,
    Matrix,
)
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment, Library, Project
from envmgr.tools import interpreters, pypa
from envmgr.tools.interpreters import Interpreter

_WORST = (FAILED, TIMED_OUT, OUT_OF_MEMORY, FLAKY, PASSED)
_NOT_INSTALLED = frozenset({"E-BUILD", "E-TAMPERED"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """A cell whose fingerprint is known: where `locked` is None, there is no interpreter to lock it for."""

    cell: Cell
    environment: Environment
    interpreter: Interpreter | None
    locked: Locked | Refused | None
    problem: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing has to be resolved."""
        return self.locked is not None or self.interpreter is None

    @property
    def is_here(self) -> bool:
        return (
            not self.cell.platform
            or self.interpreter is None
            or self.cell.platform == platform(self.interpreter)
        )


@dataclass(frozen=True, slots=True)
class Stands:
    """A cell in which checks can be made: `key` of its store entry, and all that is installed."""

    ground: Ground
    home: Path
    key: str
    pins: Mapping[str, str]


class Cells:
    """The cells of one matrix, as one run sees them. Any thread may prepare and run some; running one needs a warden.

    `left` are the homes that were to be kept: a cell's id, the home, its environment.
    """

    def __init__(
        self,
        project: Project,
        matrix: Matrix,
        standing: Standing,
        sources: Sources,
        notes: Notes,
        *,
        warden: Warden | None = None,
        stop: threading.Event | None = None,
        keep: bool = False,
    ) -> None:
        self.matrix = matrix
        self._project = project
        self._layout = Layout(project.root)
        self._standing = standing
        self._sources = sources
        self._notes = notes
        self._noting = threading.Lock()
        self._named: dict[Check, list[str]] = {}
        self._locking: dict[str, threading.Lock] = {}
        self._resolved: set[str] = set()
        self._warden = warden
        self._stop = stop or threading.Event()
        self._keep = keep
        self.left: list[tuple[str, Path, Path]] = []

    def prepare(self, cell: Cell, *, upgrade: bool = False, only_known: bool = False) -> Prepared:
        """Its interpreter and its lock, resolved where there is none, unless `only_known`. Raises E-NETWORK, E-UV,
        E-DISK."""
        environment = self._environment(cell)
        try:
            interpreter = interpreters.find(cell.python, root=self._project.root)
        except EnvmgrError as problem:
            return Prepared(cell, environment, None, None, f"{problem.message}; {problem.hint}")
        wanted = locking.inputs(environment, cell, interpreter)
        locked = None if upgrade else locking.known(self._layout, self.matrix.name, wanted)
        if locked is not None or only_known:
            return Prepared(cell, environment, interpreter, locked)
        with self._noting:
            one = self._locking.setdefault(wanted.digest, threading.Lock())
        with one:  # what an equal cell has just resolved is not asked again
            if wanted.digest in self._resolved:
                locked = locking.known(self._layout, self.matrix.name, wanted)
            if locked is None:
                locked = locking.resolve(self._layout, self.matrix.name, cell, wanted, interpreter)
                self._resolved.add(wanted.digest)
        return Prepared(cell, environment, interpreter, locked)

    def fingerprint(self, found: Prepared, since: float | None = None) -> str:
        """Of a cell that has what it needs. `since`: when its checks began, if they were run."""
        checks = self.matrix.checks if found.is_here else ()
        with self._noting:
            names = {name for check in checks for name in self._files(check, since)}
            return fingerprints.of(
                found.cell,
                checks,
                locked=found.problem if found.locked is None else found.locked.digest,
                interpreter=found.interpreter,
                layer=self._layer_name(found.interpreter),
                library=found.environment.libraries[0],
                files=self._sources,
                names=names.union(self._notes.read_by(found.cell.id)) if checks else (),
                since=since,
            )

    def entry_of(self, found: Prepared) -> str:
        """The name that its store entry has, or would have; "" where it has none."""
        if not isinstance(found.locked, Locked) or found.interpreter is None or not found.is_here:
            return ""
        return self._standing.name(found.environment, found.locked, found.interpreter)

    def _files(self, check: Check, since: float | None) -> list[str]:
        """Walked once, and once more when it was run."""
        if since is not None or check not in self._named:
            self._named[check] = sources.named(self._project.root, check)
        return self._named[check]

    def run(self, found: Prepared, report: Report) -> tuple[CellResult, str]:
        """What comes of it now, and the name of its store entry ("" where it has none).

        Raises Stopped, and what says nothing of the cell: E-NETWORK, E-DISK, E-BUSY.
        """
        begun, since = time.monotonic(), time.time()
        entry = ""
        if found.locked is None or found.interpreter is None:
            result = self._result(found, NO_INTERPRETER, found.problem)
        elif isinstance(found.locked, Refused):
            result = self._result(found, found.locked.status, found.locked.detail)
        elif not found.is_here:
            pins = {pin.name: pin.version for pin in found.locked.lock.pins}
            result = self._result(found, ELSEWHERE, "locked, not run here", pins=pins)
        else:
            result, entry = self._tried(found, found.locked, found.interpreter, report)
        seconds = round(time.monotonic() - begun, 3)
        return replace(result, seconds=seconds, fingerprint=self.fingerprint(found, since)), entry

    def _tried(
        self, found: Prepared, locked: Locked, interpreter: Interpreter, report: Report
    ) -> tuple[CellResult, str]:
        checks: list[CheckResult] = []
        read: set[str] = set()
        timed: list[str] = []
        try:
            with self.ground(found, locked, interpreter, report) as stands:
                for check in self.matrix.checks:
                    report(found.cell.id, check.name)
                    outcome, last = checking.run(check, stands.ground, stands.home)
                    checks.append(outcome)
                    read.update(last.files)
                    if last.timed:
                        timed.append(check.name)
                self._standing.add_bytecode(
                    found.environment, stands.key, interpreter, stands.ground.compiled
                )
        except EnvmgrError as problem:
            if problem.code not in _NOT_INSTALLED:
                raise
            return self._result(found, NOT_INSTALLABLE, problem.message.splitlines()[0]), ""
        with self._noting:
            self._notes.tried(found.cell.id, read, timed)
        entry = stands.ground.store.name
        return self._result(found, worst(checks), _told(checks), pins=stands.pins, checks=checks), entry

    @contextlib.contextmanager
    def ground(
        self, found: Prepared, locked: Locked, interpreter: Interpreter, report: Report
    ) -> Iterator[Stands]:
        """The cell's environment, built if need be, and a temporary home, while this is entered. Raises what a build
        raises."""

        def said(environment: str, stage: str) -> None:
            report(found.cell.id, stage)

        assert self._warden is not None  # noqa: S101 - who runs cells has one
        with (
            self._standing.entry(found.environment, locked, interpreter, said) as (key, entry),
            homes.temporary(self._warden, keep=self._keep) as home,
        ):
            if self._keep:
                self.left.append((found.cell.id, home, self._layout.entry(entry)))
            installed = pypa.installed(site_packages(self._layout.entry(entry)))
            ground = Ground(
                self._project.root,
                self._layout.entry(entry),
                interpreter,
                self._standing.layer(interpreter) if self._needs_layer else None,
                _library(found.environment, installed),
                home / "bytecode",
                self._warden,
                self._stop,
                {"ENVMGR_MATRIX": self.matrix.name, "ENVMGR_CELL": found.cell.id},
            )
            yield Stands(ground, home, key, {each.name: each.version for each in installed})

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
        axes = {axis: pins[name] for axis in self.matrix.axes if (name := pypa.canonical(axis)) in pins}
        return CellResult(
            matrix=self.matrix.name,
            cell=found.cell.id,
            values=dict(found.cell.values),
            status=status,
            fingerprint="",
            python="" if found.interpreter is None else found.interpreter.version,
            resolved=axes,
            pins=pins,
            checks=tuple(checks),
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            detail=detail,
            expected=holding(found.cell.expectation),
        )

    @property
    def _needs_layer(self) -> bool:
        return any(check.kind in checking.WORKER for check in self.matrix.checks)

    def _layer_name(self, interpreter: Interpreter | None) -> str:
        if interpreter is None or not self._needs_layer:
            return ""
        return layers.place(self._layout, interpreter).name

    def _environment(self, cell: Cell) -> Environment:
        """What its build and its checks need to know, of the library's settings in envmgr.toml if it has some."""
        name = self.matrix.library
        library = self._project.libraries.get(name) or Library(name, name, None, NAME)
        home = self._project.environments.get(library.environment)
        return Environment(
            NAME,
            cell.python,
            (replace(library, environment=f"of cell {cell.id}"),),
            constraints=cell.constraints,
            no_build=cell.resolution == locking.LOWEST or (home is not None and home.no_build),
            platforms=(cell.platform,) if cell.platform in pypa.PLATFORMS else (),
            link_mode="hardlink" if home is None else home.link_mode,
        )


def holding(expectation: Expectation | None) -> Expectation | None:
    """What is expected today: what is known to be broken is so until a day."""
    if expectation is None or (expectation.until is not None and expectation.until <= date.today()):
        return None
    return expectation


def worst(checks: Iterable[CheckResult]) -> str:
    return min((check.status for check in checks), key=_WORST.index, default=PASSED)


@functools.cache
def _platform(system: str, machine: str) -> str:
    known = pypa.PLATFORMS.items()
    return next((name for name, marker in known if f"'{system}'" in marker and f"'{machine}'" in marker), "")


def platform(interpreter: Interpreter) -> str:
    """The name of this machine's, as an axis has it; "" when it has none."""
    return _platform(interpreter.markers["sys_platform"], interpreter.markers["platform_machine"])


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
