"""Where what may be made again is kept for all projects of this user."""

from __future__ import annotations

import os
from pathlib import Path


def directory() -> Path:
    """`$ENVMGR_CACHE_DIR`, or `envmgr` in the user's cache directory. It may not be there."""
    named = os.environ.get("ENVMGR_CACHE_DIR")
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "envmgr"
