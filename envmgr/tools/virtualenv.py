"""virtualenv: for interpreters that uv cannot inspect, such as one that greets whoever starts it.

It reads what an interpreter says of itself between marks, so that other words do no harm. An environment that
it made is one that uv can work with: it has the interpreter's base, and none of its site-packages.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process

_HOW = ("--no-seed", "--activators", "", "--no-vcs-ignore", "--no-periodic-update")


def create(place: Path, python: Path) -> None:
    """An empty virtual environment that may be moved, as uv makes it. Cost: about 0.2 s. Raises E-INTERPRETER."""
    argv = (sys.executable, "-I", "-m", "virtualenv", *_HOW, "--python", python, place)
    done = process.run(argv, cwd=Path("/"), env={"VIRTUALENV_CONFIG_FILE": os.devnull})
    if done.status != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()
        raise EnvmgrError(
            "E-INTERPRETER",
            f"neither uv nor virtualenv can use the interpreter {python}: {said[-1]}",
            hint="check `python` in envmgr.toml",
            details={"virtualenv": said},
        )
    settings = place / "pyvenv.cfg"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("command = ")]
    # Tells uv to write scripts that find their interpreter beside them.
    settings.write_text("\n".join([*kept, "relocatable = true", ""]), encoding="utf-8")


@contextlib.contextmanager
def stand_in(python: Path) -> Iterator[Path]:
    """An interpreter that is the same to everybody but uv, for a while."""
    with tempfile.TemporaryDirectory(prefix="envmgr-python-") as place:
        create(Path(place) / "environment", python)
        yield Path(place) / "environment" / "bin" / "python"
