"""Which of another tool's files a path means, and what its project says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools.foreign import conda, pdm, pipenv, poetry, pylock, pyproject, requirements, uvlock
from envmgr.tools.foreign.reading import Document, Reading

# Locks come before what they were made from.
_IN_ORDER = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pylock.toml",
    "requirements.txt",
    "Pipfile",
    "environment.yml",
    "environment.yaml",
    "pyproject.toml",
)
_LOCKS = {"uv.lock": "uv", "poetry.lock": "poetry", "pdm.lock": "pdm"}
_MANIFESTS = {"uv": uvlock.manifest, "poetry": poetry.manifest, "pdm": pdm.manifest}


def choose(path: Path) -> tuple[Path, tuple[Path, ...]]:
    """The file that a path means: itself, or the one of a directory that says most; and the others there.

    Raises E-IMPORT when there is none.
    """
    if not path.is_dir():
        if path.exists():
            return path.absolute(), ()
        raise EnvmgrError(
            "E-IMPORT", f"{path} is not there", hint="name a file, or the directory of a project"
        )
    there = [path.absolute() / name for name in _IN_ORDER if (path / name).is_file()]
    if not there:
        raise EnvmgrError(
            "E-IMPORT",
            f"nothing in {path} can be imported: there is none of {', '.join(_IN_ORDER)}",
            hint="name the file itself, such as requirements/base.txt",
        )
    read = {there[0], _manifest_of(there[0])}
    return there[0], tuple(found for found in there if found not in read)


def read(path: Path) -> Reading:
    """What the project of this file says, its lock and its manifest together. Raises E-IMPORT."""
    reading = _reader(path)(path)
    reading.name = reading.name or path.absolute().parent.name
    pyproject.python_version_file(reading, path.parent)
    return reading


def _reader(path: Path) -> Callable[[Path], Reading]:
    name = path.name
    if name in (*_LOCKS, "pyproject.toml"):
        return _python_project
    if name in ("Pipfile", "Pipfile.lock"):
        return _pipenv_project
    if re.fullmatch(r"pylock(?:\.[^.]+)?\.toml", name):
        return _standard_lock
    if name.endswith((".yml", ".yaml")):
        return conda.read
    if name.endswith((".txt", ".in")):
        return requirements.read
    raise EnvmgrError(
        "E-IMPORT",
        f"{path} is no file that can be imported",
        hint=f"it takes {', '.join(_IN_ORDER)}, and requirements in any .txt or .in file",
    )


def _manifest_of(path: Path) -> Path:
    names = {
        **dict.fromkeys(_LOCKS, "pyproject.toml"),
        "Pipfile.lock": "Pipfile",
        "pylock.toml": "pyproject.toml",
    }
    return path.with_name(names.get(path.name, path.name))


def _python_project(path: Path) -> Reading:
    """pyproject.toml with its lock, whichever of them was named; either may be missing."""
    manifest = path.with_name("pyproject.toml")
    document = Document(manifest) if manifest.is_file() or path == manifest else None
    lock = path if document is None or path != manifest else _lock_of(document)
    flavour = _LOCKS[lock.name] if lock else _flavour(document)
    reading = Reading(flavour)
    if document is not None:
        reading.files.append(manifest)
        _MANIFESTS[flavour](reading, document)
    if lock is not None and flavour == "uv":
        uvlock.lock(reading, lock, has_manifest=document is not None)
    elif lock is not None:
        if document is None:
            raise EnvmgrError(
                "E-IMPORT",
                f"{lock} does not tell which of its packages were asked for",
                hint="put the project's pyproject.toml beside it, which does",
            )
        {"poetry": poetry.lock, "pdm": pdm.lock}[flavour](reading, lock)
    return reading


def _lock_of(manifest: Document) -> Path | None:
    """The lock beside it; of several, that of a tool which the manifest speaks of."""
    beside = [name for name in _LOCKS if manifest.path.with_name(name).is_file()]
    spoken_of = [name for name in beside if _LOCKS[name] in manifest.table("tool")]
    return next((manifest.path.with_name(name) for name in [*spoken_of, *beside]), None)


def _flavour(document: Document | None) -> str:
    known = document.table("tool") if document is not None else {}
    return next((tool for tool in ("poetry", "pdm") if tool in known), "uv")


def _pipenv_project(path: Path) -> Reading:
    reading = Reading("pipenv")
    manifest, lock = path.with_name("Pipfile"), path.with_name("Pipfile.lock")
    has_manifest = manifest.is_file()
    if has_manifest or path == manifest:
        pipenv.manifest(reading, manifest)
    if lock.is_file() or path == lock:
        pipenv.lock(reading, lock, has_manifest=has_manifest)
    return reading


def _standard_lock(path: Path) -> Reading:
    reading = Reading("pylock")
    manifest = path.with_name("pyproject.toml")
    has_manifest = path.name == "pylock.toml" and manifest.is_file()
    if has_manifest:
        document = Document(manifest)
        reading.files.append(manifest)
        uvlock.manifest(reading, document)
    return pylock.read(path, has_manifest=has_manifest and bool(reading.wanted), into=reading)
