"""Interpreters that the runtime is tested on: from PATH, uv's own and pyenv's, by version."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

RUNTIME_VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def find(versions: Iterable[str]) -> dict[str, str]:
    """Version → interpreter, for those of `versions` that this machine has."""
    return {version: found for version in versions if (found := _pyenv(version) or _uv(version))}


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
