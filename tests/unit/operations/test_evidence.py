"""What an undone upgrade says of why."""

from __future__ import annotations

from pathlib import Path

import pytest

from envmgr.environments.generation import Generation
from envmgr.errors import EnvmgrError
from envmgr.model.health import HealthFinding
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import evidence, wishes

STAGING = Path("/p/.envmgr/run/staging")
SERVING = Generation("web", 4, "k", "f", "l", (), b"")


@pytest.fixture
def wish():
    environment = Environment("web", "3.12", (Library("six", "six", None, "web"),))
    return wishes.read(Project(Path("/p"), "app", {"web": environment}), "six==2")


def told(wish, problem, left=""):
    return evidence.undone(wish, SERVING, problem, packages=(), staging=STAGING, left=left)


def test_the_cause_with_its_traceback_and_what_serves_on(wish):
    traceback = (
        'Traceback:\n  File "<frozen importlib._bootstrap>", line 1\n'
        f'  File "{STAGING}/web-k-77/environment/lib/six.py", line 2, in f\nValueError: no\n'
    )
    cause = EnvmgrError(
        "E-PROOF", "six cannot be loaded", hint="take another", details={"python": {"traceback": traceback}}
    )
    error = told(wish, cause)
    assert error.message == (
        "the upgrade to six==2 was undone: six cannot be loaded\n"
        "  Traceback:\n"
        '    File "lib/six.py", line 2, in f\n'
        "  ValueError: no\n"
        "generation 4 of environment web serves on; its lock and envmgr.toml are as they were"
    )
    assert (error.code, error.exit_status, error.hint) == ("E-UNDONE", 5, "take another")
    assert error.details["cause"] == {
        "code": "E-PROOF",
        "message": "six cannot be loaded",
        "hint": "take another",
        "details": cause.details,
    }
    assert (error.details["library"], error.details["asked"], error.details["serving"]) == ("six", "==2", 4)


def test_an_interruption_and_what_could_not_be_taken_back(wish):
    error = told(wish, KeyboardInterrupt(), left=" not all could be taken back (no space)")
    assert error.message == (
        "the upgrade to six==2 was undone: interrupted\n"
        "generation 4 of environment web serves on; not all could be taken back (no space)"
    )
    assert error.details["cause"]["code"] is None


def finding(problem, file="lib/six.py"):
    return HealthFinding("web", "six", file, problem, "so it is", "repair it")


def test_findings_by_what_they_are_of():
    loads = [finding("cannot be loaded")]
    assert evidence.unsound("web", loads).code == "E-PROOF"
    assert evidence.unsound("web", [*loads, finding("changed")]).code == "E-TAMPERED"
    many = evidence.unsound("web", [finding("missing", f"{n}.py") for n in range(25)])
    assert many.message.splitlines()[1:3] == [
        "  six: 0.py: missing: so it is",
        "  six: 1.py: missing: so it is",
    ]
    assert many.message.splitlines()[-1] == "  … and 5 more"
    assert len(many.details["findings"]) == 25


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (EnvmgrError("E-LOCK", "one\ntwo"), "one"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (OSError("x" * 300), "x" * 199 + "…"),
    ],
)
def test_one_line_for_the_history(problem, line):
    assert evidence.gist(problem) == line
