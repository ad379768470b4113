"""Built beside, admitted whole: a store entry from a lock. A staging directory is never repaired, only
deleted.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from envmgr.environments import bytecode, contents, files, modules, shared, stages, store
from envmgr.environments.contents import Contents
from envmgr.environments.layout import Layout, entry_name, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import Resolved
from envmgr.environments.store import Proof
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment, Library
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter


class Proving(Protocol):
    """What the room of the catalog does with an environment that stands; both raise E-PROOF."""

    def imports(self, python: Path, libraries: tuple[Resolved, ...], *, bytecode: bool) -> bool | str:
        """Import the libraries in a real worker, and make their health calls. `bytecode` may be written.

        True when the worker was forked from a process that had imported them, else why that cannot be done."""

    def functions(self, python: Path, libraries: tuple[Resolved, ...], into: Path, *, bytecode: bool) -> None:
        """Write the libraries' catalogs into a directory."""

    def name(self, libraries: tuple[Resolved, ...]) -> str:
        """Of this proof: all that decides it but the environment's bytes."""

    def functions_name(self, libraries: tuple[Resolved, ...]) -> str:
        """Of these catalogs: all that decides them but the environment's bytes."""


BUILDS = "builds"
CATALOGS = "catalogs"
FORK = "fork"

# Two installs at once download what they share twice; proofs, and what is compiled, may overlap them.
_one_install = threading.Lock()


def build(
    layout: Layout,
    environment: Environment,
    key: str,
    *,
    lock: Lock,
    interpreter: Interpreter,
    offline: bool,
    proving: Proving,
    report: Report,
) -> tuple[tuple[Resolved, ...], Proof]:
    """Put the lock's environment into the store under `key`, verified, proved, every byte noted; its libraries
    and their proof.

    One that this user has built before, in whatever project, is linked and verified against the manifest that
    was taken then; else it is installed, and the proof compiles what it imports before our manifest is taken.
    Nothing changes afterwards. Nothing is left behind when this raises (E-BUILD, E-TAMPERED, E-OFFLINE,
    E-NETWORK, E-PROOF; OSError of the disk).
    """
    entry = entry_name(environment.name, key)
    try:
        with _staging(layout, entry) as staged:
            laid = _lay(staged, environment, key, lock, interpreter, offline=offline, report=report)
            libraries = modules.resolve(environment, laid.distributions)
            report(environment.name, "prove")
            python, catalog, built_before = python_of(laid.home), staged / "catalog", laid.noted is not None
            fork = _prove(proving, key, python, libraries, catalog, built_before=built_before)
            proof = Proof(proving.name(libraries), fork)
            stages.reached("build-proved")
            report(environment.name, "store")
            manifest = laid.taken().to_bytes()
            store.admit(layout, entry, environment=laid.home, manifest=manifest, catalog=catalog, proof=proof)
    except EnvmgrError as problem:
        from envmgr.environments import conflicts

        raise conflicts.in_words(problem, environment) from problem
    return libraries, proof


def install(
    layout: Layout,
    environment: Environment,
    key: str,
    *,
    lock: Lock,
    interpreter: Interpreter,
    offline: bool,
    report: Report,
) -> tuple[pypa.Distribution, ...]:
    """As `build`, of an environment that nothing will activate: verified, every byte noted, and nothing of it
    proved or catalogued. The distributions of which nothing is compiled. Raises as `build`, in uv's own words."""
    entry = entry_name(environment.name, key)
    with _staging(layout, entry) as staged:
        laid = _lay(staged, environment, key, lock, interpreter, offline=offline, report=report)
        store.admit(layout, entry, environment=laid.home, manifest=laid.taken().to_bytes())
    return laid.lacking


@contextlib.contextmanager
def _staging(layout: Layout, entry: str) -> Iterator[Path]:
    staged = layout.staging / f"{entry}-{os.getpid()}-{threading.get_ident()}"
    try:
        staged.mkdir(parents=True)
        stages.reached("build-staged")
        yield staged
    finally:
        files.remove(staged)


@dataclass(frozen=True, slots=True)
class _Laid:
    """An environment in staging. `noted` are its bytes when it was linked, `known` digests of it when it was not, and
    `lacking` then the distributions of which no bytecode was known."""

    home: Path
    distributions: tuple[pypa.Distribution, ...]
    noted: Contents | None
    known: contents.Digests
    lacking: tuple[pypa.Distribution, ...] = ()

    def taken(self) -> Contents:
        return contents.take(self.home, self.known) if self.noted is None else self.noted


def _lay(
    staged: Path,
    environment: Environment,
    key: str,
    lock: Lock,
    interpreter: Interpreter,
    *,
    offline: bool,
    report: Report,
) -> _Laid:
    """Link what was built before, or install and verify."""
    home = staged / "environment"
    shares = environment.link_mode == "hardlink"
    noted = shared.lend(BUILDS, key, home) if shares else None
    known: contents.Digests = {}
    if noted is None:
        report(environment.name, "install")
        _install(home, lock, environment, interpreter, offline=offline)
        stages.reached("build-installed")
        report(environment.name, "verify")
    else:  # trees are made of files: this directory may be empty
        (home / "lib" / f"python{interpreter.minor}" / "site-packages").mkdir(parents=True, exist_ok=True)
    place = site_packages(home)
    distributions = pypa.installed(place)
    lacking: tuple[pypa.Distribution, ...] = ()
    if noted is None:
        known = contents.verify(place, distributions)
        stages.reached("build-verified")
        if shares:
            linked, lacking = bytecode.borrow(place, distributions, interpreter)
            known.update(contents.digests(place, linked))
    return _Laid(home, distributions, noted, known, lacking)


def _install(
    home: Path, lock: Lock, environment: Environment, interpreter: Interpreter, *, offline: bool
) -> None:
    from envmgr.tools import uv

    uv.create_environment(home, Path(interpreter.executable))
    with contextlib.nullcontext() if lock.is_built else _one_install:
        if lock.pins:
            uv.install(
                lock.path,
                python_of(home),
                link_mode=environment.link_mode,
                offline=offline,
                no_build=environment.no_build,
            )


def share(
    layout: Layout,
    environment: Environment,
    key: str,
    *,
    interpreter: Interpreter,
    proving: Proving,
    libraries: tuple[Resolved, ...],
) -> None:
    """Keep what is in the store under `key` for other projects of this user. Cost: one link a file."""
    catalogs = _catalogs(key, proving, libraries)
    known = shared.keeps(BUILDS, key) and shared.keeps(CATALOGS, catalogs)
    if known or environment.link_mode != "hardlink":
        return
    entry = entry_name(environment.name, key)
    staged = layout.staging / f"shared-{entry}-{os.getpid()}"
    with contextlib.suppress(OSError, ValueError):
        noted = Contents.from_bytes(layout.manifest(entry).read_bytes())
        shared.keep(BUILDS, key, layout.entry(entry), noted, staged)
        place = site_packages(layout.entry(entry))
        within = noted.within(place.relative_to(layout.entry(entry)).as_posix())
        bytecode.keep(place, pypa.installed(place), interpreter, within, staged)
        listed = contents.take(layout.catalog(entry), {})
        shared.keep(CATALOGS, catalogs, layout.catalog(entry), listed, staged)


def add_bytecode(
    layout: Layout,
    environment: Environment,
    key: str,
    *,
    interpreter: Interpreter,
    distributions: Sequence[pypa.Distribution],
    made: Path,
) -> None:
    """Add to an entry that `install` made what was compiled when it was first used, `made` by paths from its
    site-packages, and keep that for other environments.

    Nothing else of an entry ever changes. The caller holds the project's lock. Cost: one link a file.
    """
    entry = entry_name(environment.name, key)
    staged = layout.staging / f"shared-{entry}-{os.getpid()}-{threading.get_ident()}"
    with contextlib.suppress(OSError, ValueError):
        place = site_packages(layout.entry(entry))
        new = bytecode.add(made, place)
        if new:
            noted = _note(layout, entry, place, new)
            if environment.link_mode == "hardlink":
                bytecode.keep(place, distributions, interpreter, noted, staged, new=new)


def borrow_bytecode(
    layout: Layout,
    environment: Environment,
    key: str,
    *,
    interpreter: Interpreter,
    distributions: Sequence[pypa.Distribution],
) -> None:
    """Add to an entry that `install` made what others have compiled since of the `distributions` that lacked it.

    The caller holds the project's lock. Cost: as `bytecode.borrow`.
    """
    entry = entry_name(environment.name, key)
    with contextlib.suppress(OSError, ValueError):
        place = site_packages(layout.entry(entry))
        new, _ = bytecode.borrow(place, distributions, interpreter)
        if new:
            _note(layout, entry, place, new)


def _note(layout: Layout, entry: str, place: Path, new: bytecode.Noted) -> Contents:
    """Note new files, by their paths from site-packages; all that is noted of these."""
    noted = Contents.from_bytes(layout.manifest(entry).read_bytes())
    within = place.relative_to(layout.entry(entry)).as_posix()
    added = {f"{within}/{path}": facts for path, facts in new.items()}
    noted = Contents({**noted.files, **added}, noted.links)
    files.write(layout.manifest(entry), noted.to_bytes(), flush=False)
    return noted.within(within)


def _prove(
    proving: Proving,
    key: str,
    python: Path,
    libraries: tuple[Resolved, ...],
    catalog: Path,
    *,
    built_before: bool,
) -> bool | str:
    """Whether workers may be forked, as `Proving.imports` says. These very bytes need no second proof, but for what
    the project itself says: inits, hooks, pipelines, calls."""
    own_code = any(_has_own_code(found.library) for found in libraries)
    if built_before and shared.lend(CATALOGS, _catalogs(key, proving, libraries), catalog) is not None:
        if not own_code and (catalog / FORK).exists():
            fork: bool | str = json.loads((catalog / FORK).read_bytes())
            return fork
        return proving.imports(python, libraries, bytecode=False)
    catalog.mkdir()
    fork = proving.imports(python, libraries, bytecode=not built_before)
    proving.functions(python, libraries, catalog, bytecode=not built_before)
    if not own_code:
        (catalog / FORK).write_text(json.dumps(fork))
    return fork


def _has_own_code(library: Library) -> bool:
    return bool(
        library.init or library.health_calls or library.hooks or library.pipelines or not library.fork
    )


def _catalogs(key: str, proving: Proving, libraries: tuple[Resolved, ...]) -> str:
    return f"{key}-{proving.functions_name(libraries)}"
