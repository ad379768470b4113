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
    manifest = path.with_name("pyproject.toml")
    document = Document(manifest) if manifest.exists() else None
    if path == manifest:
        assert document is not None or not manifest.exists()  # noqa: S101 - it was chosen as it is there
        beside = [name for name in _LOCKS if path.with_name(name).is_file()]
        preferred = [name for name in beside if document and document.table("tool", _LOCKS[name])]
        name = next(iter([*preferred, *beside]), None)
        flavour = _LOCKS[name] if name else _flavour(document)
        lock = path.with_name(name) if name else None
    else:
        flavour, lock = _LOCKS[path.name], path
    reading = Reading(flavour)
    if document is not None:
        reading.files.append(manifest)
        {"uv": uvlock.manifest, "poetry": poetry.manifest, "pdm": pdm.manifest}[flavour](reading, document)
    if lock is not None:
        if flavour == "uv":
            uvlock.lock(reading, lock, has_manifest=document is not None)
        else:
            {"poetry": poetry.lock, "pdm": pdm.lock}[flavour](reading, lock)
            if document is None:
                raise EnvmgrError(
                    "E-IMPORT",
                    f"{lock} does not tell which of its packages were asked for",
                    hint="put the project's pyproject.toml beside it, which does",
                )
    return reading


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
