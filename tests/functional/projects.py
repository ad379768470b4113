"""Small real projects for the functional tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from envmgr.model.project import Environment, Library, Project

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def library(name, requirement="", environment=None, **rest):
    """A library of its own environment; `requirement=None` is a module of the interpreter."""
    asked = name if requirement == "" else requirement
    return Library(name, asked, rest.pop("module", None), environment or name, **rest)


def project(root: Path, *libraries: Library, python=PYTHON, constraints=()) -> Project:
    homes: dict[str, list[Library]] = {}
    for found in libraries:
        homes.setdefault(found.environment, []).append(found)
    return Project(
        root,
        "app",
        {name: Environment(name, python, tuple(group), tuple(constraints)) for name, group in homes.items()},
    )


def imported(launch: dict, code: str) -> str:
    """What `code` prints in the interpreter that the pool would start."""
    argv = [launch["command"][0], "-I", "-B", "-c", code]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
