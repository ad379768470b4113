"""Where what may be made again is kept for all projects of this user, and how long: thirty days unused."""

from __future__ import annotations

import os
import time
from pathlib import Path

_UNUSED_SECONDS = 30 * 24 * 3600.0


def directory() -> Path:
    """`$ENVMGR_CACHE_DIR`, or `envmgr` in the user's cache directory. It may not be there, nor be possible."""
    named = os.environ.get("ENVMGR_CACHE_DIR")
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else home() / ".cache") / "envmgr"


def home() -> Path:
    """The user's home. One without, as in some containers, has one in which nothing is nor can be."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def use(path: Path) -> None:
    """Its thirty days begin anew. OSError when it is not there."""
    os.utime(path)


def unused(path: Path) -> bool:
    """Whether nobody used it for so long that it may go."""
    try:
        return path.stat().st_mtime < time.time() - _UNUSED_SECONDS
    except OSError:
        return False
