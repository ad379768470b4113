"""What an environment stands on at this moment, and the digest that tells whether any of it changed."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import envmgr
from envmgr.environments import adoption, layers
from envmgr.environments.layout import Layout
from envmgr.environments.store import digest
from envmgr.model.project import Environment, Library, Project
from envmgr.tools import interpreters
from envmgr.tools.interpreters import Interpreter


@dataclass(frozen=True, slots=True)
class Ground:
    """`lock_digest` is None without a lock, and the fingerprint of an adopted environment. `layer` may not be
    built yet. `fingerprint` covers all of it and the settings.
    """

    interpreter: Interpreter
    layer: Path
    lock_digest: str | None
    fingerprint: str


def survey(project: Project, environment: Environment, *, download: bool) -> Ground:
    """Starts no process when nothing changed. Raises E-INTERPRETER, E-ADOPT; OSError when the lock cannot be read."""
    layout = Layout(project.root)
    if environment.adopt is not None:
        lock_digest: str | None = adoption.required(environment)
        interpreter = interpreters.find(str(adoption.directory_of(environment)), root=project.root)
        layer = layers.place(layout, interpreter)
        return _fingerprinted(project, environment, Ground(interpreter, layer, lock_digest, ""))
    interpreter = interpreters.find(environment.python, root=project.root, download=download)
    try:
        lock_digest = hashlib.sha256(layout.lock(environment.name).read_bytes()).hexdigest()
    except FileNotFoundError:
        lock_digest = None
    layer = layers.place(layout, interpreter)
    return _fingerprinted(project, environment, Ground(interpreter, layer, lock_digest, ""))


def relocked(project: Project, environment: Environment, ground: Ground, lock_digest: str) -> Ground:
    """The same ground under another lock."""
    return _fingerprinted(project, environment, replace(ground, lock_digest=lock_digest))


@functools.cache
def catalogs() -> str:
    """Names what `envmgr/catalog` writes: catalogs of other sources are written again. Reads them once."""
    whole = hashlib.sha256()
    for path in sorted((Path(envmgr.__file__).parent / "catalog").glob("*.py")):
        whole.update(f"\0{path.name}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def settings(library: Library) -> list[object]:
    """All of a library that is in its launch manifest or its proof."""
    return [
        library.name,
        library.requirements,
        library.requirement is None,
        library.module,
        library.timeout_ms,
        library.workers,
        library.fork,
        library.init,
        health_calls(library),
        sorted(library.serializers.items()),
        [sorted(library.hooks.items()), library.pipelines, sorted(library.aliases.items()), library.trace],
        [library.cache, library.limits, library.recovery],
    ]


def health_calls(library: Library) -> list[object]:
    return [
        [call.call, repr(call.args), sorted((k, repr(v)) for k, v in call.kwargs.items())]
        for call in library.health_calls
    ]


def _fingerprinted(project: Project, environment: Environment, ground: Ground) -> Ground:
    interpreter = ground.interpreter
    covered: list[object] = [
        [project.name, str(project.root), environment.name, environment.constraints, environment.link_mode],
        [environment.overrides, environment.no_build, environment.platforms, environment.compression],
        [[name, repr(pool)] for name, pool in environment.pools.items()],
        [settings(library) for library in environment.libraries],
        [
            interpreter.executable,
            interpreter.version,
            interpreter.implementation,
            interpreter.abi,
            interpreter.platform,
        ],
        [str(ground.layer), catalogs(), ground.lock_digest],
        *([environment.adopt] if environment.adopt is not None else []),
    ]
    return replace(ground, fingerprint=digest(covered))
