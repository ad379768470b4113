"""Taking an existing environment into service: judged, proved and noted, and not changed by a byte."""

from __future__ import annotations

import os
from pathlib import Path

from packaging.requirements import Requirement

from envmgr.environments import adoption, contents, dependencies, files, modules
from envmgr.environments.layout import entry_name, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import Resolved
from envmgr.environments.store import Proof
from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment
from envmgr.operations.ground import Ground
from envmgr.operations.proving import Proving
from envmgr.operations.run import Run
from envmgr.tools import pypa
from envmgr.tools.foreign.examining import examine
from envmgr.tools.foreign.places import Candidate
from envmgr.tools.foreign.trust import Judge


def lock(environment: Environment, here: Ground) -> Lock:
    """What is installed, in a lock's place: its digest is the fingerprint. Nothing is written.

    Raises E-ADOPT when that is not what the libraries ask for.
    """
    directory = adoption.directory_of(environment)
    distributions = pypa.installed(site_packages(directory))
    _require_versions(environment, distributions)
    packages = [{"name": found.name, "version": found.version} for found in distributions]
    return Lock(directory, {"packages": packages}, here.lock_digest or "")


def adopt(
    run: Run, environment: Environment, here: Ground, proving: Proving
) -> tuple[tuple[Resolved, ...], Proof]:
    """Have the environment in the store, as a link; its libraries and their proof.

    Reads every file once, and imports the libraries. Raises E-ADOPT when it cannot be trusted, E-PROOF.
    """
    directory = adoption.directory_of(environment)
    key = here.lock_digest or ""
    entry = entry_name(environment.name, key)
    _require_trust(environment)
    libraries = modules.resolve(environment, pypa.installed(site_packages(directory)))
    staged = run.layout.staging / f"{entry}-{os.getpid()}"
    catalog = staged / "catalog"
    try:
        catalog.mkdir(parents=True)
        run.report(environment.name, "prove")
        fork = proving.imports(python_of(directory), libraries, bytecode=False)
        proving.functions(python_of(directory), libraries, catalog, bytecode=False)
        run.report(environment.name, "store")
        proof = Proof(proving.name(libraries), fork)
        noted = adoption.without_bytecode(contents.take(directory, {}))
        if adoption.required(environment) != key:
            adoption.refuse(environment, "it was changed while it was being looked at")
        adoption.admit(
            run.layout,
            entry,
            directory=directory,
            manifest=noted.to_bytes(),
            catalog=catalog,
            proof=proof.to_bytes(),
        )
    finally:
        files.remove(staged)
    return libraries, proof


def doubts(directory: Path) -> tuple[str, ...]:
    """All that speaks against relying on an environment. Cost: a few stats and two listings."""
    facts = examine(Candidate("", "environment", directory))
    if facts is None:
        return ("it has neither pyvenv.cfg nor conda-meta",)
    verdict = Judge(os.getuid(), os.getgid()).judge(facts)
    return () if verdict.trusted else verdict.why


def _require_trust(environment: Environment) -> None:
    directory = adoption.directory_of(environment)
    why = doubts(directory)
    if why:
        raise EnvmgrError(
            "E-ADOPT",
            "\n  ".join([f"environment {environment.name}: {directory} is not adopted:", *why]),
            hint="put that right, or leave `adopt` out and let envmgr build an environment of its own",
            details={"path": str(directory), "why": list(why)},
        )


def _require_versions(environment: Environment, distributions: tuple[pypa.Distribution, ...]) -> None:
    there = {found.name: found.version for found in distributions}
    wrong = []
    for library in environment.libraries:
        for text in library.requirements:
            requirement = Requirement(text)
            version = there.get(pypa.canonical(requirement.name))
            if version is None:
                wrong.append(f"library {library.name} asks {text}, which is not installed")
            elif not dependencies.holds(str(requirement.specifier), version):
                wrong.append(f"library {library.name} asks {text}, and {version} is installed")
    if wrong:
        directory = adoption.directory_of(environment)
        raise EnvmgrError(
            "E-ADOPT",
            "\n  ".join([f"environment {environment.name}: {directory} has not what is asked for:", *wrong]),
            hint="install it with the tool that made the environment, or correct envmgr.toml",
            details={"path": str(directory), "unmet": wrong},
        )
