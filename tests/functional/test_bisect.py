"""`matrix bisect`: the guilty release is found, in as few cells as promised, whatever cannot be installed."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import indexes
import pytest

from envmgr.cli import run
from envmgr.environments.layout import Layout
from envmgr.environments.state import read_state

GUIDE = (Path(__file__).parents[2] / "docs" / "matrices.md").read_text()
GOOD, BAD = "def old(): return 1\n", "def new(): return 1\n"
OLD = ("--command", "python -c 'import alpha; alpha.old()'")
LONG = 41
"""The first of 64 that is broken."""


def publish(index, name, version, day, text, *, requires=(), **rest):
    file, content = indexes.wheel(name, version, {f"{name}.py": text}, requires=requires, **rest)
    index.wheels[file] = content
    index.uploaded[file] = f"2024-{day}T12:00:00Z"
    return file


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    root = tmp_path_factory.mktemp("bisect")
    with pytest.MonkeyPatch.context() as patch, indexes.serve() as served:
        for number in range(64):
            publish(served, "alpha", f"1.{number}", "05-01", BAD if number >= LONG else GOOD)
        patch.setenv("UV_DEFAULT_INDEX", f"http://{served.host}/simple/")
        patch.setenv("UV_CACHE_DIR", str(root / "uv"))
        yield served


@pytest.fixture
def bisect(tmp_path, monkeypatch, capsys, index):
    monkeypatch.chdir(tmp_path)

    def command(*words):
        capsys.readouterr()
        retries = () if "--again" in words else ("--retries", "0")
        status = run(["matrix", "bisect", *words, *retries, "-q", "--format", "json"])
        told = json.loads(capsys.readouterr().out)
        return status, told["data"] if told["ok"] else told["error"]

    return command


def verdicts(outcome):
    return {probe["candidate"]: probe["verdict"] for probe in outcome["probes"]}


def found(outcome):
    return [(each["distribution"], each["before"], each["after"]) for each in outcome["found"]]


def test_a_planted_regression_among_64_is_found_in_7_cells_though_it_was_killed_on_the_way(bisect, tmp_path):
    words = ["matrix", "bisect", "alpha", "--good", "1.0", "--bad", "1.63", "--retries", "0", *OLD]
    child = subprocess.Popen([sys.executable, "-m", "envmgr", *words, "-q"], cwd=tmp_path)
    known = kept(tmp_path)
    deadline = time.monotonic() + 120
    while known < 2 and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        known = kept(tmp_path)
    child.send_signal(signal.SIGKILL)
    child.wait()
    status, outcome = bisect(*words[2:])
    assert (status, found(outcome), outcome["fails"]) == (0, [("alpha", "1.40", "1.41")], ["command"])
    assert outcome["detail"] == "AttributeError: module 'alpha' has no attribute 'old'"
    assert outcome["candidates"] == 64
    assert len(outcome["probes"]) <= 7
    assert outcome["cells"] <= len(outcome["probes"]) - 2
    status, again = bisect(*words[2:])
    assert (status, again["cells"], found(again)) == (0, 0, found(outcome))
    assert all(probe["kept"] for probe in again["probes"])
    once_more = again["command"].split(" ", 3)[3]
    assert "--good 1.40 --bad 1.41" in once_more
    status, decided = bisect(*shlex.split(once_more))
    assert (status, decided["cells"], found(decided)) == (0, 2, found(outcome))


def kept(root):
    layout = Layout(root)
    with read_state(layout) as state:
        names = [place.name for place in layout.matrices.glob("bisect-*")]
        return 0 if state is None else sum(len(state.results.of(name)) for name in names)


def test_what_cannot_be_installed_is_gone_around_and_said(bisect, index):
    for number in range(9):
        broken = number in (3, 6)
        publish(
            index,
            "gamma",
            f"1.{number}",
            f"06-0{number + 1}",
            BAD if number > 6 else GOOD,
            requires=["nowhere-to-be-found"] if broken else (),
            tag="cp38-cp38-win32" if number == 4 else "py3-none-any",
        )
    index.yanked.add(publish(index, "gamma", "1.6.1", "06-08", BAD))
    publish(index, "gamma", "1.7rc1", "06-08", BAD)
    words = ("gamma", "--good", "1.0", "--bad", "1.8", "--command", "python -c 'import gamma; gamma.old()'")
    status, outcome = bisect(*words)
    assert (status, outcome["last_good"], outcome["first_bad"]) == (0, "1.5", "1.7")
    assert found(outcome) == [("gamma", "1.5", "1.6"), ("gamma", "1.5", "1.7")]
    assert [each["released"] for each in outcome["found"]] == ["2024-06-07", "2024-06-08"]
    assert verdicts(outcome)["1.6"] == "skipped"
    assert outcome["detail"].endswith("has no attribute 'old'")
    (skipped,) = {probe["status"] for probe in outcome["probes"] if probe["verdict"] == "skipped"}
    assert skipped == "unresolvable"
    (note,) = outcome["notes"]
    assert re.fullmatch(
        r"left out: 1 without a file for Python 3\.\d+ on \S+, 1 yanked, 1 pre-releases \(`--pre` tries them\)",
        note,
    )
    status, early = bisect(*words, "--pre")
    assert found(early)[-1] == ("gamma", "1.5", "1.7rc1")


def test_when_it_cannot_be_told_it_says_what_came_instead(bisect):
    status, outcome = bisect("alpha", "--good", "1.61", "--bad", "1.63", *OLD)
    assert (status, outcome["found"], outcome["cells"]) == (1, [], 2)
    assert outcome["reason"].startswith("1.61, which was to pass, fails `command`: AttributeError: ")
    assert "Traceback" in outcome["log"]
    status, outcome = bisect("alpha", "--good", "1.0", "--bad", "1.2", *OLD)
    assert (status, outcome["cells"]) == (1, 2)
    assert outcome["reason"] == "1.2, which was to fail, passes `command`"
    status, outcome = bisect("alpha", "--good", "1.0", "--bad", "1.2", "--command", "python -c 'exit(125)'")
    assert (status, outcome["reason"]) == (1, "none of these 3 can be tried: ended with status 125")


def test_one_that_is_repeated_needs_no_index(bisect, monkeypatch):
    ends = ("alpha", "--good", "1.40", "--bad", "1.41", *OLD)
    before = bisect(*ends)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple/")
    status, outcome = bisect(*ends)
    assert (status, outcome["cells"], found(outcome)) == (0, 0, found(before[1]))
    assert outcome["notes"][0].startswith("the package index cannot be reached: releases of alpha as of 20")
    status, error = bisect(*ends, "--again")
    assert (status, error["code"]) == (4, "E-NETWORK")
    status, error = bisect("beta", *ends[1:])
    assert error["code"] == "E-NETWORK"


WRONG = {
    "no such release": (["alpha", "--good", "1.0", "--bad", "1.999"], "alpha has no release 1.999"),
    "no version": (["alpha", "--good", "1.0", "--bad", "newest"], "'newest' is no version of alpha"),
    "the same": (["alpha", "--good", "1.1", "--bad", "1.1"], "alpha 1.1 is not older than 1.1"),
    "a day": (["alpha", "--good", "2024-01-01", "--bad", "1.1"], "2024-01-01 is a day, not a release"),
    "no distribution": (["nowhere", "--good", "1.0", "--bad", "1.1"], "no library or distribution called"),
    "no requirement": (
        ["alpha", "--good", "1.0", "--bad", "1.1", "--with", "=="],
        "'==' is not a requirement",
    ),
    "a check of nothing": (
        ["alpha", "--good", "1.0", "--bad", "1.1", "--check", "x"],
        "--check names a check of",
    ),
    "open quotes": (
        ["alpha", "--good", "1.0", "--bad", "1.1", "--command", "a 'b"],
        "--command cannot be split",
    ),
    "no program": (["alpha", "--good", "1.0", "--bad", "1.1", "--command", " "], "--command is empty"),
    "no call": (["alpha", "--good", "1.0", "--bad", "1.1", "--args", "[]"], "--args are those of a call"),
    "no time": (["alpha", "--good", "1.0", "--bad", "1.1", "--timeout", "soon"], "`soon` is not a duration"),
    "no tests": (
        ["alpha", "--good", "1.0", "--bad", "1.1", "--pytest", "tests/test_a.py::test_b"],
        "there is no tests/test_a.py",
    ),
    "early locks": (
        ["alpha", "--good", "1.0", "--bad", "1.1", "--pre", "--with-dependencies"],
        "--pre is of a search among releases",
    ),
    "newer": (
        ["alpha", "--good", "1.2", "--bad", "1.1", "--with-dependencies"],
        "alpha 1.2 is newer than 1.1",
    ),
    "later": (
        ["alpha", "--good", "2024-07-01", "--bad", "2024-06-30", "--with-dependencies"],
        "2024-07-01 is not before 2024-06-30",
    ),
}


@pytest.mark.parametrize("words", WRONG)
def test_wrong_use(bisect, words):
    status, error = bisect(*WRONG[words][0])
    assert status == 2
    assert WRONG[words][1] in error["message"]
    assert error["hint"]


def test_a_selection_of_pytest_decides_and_what_ctrl_c_ends_goes_on(bisect, tmp_path, index, monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX")
    monkeypatch.delenv("UV_CACHE_DIR")
    monkeypatch.setenv("UV_INDEX", f"http://{index.host}/simple/")
    (tmp_path / "test_alpha.py").write_text(
        "import os, pathlib, time, alpha\n"
        "def test_old():\n"
        "    if os.path.exists('waiting'):\n"
        "        pathlib.Path('began').write_text(str(os.getpid()))\n"
        "        time.sleep(600)\n"
        "    assert alpha.old()\n"
        "def test_other():\n"
        "    assert alpha.new()\n"
    )
    (tmp_path / "waiting").touch()
    words = (
        "alpha",
        "--good",
        "1.40",
        "--bad",
        "1.42",
        "--pytest",
        "test_alpha.py::test_old",
        "--retries",
        "0",
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "envmgr", "matrix", "bisect", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    began = tmp_path / "began"
    while not (began.exists() and began.read_text()) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err.splitlines()[-1]) == (130, "", "interrupted"), err
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(int(began.read_text()), 0)
    assert kept(tmp_path) == 0, "what did not end has no result"
    (tmp_path / "waiting").unlink()
    status, outcome = bisect(*words)
    assert (status, found(outcome), outcome["fails"]) == (0, [("alpha", "1.40", "1.41")], ["pytest"])
    assert outcome["detail"].startswith("1 of 1 failed: test_alpha.py::test_old: AttributeError: ")
    assert "--pytest test_alpha.py::test_old" in outcome["command"]


def test_the_checks_of_a_matrix_health_calls_or_a_call_decide(bisect, tmp_path):
    (tmp_path / "envmgr.toml").write_text(
        '[library.math]\nstdlib = true\n[library.alpha]\nhealth.calls = [{ call = "alpha.old" }]\n[environment.alpha]\nconstraints = ["alpha<1.9"]\n'
    )
    (tmp_path / "matrices").mkdir()
    (tmp_path / "matrices" / "both.toml").write_text(
        'matrix-version = 1\nlibrary = "alpha"\n[axes]\nalpha = ["==1.0"]\n'
        '[[check]]\nname = "fine"\ncommand = "python -c pass"\n'
        '[[check]]\nname = "old"\ncommand = "python -c \'import alpha; alpha.old()\'"\n'
    )
    ends = ("alpha", "--good", "1.40", "--bad", "1.41")
    status, outcome = bisect(*ends)
    assert (status, found(outcome), outcome["fails"]) == (0, [("alpha", "1.40", "1.41")], ["health"])
    status, outcome = bisect(*ends, "--call", "alpha.old", "--args", "[]")
    assert (status, found(outcome), outcome["fails"]) == (0, [("alpha", "1.40", "1.41")], ["alpha.old"])
    status, outcome = bisect(*ends, "--matrix", "both")
    assert (status, outcome["checks"], outcome["fails"]) == (0, ["fine", "old"], ["old"])
    status, outcome = bisect(*ends, "--matrix", "both", "--check", "fine")
    assert (status, outcome["reason"]) == (1, "1.41, which was to fail, passes `fine`")
    status, error = bisect(*ends, "--matrix", "both", "--check", "find")
    assert (status, error["hint"]) == (2, "it has fine, old")
    status, error = bisect("math", "--good", "1", "--bad", "2")
    assert (status, error["message"]) == (2, "library math comes from no index: it has no releases")


@pytest.fixture(scope="module")
def dated(index):
    """top stays what it is while what is under it moves: epsilon breaks it in June, or in July together with zeta,
    and in between there is one that nothing at either end has."""
    publish(index, "top", "1.0", "01-01", "import epsilon, zeta\n", requires=["epsilon", "zeta"])
    publish(index, "epsilon", "1.0", "01-01", GOOD)
    publish(index, "zeta", "1.0", "01-01", GOOD)
    publish(index, "zeta", "1.1", "02-01", GOOD)
    publish(index, "epsilon", "1.1", "03-01", GOOD + "import passing\n", requires=["passing"])
    publish(index, "passing", "1.0", "02-20", "")
    publish(index, "passing", "1.1", "04-01", "new = 1\n")
    publish(index, "epsilon", "1.2", "05-01", BAD)
    publish(index, "zeta", "1.2", "07-01", GOOD)
    publish(index, "top", "1.1", "07-01", "import epsilon, zeta\n", requires=["epsilon", "zeta"])


def test_with_dependencies_the_one_that_moved_is_named(bisect, dated):
    words = ("top", "--with-dependencies", "--command", "python -c 'import epsilon; epsilon.old()'")
    status, outcome = bisect(*words, "--good", "1.0", "--bad", "1.0")
    assert (status, found(outcome), outcome["version"]) == (0, [("epsilon", "1.1", "1.2")], "1.0")
    assert (outcome["found"][0]["released"], outcome["notes"]) == (
        "2024-05-01",
        ["passing 1.1 is there no more"],
    )
    status, again = bisect(*shlex.split(outcome["command"])[3:])
    assert (status, again["cells"], found(again), again["version"]) == (0, 2, found(outcome), "1.0")
    status, outcome = bisect(*words, "--good", "1.0", "--bad", "1.1")
    assert (status, found(outcome)) == (0, [("epsilon", "1.1", "1.2")])
    assert outcome["cells"] <= 1  # nearly the same locks
    status, outcome = bisect(*words, "--good", "2024-05-31", "--bad", "2024-06-30")
    assert (status, outcome["reason"]) == (1, "nothing that is locked was published between")
    status, outcome = bisect(*words, "--good", "2023-12-31", "--bad", "2024-02-28", "--with", "zeta==1.0")
    assert (status, outcome["reason"]) == (1, "2024-01-01T12:00:00.001Z, which was to fail, passes `command`")
    assert (outcome["candidates"], outcome["cells"]) == (2, 1)
    same = "zeta==1.0; python_version > '3'"
    status, outcome = bisect(*words, "--good", "2023-12-31", "--bad", "2024-02-28", "--with", same)
    assert (status, outcome["reason"]) == (1, "2024-02-01T12:00:00.001Z, which was to fail, passes `command`")
    assert [(probe["verdict"], probe["kept"]) for probe in outcome["probes"]] == [
        ("good", False),
        ("good", True),
    ]
    status, outcome = bisect(*words, "--good", "2023-12-31", "--bad", "2024-01-15")
    assert (status, outcome["reason"]) == (1, "2024-01-01T12:00:00.001Z, which was to fail, passes `command`")


def test_without_times_of_upload_no_lock_is_dated(bisect, index):
    for version in ("1.0", "1.1"):
        index.uploaded[publish(index, "timeless", version, "01-01", GOOD)] = None
    status, error = bisect("timeless", "--good", "1.0", "--bad", "1.1", "--with-dependencies")
    assert (status, error["code"]) == (2, "E-USAGE")
    assert "the index does not say when timeless 1.0 was published" in error["message"]


def test_one_that_is_locked_at_neither_end_is_found(bisect, dated):
    passing = "import importlib.util as u; assert not (u.find_spec('passing') and hasattr(__import__('passing'), 'new'))"
    words = ("top", "--with-dependencies", "--good", "2024-01-31", "--bad", "2024-07-31")
    status, outcome = bisect(*words, "--command", f'python -c "import epsilon; epsilon.old(); {passing}"')
    assert (status, found(outcome)) == (0, [("passing", "1.0", "1.1")])


def test_of_several_that_moved_at_once_the_guilty_one_is_named(bisect, dated, index):
    for name, text in (("epsilon", GOOD), ("zeta", BAD), ("top", "")):
        publish(index, name, "3.0", "11-01", text, requires=["epsilon", "zeta"] if name == "top" else ())
    words = ("top", "--with-dependencies", "--good", "2024-01-31", "--bad", "2024-11-30")
    status, outcome = bisect(*words, "--command", "python -c 'import zeta; zeta.old()'")
    assert (status, found(outcome)) == (0, [("zeta", "1.2", "3.0")])


def same_whenever(text):
    text = re.sub(r"\d+\.\d s\b", "1.0 s", text)
    return re.sub(r"Python 3\.\d+\.\d+", "Python 3.x", text).rstrip()


def test_the_example_of_the_guide(tmp_path, monkeypatch, capsys):
    for name in ("UV_DEFAULT_INDEX", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (session,) = re.findall(r"```console\n\$ envmgr (matrix bisect .*?)```", GUIDE, re.DOTALL)
    command, _, expected = session.partition("\n")
    assert run([*shlex.split(command), "-q"]) == 0
    assert same_whenever(capsys.readouterr().out) == same_whenever(expected)
