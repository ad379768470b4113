"""The files of the project that decide a cell's result, and their digests.

Those that checks name, directories with all below them; the conftest.py files above them; the files at the root that
configure pytest; for a check in Elixir, the Mix project; and what a check was seen to read when it ran last.
Not looked at: files that only a check's own subprocesses read, other files that are not there yet, and whatever is
outside of the project's directory.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from envmgr.environments import files
from envmgr.environments.layout import Layout
from envmgr.model.matrix import Check

CONFIGURATION = ("conftest.py", "pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini")
MIX = ("mix.exs", "mix.lock", "config", "lib", "test/support", "test/test_helper.exs")
_PASSED_OVER = frozenset({"__pycache__", "_build", "deps", "node_modules"})
# A file that was changed within so many seconds of being read may be changed again within the same tick.
_RECENT_SECONDS = 2.0


def named(root: Path, check: Check) -> list[str]:
    """Paths from the root, sorted, of those that are there. Cost: a walk of the directories that are named."""
    found: set[str] = set()
    if check.kind in ("pytest", "command", "elixir"):
        for word in _words(check):
            found.update(_below(root, word))
    if check.kind == "pytest":
        found.update(name for name in CONFIGURATION if (root / name).is_file())
        if not any(_inside(root, word) for word in _words(check)):
            found.update(_below(root, "."))
    if check.kind == "elixir":
        for name in MIX:
            found.update(_below(root, name))
    return sorted(found)


def lacking(root: Path, checks: Iterable[Check]) -> Iterator[str]:
    """A line for each file of tests that a check names and that is not there."""
    for check in checks:
        if check.kind not in ("pytest", "elixir") or "--pyargs" in check.arguments:
            continue
        for before, word in zip(("", *check.arguments), check.arguments, strict=False):
            name = word.partition("::" if check.kind == "pytest" else ":")[0]
            if before.startswith("-") or not name or name[0] in "-@" or (root / name).exists():
                continue
            yield f"check `{check.name}`: there is no {name}{_near(root, name)}"


def _near(root: Path, name: str) -> str:
    from envmgr.config.problems import near

    folder = (root / name).parent
    there = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    found = near(Path(name).name, there)
    return f"; did you mean {Path(name).with_name(found).as_posix()}?" if found else ""


def _words(check: Check) -> Iterator[str]:
    for word in check.arguments:
        yield word.partition("::")[0] if check.kind == "pytest" else word


def _inside(root: Path, word: str) -> bool:
    return bool(word) and not word.startswith("-") and (root / word).exists()


def _below(root: Path, word: str) -> Iterator[str]:
    """The file, or all files of the directory, that a word names inside of the project, and conftest.py above."""
    path = Path(os.path.normpath(root / word))
    if not word or word.startswith("-") or not path.is_relative_to(root):
        return
    for above in path.parents:
        if not above.is_relative_to(root):
            break
        if (above / "conftest.py").is_file():
            yield (above / "conftest.py").relative_to(root).as_posix()
    if path.is_file():
        yield path.relative_to(root).as_posix()
        return
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name not in _PASSED_OVER and not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and not name.endswith(".pyc"):
                yield Path(folder, name).relative_to(root).as_posix()


class Sources:
    """Digests of files, remembered in `.envmgr/matrix/files.json` by what `stat` says. Not for several threads."""

    def __init__(self, layout: Layout) -> None:
        self.root = layout.root
        self._path = layout.matrices / "files.json"
        self._known: dict[str, list[Any]] = _load(self._path)
        self._changed = False

    def digest(self, name: str, since: float | None = None) -> str:
        """Of a file's content; "" when it is not there. One that was changed after `since` has the digest of no
        content: what was run may have been the old or the new one."""
        path = self.root / name
        try:
            facts = path.stat()
        except OSError:
            return ""
        if since is not None and facts.st_mtime > since:
            return f"changed at {facts.st_mtime_ns}"
        identity = [facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino]
        known = self._known.get(name)
        if known is not None and known[:-1] == identity:
            return str(known[-1])
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            return ""
        if max(facts.st_mtime, facts.st_ctime) < time.time() - _RECENT_SECONDS:
            self._known[name] = [*identity, found]
            self._changed = True
        return found

    def save(self) -> None:
        """Keep the digests for the next run; without a word where that is not possible."""
        if self._changed:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                files.write(self._path, json.dumps(self._known).encode(), flush=False)


def _load(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
