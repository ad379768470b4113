"""An existing environment that is used as it is: what tells that it changed, and its place in the store.

Its store entry is a symlink to it, under a name that holds its fingerprint. Nothing is ever written through
that link: workers run with `-B`, and what we know of the environment stands beside the link.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.environments import digests, files, stages
from envmgr.environments.layout import Layout, python_of, site_packages
from envmgr.errors import EnvmgrError

if TYPE_CHECKING:
    from envmgr.environments.contents import Contents
    from envmgr.model.project import Environment

_LENGTH = 20
_INSTALLED = (".dist-info", ".egg-info", ".egg-link", ".pth")


def fingerprint(directory: Path) -> str:
    """Changes with what any installer does: interpreter, settings, and each distribution's directory.

    Finds no edited file; `health` does. Cost: a stat for each distribution. OSError when there is no such
    environment.
    """
    python = python_of(directory)
    facts: list[object] = [str(directory), os.path.realpath(python), _stamp(python)]
    for settings in (directory / "pyvenv.cfg", directory / "conda-meta" / "history"):
        if settings.exists():
            facts.append([settings.read_bytes() if settings.suffix else b"", _stamp(settings)])
    with os.scandir(site_packages(directory)) as entries:
        facts += sorted(
            [entry.name, entry.stat().st_mtime_ns] for entry in entries if entry.name.endswith(_INSTALLED)
        )
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:_LENGTH]


def required(environment: Environment) -> str:
    """The fingerprint of what an environment adopts. Raises E-ADOPT when that is not there."""
    directory = directory_of(environment)
    try:
        return fingerprint(directory)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "it has no site-packages"
        raise EnvmgrError(
            "E-ADOPT",
            f"environment {environment.name} adopts {directory}, which is no environment: {why}"
            f" ({getattr(problem, 'filename', None) or directory})",
            hint="correct `adopt` in envmgr.toml; `envmgr detect` lists environments of this machine",
        ) from None


def directory_of(environment: Environment) -> Path:
    """Where what it adopts is."""
    assert environment.adopt is not None  # noqa: S101 - the caller has asked
    return Path(os.path.normpath(environment.adopt))


def is_unchanged(link: Path) -> bool:
    """Whether what a store entry links to is as it was when it was adopted."""
    try:
        return link.name.endswith(f"-{fingerprint(link.readlink())}")
    except OSError:
        return False


def without_bytecode(contents: Contents) -> Contents:
    """Other users of the environment compile what they import: bytecode comes and goes."""
    return replace(
        contents, files={path: facts for path, facts in contents.files.items() if not is_bytecode(path)}
    )


def is_bytecode(path: str) -> bool:
    return "__pycache__/" in path and path.endswith(".pyc")


def admit(
    layout: Layout, entry: str, *, directory: Path, manifest: bytes, catalog: Path, proof: bytes
) -> None:
    """Put the link into the store, from which moment the entry exists, and what is known of it beside."""
    layout.store.mkdir(parents=True, exist_ok=True)
    files.remove(layout.entry(entry))
    files.remove(layout.catalog(entry))
    files.write(layout.manifest(entry), manifest)
    files.write(layout.proofs(entry), proof)
    digests.note(catalog, catalog)
    catalog.rename(layout.catalog(entry))
    files.point(layout.entry(entry), str(directory))
    stages.reached("entry-placed")
    files.flush_directory(layout.store)


def refuse(environment: Environment, doing: str) -> None:
    """Raises E-ADOPT when it is an adopted one: what is in it is another tool's affair."""
    if environment.adopt is not None:
        raise EnvmgrError(
            "E-ADOPT",
            f"environment {environment.name} is adopted from {directory_of(environment)}: {doing}",
            hint="change it with the tool that made it, then run `envmgr sync`",
        )


def _stamp(path: Path) -> list[int]:
    found = path.stat()
    return [found.st_mtime_ns, found.st_size]
