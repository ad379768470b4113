"""All that decides what comes of a cell, in one digest: a result is kept while it stays the same."""

from __future__ import annotations

from collections.abc import Iterable

from envmgr.environments.store import digest
from envmgr.matrix.sources import Sources
from envmgr.model.matrix import Cell, Check
from envmgr.model.project import Library
from envmgr.tools.interpreters import Interpreter

WORKER = frozenset({"import", "health", "elixir"})
"""Kinds of checks that a worker makes: they need a runtime layer."""
SCHEMA = 1
"""Counts changes of how checks are run that may change their results."""


def of(
    cell: Cell,
    checks: Iterable[Check],
    *,
    locked: str,
    interpreter: Interpreter | None,
    layer: str,
    library: Library,
    files: Sources,
    names: Iterable[str],
    since: float | None = None,
) -> str:
    """`locked` is the digest of the lock, or of the reason that there is none; `layer` names the runtime layer, which
    counts where a worker makes a check, as do the library's own settings. `names` are the files of the project that
    decide, those that were changed after `since` with no content that one may rely on."""
    tried = list(checks)
    by_worker = any(check.kind in WORKER for check in tried)
    return digest(
        {
            "schema": SCHEMA,
            "lock": locked,
            "python": None if interpreter is None else [interpreter.executable, interpreter.version],
            "platform": [cell.platform, "" if interpreter is None else interpreter.platform],
            "checks": [
                [check.name, check.kind, check.arguments, check.timeout_ms, check.memory, check.retries]
                for check in tried
            ],
            "worker": [layer, _settings(library)] if by_worker else None,
            "files": [[name, files.digest(name, since)] for name in sorted(set(names))],
        }
    )


def _settings(library: Library) -> list[object]:
    """What a worker knows of the library."""
    calls = [
        [call.call, repr(call.args), sorted((name, repr(value)) for name, value in call.kwargs.items())]
        for call in library.health_calls
    ]
    around = [sorted(library.hooks.items()), repr(library.pipelines)]
    return [library.name, library.module, library.requirement is None, library.init, calls, around]
