"""Interpreters that the runtime is tested on (matrices/runtime.toml): pyenv's, uv's and those on PATH."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

_MATRICES = Path(__file__).parents[1] / "matrices"


def runtime_matrix() -> tuple[dict[str, str], list[str]]:
    """Version → interpreter for those of the matrix that this machine has; requirements of every cell."""
    matrix = tomllib.loads((_MATRICES / "runtime.toml").read_text())
    versions = matrix["axes"]["python"]
    found = {version: python for version in versions if (python := _pyenv(version) or _uv(version))}
    return found, [*matrix["with"], *matrix["constraints"]]


def frames_matrix() -> dict[str, dict[str, Any]]:
    """Name of a set of libraries → its Python and requirements, those of every set among them."""
    matrix = tomllib.loads((_MATRICES / "frames.toml").read_text())
    sets = {}
    for cell in matrix["include"]:
        python = cell.pop("python")
        wanted = [_requirement(name, selector) for name, selector in cell.items()]
        words = [name if selector == "latest" else f"{name}-{selector}" for name, selector in cell.items()]
        key = re.sub("[^a-z0-9.]+", "-", "-".join([python, *words]))
        sets[key] = {"python": python, "requirements": [*matrix["with"], *wanted]}
    return sets


def _requirement(name: str, selector: str) -> str:
    """As `envmgr matrix` selects, without asking an index."""
    if selector == "latest":
        return name
    return f"{name}=={selector}.*" if selector[0].isdigit() else f"{name}{selector}"


def _pyenv(version: str) -> str | None:
    found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(found[-1]) if found else None


def _uv(version: str) -> str | None:
    done = subprocess.run(
        ["uv", "python", "find", "--no-python-downloads", "--no-project", "--system", version],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None
