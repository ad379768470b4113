"""What a bisect searches in: from the words of a command line to a distribution, an interpreter and checks."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from packaging.requirements import InvalidRequirement, Requirement

from envmgr.environments.store import digest
from envmgr.errors import EnvmgrError
from envmgr.matrix import sources, tags
from envmgr.matrix.releases import Target
from envmgr.model.bisection import Question
from envmgr.model.matrix import Cell, Check, Matrix
from envmgr.model.project import Environment, HealthCall, Library, Project
from envmgr.operations.selection import unknown_names
from envmgr.tools import interpreters
from envmgr.tools.index import Index, Release
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical

_PYTEST = "pytest"


@dataclass(frozen=True, slots=True)
class Subject:
    """`wanted` is the distribution with its extras, `allowed` what envmgr.toml allows of it, as a specifier; `python`
    as it was named, `beside` and `constraints` are of every cell. `matrix` has the checks, and a name for what is
    known of this question, whichever releases it is asked of.
    """

    project: Project
    name: str
    distribution: str
    wanted: str
    allowed: str
    beside: tuple[str, ...]
    constraints: tuple[str, ...]
    python: str
    interpreter: Interpreter
    target: Target
    matrix: Matrix
    releases: tuple[Release, ...] = field(repr=False)

    def cell(self, label: str, asked: str, constraints: Sequence[str] = ()) -> Cell:
        """`asked` are versions, as a specifier."""
        return Cell(
            f"{self.distribution}={label},python={self.target.python}",
            {self.distribution: label, "python": self.target.python},
            self.python,
            self.target.platform,
            "highest",
            (f"{self.wanted}{asked}", *self.beside),
            (*self.constraints, *constraints),
        )


def subject(project: Project, question: Question, index: Index) -> Subject:
    """Raises E-USAGE, E-CONFIG, E-UNKNOWN-MATRIX, E-INTERPRETER, E-UNKNOWN-LIBRARY, E-NETWORK."""
    for requirement in question.requirements:
        _valid(requirement)
    library = _library(project, question.library)
    own = _valid(question.library) if library is None else Requirement(library.requirement or library.name)
    if own.url or (library is not None and library.requirement is None):
        raise EnvmgrError(
            "E-USAGE",
            f"library {question.library} comes from no index: it has no releases",
            hint="name one that does",
        )
    distribution = canonical(own.name)
    releases = index.releases(distribution)
    if not releases:
        raise unknown_names(
            "E-UNKNOWN-LIBRARY", "library or distribution", [question.library], project.libraries
        )
    cell, tested, checks = _checks(project, question, library, index)
    home = None if library is None else project.environments[library.environment]
    python = question.python or (cell.python if cell else _python(home))
    interpreter = interpreters.find(python, root=project.root, download=True)
    target = Target(interpreter.minor, tags.here(), builds=home is None or not home.no_build)
    beside = _beside(question, distribution, library, cell)
    constraints = cell.constraints if cell else home.constraints if home else ()
    constraints = tuple(word for word in constraints if _name(word) != distribution)
    extras = f"[{','.join(sorted(own.extras))}]" if own.extras else ""
    decisive = [tested, interpreter.minor, extras, beside, constraints, target.builds]
    known_as = digest([*decisive, repr(checks), repr(question.call)])[:12]
    if question.call is not None:
        project = _calling(project, tested, own.name, question.call)
    return Subject(
        project,
        question.library,
        distribution,
        f"{own.name}{extras}",
        str(own.specifier) if library is not None else "",
        beside,
        constraints,
        python,
        interpreter,
        target,
        Matrix(f"bisect-{distribution}-{known_as}", project.root / "matrices", tested, {}, (), checks),
        releases,
    )


def _library(project: Project, name: str) -> Library | None:
    """Of this name, or else the only one that is of the distribution."""
    if name in project.libraries:
        return project.libraries[name]
    same = [
        library
        for library in project.libraries.values()
        if library.requirement and _name(library.requirement) == canonical(name)
    ]
    return same[0] if len(same) == 1 else None


def _checks(
    project: Project, question: Question, library: Library | None, index: Index
) -> tuple[Cell | None, str, tuple[Check, ...]]:
    """The cell of the matrix beside whose companions they run, the library that they are of, and the checks."""
    _are_there(project, question)
    given: tuple[Check, ...] = ()
    cell, tested = None, library.name if library else question.library
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


def _are_there(project: Project, question: Question) -> None:
    """Files of tests: without them each release would fail."""
    check = Check("--pytest", _PYTEST, question.selection)
    missing = [line.partition(": ")[2] for line in sources.lacking(project.root, [check])]
    if missing:
        hint = f"--pytest names files, or node ids, below {project.root}"
        raise EnvmgrError("E-USAGE", "\n".join(missing), hint=hint)


def _own(question: Question) -> Sequence[Check]:
    found = []
    if question.selection:
        found.append(Check(_PYTEST, _PYTEST, question.selection))
    if question.command is not None:
        found.append(Check("command", "command", _words(question.command)))
    if question.call is not None:
        found.append(Check(question.call.call, "health"))
    return found


def _words(command: str) -> tuple[str, ...]:
    try:
        words = shlex.split(command)
    except ValueError as problem:
        raise EnvmgrError(
            "E-USAGE", f"--command cannot be split into words: {problem}", hint="close the quotes"
        ) from None
    if not words:
        raise EnvmgrError("E-USAGE", "--command is empty", hint="name a program, and what it is called with")
    return tuple(words)


def _adjusted(check: Check, question: Question) -> Check:
    retries = max(check.retries, 1) if question.retries is None else question.retries
    return replace(check, retries=retries, timeout_ms=question.timeout_ms or check.timeout_ms)


def _cell(matrix: Matrix, question: Question) -> Cell:
    """One with few companions: each is one more reason for which a release cannot be installed."""
    here = [cell for cell in matrix.cells if cell.platform == tags.here()]
    fitting = [cell for cell in here if question.python in (None, cell.python)] or here
    if not fitting:
        raise EnvmgrError(
            "E-USAGE",
            f"matrix {matrix.name} has no cell for this machine ({tags.here()})",
            hint="add its platform to the axis, or name checks with --pytest, --command or --call",
        )
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


def _python(home: Environment | None) -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}" if home is None else home.python


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


def _valid(requirement: str) -> Requirement:
    try:
        return Requirement(requirement)
    except InvalidRequirement as problem:
        first = str(problem).split("\n", 1)[0]
        raise EnvmgrError(
            "E-USAGE",
            f"{requirement!r} is not a requirement: {first}",
            hint='write it as in a requirements file, such as "numpy>=2"',
        ) from None
