"""What git has of a file."""

from __future__ import annotations

from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process

_SECONDS = 60.0


def show(directory: Path, revision: str, path: str) -> bytes | str:
    """A file as it was at a revision, `path` from `directory` or, with a leading `/`, from the top; or why not."""
    where = path.removeprefix("/") if path.startswith("/") else f"./{path}"
    done = _run(directory, "show", "--end-of-options", f"{revision}:{where}")
    if isinstance(done, str):
        return done
    if done.status:
        return done.stderr.strip().removeprefix("fatal: ") or f"git ended with status {done.status}"
    return done.stdout.encode()


def is_revision(directory: Path, name: str) -> bool:
    done = _run(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return not isinstance(done, str) and done.status == 0


def _run(directory: Path, *words: str) -> process.Completed | str:
    try:
        return process.run(["git", "-C", directory, *words], timeout=_SECONDS)
    except EnvmgrError as problem:
        return problem.message
