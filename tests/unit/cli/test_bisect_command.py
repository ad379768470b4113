"""How a bisect is told on a terminal."""

from __future__ import annotations

from dataclasses import replace

from envmgr.cli.commands.bisecting import _lines
from envmgr.model.bisection import Bisection, Moved, Probe

PROBES = (
    Probe("2024-06-30T12:00:00.001Z", "b 2.0", "bad", "failed", "E: " + "x" * 90, 1.25, False),
    Probe("2024-05-30T12:00:00.001Z", "", "good", "flaky", "passed again", 0.5, False, True),
    Probe("b==2.0", "alone", "skipped", "unresolvable", "no c", 0.0, True),
    Probe("c==2.0", "alone", "bad", "failed", "", 0.0, True),
)
FOUND = (Moved("b", "1.0", "2.0", "2024-06-30"), Moved("c", "1.0", None))
OUTCOME = Bisection(
    library="a",
    distribution="a",
    python="3.12.1",
    checks=("x", "y"),
    good="1.0",
    bad="1.0",
    with_dependencies=True,
    candidates=9,
    probes=PROBES,
    cells=2,
    seconds=3.21,
    found=FOUND[:1],
    version="1.0",
    fails=("x", "y"),
    detail="E: no",
    command="envmgr matrix bisect a",
    notes=("d 1.0 came along",),
)


def test_all_that_was_found_out():
    assert list(_lines(OUTCOME)) == [
        "a, 1.0 to 1.0, on Python 3.12.1: 9 dates of locks",
        "d 1.0 came along",
        "2024-06-30 12:00:00  b 2.0  bad          1.2 s         E: " + "x" * 68 + "…\n"
        "2024-05-30 12:00:00         good, flaky  0.5 s         passed again\n"
        "b==2.0               alone  skipped      unresolvable  no c\n"
        "c==2.0               alone  bad          known",
        "b 2.0 (released 2024-06-30) is the first that fails `x` and `y` beside a 1.0: E: no",
        "2 cells in 3.2 s",
        "once more: envmgr matrix bisect a",
    ]


def told(**changes):
    return list(_lines(replace(OUTCOME, probes=(), notes=(), **changes)))[1]


def test_several_and_none():
    assert told(found=FOUND, together=True) == (
        "b 2.0 (released 2024-06-30) and c (gone) fail `x` and `y` together beside a 1.0: E: no"
    )
    assert told(found=FOUND, distribution="b", fails=("x",)) == (
        "the first that fails `x` is one of b 2.0 (released 2024-06-30) or c (gone): E: no"
    )
    lines = list(_lines(replace(OUTCOME, found=(), reason="all pass", log="a\nb\n", cells=1, command="")))
    assert lines[-4:] == ["it cannot be told: all pass", "  a", "  b", "1 cell in 3.2 s"]
