"""Interpreters that the runtime is tested on (matrices/runtime.toml): pyenv's, uv's and those on PATH."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path
from typing import Any

_MATRICES = Path(__file__).parents[1] / "matrices"


def runtime_matrix() -> tuple[dict[str, str], list[str]]:
    """Version → interpreter for those of the matrix that this machine has; requirements of every cell."""
    matrix = tomllib.loads((_MATRICES / "runtime.toml").read_text())
    found = {version: python for version in matrix["python"] if (python := _pyenv(version) or _uv(version))}
    return found, matrix["requirements"]


def frames_matrix() -> dict[str, dict[str, Any]]:
    """Name of a set of libraries → its Python and requirements, those of every set among them."""
    matrix = tomllib.loads((_MATRICES / "frames.toml").read_text())
    common = matrix.pop("requirements")
    return {name: {**cell, "requirements": [*common, *cell["requirements"]]} for name, cell in matrix.items()}


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
