"""What a bundle says of itself: what it is for, and size and sha256 of every member."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from envmgr.errors import EnvmgrError
from envmgr.tools.interpreters import Interpreter

SCHEMA = 1
CONFIG, UV, LICENCES, WHEELS, RUNTIME = "envmgr.toml", "uv/uv", "uv/licenses", "wheels", "runtime"
MANIFEST = "manifest.json"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Target:
    """What an interpreter must be for the wheels and the runtime layer of a bundle. `python` is its minor."""

    python: str
    implementation: str
    abi: str
    system: str
    machine: str

    @classmethod
    def of(cls, interpreter: Interpreter) -> Target:
        system, machine = interpreter.markers["platform_system"], interpreter.markers["platform_machine"]
        return cls(interpreter.minor, interpreter.implementation, interpreter.abi, system, machine)

    def __str__(self) -> str:
        return f"{self.implementation} {self.python} ({self.abi}) on {self.system} {self.machine}"


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_with` are the versions of envmgr, of the interpreter and of uv (None when it is not in the bundle)."""

    project: str
    environment: str
    target: Target
    made_with: Mapping[str, str | None]
    members: tuple[Member, ...]

    @property
    def lock(self) -> str:
        return lock_name(self.environment)

    def names(self, directory: str) -> tuple[str, ...]:
        """Of the members in `directory`, without it."""
        start = f"{directory}/"
        return tuple(m.name.removeprefix(start) for m in self.members if m.name.startswith(start))

    @property
    def size(self) -> int:
        return sum(member.size for member in self.members)

    def to_bytes(self) -> bytes:
        document = {"schema": SCHEMA, **asdict(self)}
        return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def lock_name(environment: str) -> str:
    return f"locks/pylock.{environment}.toml"


def parsed(content: bytes, path: Path) -> Manifest:
    """Raises E-BUNDLE for another schema, E-TAMPERED for what is no manifest. `path` is the bundle's, for errors."""
    try:
        document = json.loads(content)
        schema = document["schema"]
    except (ValueError, RecursionError, KeyError, TypeError):
        damaged(path, f"{MANIFEST} cannot be read")
    if schema != SCHEMA:
        raise EnvmgrError(
            "E-BUNDLE",
            f"{path} is a bundle of schema {schema!r}; this envmgr reads schema {SCHEMA}",
            hint="use the envmgr that it was made with, or bundle again with this one",
            details={"schema": schema},
        )
    try:
        found = Manifest(
            _text(document["project"]),
            _text(document["environment"]),
            Target(**{key: _text(value) for key, value in document["target"].items()}),
            {key: None if value is None else _text(value) for key, value in document["made_with"].items()},
            tuple(
                Member(_text(m["name"]), _count(m["size"]), _text(m["sha256"])) for m in document["members"]
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        damaged(path, f"{MANIFEST} lacks something, or has what does not belong there")
    _check_names(found, path)
    return found


def _check_names(found: Manifest, path: Path) -> None:
    names = [member.name for member in found.members]
    directories = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    repeated = Counter(names)
    bad = [name for name in names if not _is_safe(name) or name in directories or repeated[name] > 1]
    bad += [name for name in (CONFIG, found.lock) if name not in repeated]
    bad += [member.name for member in found.members if not _SHA256.fullmatch(member.sha256)]
    if bad or not _NAME.fullmatch(found.environment):
        said = ", ".join(repr(name) for name in dict.fromkeys(bad)) or repr(found.environment)
        damaged(path, f"{MANIFEST} does not say what a bundle's does of {said}")


def _is_safe(name: str) -> bool:
    """Stays inside, whatever reads it; and is nothing but letters that every file system has."""
    parts = name.split("/")
    return re.fullmatch(r"[A-Za-z0-9_.+!~-]+(?:/[A-Za-z0-9_.+!~-]+)*", name) is not None and not (
        {".", ".."} & set(parts)
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError(value)
    return value


def damaged(path: Path, why: str, problems: Mapping[str, str] | None = None) -> NoReturn:
    raise EnvmgrError(
        "E-TAMPERED",
        f"{path} is damaged: {why}",
        hint="copy it again from where it was made, and compare the sha256 that `envmgr bundle` printed;"
        " nothing of it was used",
        details={"members": dict(problems or {})},
    )
