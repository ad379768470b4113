"""What a bisect says where it found nothing, and the command that decides again."""

from __future__ import annotations

import shlex

import pytest

from envmgr.matrix.bisecting import BAD, GOOD, SKIPPED, Search
from envmgr.model.bisection import Probe, Question
from envmgr.model.project import HealthCall
from envmgr.operations.bisect_outcomes import command
from envmgr.operations.bisect_trials import untold

NAMES = ["1.0", "1.1", "1.2"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ((SKIPPED, SKIPPED, SKIPPED), "none of these 3 can be tried: why 1.0"),
        ((BAD, BAD, BAD), "1.0, which was to pass, fails `import` and `health`: why 1.0"),
        (
            (SKIPPED, BAD, BAD),
            "1.0 cannot be tried, and 1.1, the first that can, fails `import` and `health`: why 1.1",
        ),
        ((GOOD, GOOD, GOOD), "1.2, which was to fail, passes `import` and `health`"),
        (
            (GOOD, GOOD, SKIPPED),
            "1.2 cannot be tried, and 1.1, the last that can, passes `import` and `health`",
        ),
    ],
)
def test_why_nothing_was_found(told, reason):
    search = Search(3, tuple(enumerate(told)))
    probes = {
        name: Probe(name, "", verdict, "", f"why {name}", 0.0, False)
        for name, verdict in zip(NAMES, told, strict=True)
    }
    assert search.suspects == ()
    assert untold(search, NAMES, probes, ("import", "health")) == reason


def test_the_command_has_all_that_was_asked():
    question = Question(
        "numpy",
        "1.0",
        "2.0",
        matrix="numpy",
        checks=("arrays",),
        selection=("tests/a b.py",),
        command="""python -c 'print("$HOME")'""",
        call=HealthCall("numpy.mean", ([1],)),
        python="3.12",
        requirements=("x>=1",),
        pre=True,
        retries=0,
        timeout_ms=90_000,
    )
    words = shlex.split(command(question, "1.2", "1.3"))
    assert words[:8] == ["envmgr", "matrix", "bisect", "numpy", "--good", "1.2", "--bad", "1.3"]
    given = dict(zip(words[8:-2:2], words[9:-2:2], strict=True))
    assert given == {
        "--matrix": "numpy",
        "--command": question.command,
        "--call": "numpy.mean",
        "--args": "[[1]]",
        "--python": "3.12",
        "--retries": "0",
        "--timeout": "90000ms",
        "--check": "arrays",
        "--pytest": "tests/a b.py",
        "--with": "x>=1",
    }
    assert words[-2:] == ["--pre", "--again"]


def test_a_command_in_quotes_is_quoted_as_a_person_would():
    asked = Question("x", "1", "2", command="python -c 'import x'", with_dependencies=True)
    assert command(asked, "1", "2") == (
        "envmgr matrix bisect x --good 1 --bad 2 --command \"python -c 'import x'\" --with-dependencies --again"
    )
