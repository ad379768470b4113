"""Where the tools of this world keep environments and interpreters: a table, and how its rows become paths.

Nothing here walks: a row names one directory, or one whose children are looked at.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from envmgr import caches

# Children of one directory that are looked at; what is beyond is named as not looked at.
MOST_CHILDREN = 512


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What decides where things are: `root` is the file system's, `directory` the project's or the working
    one.
    """

    directory: Path
    home: Path
    variables: Mapping[str, str]
    root: Path = Path("/")

    @classmethod
    def here(cls, directory: Path) -> Surroundings:
        return cls(directory.absolute(), caches.home(), os.environ)

    def base(self, name: str) -> Path:
        """A user directory of the XDG specification: "data", "cache" or "config"."""
        usual = {"data": ".local/share", "cache": ".cache", "config": ".config"}[name]
        return self.home / (self.variables.get(f"XDG_{name.upper()}_HOME") or usual)


@dataclass(frozen=True, slots=True)
class Candidate:
    """`kind` is the tool; `role` is "environment", "interpreter" (others are built on it), "tool" (an
    application's own environment) or "packages" (a directory of packages without an interpreter).
    """

    kind: str
    role: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Usual:
    """`variable` names the place (after a colon: what is below it), else it is one of `places`."""

    kind: str
    role: str
    of_children: bool
    variable: str
    places: tuple[str, ...]


_USUAL = (
    _Usual("uv", "interpreter", True, "UV_PYTHON_INSTALL_DIR", ("{data}/uv/python",)),
    _Usual("uv", "tool", True, "UV_TOOL_DIR", ("{data}/uv/tools",)),
    _Usual("poetry", "environment", True, "POETRY_VIRTUALENVS_PATH", ()),
    _Usual("poetry", "environment", True, "POETRY_CACHE_DIR:virtualenvs", ("{cache}/pypoetry/virtualenvs",)),
    _Usual("poetry", "environment", True, "", ("{home}/Library/Caches/pypoetry/virtualenvs",)),
    _Usual("poetry", "interpreter", True, "", ("{data}/pypoetry/python",)),
    _Usual("poetry", "tool", False, "POETRY_HOME:venv", ("{data}/pypoetry/venv",)),
    _Usual("pdm", "environment", True, "", ("{data}/pdm/venvs",)),
    _Usual("pdm", "interpreter", True, "", ("{data}/pdm/python",)),
    _Usual("pipenv", "environment", True, "", ("{data}/virtualenvs",)),
    _Usual("virtualenv", "environment", True, "WORKON_HOME", ("{home}/.virtualenvs",)),
    _Usual("venv", "environment", True, "", ("{home}/.venvs", "{home}/venvs", "{home}/envs")),
    _Usual("venv", "environment", False, "", ("{home}/.venv", "{home}/venv")),
    _Usual("pipx", "tool", True, "PIPX_HOME:venvs", ("{data}/pipx/venvs", "{home}/.local/pipx/venvs")),
    _Usual("pyenv", "interpreter", True, "PYENV_ROOT:versions", ("{home}/.pyenv/versions",)),
    _Usual("asdf", "interpreter", True, "ASDF_DATA_DIR:installs/python", ("{home}/.asdf/installs/python",)),
    _Usual("mise", "interpreter", True, "MISE_DATA_DIR:installs/python", ("{data}/mise/installs/python",)),
    _Usual("conda", "environment", True, "", ("{home}/.conda/envs",)),
)
# name of a directory in a project -> kind, role, and which of its directories has them as children
_IN_PROJECTS = {
    ".tox": ("tox", "environment", "."),
    ".nox": ("nox", "environment", "."),
    ".pixi": ("pixi", "environment", "envs"),
    "__pypackages__": ("pdm", "packages", "."),
}
_ACTIVE = (("conda", "CONDA_PREFIX"), ("", "VIRTUAL_ENV"), ("uv", "UV_PROJECT_ENVIRONMENT"))
_CONDA_ROOTS = ("anaconda3", "miniconda3", "miniforge3", "mambaforge", "micromamba", "conda")
_SYSTEM = ("usr/bin", "usr/local/bin", "opt/homebrew/bin")
_MINORS = range(6, 20)


class Places:
    """The candidates of some surroundings; `crowded` are directories with more children than were looked at."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._at = surroundings
        self.crowded: list[str] = []

    def candidates(self) -> Iterator[Candidate]:
        """Nearest first; the same path may come twice, and what is named need not be there."""
        for found in chain(self._of_project(), self._usual(), self._conda(), self._active()):
            if "\0" not in str(found.path):  # files name what they like
                yield found

    def interpreters(self) -> Iterator[Path]:
        """Paths where the system's interpreters, and those of PATH, would be."""
        directories = [self._at.root / name for name in _SYSTEM]
        directories += map(Path, self._at.variables.get("PATH", "").split(os.pathsep))
        for directory in dict.fromkeys(directories):
            # pyenv's shims are no interpreters
            if directory.is_absolute() and directory.name != "shims" and directory.is_dir():
                for minor in _MINORS:
                    yield directory / f"python3.{minor}"
                yield directory / "python3"

    def children(self, directory: Path) -> list[Path]:
        """Directories in `directory`, links to some included, sorted; none when it cannot be listed."""
        found = []
        with contextlib.suppress(OSError, ValueError), os.scandir(directory) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir():
                        found.append(entry.name)
        found.sort()
        if len(found) > MOST_CHILDREN:
            self.crowded.append(str(directory))
        return [directory / name for name in found[:MOST_CHILDREN]]

    def _of_project(self) -> Iterator[Candidate]:
        directory = self._at.directory
        yield Candidate("", "environment", directory)
        for child in self.children(directory):
            kind, role, of_children = _IN_PROJECTS.get(child.name, ("", "environment", ""))
            for path in self.children(child / of_children) if of_children else [child]:
                yield Candidate(kind, role, path)
        named = _first_line(directory / ".pdm-python")
        if named:
            yield Candidate("pdm", "environment", Path(named).parent.parent)

    def _usual(self) -> Iterator[Candidate]:
        words = {name: str(self._at.base(name)) for name in ("data", "cache")}
        for row in _USUAL:
            name, _, below = row.variable.partition(":")
            named = self._at.variables.get(name, "")
            places = [place.format(home=self._at.home, **words) for place in row.places]
            for place in [f"{named}/{below}"] if named else places:
                for path in self.children(Path(place)) if row.of_children else [Path(place)]:
                    yield Candidate(row.kind, row.role, path)
                    if row.kind == "pyenv":
                        for inner in self.children(path / "envs"):
                            yield Candidate("pyenv", "environment", inner)
        for path in self._poetry_configured():
            yield Candidate("poetry", "environment", path)

    def _poetry_configured(self) -> list[Path]:
        try:
            text = (self._at.base("config") / "pypoetry" / "config.toml").read_text("utf-8")
        except (OSError, ValueError):
            return []
        import tomllib

        with contextlib.suppress(ValueError, KeyError, TypeError):
            return self.children(Path(tomllib.loads(text)["virtualenvs"]["path"]))
        return []

    def _conda(self) -> Iterator[Candidate]:
        with contextlib.suppress(OSError, ValueError):
            known = (self._at.home / ".conda" / "environments.txt").read_text("utf-8").splitlines()
            for line in known[:MOST_CHILDREN]:
                yield Candidate("conda", "environment", Path(line.strip()))
        roots = [base / name for base in (self._at.home, self._at.root / "opt") for name in _CONDA_ROOTS]
        named = self._at.variables.get("MAMBA_ROOT_PREFIX")
        program = self._at.variables.get("CONDA_EXE")
        roots += [Path(named)] if named else []
        roots += [Path(program).parent.parent] if program else []
        elsewhere = self._at.variables.get("CONDA_ENVS_PATH", "").split(os.pathsep)
        holders = [root / "envs" for root in roots] + [Path(word) for word in elsewhere if word]
        for path in [*roots, *(path for holder in holders for path in self.children(holder))]:
            yield Candidate("conda", "environment", path)

    def _active(self) -> Iterator[Candidate]:
        for kind, variable in _ACTIVE:
            path = self._at.variables.get(variable)
            if path:
                yield Candidate(kind, "environment", self._at.directory / path)


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip().partition("\n")[0]
    except (OSError, ValueError):
        return ""
