"""Which wheels a Python version on a platform can install, whether this machine has it or not."""

from __future__ import annotations

import platform as machine
import sys
from collections.abc import Iterator
from functools import cache

from packaging.tags import compatible_tags, cpython_tags, mac_platforms, platform_tags

_NEWEST_GLIBC = 39
"""2.39, of distributions of 2024."""
_NEWEST_MACOS = (15, 0)
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "arm64"}
_SYSTEMS = {"linux": "linux", "darwin": "macos", "win32": "windows"}


def here() -> str:
    """This machine, as `platform` names it."""
    found = _MACHINES.get(machine.machine().lower(), machine.machine().lower())
    system = _SYSTEMS.get(sys.platform, sys.platform)
    return f"{system}-{'aarch64' if (system, found) == ('linux', 'arm64') else found}"


@cache
def supported(python: str, platform: str) -> frozenset[str]:
    """Tags of CPython `3.12`, `3.12.1` or `3.13t`. Of another machine a usual one of today is meant."""
    free_threaded = python.endswith("t")
    version = [int(number) for number in python.rstrip("t").split(".")[:2]]
    digits = "".join(map(str, version))
    platforms = list(_platforms(platform))
    own = cpython_tags(version, [f"cp{digits}{'t' if free_threaded else ''}"], platforms)
    return frozenset(map(str, (*own, *compatible_tags(version, f"cp{digits}", platforms))))


def _platforms(platform: str) -> Iterator[str]:
    if platform == here():
        yield from platform_tags()
        return
    system, _, processor = platform.partition("-")
    if system == "linux":
        yield from (f"manylinux_2_{minor}_{processor}" for minor in range(_NEWEST_GLIBC, 4, -1))
        yield from (f"manylinux{old}_{processor}" for old in ("2014", "2010", "1"))
        yield f"linux_{processor}"
    elif system == "macos":
        yield from mac_platforms(_NEWEST_MACOS, processor)
    else:
        yield "win_amd64" if processor == "x86_64" else "win_arm64"
