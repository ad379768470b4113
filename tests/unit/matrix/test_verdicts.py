"""What a cell's result says of a release."""

from __future__ import annotations

import pytest

from envmgr.matrix import verdicts
from envmgr.matrix.bisecting import BAD, GOOD, SKIPPED
from envmgr.model import matrix
from envmgr.model.matrix import CellResult, CheckResult


def result(status, *checks, detail=""):
    return CellResult("m", "c", {}, status, "", checks=checks, detail=detail)


def check(status, detail="", log=""):
    return CheckResult("x", status, 1, 0.1, detail, log)


PASSED = check(matrix.PASSED)
ABSTAINS = check(matrix.FAILED, "ended with status 125")
SITE = "/p/.envmgr/store/matrix-1a/lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (result(matrix.PASSED, PASSED), GOOD),
        (result(matrix.FLAKY, check(matrix.FLAKY)), GOOD),
        (result(matrix.FAILED, PASSED, check(matrix.FAILED)), BAD),
        (result(matrix.TIMED_OUT, check(matrix.TIMED_OUT)), BAD),
        (result(matrix.OUT_OF_MEMORY, check(matrix.OUT_OF_MEMORY)), BAD),
        (result(matrix.UNRESOLVABLE), SKIPPED),
        (result(matrix.NOT_INSTALLABLE), SKIPPED),
        (result(matrix.FAILED, PASSED, ABSTAINS), SKIPPED),
        (result(matrix.FAILED, ABSTAINS, check(matrix.FAILED, "ended with status 1")), BAD),
    ],
)
def test_verdicts(found, verdict):
    assert verdicts.verdict(found) == verdict


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        (result(matrix.PASSED, PASSED), ""),
        (result(matrix.UNRESOLVABLE, detail="no b"), "no b"),
        (result(matrix.FAILED, PASSED, check(matrix.FAILED, "test_x: 1 != 2", "noise")), "test_x: 1 != 2"),
        (result(matrix.FAILED, check(matrix.FAILED, "ended with status 1", "a\nE: b\n \n")), "E: b"),
        (result(matrix.FAILED, check(matrix.FAILED, "ended with status 1")), "ended with status 1"),
        (
            result(matrix.FAILED, check(matrix.FAILED, "was ended by signal 11", "a")),
            "was ended by signal 11",
        ),
        (result(matrix.FAILED, check(matrix.FAILED, f"E: x ({SITE}/a/b.py)")), "E: x (a/b.py)"),
        (
            result(matrix.FLAKY, check(matrix.FLAKY, "passed when it was run again")),
            "passed when it was run again",
        ),
    ],
)
def test_details(found, detail):
    assert verdicts.detail(found) == detail
