"""Checks by a real worker: the library's import, and its health calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from envmgr.environments.layers import worker_of
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import attempts, limits
from envmgr.matrix.attempts import Attempt, Ground, Start, Stopped
from envmgr.matrix.limits import Ended
from envmgr.model.matrix import FAILED, PASSED, Check
from envmgr.tools import process


def imports(check: Check, ground: Ground, place: Path, variables: Mapping[str, str]) -> Attempt:
    if isinstance(ground.library, str):
        return Attempt(FAILED, ground.library)
    bare = replace(ground.library, library=replace(ground.library.library, health_calls=()))
    return _proved(check, ground, variables, bare)


def health(check: Check, ground: Ground, place: Path, variables: Mapping[str, str]) -> Attempt:
    if isinstance(ground.library, str):
        return Attempt(FAILED, ground.library)
    if not ground.library.library.health_calls:
        return Attempt(PASSED, f"{ground.library.library.name} has no health calls")
    return _proved(check, ground, variables, ground.library)


def _proved(check: Check, ground: Ground, variables: Mapping[str, str], found: Resolved) -> Attempt:
    from envmgr import catalog

    problem: EnvmgrError | None = None
    with attempts.attended(check, ground, variables) as (start, ends):
        try:
            catalog.prove(ground.root, worker(ground, start), (found,))
        except EnvmgrError as failure:
            problem = failure
    if not ends:
        assert problem is not None  # noqa: S101 - a worker that never started has answered nothing
        raise problem
    ended = ends[0]
    if ended.why == limits.STOPPED:
        raise Stopped
    if problem is None:
        return Attempt(PASSED)
    return attempts.limited(ended, check) or Attempt(FAILED, _detail(problem), _log(problem, ended))


def worker(ground: Ground, start: Start) -> Callable[[int, int], process.Child]:
    """What a client starts a worker of the cell with."""
    assert ground.layer is not None  # noqa: S101 - the caller has had it built for these checks
    program = worker_of(ground.layer)

    def started(reading: int, writing: int) -> process.Child:
        words = attempts.script(ground, program, str(reading), str(writing))
        return start(words, (reading, writing))

    return started


def _detail(problem: EnvmgrError) -> str:
    python = problem.details.get("python")
    call = problem.details.get("call")
    told = f"{python['type']}: {python['message'].strip()}" if python else problem.message
    first = next(iter(told.splitlines()), "")
    return f"{call}: {first}" if call else first


def _log(problem: EnvmgrError, ended: Ended) -> str:
    traceback = str(problem.details.get("python", {}).get("traceback", "")) or problem.message
    return "\n".join(filter(None, [ended.output.rstrip(), traceback.rstrip()])) + "\n"
