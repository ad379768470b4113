"""What a bisect searches in: from the words of a command line to a distribution, an interpreter and checks."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import InvalidRequirement, Requirement

from envmgr.config.fields import duration_text
from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import axes, tags
from envmgr.matrix.releases import Target
from envmgr.model.matrix import Cell, Check, Matrix
from envmgr.model.project import Environment, HealthCall, Library, Project
from envmgr.operations.selection import unknown_names
from envmgr.tools import interpreters
from envmgr.tools.index import Index, Release
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical

_PYTEST = "pytest"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `matrix` and `checks` are names; `selection` is pytest's, `command` a line as of a shell, but
    run without one. `retries` and `timeout_ms` are None where the checks' own hold. `again`: what is known does not
    count."""

    library: str
    good: str
    bad: str
    with_dependencies: bool = False
    matrix: str | None = None
    checks: tuple[str, ...] = ()
    selection: tuple[str, ...] = ()
    command: str | None = None
    call: HealthCall | None = None
    python: str | None = None
    requirements: tuple[str, ...] = ()
    pre: bool = False
    retries: int | None = None
    timeout_ms: int | None = None
    again: bool = False

    @property
    def words(self) -> list[str]:
        """All of it but the ends, as words of a command line."""
        single = {
            "--matrix": self.matrix,
            "--command": self.command,
            "--call": self.call and self.call.call,
            "--args": self.call and json.dumps(self.call.kwargs or self.call.args),
            "--python": self.python,
            "--retries": self.retries,
            "--timeout": self.timeout_ms and duration_text(self.timeout_ms),
        }
        several = {"--check": self.checks, "--pytest": self.selection, "--with": self.requirements}
        pairs = [(name, value) for name, value in single.items() if value is not None]
        pairs += [(name, value) for name, values in several.items() for value in values]
        switches = {"--with-dependencies": self.with_dependencies, "--pre": self.pre}
        return [
            *(name for name, on in switches.items() if on),
            *(word for name, value in pairs for word in (name, str(value))),
        ]


@dataclass(frozen=True, slots=True)
class Subject:
    """`wanted` is the distribution with its extras, `allowed` what envmgr.toml allows of it, as a specifier; `beside` and `constraints` are of every cell. `matrix` has the
    checks, and a name for what is known of this question, whatever releases it is asked of."""

    project: Project
    name: str
    distribution: str
    wanted: str
    allowed: str
    beside: tuple[str, ...]
    constraints: tuple[str, ...]
    interpreter: Interpreter
    target: Target
    matrix: Matrix
    releases: tuple[Release, ...] = field(repr=False)

    def cell(self, label: str, asked: str, constraints: Sequence[str] = ()) -> Cell:
        """`asked` are versions, as a specifier."""
        axis = f"{self.distribution}={label}"
        return Cell(
            f"{axis},python={self.target.python}",
            {self.distribution: label, "python": self.target.python},
            self.target.python,
            self.target.platform,
            "highest",
            (f"{self.wanted}{asked}", *self.beside),
            (*self.constraints, *constraints),
        )


def subject(project: Project, question: Question, index: Index) -> Subject:
    """Raises E-USAGE, E-CONFIG, E-INTERPRETER, E-UNKNOWN-LIBRARY, E-NETWORK."""
    for requirement in question.requirements:
        _valid(requirement)
    library = project.libraries.get(question.library)
    if library is None:
        _valid(question.library)
    elif library.requirement is None or Requirement(library.requirement).url:
        raise EnvmgrError("E-USAGE", f"library {library.name} comes from no index: it has no releases")
    package = axes.package(question.library, project.libraries)
    releases = index.releases(package.name)
    if not releases:
        raise unknown_names(
            "E-UNKNOWN-LIBRARY", "library or distribution", [question.library], project.libraries
        )
    cell, tested, checks = _checks(project, question, package.name, index)
    python = question.python or (cell.python if cell else _python(project, library))
    interpreter = interpreters.find(python, root=project.root, download=True)
    builds = not any(environment.no_build for environment in _homes(project, library))
    target = Target(interpreter.minor, tags.here(), builds)
    beside = _beside(question, package.name, library, cell)
    constraints = cell.constraints if cell else _constraints(project, library, package.name)
    named = [tested, interpreter.minor, beside, constraints, repr(checks), repr(question.call), builds]
    name = f"bisect-{package.name}-{digest(named)[:12]}"
    matrix = Matrix(name, project.root / "matrices", tested, {}, (), checks)
    if question.call is not None:
        project = _calling(project, tested, package.wanted, question.call)
    return Subject(
        project,
        question.library,
        package.name,
        package.wanted,
        str(package.allowed or ""),
        beside,
        constraints,
        interpreter,
        target,
        matrix,
        releases,
    )


def _checks(
    project: Project, question: Question, distribution: str, index: Index
) -> tuple[Cell | None, str, tuple[Check, ...]]:
    """The cell of the matrix beside whose companions they run, the library that they are of, and the checks."""
    cell, tested, given = None, question.library, ()
    if question.matrix is not None:
        from envmgr.operations import matrices

        matrix = matrices.load(project, question.matrix, index=index)
        cell, tested, given = _cell(matrix, question), matrix.library, _named(matrix, question)
    elif question.checks:
        raise EnvmgrError(
            "E-USAGE", "--check names a check of a matrix", hint="name the matrix with --matrix"
        )
    own = tuple(_own(question))
    checks = own or given or (Check("import", "import"), Check("health", "health"))
    return cell, tested, tuple(_adjusted(check, question) for check in checks)


def _own(question: Question) -> Sequence[Check]:
    found = []
    if question.selection:
        found.append(Check(_PYTEST, _PYTEST, question.selection))
    if question.command is not None:
        found.append(Check("command", "command", (question.command,)))
    if question.call is not None:
        found.append(Check(question.call.call, "health"))
    return found


def _adjusted(check: Check, question: Question) -> Check:
    retries = max(check.retries, 1) if question.retries is None else question.retries
    return replace(check, retries=retries, timeout_ms=question.timeout_ms or check.timeout_ms)


def _cell(matrix: Matrix, question: Question) -> Cell:
    """One with few companions: each is one more reason for which a release cannot be installed."""
    here = [cell for cell in matrix.cells if cell.platform == tags.here()]
    fitting = [cell for cell in here if question.python in (None, cell.python)] or here
    if not fitting:
        raise EnvmgrError("E-USAGE", f"matrix {matrix.name} has no cell for this machine ({tags.here()})")
    return min(fitting, key=lambda cell: (cell.resolution != "highest", len(cell.requirements)))


def _named(matrix: Matrix, question: Question) -> tuple[Check, ...]:
    known = {check.name: check for check in matrix.checks}
    unknown = [name for name in question.checks if name not in known]
    if unknown:
        listed = ", ".join(known)
        raise EnvmgrError(
            "E-USAGE",
            f"matrix {matrix.name} has no check called {', '.join(map(repr, unknown))}",
            hint=f"it has {listed}",
        )
    return tuple(known[name] for name in question.checks) or matrix.checks


def _beside(
    question: Question, distribution: str, library: Library | None, cell: Cell | None
) -> tuple[str, ...]:
    """What is installed with each release: what --with names takes the place of a companion."""
    given = list(question.requirements)
    if question.selection and _PYTEST not in map(_name, given):
        given.append(_PYTEST)
    companions = cell.requirements if cell else library.extra_requirements if library else ()
    named = {distribution, *map(_name, given)}
    return (*(word for word in companions if _name(word) not in named), *given)


def _homes(project: Project, library: Library | None) -> tuple[Environment, ...]:
    return () if library is None else (project.environments[library.environment],)


def _constraints(project: Project, library: Library | None, distribution: str) -> tuple[str, ...]:
    """Those of envmgr.toml, but for the one that moves."""
    return tuple(
        word for home in _homes(project, library) for word in home.constraints if _name(word) != distribution
    )


def _python(project: Project, library: Library | None) -> str:
    for home in _homes(project, library):
        return home.python
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _calling(project: Project, name: str, wanted: str, call: HealthCall) -> Project:
    """The project, where the library's health is this call alone."""
    known = project.libraries.get(name) or Library(name, wanted, None, name)
    library = replace(known, health_calls=(call,))
    home = project.environments.get(library.environment)
    others = tuple(found for found in home.libraries if found.name != name) if home else ()
    python = home.python if home else ""
    changed = (
        replace(home, libraries=(*others, library))
        if home
        else Environment(library.environment, python, (library,))
    )
    return replace(project, environments={**project.environments, changed.name: changed})


def _name(requirement: str) -> str:
    return canonical(Requirement(requirement).name)


def _valid(requirement: str) -> None:
    try:
        Requirement(requirement)
    except InvalidRequirement as problem:
        first = str(problem).split("\n", 1)[0]
        raise EnvmgrError("E-USAGE", f"{requirement!r} is not a requirement: {first}") from None
