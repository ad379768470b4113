"""Checks by pytest: the project's tests, with the cell's pytest."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envmgr.matrix import attempts
from envmgr.matrix.attempts import INSIDE, Attempt, Ground
from envmgr.model.matrix import FAILED, PASSED, Check

_ERRORS = {
    2: "pytest was interrupted",
    3: "pytest failed of itself",
    4: "pytest does not understand its arguments, or those of the project's configuration",
}
_MISUSED, _NO_TESTS = 4, 5
_ERROR = re.compile(r"^ERROR: (.*?)\s*$", re.MULTILINE)
_NAMED = 3


@dataclass(slots=True)
class _Told:
    """What the plugin in the cell wrote."""

    at: str = ""
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    status: int | None = None
    passed: int = 0
    timed: int = 0
    deselected: int = 0


def attempt(check: Check, ground: Ground, place: Path, variables: Mapping[str, str]) -> Attempt:
    told = place / "told"
    ended = attempts.run(command(check, ground, told), check, ground, variables)
    found = _read(told)
    limited = attempts.limited(ended, check)
    if limited is not None:
        detail = f"{limited.detail}, in {found.at}" if found.at else limited.detail
        return Attempt(limited.status, detail, limited.log, tuple(found.failed), _files(found))
    if ended.status == 0 and found.status == 0:
        return Attempt(PASSED, files=_files(found), timed=found.timed > 0)
    return Attempt(
        FAILED, _detail(found, ended.status, ended.output), ended.output, tuple(found.failed), _files(found)
    )


def command(check: Check, ground: Ground, told: Path, *rounds: str) -> tuple[str | Path, ...]:
    words = ("-p", "no:cacheprovider", "--color=no", "--rootdir", str(ground.root), *check.arguments)
    return attempts.script(ground, INSIDE / "tests.py", told, ground.root, *rounds, "--", *words)


def _detail(found: _Told, status: int, log: str) -> str:
    if found.failed:
        named = [f"{test}: {why}" if why else test for test, (why, _) in list(found.failed.items())[:_NAMED]]
        more = [f"and {len(found.failed) - _NAMED} more"] if len(found.failed) > _NAMED else []
        moments = [when for _, when in found.failed.values()]
        ran = found.passed + len(moments) - moments.count("teardown")  # which comes after a test that passed
        collecting = "collect" in moments
        count = "cannot be collected" if collecting else f"{len(found.failed)} of {ran} failed"
        return f"{count}: " + "; ".join([*named, *more])
    if status == _NO_TESTS:
        left_out = f" ({found.deselected} were deselected)" if found.deselected else ""
        return f"no test was selected{left_out}"
    if status == _MISUSED and (line := _ERROR.search(log)) is not None:
        return f"{_ERRORS[status]}: {line[1]}"
    if found.status is None and found.at:
        return f"Python {attempts.how(status)}, in {found.at}"
    if found.status is None:
        return f"pytest did not run ({attempts.how(status)}); `with` of the matrix is what brings it into the cells"
    return _ERRORS.get(status, attempts.how(status))


def _files(found: _Told) -> tuple[str, ...]:
    """What it read, and did not write itself."""
    return tuple(sorted(found.read - found.written))


def _read(path: Path) -> _Told:
    found = _Told()
    with contextlib.suppress(OSError):
        for line in path.read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):  # it was killed when it wrote
                _note(found, json.loads(line))
    return found


def _note(found: _Told, words: list[object]) -> None:
    match words:
        case ["at", str(test)]:
            found.at = test
        case ["was", str(test), "failed", str(when), str(why)]:
            found.failed.setdefault(test, (why, when))
        case ["timed", int(count)]:
            found.timed = count
        case ["file", str(path)]:
            found.read.add(path)
        case ["wrote", str(path)]:
            found.written.add(path)
        case ["end", int(status), int(passed), int(deselected)]:
            found.at, found.status, found.passed, found.deselected = "", status, passed, deselected
