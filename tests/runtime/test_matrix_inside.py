"""What runs in the cells of a matrix: with this interpreter, and the pytest that it has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

INSIDE = Path(__file__).parents[2] / "envmgr" / "matrix" / "inside"


def program(name):
    """As a cell starts it, by path; as a module where Envmgr itself is, so that coverage knows it."""
    if any(Path(sys.prefix).glob("lib/python*/site-packages/envmgr_elixir*")):
        return ["-m", f"envmgr.matrix.inside.{name}"]
    return [str(INSIDE / f"{name}.py")]


TESTS = """
import os, sys
import pytest
import helper

HERE = os.path.dirname(os.path.abspath(__file__))

def test_reads():
    with open(os.path.join(HERE, "data.txt")) as file:
        assert file.read() == "data"

def test_writes():
    with open(os.path.join(HERE, "out.txt"), "w") as file:
        file.write("x")
    with open(os.path.join(HERE, "out.txt")) as file:
        file.read()

def test_fails():
    found = {"a": 1}
    assert found == {"b": 2}

@pytest.fixture(scope="module")
def shared():
    return []

@pytest.mark.timed
def test_timed(shared, tmp_path):
    assert not list(tmp_path.iterdir())
    (tmp_path / "x").touch()
    shared.append(1)

@pytest.mark.timed
def test_timed_twice(shared):
    assert len(shared) < 3

@pytest.mark.timed
def test_timed_never():
    pytest.skip("not here")
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "helper.py").write_text("")
    (tmp_path / "data.txt").write_text("data")
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "unread.py").write_text("")
    return tmp_path


def run(project, *words, **rest):
    told = project.parent / f"{project.name}-told"
    script = [sys.executable, "-I", "-B", *program("tests"), str(told), str(project)]
    usual = ["-p", "no:cacheprovider", "--color=no", "--rootdir", str(project)]
    split = words.index("--") if "--" in words else 0
    done = subprocess.run(
        [*script, *words[:split], "--", *usual, *words[split + bool(split) :]],
        cwd=str(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        timeout=300,
        **rest,
    )
    return done.returncode, [json.loads(line) for line in told.read_text().splitlines()], done.stdout.decode()


def test_what_came_of_each_test_and_which_files_were_read(project):
    status, told, output = run(project, "test_it.py")
    assert status == 1, output
    assert ["at", "test_it.py::test_reads"] in told
    (failed,) = [line for line in told if line[0] == "was"]
    assert failed[:4] == ["was", "test_it.py::test_fails", "failed", "call"]
    assert failed[4].startswith("AssertionError: assert {'a': 1} == {'b': 2}")
    assert ["timed", 3] in told
    read, written = ({line[1] for line in told if line[0] == how} for how in ("file", "wrote"))
    assert read - written == {"test_it.py", "helper.py", "data.txt", "conftest.py"}
    assert written == {"out.txt"}
    assert told[-1] == ["end", 1, 4, 0]
    assert not list(project.glob("**/__pycache__"))


def test_what_cannot_be_collected(project):
    (project / "helper.py").write_text("import nowhere")
    status, told, _ = run(project, "-k", "reads", "test_it.py")
    assert status == 2
    assert [line for line in told if line[0] == "was"] == [
        ["was", "test_it.py", "failed", "collect", "ModuleNotFoundError: No module named 'nowhere'"]
    ]


def test_rounds_of_timed_tests(project):
    asked, asking = os.pipe()
    answers, answered = os.pipe()
    os.write(asking, b"{}\n{}\n" + json.dumps({"test_it.py::test_timed": 3}).encode() + b"\n")
    os.close(asking)
    run(project, "--rounds", str(asked), str(answered), "--", "test_it.py", pass_fds=(asked, answered))
    os.close(asked)
    os.close(answered)
    with os.fdopen(answers) as file:
        rounds = [json.loads(line) for line in file]
    assert len(rounds) == 3
    took = [[found["test_it.py::test_timed"], *list(found.values())[1:]] for found in rounds]
    assert all(0 < found[0] < 60 for found in took)
    assert [found[1] is None for found in took] == [False, False, True]
    assert [found[2] for found in took] == [None, None, None]


def test_bytecode_is_kept_elsewhere(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys, _pytest.mark\nprint(sys.argv[1:], __name__)\n")
    into = tmp_path / "into"
    # The interpreter's own bytecode of it would be taken instead.
    words = [sys.executable, "-I", "-B", "-X", "pycache_prefix={}".format(tmp_path / "none")]
    for _ in range(2):
        done = subprocess.run(
            [*words, *program("start"), str(into), str(script), "a"],
            stdout=subprocess.PIPE,
            timeout=300,
        )
        assert done.stdout.decode().strip() == "['a'] __main__"
    kept = [path.relative_to(into) for path in into.glob("**/*.pyc")]
    (place,) = [path for path in kept if "mark" in str(path) and "__init__" in path.name]
    assert [part for part in place.parts if part != "__pycache__"][-3:-1] == ["_pytest", "mark"]
    assert list(into.glob("**/*.pyc.*")) == []
