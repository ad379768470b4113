"""What a cell's result says of a release: it is good, bad, or cannot be judged. Pure."""

from __future__ import annotations

import re

from envmgr.matrix.bisecting import BAD, GOOD, SKIPPED
from envmgr.model.matrix import (
    FAILED,
    FLAKY,
    NOT_RUN,
    OUT_OF_MEMORY,
    PASSED,
    TIMED_OUT,
    CellResult,
    CheckResult,
)

CANNOT_JUDGE = 125
"""The status with which a command says so, as `git bisect run` has it."""
_SITE = re.compile(r"[^\s'\"(]*/\.envmgr/store/[^/\s]+/lib/python[^/\s]+/site-packages/")
_BROKEN = (FAILED, TIMED_OUT, OUT_OF_MEMORY)


def verdict(result: CellResult) -> str:
    """A flaky cell is good: its failure was not confirmed. Where nothing fails but by status 125, it is skipped."""
    if result.status in (PASSED, FLAKY):
        return GOOD
    if result.status in NOT_RUN or (result.checks and not failing(result)):
        return SKIPPED
    return BAD


def failing(result: CellResult) -> tuple[CheckResult, ...]:
    return tuple(check for check in result.checks if check.status in _BROKEN and not _abstains(check))


def detail(result: CellResult) -> str:
    """One line, with files of the cell's environment as seen from there. Of a program that has but a status, the last
    that it printed.
    """
    for check in failing(result) or result.checks:
        if check.status == PASSED:
            continue
        last = next((line.strip() for line in reversed(check.log.splitlines()) if line.strip()), "")
        return _SITE.sub("", last if last and _is_status(check) else check.detail)
    return _SITE.sub("", result.detail)


def _is_status(check: CheckResult) -> bool:
    return check.detail.startswith("ended with status ")


def _abstains(check: CheckResult) -> bool:
    return check.detail == f"ended with status {CANNOT_JUDGE}"
