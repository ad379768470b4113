"""Whether one environment is what was built: state, files and, in depth, every byte and what they do."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from envmgr.environments import adoption, comparison, digests, launch, laying
from envmgr.environments.comparison import Change, Owners
from envmgr.environments.contents import Contents
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name, python_of, site_packages
from envmgr.errors import EnvmgrError
from envmgr.model.health import DistributionHealth, EnvironmentHealth, HealthFinding
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import adopting
from envmgr.tools import process, pypa

_ABSENT = "has no such module"
_UNLOADABLE = "cannot be loaded"
_LACKING = "cannot open shared object file"
_INTERPRETER_GONE = "the interpreter is gone"
_SERIALIZER = "a serializer failed"


def inspect(
    project: Project, environment: Environment, active: Generation | None, *, deep: bool
) -> EnvironmentHealth:
    """Reads only. Cost: one walk; in depth, one read of every byte, and one import of the libraries beside
    it.
    """
    begun = time.perf_counter()
    if active is None:
        advice = f"run `envmgr sync {environment.name}`"
        nothing = HealthFinding(environment.name, None, None, "not built", "no generation is active", advice)
        return EnvironmentHealth(environment.name, False, deep, None, None, 0, 0, 0.0, (), (nothing,))
    inspection = _Inspection(project, environment, active)
    inspection.standing(deep=deep)
    inspection.contents(deep=deep)
    findings = tuple(inspection.findings)
    noted = inspection.noted
    return EnvironmentHealth(
        environment.name,
        not any(found.severity == "error" for found in findings),
        deep,
        active.number,
        active.key,
        len(noted.files),
        sum(size for size, _, _ in noted.files.values()),
        time.perf_counter() - begun,
        inspection.distributions(),
        findings,
    )


def inspect_entry(
    project: Project, environment: Environment, generation: Generation
) -> tuple[HealthFinding, ...]:
    """In depth, the entry of a generation that need not be active: every byte, what opens, imports and answers."""
    inspection = _Inspection(project, environment, generation)
    inspection.contents(deep=True)
    return tuple(inspection.findings)


def as_configured(found: EnvironmentHealth) -> bool:
    """Whether all that is wrong is what envmgr.toml says: a fresh build would not be better."""
    return all(each.problem == _SERIALIZER for each in found.findings if each.severity == "error")


class _Inspection:
    def __init__(self, project: Project, environment: Environment, active: Generation) -> None:
        self._project, self._environment, self._active = project, environment, active
        self._layout = Layout(project.root)
        self._entry = entry_name(active.environment, active.key)
        self._home = self._layout.entry(self._entry)
        self._launch = launch.decode(active.launch)
        self._rebuild = f"run `envmgr health {environment.name} --deep --repair`, which builds it afresh"
        self._adopted = self._home.is_symlink()
        if self._adopted:
            self._rebuild = (
                f"mend {self._home.readlink()} with the tool that made it; when the change was meant, touch its"
                f" pyvenv.cfg and run `envmgr sync {environment.name}`"
            )
        self._sync = f"run `envmgr sync {environment.name}`"
        self._owners = Owners("", ())
        self._touched = False
        self.noted = Contents({}, {})
        self.findings: list[HealthFinding] = []

    def _find(
        self, problem: str, detail: str, advice: str, *, file: str | None = None, owner: str | None = None
    ) -> None:
        self.findings.append(HealthFinding(self._environment.name, owner, file, problem, detail, advice))

    def standing(self, *, deep: bool) -> None:
        """What is around the environment: launch manifest, `current`, lease, interpreter, runtime layer,
        catalogs.
        """
        layout, name, number = self._layout, self._environment.name, self._active.number
        path = layout.launch(name)
        try:
            if path.read_bytes() != self._active.launch:
                self._find("changed", f"it is not that of generation {number}", self._sync, file=str(path))
        except OSError as problem:
            self._find(_word(problem), str(problem.strerror), self._sync, file=str(path))
        path = layout.current(name)
        try:
            target = path.readlink()
            if target != self._home:
                detail = f"it points to {target}, not to generation {number}"
                self._find("changed", detail, self._sync, file=str(path))
        except OSError as problem:
            self._find(_word(problem), str(problem.strerror), self._sync, file=str(path))
        lease = layout.lease(self._entry)
        if not lease.exists():
            self._find("missing", "workers hold it as their lease", self._sync, file=str(lease))
        if self._adopted and self._home.is_dir():
            for why in adopting.doubts(self._home.readlink()):
                self._find(
                    "not trusted", why, "put that right, or let envmgr build an environment of its own"
                )
        layer = Path(self._launch["command"][-1]).parent
        for change in laying.changes(layout, layer, deep=deep):
            detail = ": ".join(filter(None, ("the runtime layer is not whole", change.detail)))
            self._find(change.problem, detail, self._rebuild, file=str(layer / change.path))
        for library in self._launch["libraries"].values():
            self._catalog(library["module"], Path(library["catalog"]), deep=deep)

    def _catalog(self, module: str, path: Path, *, deep: bool) -> None:
        detail = f"the catalog of {module}"
        try:
            if not path.is_file():
                self._find("missing", detail, self._rebuild, file=str(path))
            elif deep and not digests.holds(path):
                self._find("changed", detail, self._rebuild, file=str(path))
        except OSError as problem:
            self._find("unreadable", f"{detail}: {problem.strerror}", self._rebuild, file=str(path))

    def contents(self, *, deep: bool) -> None:
        """The files of the environment, and in depth what they hold and do."""
        if not self._home.is_dir():
            detail = f"the store entry of generation {self._active.number}"
            self._find("missing", detail, self._rebuild, file=str(self._home))
            return
        manifest = self._layout.manifest(self._entry)
        try:
            noted = Contents.from_bytes(manifest.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            word = _word(problem) if isinstance(problem, OSError) else "unreadable"
            self._find(word, f"our own manifest: {problem}", self._rebuild, file=str(manifest))
        else:
            self.noted = noted
        self._read_owners()
        runs = self._interpreter()
        if not deep:
            self._changes(comparison.look(self._home, deep=False))
            if runs:
                self._serializers()
            return
        with ThreadPoolExecutor(2) as pool:
            try:
                checks = [pool.submit(check) for check in (self._loads, self._proof)] if runs else []
                self._changes(comparison.look(self._home, deep=True))
                if runs:
                    self._dependencies()
                    self._serializers()
                for check in checks:
                    check.result()
            except BaseException:
                process.end_all()
                raise
        if not self._touched:
            self.findings = [_as_published(found) for found in self.findings]
        unique = dict.fromkeys(self.findings)
        missing = {found.file for found in unique if found.problem in ("missing", "replaced")}
        self.findings = [
            found for found in unique if found.problem != _UNLOADABLE or found.file not in missing
        ]

    def distributions(self) -> tuple[DistributionHealth, ...]:
        files = Counter(self._owners.of(path) for path in self.noted.files)
        sick = Counter(found.distribution for found in self.findings)
        return tuple(
            DistributionHealth(pin.name, pin.version, files[pin.name], sick[pin.name])
            for pin in self._active.pins
            if files[pin.name] or sick[pin.name]
        )

    def _read_owners(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            place = site_packages(self._home)
            found = pypa.installed(place)
            records = [(each.name, [recorded.path for recorded in each.record]) for each in found]
            self._owners = Owners(place.relative_to(self._home).as_posix(), records)

    def _changes(self, found: comparison.Found) -> None:
        if not self.noted.files:
            return
        for change in comparison.compare(self.noted, found):
            if not (self._adopted and adoption.is_bytecode(change.path)):
                self._change(change)

    def _change(self, change: Change) -> None:
        owner = self._owners.of(change.path)
        self._touched = True
        self._find(change.problem, change.detail, self._rebuild, file=change.path, owner=owner)

    def _interpreter(self) -> bool:
        python = python_of(self._home)
        base = Path(self._launch["python"]["executable"])
        if os.access(python, os.X_OK):
            return True
        if not os.access(base, os.X_OK):
            advice = f"install Python {self._launch['python']['version']} again, or {self._sync}"
            self._find("missing", _INTERPRETER_GONE, advice, file=str(base))
        return False

    def _loads(self) -> None:
        from envmgr.tools import loading

        try:
            place = site_packages(self._home)
        except FileNotFoundError:
            return
        prefix = f"{place.relative_to(self._home).as_posix()}/"
        extensions = [
            path.removeprefix(prefix)
            for path in sorted(self.noted.files)
            if path.startswith(prefix) and path.endswith(".so")
        ]
        points = pypa.entry_points(place)
        modules = sorted({point.module for point in points})
        if not extensions and not modules:
            return
        try:
            problems, absent = loading.unloadable(python_of(self._home), place, extensions, modules)
        except EnvmgrError as problem:
            self._find("cannot run", problem.message, self._rebuild, file="bin/python")
            return
        for path, detail in problems.items():
            owner = self._owners.of(prefix + path)
            lacking = _LACKING in detail
            advice = "install the system package that has this shared library" if lacking else self._rebuild
            self._find(_UNLOADABLE, detail, advice, file=prefix + path, owner=owner)
        for point in points:
            if point.module in absent:
                detail = f"the entry point {point.name} of {point.group} names {point.module}"
                advice = self._rebuild
                self._find(_ABSENT, detail, advice, owner=point.distribution)

    def _dependencies(self) -> None:
        from envmgr.environments import dependencies
        from envmgr.tools import interpreters

        try:
            markers = interpreters.find(str(python_of(self._home)), root=self._project.root).markers
            installed = dependencies.read(site_packages(self._home))
        except (EnvmgrError, OSError) as problem:
            self._find("unreadable", f"the metadata of its distributions: {problem}", self._rebuild)
            return
        versions = {metadata.name: metadata.version for metadata in installed}
        for pin in self._active.pins:
            if versions and pin.name in versions and versions[pin.name] != pin.version:
                detail = f"{versions[pin.name]} is installed, {pin.version} was locked"
                self._find("wrong version", detail, self._rebuild, owner=pin.name)
        roots = [text for library in self._environment.libraries for text in library.requirements]
        for found in dependencies.unmet(installed, markers, roots, self._environment.overrides):
            advice = "correct the requirements in envmgr.toml, then run `envmgr lock` and `envmgr sync`"
            self._find("unmet requirement", found.problem, advice, owner=found.distribution)

    def _serializers(self) -> None:
        """Does what is configured for types work on them? Starts nothing where nothing is configured."""
        if not any(library.get("serializers") for library in self._launch["libraries"].values()):
            return
        from envmgr.operations import serializing

        owners = {name: library["distribution"] for name, library in self._launch["libraries"].items()}
        advice = "correct [library.{}.serializers] in envmgr.toml, or the serializer, then run `envmgr sync`"
        try:
            tests = serializing.tried(self._launch)
        except EnvmgrError as problem:
            self._find("serializers cannot be tried", problem.message, self._rebuild)
            return
        for test in tests:
            if test.failed:
                detail = f"{test.type} by {test.strategy}: {test.trial.problem}"
                self._find(_SERIALIZER, detail, advice.format(test.library), owner=owners[test.library])

    def _proof(self) -> None:
        from envmgr.catalog import prove
        from envmgr.environments.modules import Resolved

        configured = {library.name: library for library in self._environment.libraries}
        libraries = []
        for name, facts in self._launch["libraries"].items():
            library = configured.get(name) or Library(name, None, None, self._environment.name)
            own = {key: facts.get(key, {}) for key in ("hooks", "pipelines")}
            library = replace(library, init=facts["init"], **own)
            libraries.append(Resolved(library, facts["module"], facts["distribution"], facts["version"]))
        lease = self._layout.lease(self._entry)

        def attempt(some: Iterable[Resolved]) -> EnvmgrError | None:
            try:
                prove(
                    self._project.root,
                    self._launch["command"],
                    tuple(some),
                    env=_variables(self._launch["env"]),
                    lease=str(lease) if lease.exists() else None,
                )
            except EnvmgrError as problem:
                return problem
            return None

        together = attempt(libraries)
        if together is None:
            return
        alone = [(found, problem) for found in libraries if (problem := attempt([found])) is not None]
        for found, problem in alone:
            self._unproved(problem, found.distribution)
        if not alone:
            self._unproved(together, None)

    def _unproved(self, problem: EnvmgrError, owner: str | None) -> None:
        call = problem.details.get("call")
        advice = f"correct the call in envmgr.toml, or {self._rebuild}" if call else self._rebuild
        self._find(
            "a health call failed" if call else "cannot be imported", problem.message, advice, owner=owner
        )


def _as_published(found: HealthFinding) -> HealthFinding:
    """In an environment that is byte for byte what was built, metadata that promise too much do no harm, and
    an extension that wants a library of the system is a part that its distribution does without: where it
    cannot, the import fails.
    """
    if found.problem == _ABSENT:
        return replace(found, severity="warning", advice="nothing needs to be done: it was published so")
    if found.problem == _UNLOADABLE and _LACKING in found.detail:
        return replace(found, severity="warning")
    return found


def _variables(changes: dict[str, Any]) -> dict[str, str]:
    variables = process.clean_environment()
    for name, value in changes.items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    return variables


def _word(problem: OSError) -> str:
    return "missing" if isinstance(problem, FileNotFoundError) else "unreadable"
