"""What git has of a file."""

from __future__ import annotations

from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process

_SECONDS = 60.0


def show(directory: Path, revision: str, path: str) -> bytes | str:
    """A file as it was at a revision, `path` from `directory` or, with a leading `/`, from the top; or why not."""
    where = path.removeprefix("/") if path.startswith("/") else f"./{path}"
    try:
        done = process.run(
            ["git", "-C", directory, "show", "--end-of-options", f"{revision}:{where}"], timeout=_SECONDS
        )
    except EnvmgrError as problem:
        return problem.message
    if done.status:
        return done.stderr.strip().removeprefix("fatal: ") or f"git ended with status {done.status}"
    return done.stdout.encode()
