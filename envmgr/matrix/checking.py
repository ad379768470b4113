"""The checks of a cell, one after the other: each in a home of its own, tried again as often as it may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.matrix import attempts, calling, elixir, homes, testing
from envmgr.matrix.attempts import Attempt, Ground
from envmgr.model.matrix import FAILED, FLAKY, PASSED, Check, CheckResult

Kind = Callable[[Check, Ground, Path, Mapping[str, str]], Attempt]


def _command(check: Check, ground: Ground, place: Path, variables: Mapping[str, str]) -> Attempt:
    ended = attempts.run(check.arguments, check, ground, variables)
    return attempts.limited(ended, check) or attempts.by_status(ended)


KINDS: Mapping[str, Kind] = {
    "import": calling.imports,
    "health": calling.health,
    "pytest": testing.attempt,
    "command": _command,
    "elixir": elixir.attempt,
}


def run(check: Check, ground: Ground, home: Path) -> tuple[CheckResult, Attempt]:
    """Its result, and the last attempt with the files that all of them read. `home` is for what it needs meanwhile.

    Raises Stopped.
    """
    begun = time.monotonic()
    failures: dict[str, None] = {}
    files: dict[str, None] = {}
    failed: Attempt | None = None
    for number in range(1, check.retries + 2):
        found = _attempt(check, ground, home / f"{check.name}-{number}")
        failures.update(dict.fromkeys(found.failures))
        files.update(dict.fromkeys(found.files))
        if found.status == PASSED:
            break
        failed = found
    status, detail, log = found.status, found.detail, found.log
    if failed is not None and status == PASSED:
        status, detail, log = FLAKY, f"passed when it was run again; before, {failed.detail}", failed.log
    seconds = round(time.monotonic() - begun, 3)
    result = CheckResult(check.name, status, number, seconds, detail, log, tuple(failures))
    return result, replace(found, files=tuple(files))


def _attempt(check: Check, ground: Ground, place: Path) -> Attempt:
    variables = homes.settle(place, ground.store, ground.names)
    try:
        return KINDS[check.kind](check, ground, place, variables)
    except EnvmgrError as problem:  # it could not be started
        return Attempt(FAILED, problem.message.splitlines()[0], problem.message)
