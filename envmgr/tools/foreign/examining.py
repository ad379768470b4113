"""What an environment or interpreter is, read from its own files: no interpreter is started."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.tools.foreign.places import Candidate

_PYTHON_LIBRARY = re.compile(r"^(?:python|pypy)(3\.\d+)t?$")
_NUMBERS = re.compile(r"(\d+\.\d+(?:\.\d+)?)(?:[.\s](?:final|alpha|beta|candidate|a|b|rc)\S*)?")
_IN_NAME = re.compile(r"(?:^|[-@])(?:(?:cpython|python|pypy)[-@]?)?([23]\.\d+(?:\.\d+)?)(?![\d.])")
_CONDA_PYTHON = re.compile(r"^python-(3\.\d+\.\d+)[^-]*-[^-]+\.json$")
_PATCHLEVEL = re.compile(r'^#define\s+PY_VERSION\s+"([^"+]+)', re.MULTILINE)
_DISTRIBUTION = re.compile(r"^(?P<name>.+?)-.*\.(?:dist|egg)-info$")
# How a lock file beside a `.venv` tells whose it is.
_MANAGERS = (
    ("poetry.lock", "poetry"),
    ("poetry.toml", "poetry"),
    ("pdm.lock", "pdm"),
    (".pdm-python", "pdm"),
    ("Pipfile", "pipenv"),
    ("uv.lock", "uv"),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`settings` are those of pyvenv.cfg. `distributions` is None where they cannot be listed; `doubled` are
    names that are there in two versions, `torn` what an interrupted uninstallation left.
    """

    kind: str
    role: str
    path: Path
    python: str | None
    executable: Path
    settings: Mapping[str, str]
    site_packages: Path | None
    distributions: int | None
    doubled: tuple[str, ...] = ()
    torn: tuple[str, ...] = ()
    creator: str | None = None

    @property
    def minor(self) -> tuple[int, int] | None:
        numbers = re.match(r"(\d+)\.(\d+)", self.python or "")
        return (int(numbers[1]), int(numbers[2])) if numbers else None


def examine(candidate: Candidate) -> Facts | None:
    """None when the path is no environment, or for an interpreter's role no interpreter.

    Cost: up to two files read and three directories listed.
    """
    path = candidate.path
    if candidate.role == "packages":
        return _packages(candidate)
    settings = _settings(path / "pyvenv.cfg")
    if settings is not None:
        return _virtual(candidate, settings)
    conda = _names(path / "conda-meta")
    if conda is not None:
        return _conda(candidate, conda)
    if candidate.role != "interpreter":
        return None
    if path.name.startswith("."):
        return None
    numbers = _IN_NAME.search(path.name)
    executable = path / "bin" / "python3"
    if not os.path.lexists(executable):
        executable = path / "bin" / "python"
        if not os.path.lexists(executable):
            return None
    facts = Facts(candidate.kind, candidate.role, path, numbers and numbers[1], executable, {}, None, None)
    return _with_distributions(facts)


def examine_system(executable: Path) -> Facts | None:
    """The interpreter at this path, which is not of an environment; None when there is none."""
    try:
        real = executable.resolve(strict=True)
    except (OSError, RuntimeError):
        return None
    prefix = real.parent.parent
    if not os.access(real, os.X_OK) or (executable.parent.parent / "pyvenv.cfg").exists():
        return None
    numbers = re.search(r"(3\.\d+)", real.name)
    if numbers is None:
        return None
    facts = Facts("system", "interpreter", real, _patch(prefix, numbers[1]), real, {}, None, None)
    places = [prefix / "lib" / f"python{numbers[1]}" / "site-packages", prefix / "lib/python3/dist-packages"]
    return _listed(facts, [place for place in places if place.is_dir()])


def standard_library(facts: Facts) -> Path | None:
    """Where an interpreter's own modules are; a file there may say that the system manages its packages."""
    if facts.role != "interpreter" or facts.minor is None:
        return None
    prefix = facts.executable.parent.parent
    return prefix / "lib" / "python{}.{}".format(*facts.minor)


def _virtual(candidate: Candidate, settings: Mapping[str, str]) -> Facts:
    path = candidate.path
    version = settings.get("version_info") or settings.get("version") or ""
    numbers = _NUMBERS.match(version)
    creator = _creator(settings)
    facts = Facts(
        _kind(candidate, creator),
        "environment" if candidate.role == "interpreter" else candidate.role,
        path,
        numbers and numbers[1],
        path / "bin" / "python",
        settings,
        None,
        None,
        creator=creator,
    )
    return _with_distributions(facts)


def _conda(candidate: Candidate, records: Iterable[str]) -> Facts:
    version = next((found[1] for name in records if (found := _CONDA_PYTHON.match(name))), None)
    path = candidate.path
    facts = Facts(
        "conda", "environment", path, version, path / "bin" / "python", {}, None, None, creator="conda"
    )
    if version is None:
        return facts
    return _with_distributions(facts)


def _packages(candidate: Candidate) -> Facts | None:
    """PDM's `__pypackages__/3.11`: `lib` holds what site-packages would."""
    if not re.fullmatch(r"3\.\d+", candidate.path.name):
        return None
    path = candidate.path
    facts = Facts("pdm", "packages", path, path.name, path / "bin" / "python", {}, None, None, creator="pdm")
    return _listed(facts, [path / "lib"])


def _with_distributions(facts: Facts) -> Facts:
    libraries = facts.path / "lib"
    place = None
    if facts.minor is not None:
        place = libraries / "python{}.{}".format(*facts.minor) / "site-packages"
    if place is None or not place.is_dir():
        named = {found[1]: name for name in _names(libraries) or () if (found := _PYTHON_LIBRARY.match(name))}
        if not named:
            return facts
        version, directory = max(named.items(), key=lambda item: int(item[0].split(".")[1]))
        place = libraries / directory / "site-packages"
        facts = replace(facts, python=facts.python or version)
    return _listed(facts, [place])


def _listed(facts: Facts, places: Iterable[Path]) -> Facts:
    """What is installed, from the names in these directories; the first is site-packages."""
    count, first = None, None
    seen: set[str] = set()
    doubled: set[str] = set()
    torn: list[str] = []
    for place in places:
        names = _names(place)
        if names is None:
            continue
        first = first or place
        for name in names:
            if name.startswith("~"):
                torn.append(name)
            elif found := _DISTRIBUTION.match(name):
                canonical = re.sub(r"[-_.]+", "-", found["name"]).lower()
                (doubled if canonical in seen else seen).add(canonical)
        count = len(seen)
    return replace(
        facts,
        site_packages=first,
        distributions=count,
        doubled=tuple(sorted(doubled)),
        torn=tuple(sorted(torn)),
    )


def _kind(candidate: Candidate, creator: str | None) -> str:
    """A tool's own place says whose an environment is; in a project its files do, then who created it."""
    path = candidate.path
    if candidate.kind == "pipenv" or (candidate.kind == "virtualenv" and _is_pipenvs(path)):
        return "pipenv"
    if candidate.kind:
        return candidate.kind
    if path.name == ".venv":
        for name, kind in _MANAGERS:
            if (path.parent / name).exists():
                return kind
    return (creator or "venv").partition(" ")[0]


def _is_pipenvs(path: Path) -> bool:
    """virtualenvwrapper leaves a `.project` too; pipenv's names end in a digest."""
    return re.search(r"-[\w-]{8}$", path.name) is not None and (path / ".project").exists()


def _creator(settings: Mapping[str, str]) -> str:
    for tool in ("uv", "virtualenv"):
        if tool in settings:
            return f"{tool} {settings[tool]}".strip()
    return "venv"


def _settings(path: Path) -> dict[str, str] | None:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(65536)
    except OSError:
        return None
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, equals, value in pairs if equals}


def _patch(prefix: Path, minor: str) -> str:
    """`3.11.2` where the headers are installed, else `3.11`."""
    with contextlib.suppress(OSError, ValueError):
        found = _PATCHLEVEL.search(
            (prefix / "include" / f"python{minor}" / "patchlevel.h").read_text("utf-8")
        )
        if found:
            return found[1]
    return minor


def _names(directory: Path) -> list[str] | None:
    try:
        return os.listdir(directory)  # noqa: PTH208 - names alone, of up to hundreds of directories
    except OSError:
        return None
