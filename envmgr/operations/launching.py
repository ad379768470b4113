"""`envmgr launch`: the launch manifest of an environment, as the pool reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envmgr.environments.launch import decode
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.selection import unknown_names


def launch(root: Path, environment: str) -> dict[str, Any]:
    """Raises E-UNKNOWN-ENVIRONMENT when none is active under this name, E-DISK when it cannot be read."""
    layout = Layout(root)
    path = layout.launch(environment)
    try:
        return decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        known = [found.parent.name for found in layout.environments.glob("*/launch.msgpack")]
        raise unknown_names("E-UNKNOWN-ENVIRONMENT", "active environment", [environment], known) from None
    except (OSError, ValueError) as problem:
        raise EnvmgrError(
            "E-DISK", f"{path} cannot be read: {problem}", hint="run `envmgr sync`"
        ) from problem
