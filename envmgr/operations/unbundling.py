"""`envmgr unbundle`: an environment out of one file, with no network at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.config import CONFIG_NAME
from envmgr.config.excerpt import added
from envmgr.config.layers import Layers
from envmgr.config.loading import load_project
from envmgr.config.source import parse
from envmgr.config.toml import toml_document
from envmgr.environments import (
    adoption,
    bundle_manifest,
    bundles,
    comparison,
    files,
    keys,
    laying,
    locks,
    projectlock,
    recovery,
    store,
    undo,
)
from envmgr.environments.bundle_manifest import Manifest, Target
from envmgr.environments.contents import Contents
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.model.bundles import UnbundleOutcome
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations import ground, renewing
from envmgr.operations.ground import Ground
from envmgr.operations.run import Run
from envmgr.tools import uv, wheels
from envmgr.tools.interpreters import Interpreter


@dataclass(frozen=True, slots=True)
class _Unpacked:
    """A bundle whose members lie, as the manifest says, in `place`."""

    path: Path
    manifest: Manifest
    place: Path

    def read(self, member: str) -> bytes:
        return (self.place / member).read_bytes()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`text` is what envmgr.toml is to say, `change` what becomes of the file: "kept", "added" to, "written"."""

    project: Project
    environment: Environment
    text: str
    change: str


def unbundle(path: Path, root: Path, over: Layers, *, report: Report = silent) -> UnbundleOutcome:
    """Build the environment of the bundle at `path` in the project at `root`, and activate it.

    Every member is checked before any is used. Where there is no envmgr.toml one is written; one without the
    environment gets its libraries; one with it must ask for what the bundle has. What has changed on disk
    since it was built is built anew. The lock and envmgr.toml are written when all is built. Raises E-BUNDLE,
    E-TAMPERED, E-INTERPRETER, E-STALE-LOCK, E-EXISTS, E-CONFIG, E-BUSY, E-DISK and what a build raises.
    """
    begun = time.perf_counter()
    manifest = bundles.manifest(path)
    layout = Layout(root)
    with files.disk_problems("unbundling"):
        root.mkdir(parents=True, exist_ok=True)
        with projectlock.hold(layout), recovery.opened(layout) as state:
            bundle = _Unpacked(path, manifest, layout.staging / "bundle")
            bundle.place.mkdir(parents=True)
            try:
                report(manifest.environment, "unpack")
                bundles.unpack(path, manifest, bundle.place)
                wanted = _wanted(bundle, root, over)
                here = _ground(bundle, wanted)
                lock = _lock(bundle, layout, wanted, here.interpreter)
                local = _with_files(bundle, lock, here.interpreter)
                own_uv = _uv(bundle, layout)
                _layer(bundle, layout, here)
                here = ground.relocked(wanted.project, wanted.environment, here, lock.digest)
                run = Run(wanted.project, layout, state, True, True, report, f"unbundle {path.name}")
                with _unsound_aside(layout, wanted.environment, lock, here.interpreter):
                    ready = renewing.prepare(run, wanted.environment, here, local, begun)
                _write(bundle, run, wanted)
                made = renewing.activated(run, wanted.environment, ready)
                undo.drop(layout)
                renewing.share(run, wanted.environment, ready)
            finally:
                files.remove(layout.staging)
    config = str(root / CONFIG_NAME)
    return UnbundleOutcome(
        made.environment, made.action, made.generation, made.key, made.seconds, config, wanted.change, own_uv
    )


def _wanted(bundle: _Unpacked, root: Path, over: Layers) -> _Wanted:
    name, path = bundle.manifest.environment, root / CONFIG_NAME
    part = parse(bundle.path / CONFIG_NAME, bundle.read(bundle_manifest.CONFIG))
    if name not in load_project(part.path, part.text.encode()).environments:
        raise EnvmgrError(
            "E-TAMPERED",
            f"the configuration in {bundle.path} has no environment {name}",
            hint="have it made again, by `envmgr bundle`; nothing of it was used",
        )
    try:
        there = path.read_bytes()
    except FileNotFoundError:
        text, change = part.text, "written"
    else:
        known = load_project(path, there, over).environments
        text, change = there.decode(), "kept"
        if name not in known:
            text, change = added(path, there, part.document), "added"
    project = load_project(path, text.encode(), over)
    return _Wanted(project, project.environments[name], text, change)


def _ground(bundle: _Unpacked, wanted: _Wanted) -> Ground:
    """What the environment will stand on, if the bundle is for it."""
    target = bundle.manifest.target
    adoption.refuse(wanted.environment, "nothing is built there from a bundle")
    try:
        here = ground.survey(wanted.project, wanted.environment, download=False)
    except EnvmgrError as problem:
        message = f"{bundle.path.name} is for {target}: {problem.message}"
        raise EnvmgrError(problem.code, message, hint=problem.hint, details=problem.details) from None
    if (found := Target.of(here.interpreter)) != target:
        raise EnvmgrError(
            "E-INTERPRETER",
            f"{bundle.path.name} is for {target}; {here.interpreter.executable} is {found}",
            hint="bundle on a machine like this one, with the same Python",
            details={"wanted": str(target), "found": str(found)},
        )
    return here


def _lock(bundle: _Unpacked, layout: Layout, wanted: _Wanted, interpreter: Interpreter) -> Lock:
    """The bundle's lock, if it is what the project asks for and no other stands in its place."""
    environment, path = wanted.environment, layout.lock(wanted.environment.name)
    content = bundle.read(bundle.manifest.lock)
    lock = locks.parse(path, content)
    why = locks.staleness(lock, locks.inputs(environment, interpreter))
    if why:
        raise EnvmgrError(
            "E-STALE-LOCK",
            f"environment {environment.name} of {layout.root / CONFIG_NAME} is not the one of"
            f" {bundle.path.name}: compared with the bundle's lock, it {why}",
            hint="make envmgr.toml ask for what the bundle has, or unbundle into another directory",
        )
    if path.exists() and path.read_bytes() != content:
        raise EnvmgrError(
            "E-EXISTS",
            f"{path} is another lock than the one of {bundle.path.name}",
            hint="move it away to take the bundle's, or bundle again from this lock",
        )
    return lock


def _with_files(bundle: _Unpacked, lock: Lock, interpreter: Interpreter) -> Lock:
    """The lock with a path on this disk: a copy that names the unpacked wheels, each with its locked hashes."""
    there = bundle.manifest.names(bundle_manifest.WHEELS)
    lock.packages(interpreter)  # says what is wrong with a lock, and whether it serves this platform
    choice = wheels.choose(lock.document, interpreter.markers, wheels.tags(interpreter), among=there)
    if choice.without:
        raise EnvmgrError(
            "E-INTERPRETER",
            f"{bundle.path.name} has no wheel that {interpreter.executable} can install of"
            f" {', '.join(choice.without)}",
            hint="bundle on a machine with this system and the same Python",
            details={"without": list(choice.without), "wheels": list(there)},
        )
    packages = [
        {
            "name": wheel.package,
            "version": wheel.version,
            "wheels": [
                {
                    "name": wheel.filename,
                    "path": f"{bundle_manifest.WHEELS}/{wheel.filename}",
                    "hashes": wheel.hashes,
                }
            ],
        }
        for wheel in choice.wheels
    ]
    path = bundle.place / "pylock.toml"
    text = toml_document({"lock-version": "1.0", "created-by": "envmgr", "packages": packages})
    path.write_text(text, encoding="utf-8")
    return replace(lock, path=path)


def _uv(bundle: _Unpacked, layout: Layout) -> str | None:
    """Where the bundle's uv was put, on a machine that has none; this process then uses it."""
    try:
        uv.executable()
    except EnvmgrError:
        held = bundle.place / bundle_manifest.UV
        if "ENVMGR_UV" in os.environ or not held.is_file():
            raise
        layout.uv.parent.mkdir(parents=True, exist_ok=True)
        held.chmod(0o755)
        held.replace(layout.uv)
        os.environ["ENVMGR_UV"] = str(layout.uv)
        return str(layout.uv)
    return None


def _layer(bundle: _Unpacked, layout: Layout, here: Ground) -> None:
    """Have the runtime layer, as our manifest of it says; built with the bundle's msgpack."""
    if here.layer.is_dir() and laying.changes(layout, here.layer, deep=True):
        here.layer.rename(layout.staging / f"sick-{here.layer.name}")
    held = (
        bundle.place / bundle_manifest.RUNTIME / name
        for name in bundle.manifest.names(bundle_manifest.RUNTIME)
    )
    laying.ensure(layout, here.interpreter, offline=True, msgpack=next(held, None))


@contextmanager
def _unsound_aside(
    layout: Layout, environment: Environment, lock: Lock, interpreter: Interpreter
) -> Iterator[None]:
    """Mark a store entry that has changed, so that it is built anew: a repair would need the network."""
    key = keys.of(lock, interpreter, environment.link_mode)
    entry = entry_name(environment.name, store.usable(layout, environment.name, key))
    changed = store.is_whole(layout, entry) and _has_changed(layout, entry)
    if changed:
        store.mark_sick(layout, entry)
    try:
        yield
    except BaseException:
        if changed:
            store.clear_sick(layout, entry)
        raise


def _has_changed(layout: Layout, entry: str) -> bool:
    try:
        noted = Contents.from_bytes(layout.manifest(entry).read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError):
        return True
    return bool(comparison.compare(noted, comparison.look(layout.entry(entry), deep=True)))


def _write(bundle: _Unpacked, run: Run, wanted: _Wanted) -> None:
    """The lock and the configuration, which a killed process does not leave without their generation."""
    name = wanted.environment.name
    lock, config = run.layout.lock(name), run.layout.root / CONFIG_NAME
    changes = []
    if not lock.exists():
        changes.append(undo.Change(lock, None, bundle.read(bundle.manifest.lock).decode()))
    if wanted.change != "kept":
        before = config.read_text("utf-8") if wanted.change == "added" else None
        changes.append(undo.Change(config, before, wanted.text))
    if changes:
        undo.make(run.layout, undo.Note(name, run.state.next_number(name), tuple(changes)))
