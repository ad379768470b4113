"""What decides of a cell before anything of it is built: its interpreter, its lock, its fingerprint."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from envmgr.environments import keys, layers, store
from envmgr.environments.layout import Layout, entry_name
from envmgr.errors import EnvmgrError
from envmgr.matrix import fingerprints, locking, sources
from envmgr.matrix.locking import Locked, Refused
from envmgr.matrix.notes import Notes
from envmgr.matrix.sources import Sources
from envmgr.model.matrix import Cell, Check, Expectation, Matrix
from envmgr.model.project import Environment, Library, Project
from envmgr.tools import interpreters, pypa
from envmgr.tools.interpreters import Interpreter

NAME = "matrix"
"""Of the environment of every cell: equal locks of whatever cells are one entry."""


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


class Preparing:
    """Of the cells of one matrix. Any thread may prepare some."""

    def __init__(self, project: Project, matrix: Matrix, files: Sources, notes: Notes) -> None:
        self.project = project
        self.matrix = matrix
        self.notes = notes
        self.noting = threading.Lock()
        """Held by who uses `notes`."""
        self._layout = Layout(project.root)
        self._sources = files
        self._named: dict[Check, list[str]] = {}
        self._locking: dict[str, threading.Lock] = {}
        self._resolved: set[str] = set()

    def prepare(self, cell: Cell, *, upgrade: bool = False, only_known: bool = False) -> Prepared:
        """Its interpreter and its lock, resolved where there is none, unless `only_known`. Raises E-NETWORK, E-UV,
        E-DISK."""
        environment = self._environment(cell)
        try:
            interpreter = interpreters.find(cell.python, root=self.project.root)
        except EnvmgrError as problem:
            return Prepared(cell, environment, None, None, problem.message)
        wanted = locking.inputs(environment, cell, interpreter)
        locked = None if upgrade else locking.known(self._layout, self.matrix.name, wanted)
        if only_known or (locked is not None and not locked.is_damaged):
            return Prepared(cell, environment, interpreter, locked)
        with self.noting:
            one = self._locking.setdefault(wanted.digest, threading.Lock())
        with one:  # what an equal cell has just resolved is not asked again
            again = wanted.digest in self._resolved
            locked = locking.known(self._layout, self.matrix.name, wanted) if again else None
            if locked is None:
                locked = locking.resolve(self._layout, self.matrix.name, cell, wanted, interpreter)
                self._resolved.add(wanted.digest)
        return Prepared(cell, environment, interpreter, locked)

    def fingerprint(self, found: Prepared, since: float | None = None) -> str:
        """Of a cell that has what it needs. `since`: when its checks began, if they were run."""
        checks = self.matrix.checks if found.is_here else ()
        with self.noting:
            names = {name for check in checks for name in self._files(check, since)}
            return fingerprints.of(
                found.cell,
                checks,
                locked=found.problem if found.locked is None else found.locked.digest,
                interpreter=found.interpreter,
                layer=self._layer_name(found.interpreter),
                library=found.environment.libraries[0],
                files=self._sources,
                names=names.union(self.notes.read_by(found.cell.id)) if checks else (),
                since=since,
            )

    def entry_of(self, found: Prepared) -> str:
        """The name that its store entry has, or would have; "" where it has none."""
        if not isinstance(found.locked, Locked) or found.interpreter is None or not found.is_here:
            return ""
        return entry_name(NAME, key_of(self._layout, found.environment, found.locked, found.interpreter))

    def _files(self, check: Check, since: float | None) -> list[str]:
        """Walked once, and once more when it was run."""
        if since is not None or check not in self._named:
            self._named[check] = sources.named(self.project.root, check)
        return self._named[check]

    @property
    def needs_layer(self) -> bool:
        return any(check.kind in fingerprints.WORKER for check in self.matrix.checks)

    def _layer_name(self, interpreter: Interpreter | None) -> str:
        if interpreter is None or not self.needs_layer:
            return ""
        return layers.place(self._layout, interpreter).name

    def _environment(self, cell: Cell) -> Environment:
        """What its build and its checks need to know, of the library's settings in envmgr.toml if it has some."""
        name = self.matrix.library
        library = self.project.libraries.get(name) or Library(name, name, None, NAME)
        home = self.project.environments.get(library.environment)
        return Environment(
            NAME,
            cell.python,
            (replace(library, environment=f"of cell {cell.id}"),),
            constraints=cell.constraints,
            no_build=cell.resolution == locking.LOWEST or (home is not None and home.no_build),
            platforms=(cell.platform,) if cell.platform in pypa.PLATFORMS else (),
            link_mode="hardlink" if home is None else home.link_mode,
        )


def key_of(layout: Layout, environment: Environment, locked: Locked, interpreter: Interpreter) -> str:
    """Of its store entry."""
    return store.usable(layout, NAME, keys.of(locked.lock, interpreter, environment.link_mode))


def holding(expectation: Expectation | None) -> Expectation | None:
    """What is expected today: what is known to be broken is so until a day."""
    if expectation is None or (
        expectation.until is not None and expectation.until <= datetime.now(UTC).date()
    ):
        return None
    return expectation


@functools.cache
def _platform(system: str, machine: str) -> str:
    known = pypa.PLATFORMS.items()
    return next((name for name, marker in known if f"'{system}'" in marker and f"'{machine}'" in marker), "")


def platform(interpreter: Interpreter) -> str:
    """The name of this machine's, as an axis has it; "" when it has none."""
    return _platform(interpreter.markers["sys_platform"], interpreter.markers["platform_machine"])
