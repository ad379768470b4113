from dataclasses import replace

import pytest
from sample_results import REFERENCE, matrix, result

from envmgr.matrix import spelling
from envmgr.matrix.comparing import compare
from envmgr.matrix.slowness import ratios
from envmgr.model.matrix import CheckResult, Expectation, Sample

CELL = {"numpy": "2.0", "python": "3.11", "pandas": "none"}
EXPECTED = Expectation("known-broken", "why")


@pytest.fixture
def compared(tmp_path):
    def make(before, now, unknown=()):
        spelling.write_file(tmp_path / "old.json", matrix(), before)
        older = spelling.read_file(tmp_path / "old.json")
        measured = {each.cell: ratios(each) for each in now}
        return compare(now, measured, older, "old.json", unknown=unknown)

    return make


def one(status, **rest):
    return result(CELL, status, **rest)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (one("passed"), one("failed"), "broken"),
        (one("unresolvable"), one("timed-out"), "broken"),
        (one("passed"), one("not-installable"), "broken"),
        (one("failed", expected=EXPECTED), one("failed"), "broken"),
        (one("failed", failures=["a"]), one("failed", failures=["a", "b"]), "broken"),
        (one("failed"), one("passed"), "working"),
        (one("not-installable"), one("flaky"), "working"),
        (one("failed", expected=EXPECTED), one("passed"), "working"),
        (one("passed"), one("flaky"), "otherwise"),
        (one("passed"), one("unresolvable"), "otherwise"),
        (one("passed"), one("failed", expected=EXPECTED), "otherwise"),
        (one("failed"), one("timed-out"), "otherwise"),
        (one("failed", failures=["a", "b"]), one("failed", failures=["a"]), None),
        (one("failed"), one("failed", expected=EXPECTED), None),
        (one("passed"), one("passed"), None),
        (one("failed"), one("failed"), None),
    ],
)
def test_what_became_of_a_cell(compared, before, now, kind):
    found = compared([before], [now])
    assert [name for name in ("broken", "working", "otherwise") if getattr(found, name)] == (
        [kind] if kind else []
    )
    for change in getattr(found, kind) if kind else ():
        assert (change.cell, change.now) == (REFERENCE, now.status)


def test_the_check_that_broke_is_named_and_what_fails_in_it(compared):
    now = one("failed", failures=["a", "b"], detail="boom", pins={"numpy": "2.0.3", "six": "1"})
    (change,) = compared([one("failed", failures=["a"])], [now]).broken
    assert (change.check, change.before, change.failures, change.detail) == (
        "arrays",
        "failed",
        ("b",),
        "boom",
    )
    assert [(move.name, move.before, move.now) for move in change.moves] == [
        ("numpy", "2.0.2", "2.0.3"), ("pytest", "9.0.1", None), ("six", None, "1"),
    ]  # fmt: skip


def test_only_the_check_that_broke_is_named(compared):
    checks = (CheckResult("import", "passed", 1, 0.1), CheckResult("arrays", "failed", 1, 0.1))
    both = (replace(checks[0], status="failed"), checks[1])
    (change,) = compared(
        [replace(one("failed"), checks=checks)], [replace(one("failed"), checks=both)]
    ).broken
    assert change.check == "import"


def test_new_and_gone_cells(compared):
    other = {**CELL, "numpy": "1.26"}
    found = compared([one("passed")], [result(other, "failed")])
    assert (len(found.new), found.gone) == (1, (REFERENCE,))
    assert found.broken[0].before is None, "a new cell that is red is broken news"
    assert compared([one("passed")], [], unknown=[REFERENCE]).gone == ()


def test_moves_of_many_cells_are_one(compared):
    cells = [{**CELL, "python": python} for python in ("3.11", "3.12")]
    found = compared(
        [result(each) for each in cells], [result(each, pins={"numpy": "2.0.2"}) for each in cells]
    )
    assert [(move.name, len(move.cells)) for move in found.moved] == [("pytest", 2)]


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [(1.0, 1.5, "slower"), (1.5, 1.0, "faster"), (1.0, 1.2, None), (1.2, 1.0, None)],
)
def test_slower_than_it_was(compared, before, now, kind):
    samples = [
        [Sample("numpy.sort", (ratio,) * 7, (1.0,) * 7), Sample(f"n{ratio}", (1.0,), (1.0,))]
        for ratio in (before, now)
    ]
    found = compared(*([one("passed", samples=each)] for each in samples))
    assert [name for name in ("slower", "faster") if getattr(found, name)] == ([kind] if kind else [])
    if kind:
        (tempo,) = getattr(found, kind)
        assert (tempo.name, tempo.before, tempo.now.estimate) == ("numpy.sort", before, pytest.approx(now))
