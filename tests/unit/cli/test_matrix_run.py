"""What `matrix run` prints, from data."""

import io
import time
from datetime import date

import pytest

from envmgr.cli import matrix_progress
from envmgr.cli.commands import matrix_running
from envmgr.cli.invocation import Invocation
from envmgr.cli.matrix_progress import watching
from envmgr.model.matrix import CellResult, CheckResult, Expectation, MatrixRun


def result(numpy, status="passed", **rest):
    cell = f"numpy={numpy},python=3.12"
    values = {"numpy": numpy, "python": "3.12"}
    known = {"python": "3.12.1", "resolved": {"numpy": f"{numpy}.5"}, "seconds": 2.0}
    return CellResult("numpy", cell, values, status, "f", **{**known, **rest})


FAILED = result(
    "2.0",
    "failed",
    detail="arrays: 1 of 2 failed",
    checks=(
        CheckResult("import", "passed", 1, 0.1),
        CheckResult("arrays", "failed", 2, 1.0, "1 of 2 failed", "line 1\nline 2\n"),
    ),
)
ALL = (
    result("1.25"),
    result("1.26"),
    FAILED,
    result("2.1", "unresolvable", detail="nothing fits", resolved={}, python=""),
    result("2.2", "flaky", detail="arrays: passed when it was run again"),
    result("2.3", "failed", expected=Expectation("known-broken", "a bug", date(2099, 1, 1))),
    result("2.4", expected=Expectation("known-broken", "a bug", date(2099, 1, 1))),
    result("2.5", expected=Expectation("allow-failure")),
    result("2.6", "not-installable", detail="it cannot be built", resolved={}),
)


def run(*results, **rest):
    ran = tuple(found.cell for found in results[1:])
    return MatrixRun("numpy", results, ran, tuple(found.cell for found in results[:1]), 12.34, **rest)


def test_a_run_in_words():
    text = "\n".join(matrix_running._lines(run(*ALL, notes=("2.9 is not there",)), "--project 'a b'"))
    assert text == (
        "numpy=1.26,python=3.12  numpy 1.26.5, Python 3.12.1  passed           2.0 s\n"
        "numpy=2.0,python=3.12   numpy 2.0.5, Python 3.12.1   failed           2.0 s\n"
        "numpy=2.1,python=3.12                                unresolvable     2.0 s  nothing fits\n"
        "numpy=2.2,python=3.12   numpy 2.2.5, Python 3.12.1   flaky            2.0 s  arrays: passed when it was run"
        " again\n"
        "numpy=2.3,python=3.12   numpy 2.3.5, Python 3.12.1   failed           2.0 s  expected (known-broken: a bug)\n"
        "numpy=2.4,python=3.12   numpy 2.4.5, Python 3.12.1   passed           2.0 s  expected broken, passes: a bug\n"
        "numpy=2.5,python=3.12   numpy 2.5.5, Python 3.12.1   passed           2.0 s\n"
        "numpy=2.6,python=3.12   Python 3.12.1                not-installable  2.0 s  it cannot be built\n"
        "\n"
        "numpy=2.0,python=3.12: failed\n"
        "  arrays failed (tried 2 times): 1 of 2 failed\n"
        "    line 1\n"
        "    line 2\n"
        "  again: envmgr matrix run numpy --cell numpy=2.0,python=3.12 --again --project 'a b'\n"
        "\n"
        "numpy=2.6,python=3.12: not-installable\n"
        "  it cannot be built\n"
        "  again: envmgr matrix run numpy --cell numpy=2.6,python=3.12 --again --project 'a b'\n"
        "2.9 is not there\n"
        "numpy: 9 cells, 4 passed, 2 failed, 1 unresolvable, 1 flaky, 1 not-installable, 2 red,"
        " 1 unchanged, not run again; 12.3 s"
    )


def test_an_interrupted_run_and_kept_homes():
    facts = {
        "interrupted": "SIGINT",
        "not-run": ["numpy=2.0,python=3.12"],
        "homes": {"numpy=1.26,python=3.12": {"home": "/tmp/h", "environment": "/s/matrix-k"}},
    }
    text = "\n".join(matrix_running._lines(run(ALL[0], shard="1/2", facts=facts), ""))
    assert text == (
        "\nnumpy=1.26,python=3.12: its homes are in /tmp/h; a shell in its environment:\n"
        '  env VIRTUAL_ENV=/s/matrix-k PYTHONDONTWRITEBYTECODE=1 PATH=/s/matrix-k/bin:"$PATH" "$SHELL"\n'
        "numpy, shard 1/2: 1 cell, 1 passed, 1 unchanged, not run again; 12.3 s\n"
        "interrupted by SIGINT: 1 cell was not run; what has ended is kept, and the same command goes on"
    )
    timing = "\n".join(
        matrix_running._lines(run(ALL[0], facts={"interrupted": "SIGTERM", "not-run": []}), "")
    )
    assert "interrupted by SIGTERM while times were taken; what has ended is kept" in timing


class Terminal(io.StringIO):
    def isatty(self):
        return True


def follow(watch):
    pending = [found.cell for found in ALL[:4]]
    watch.began(pending, {}, 2)
    watch.stage(pending[0], "install")
    watch.stage(pending[0], "arrays")
    watch.ended(ALL[0])
    watch.stage(pending[1], "install")
    watch.ended(FAILED)
    watch.kept(ALL[1])
    watch.ended(ALL[3])


def test_a_line_for_each_cell(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with watching(Invocation()) as watch:
        follow(watch)
        assert matrix_progress.sys.stderr.getvalue() == (
            "[1/4] numpy=1.25,python=3.12 passed (2.0 s)\n"
            "[2/4] numpy=2.0,python=3.12 failed (2.0 s): arrays: 1 of 2 failed\n"
            "[3/4] numpy=1.26,python=3.12 passed (unchanged)\n"
            "[4/4] numpy=2.1,python=3.12 unresolvable (2.0 s): nothing fits\n"
        )


def test_what_runs_is_said_where_nothing_ends(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(matrix_progress, "_SILENT_SECONDS", 0.01)
    with watching(Invocation()) as watch:
        watch.began([ALL[0].cell, ALL[1].cell], {}, 2)
        watch.stage(ALL[0].cell, "install")
        while f"running: {ALL[0].cell} (install, 0 s)\n" not in matrix_progress.sys.stderr.getvalue():
            time.sleep(0.01)
        watch.ended(ALL[0])
        while not matrix_progress.sys.stderr.getvalue().endswith("running: locking\n"):
            time.sleep(0.01)


@pytest.mark.parametrize("invocation", [Invocation(quiet=True), Invocation(format="json")])
def test_no_word_for_machines(invocation, monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    with watching(invocation) as watch:
        follow(watch)
        assert matrix_progress.sys.stderr.getvalue() == ""


def test_a_live_table(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with watching(Invocation()) as watch:
        follow(watch)
        for cell in ALL[:3]:
            watch.stage(cell.cell, "time")
        assert [task.description for task in watch._lines.tasks] == ["cells", f"  {ALL[2].cell}"]
    shown = matrix_progress.sys.stderr.getvalue()
    assert "numpy=2.0,python=3.12 failed: arrays: 1 of 2 failed" in shown
    monkeypatch.setattr("sys.stderr", Terminal())
    with watching(Invocation()) as watch:
        watch.began([], {}, 1)
        watch.stage("x", "time")
        watch.kept(ALL[0])
    assert matrix_progress.sys.stderr.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 1 s left"),
        (89, "about 89 s left"),
        (600, "about 10 min left"),
        (9000, "about 2.5 h left"),
    ],
)
def test_the_time_that_is_left(seconds, words):
    watch = matrix_progress._Counting()
    cell = ALL[0].cell
    watch.began([cell], {cell: result("1.25", seconds=seconds)}, 1)
    assert watch._left() == words
    watch._count(ALL[0], ran=True)
    assert watch._left() == ""
