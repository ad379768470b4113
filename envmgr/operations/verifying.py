"""`envmgr lock --verify-with pip-tools`: does another resolver come to the same pins and the same hashes?

It is given the requirements and constraints alone, none of our pins, and so takes what is newest now. Where
our versions are older (others were published since, or pins were kept), it is asked again, held to ours of
those: then every package, every version and every hash must agree.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from packaging.version import Version

from envmgr.environments import locks
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Inputs
from envmgr.errors import EnvmgrError
from envmgr.model.locks import LockDifference, LockOutcome, Verification
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import together
from envmgr.tools import interpreters, piptools
from envmgr.tools.piptools import Compiled, Unsolvable
from envmgr.tools.pypa import Locked

# pip works its processor as long as it resolves.
_AT_ONCE = 2


def verify(
    project: Project, outcomes: Sequence[LockOutcome], *, report: Report = silent
) -> tuple[LockOutcome, ...]:
    """Compare these locks with what pip-tools resolves for each environment's interpreter.

    What other platforms need cannot be compared. Needs the network; seconds to a minute each. Raises
    E-LOCK-DIFFERS with every difference of every environment, also for one with overrides, which pip-tools does
    not know; E-NETWORK.
    """
    layout = Layout(project.root)
    failures: dict[str, EnvmgrError] = {}

    def work(environment: Environment) -> Verification:
        report(environment.name, "verify")
        return _verified(layout, environment)

    chosen = [project.environments[outcome.environment] for outcome in outcomes]
    found = together.each(chosen, work, failures, limit=_AT_ONCE)
    together.raise_failures(failures, found)
    return tuple(replace(outcome, verified=found[outcome.environment]) for outcome in outcomes)


def compare(ours: Sequence[Locked], theirs: Mapping[str, Compiled]) -> tuple[LockDifference, ...]:
    """By name. A hash of ours must be one of theirs; theirs are of every file of a version, ours only of those
    that this Python can use.
    """
    found = []
    known = {package.name: package for package in ours}
    for name in sorted({*known, *theirs}):
        package, other = known.get(name), theirs.get(name)
        if package is None:
            found.append(LockDifference(name, "not locked", None, theirs[name].version))
        elif other is None:
            found.append(LockDifference(name, "only locked", package.version, None))
        elif package.version and other.version and Version(package.version) != Version(other.version):
            kind = "older" if Version(package.version) < Version(other.version) else "newer"
            found.append(LockDifference(name, kind, package.version, other.version))
        elif strange := tuple(sorted({*package.hashes} - {*other.hashes})):
            found.append(LockDifference(name, "hashes", package.version, other.version, strange))
    return tuple(found)


def _unverified(environment: Environment, why: str, hint: str) -> EnvmgrError:
    message = f"environment {environment.name} cannot be verified: {why}"
    return EnvmgrError("E-LOCK-DIFFERS", message, hint=hint)


def _verified(layout: Layout, environment: Environment) -> Verification:
    begun = time.perf_counter()
    interpreter = interpreters.find(environment.python, root=layout.root)
    lock = locks.read(layout, environment.name)
    wanted = locks.inputs(environment, interpreter)
    if lock is None:
        raise _unverified(environment, "its lock is gone", "run the command again")
    if wanted.overrides:
        why = "it has overrides, which pip-tools does not know"
        raise _unverified(
            environment, why, "name the other libraries: envmgr lock LIB… --verify-with pip-tools"
        )
    ours = lock.packages(interpreter)
    if not wanted.requirements:
        return Verification("pip-tools", 0, (), 0.0)
    python = Path(interpreter.executable)
    tool = f"pip-tools {piptools.version(python)}"
    differences, older = _compared(ours, wanted, python, lock.noted.get("exclude-newer"))
    if differences:
        unlike = {found.name for found in differences}
        agreed = 0 if "" in unlike else sum(package.name not in unlike for package in ours)
        said = f"{tool} does not come to what is locked; {agreed} of {len(ours)} agree"
        head = f"environment {environment.name}: {said}"
        raise EnvmgrError(
            "E-LOCK-DIFFERS",
            "\n".join([head, *(f"  {_in_words(found)}" for found in differences)]),
            hint="`envmgr lock --upgrade` resolves afresh; do not install files whose hashes the index does not have",
            details={"tool": tool, "differences": [asdict(found) for found in differences]},
        )
    return Verification(tool, len(ours), older, round(time.perf_counter() - begun, 3))


def _compared(
    ours: Sequence[Locked], wanted: Inputs, python: Path, exclude_newer: str | None
) -> tuple[tuple[LockDifference, ...], tuple[LockDifference, ...]]:
    """What differs, and what was held to our older versions: an older one may ask for others that are older."""
    older: dict[str, LockDifference] = {}
    while True:
        try:
            theirs = piptools.resolve(
                wanted.requirements,
                constraints=(*wanted.constraints, *(f"{pin.name}=={pin.ours}" for pin in older.values())),
                python=python,
                exclude_newer=exclude_newer,
                no_build=wanted.no_build,
            )
        except Unsolvable as problem:
            last_words = tuple(str(problem).splitlines())
            return (LockDifference("", "no solution", None, None, last_words),), tuple(older.values())
        differences = compare(ours, theirs)
        further = {found.name: found for found in differences if found.kind == "older"}
        if not further.keys() - older.keys():
            return differences, tuple(older.values())
        older.update(further)


def _in_words(found: LockDifference) -> str:
    if found.kind == "no solution":
        return f"it finds no solution: {'; '.join(found.evidence)}"
    if found.kind == "hashes":
        return f"{found.name} {found.ours}: no file of the index has {', '.join(found.evidence)}"
    ours = "not locked" if found.ours is None else f"locked {found.ours}"
    theirs = "takes none" if found.theirs is None else f"takes {found.theirs}"
    return f"{found.name}: {ours}, it {theirs}"
