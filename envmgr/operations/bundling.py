"""`envmgr bundle`: an environment as one file, for a machine without a network."""

from __future__ import annotations

import os
import re
import threading
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import envmgr
from envmgr.config.excerpt import excerpt
from envmgr.config.layers import Layers
from envmgr.environments import adoption, bundle_manifest, bundles, files, layers, locks, projectlock
from envmgr.environments.bundle_manifest import Target
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.errors import EnvmgrError
from envmgr.model.bundles import BundleOutcome
from envmgr.model.outcomes import Pin, Report, silent
from envmgr.model.project import Environment, Project
from envmgr.operations.locking import recover
from envmgr.operations.selection import select
from envmgr.tools import downloads, interpreters, uv, uv_package, wheels
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.uv_projects import Terms
from envmgr.tools.wheels import Wheel

_DOWNLOADS_AT_ONCE = 4
_USERINFO = re.compile(r"://[^/\s\"'@]+@")


def bundle(
    project: Project,
    name: str,
    over: Layers,
    *,
    output: Path | None = None,
    report: Report = silent,
) -> BundleOutcome:
    """Write the environment called `name`, or of the library `name`, to `output`, by default a file in the
    working directory.

    `over` is what was laid over the project's envmgr.toml. Every wheel is downloaded, and checked against the
    lock, which must fit. Equal locks, settings and tools give equal bytes; what stood at `output` is replaced
    when all is there. Raises E-STALE-LOCK, E-BUILD for distributions without a wheel, E-CONFIG, E-NETWORK,
    E-TAMPERED, E-DISK.
    """
    (environment,) = select(project, [name])
    adoption.refuse(environment, "a bundle is built from a lock, which it has not")
    interpreter = interpreters.find(environment.python, root=project.root)
    layout = Layout(project.root)
    lock = _fitting_lock(layout, environment, interpreter)
    chosen = _chosen(environment, lock, interpreter)
    texts = _texts(project, environment, lock, interpreter, over)
    target = Target.of(interpreter)
    own_name = re.sub(r"[^\w.-]+", "-", f"{project.name}-{environment.name}-{target.abi}.tar")
    path = (output or Path(own_name)).absolute()
    _refuse_place(path)
    package = uv_package.find()
    with files.disk_problems("bundling"), projectlock.hold(layout):
        recover(layout)
        layout.staging.mkdir(parents=True, exist_ok=True)
        try:
            report(environment.name, "download")
            own = _worker_needs(interpreter)
            contents: dict[str, bytes | Path] = {
                **texts,
                **_fetched(chosen, bundle_manifest.WHEELS, layout.staging, lock.path.parent),
                **_fetched(own, bundle_manifest.RUNTIME, layout.staging, layout.root),
            }
            if package is not None:
                contents[bundle_manifest.UV] = package.executable
                contents |= {f"{bundle_manifest.LICENCES}/{text.name}": text for text in package.licences}
            report(environment.name, "pack")
            written = bundles.write(
                path,
                contents,
                project=project.name,
                environment=environment.name,
                target=target,
                made_with={
                    "envmgr": envmgr.__version__,
                    "python": interpreter.version,
                    "uv": None if package is None else package.version,
                },
            )
        finally:
            files.remove(layout.staging)
    pins = tuple(Pin(wheel.package, wheel.version) for wheel in chosen)
    has_uv = None if package is None else package.version
    return BundleOutcome(environment.name, str(path), written.size, written.sha256, str(target), pins, has_uv)


def _fitting_lock(layout: Layout, environment: Environment, interpreter: Interpreter) -> Lock:
    lock = locks.read(layout, environment.name)
    why = locks.staleness(lock, locks.inputs(environment, interpreter))
    if lock is None or why:
        raise EnvmgrError(
            "E-STALE-LOCK",
            f"environment {environment.name} cannot be bundled: {'its lock is stale: ' if lock else ''}{why}",
            hint=f"run `envmgr lock {environment.name}` first",
        )
    return lock


def _chosen(environment: Environment, lock: Lock, interpreter: Interpreter) -> tuple[Wheel, ...]:
    lock.packages(interpreter)  # says what is wrong with a lock, and whether it serves this platform
    choice = wheels.choose(lock.document, interpreter.markers, wheels.tags(interpreter))
    if choice.without:
        raise EnvmgrError(
            "E-BUILD",
            f"environment {environment.name} cannot be bundled: the lock has no wheel for"
            f" {Target.of(interpreter)} of {', '.join(choice.without)}",
            hint="choose versions that have one (`no-build = true` locks no others), or build a wheel yourself"
            ' and ask for that file: package = "… @ file:///…"',
            details={"without": list(choice.without)},
        )
    return choice.wheels


def _texts(
    project: Project, environment: Environment, lock: Lock, interpreter: Interpreter, over: Layers
) -> dict[str, bytes]:
    """The configuration and the lock. A path of this machine's is no interpreter for another one."""
    python = interpreter.minor if "/" in environment.python else environment.python
    config = excerpt(project.root, over, environment.name, project=project.name, python=python)
    locked = lock.path.read_bytes()
    for where, text in (("envmgr.toml", config), (str(lock.path), locked.decode())):
        if _USERINFO.search(text):
            raise EnvmgrError(
                "E-CONFIG",
                f"environment {environment.name} cannot be bundled: {where} has credentials in an address",
                hint="give them in UV_DEFAULT_INDEX, UV_INDEX or netrc instead, and lock again",
            )
    return {bundle_manifest.CONFIG: config.encode(), bundle_manifest.lock_name(environment.name): locked}


def _worker_needs(interpreter: Interpreter) -> tuple[Wheel, ...]:
    """The worker's private msgpack: of the version that envmgr itself has, where this interpreter can take it."""
    try:
        text = uv.resolve(
            [layers.MSGPACK],
            Terms(),
            python=Path(interpreter.executable),
            minor=interpreter.minor,
            pins=[("msgpack", metadata.version("msgpack"))],
        )
    except EnvmgrError as problem:
        message = f"the worker's own msgpack for Python {interpreter.minor} cannot be had: {problem.message}"
        raise EnvmgrError(problem.code, message, hint=problem.hint, details=problem.details) from None
    resolved = tomllib.loads(text)
    choice = wheels.choose(resolved, interpreter.markers, wheels.tags(interpreter))
    if choice.without:
        raise EnvmgrError(
            "E-BUILD",
            f"the worker's own {choice.without[0]} has no wheel for {Target.of(interpreter)}",
            hint="bundle for an interpreter that it has one for",
        )
    return choice.wheels


def _fetched(wanted: Iterable[Wheel], directory: str, staging: Path, beside: Path) -> dict[str, bytes | Path]:
    """Where each wheel is now, by its name in the bundle. Paths of a lock are relative to `beside`."""
    place = staging / directory
    place.mkdir()
    files = {f"{directory}/{wheel.filename}": (wheel, place / wheel.filename) for wheel in wanted}
    failures: list[EnvmgrError] = []
    stop = threading.Event()

    def fetch(found: tuple[Wheel, Path]) -> None:
        wheel, into = found
        source = wheel.source if "://" in wheel.source else str(beside / wheel.source)
        try:
            downloads.fetch(source, into, wheel.hashes, stop=stop)
        except EnvmgrError as problem:
            failures.append(problem)

    with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as pool:
        try:
            list(pool.map(fetch, files.values()))
        except BaseException:  # a Ctrl-C reaches the main thread alone
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if failures:
        words = sorted({problem.message for problem in failures})
        worst = next((problem for problem in failures if problem.code == "E-TAMPERED"), failures[0])
        raise EnvmgrError(worst.code, "\n".join(words), hint=worst.hint, details=worst.details)
    return {name: into for name, (_, into) in files.items()}


def _refuse_place(path: Path) -> None:
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        why = "it is a directory" if path.is_dir() else f"{path.parent} is no directory that you may write in"
        raise EnvmgrError(
            "E-DISK", f"the bundle cannot be written to {path}: {why}", hint="name a file with --output"
        )
