"""Building runtime layers, and telling whether one is still what was built."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from envmgr.environments import comparison, contents, files, shared, stages
from envmgr.environments.comparison import Change
from envmgr.environments.contents import Contents
from envmgr.environments.layers import MSGPACK, place, sources, worker_of
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.tools.interpreters import Interpreter

_KIND = "layers"
_VENDOR_DOC = '"""The runtime\'s private dependencies, of this interpreter\'s ABI."""\n'


def ensure(layout: Layout, interpreter: Interpreter, *, offline: bool, msgpack: Path | None = None) -> Path:
    """The layer of this interpreter, built when it is missing: staged, flushed, renamed. The caller holds the
    project's lock.

    `msgpack` is its wheel on this disk, if it is there. Raises E-OFFLINE, E-NETWORK, E-BUILD when it cannot be had.
    """
    layer = place(layout, interpreter)
    if layer.is_dir():
        return layer
    staged = layout.staging / f"layer-{layer.name}-{os.getpid()}"
    try:
        noted = shared.lend(_KIND, layer.name, staged)
        if noted is None:
            _build(staged, interpreter, offline=offline, msgpack=msgpack)
            noted = contents.take(staged, {})
            shared.keep(_KIND, layer.name, staged, noted, staged.with_name(f"shared-{staged.name}"))
        layout.layers.mkdir(parents=True, exist_ok=True)
        files.write(layout.layer_manifest(layer), noted.to_bytes())
        files.flush_filesystem(staged)
        stages.reached("layer-staged")
        staged.rename(layer)
        stages.reached("layer-placed")
        files.flush_directory(layout.layers)
    finally:
        files.remove(staged)
    return layer


def changes(layout: Layout, layer: Path, *, deep: bool) -> tuple[Change, ...]:
    """What of a layer is not as it was built, paths from the layer. Cost: a walk; in depth, a read of every
    file.
    """
    try:
        noted = Contents.from_bytes(layout.layer_manifest(layer).read_bytes())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return (Change(f"../{layout.layer_manifest(layer).name}", "missing", "our own manifest of it"),)
    try:
        return comparison.compare(noted, comparison.look(layer, deep=deep))
    except OSError:
        return (Change("", "missing"),)


def _build(staged: Path, interpreter: Interpreter, *, offline: bool, msgpack: Path | None) -> None:
    """Bytecode included: workers write none."""
    shutil.copytree(
        sources(), staged / "envmgr_runtime", ignore=shutil.ignore_patterns("__pycache__", "_vendor")
    )
    shutil.copyfile(sources() / "worker" / "start.py", worker_of(staged))
    _vendor(staged / "envmgr_runtime" / "_vendor", staged / "download", interpreter, offline, msgpack)
    from envmgr.tools import process

    process.run([interpreter.executable, "-I", "-m", "compileall", "-q", staged])


def _vendor(
    vendor: Path, download: Path, interpreter: Interpreter, offline: bool, msgpack: Path | None
) -> None:
    from envmgr.tools import uv

    try:
        uv.install_into(download, str(msgpack or MSGPACK), Path(interpreter.executable), offline=offline)
    except EnvmgrError as problem:
        raise EnvmgrError(
            problem.code,
            f"the worker's own msgpack for Python {interpreter.version} cannot be had: {problem.message}",
            hint=problem.hint,
            details=problem.details,
        ) from None
    vendor.mkdir()
    (vendor / "__init__.py").write_text(_VENDOR_DOC, encoding="utf-8")
    (download / "msgpack").rename(vendor / "msgpack")
    files.remove(download)
