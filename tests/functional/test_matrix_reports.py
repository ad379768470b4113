"""From a run on two machines to reports: real cells of real wheels, through the command line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from indexes import serve, wheel
from projects import PYTHON

from envmgr.cli import run

MATRIX = f"""
matrix-version = 1
library = "wobble"

[axes]
wobble = ["1.0", "2.0", "latest"]
python = ["{PYTHON}"]

[[check]]
import = true

[[check]]
name = "adds"
command = ["python", "-c", "import wobble; assert wobble.add(1, 2) == 3, f'<b>{{wobble.add(1, 2)}}</b>'"]
"""
WHEELS = [
    wheel("wobble", version, {"wobble.py": f"def add(a, b):\n    return {body}\n"})
    for version, body in (("1.0", "a + b"), ("2.0", "a + b"), ("3.0", "a - b"))
]


@pytest.fixture(scope="module")
def index():
    with serve(*WHEELS) as serving:
        yield serving


@pytest.fixture(scope="module")
def ran(index, tmp_path_factory):
    """The project after a whole run: a directory to be copied."""
    root = tmp_path_factory.mktemp("ran") / "project"
    prepare(root)
    environment = {**os.environ, "UV_DEFAULT_INDEX": f"http://{index.host}/simple/"}
    words = [sys.executable, "-m", "envmgr", "matrix", "run", "wobble", "--project", str(root)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return root


def prepare(root, text=MATRIX):
    (root / "matrices").mkdir(parents=True, exist_ok=True)
    (root / "matrices" / "wobble.toml").write_text(text)


@pytest.fixture
def machine(tmp_path, index, capsys, monkeypatch):
    """A directory with the matrix, as a checkout on some machine has it, and commands that run there."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple/")

    def make(name, text=MATRIX, like=None):
        root = tmp_path / name
        if like is not None:
            shutil.copytree(like, root, symlinks=True)
        prepare(root, text)

        def command(*words):
            monkeypatch.chdir(root)
            capsys.readouterr()
            status = run(["matrix", *map(str, words)])
            return status, *capsys.readouterr()

        command.root = root
        return command

    return make


CELLS = [f"wobble={version},python={PYTHON}" for version in ("1.0", "2.0", "latest")]


def test_from_shards_to_reports(machine, tmp_path):
    parts = []
    for number in (1, 2):
        there = machine(f"machine{number}")
        status, stdout, stderr = there("run", "wobble", "--shard", f"{number}/2")
        assert status == (number == 1), stderr + stdout
        parts += there.root.glob("matrices/*.results.*-of-2.json")
    assert [path.name for path in parts] == ["wobble.results.1-of-2.json", "wobble.results.2-of-2.json"]

    here = machine("here")
    status, _, stderr = here("report", "wobble")
    assert (status, "there are no results of the matrix wobble yet" in stderr) == (2, True)
    status, stdout, _ = here("merge", parts[0])
    assert (status, f"no result of {CELLS[1]}" in stdout) == (1, True)
    status, stdout, _ = here("merge", *parts)
    assert (status, stdout.splitlines()[0]) == (
        1,
        "wobble: 3 cells: 2 passed, 1 failed (1 red), from 2 files",
    )
    committed = here.root / "matrices" / "wobble.results.json"
    assert [each["cell"] for each in json.loads(committed.read_text())["results"]] == sorted(CELLS)
    assert "nothing new" in here("merge", *parts)[1]
    (there.root / "matrices" / "wobble.toml").rename(there.root / "matrices" / "other.toml")
    status, _, stderr = there("merge", *parts)
    assert (status, "there is no matrices/wobble.toml" in stderr) == (2, True)

    status, stdout, stderr = here("report")
    assert (status, stderr) == (1, "")
    for words in ("wobble: 3 cells: 2 passed, 1 failed (1 red)", "latest", f"failed: {CELLS[2]} (wobble 3.0"):
        assert words in stdout
    again = next(line for line in stdout.splitlines() if line.startswith("  envmgr matrix run")).split()
    assert here(*again[2:])[0] == 1, "the printed command runs the cell again"

    forms = {}
    for form in ("markdown", "html", "junit", "json", "terminal"):
        output = tmp_path / f"report.{form}"
        status, stdout, _ = here("report", "wobble", "--as", form, "--output", output)
        assert (status, stdout.splitlines()[-1]) == (1, f"written to {output}")
        forms[form] = output.read_text()
    assert "&lt;b&gt;-1&lt;/b&gt;" in forms["html"]
    assert ElementTree.fromstring(forms["junit"]).get("failures") == "1"
    assert json.loads(forms["json"])["matrices"][0]["results"][2]["resolved"]["wobble"] == "3.0"
    assert "AssertionError" in forms["markdown"]
    assert "\x1b" not in forms["terminal"]
    data = json.loads(here("report", "--format", "json")[1])["data"]
    assert data == json.loads(forms["json"])["matrices"]

    # A clone has what was committed.
    clone = machine("clone")
    shutil.copy(committed, clone.root / "matrices")
    status, stdout, _ = clone("report")
    assert (status, "read from wobble.results.json, which has no logs" in stdout) == (1, True)
    # And with a cell of its own, the rest of the file's.
    assert clone("run", "wobble", "--cell", CELLS[0])[0] == 0
    assert committed.read_text() == (clone.root / "matrices" / "wobble.results.json").read_text()
    assert "2 of them are read from wobble.results.json" in clone("report")[1]


def test_against_what_was(machine, index, tmp_path):
    here = machine("here", MATRIX.replace(', "latest"', ""))
    git = ["git", "-C", str(here.root), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "nothing"], check=True)
    assert here("run", "wobble")[0] == 0
    assert here("report", "--against", "HEAD")[1].count("\nnew: ") == 2
    subprocess.run([*git, "add", "matrices"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "results"], check=True)
    older = shutil.copy(here.root / "matrices" / "wobble.results.json", tmp_path / "older.json")
    status, stdout, _ = here("report", "--against", "HEAD")
    assert (status, stdout.splitlines()[-1]) == (0, "against HEAD: nothing is broken that was not")

    (here.root / "matrices" / "wobble.toml").write_text(MATRIX)
    assert here("run", "wobble")[0] == 1
    for against in (older, "HEAD", "HEAD:matrices/wobble.results.json"):
        status, stdout, _ = here("report", "wobble", "--against", against)
        assert status == 1
        assert f"newly broken: {CELLS[2]}: adds: new, failed" in stdout
        assert f"new: {CELLS[2]}" in stdout
    subprocess.run([*git, "commit", "-qam", "known"], check=True)
    status, stdout, _ = here("report", "--against", "HEAD")
    assert (status, "1 failed (1 red)" in stdout) == (0, True), "what was red before is no news"

    for against, words in (
        ("nonsense", "no revision of git that has one"),
        ("HEAD:matrices/none.json", "does not exist in 'HEAD'"),
        (str(here.root / "matrices" / "wobble.toml"), "no JSON"),
    ):
        status, _, stderr = here("report", "--against", against)
        assert (status, words in stderr) == (2, True), stderr
    other = tmp_path / "other.json"
    other.write_text(older.read_text().replace('"matrix": "wobble"', '"matrix": "other"'))
    status, _, stderr = here("report", "--against", other)
    assert (status, "results of the matrix other, not of wobble" in stderr) == (2, True)


def test_a_report_asks_no_index(machine, monkeypatch, ran):
    here = machine("here", like=ran)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple/")
    assert here("report")[::2] == (1, "")
    with (here.root / "matrices" / "wobble.toml").open("a") as file:
        file.write('[[include]]\nwobble = "next"\n')
    shutil.rmtree(here.root / ".envmgr" / "matrix")
    status, stdout, stderr = here("report")
    assert (status, stderr) == (1, "")
    assert "3 cells: 2 passed, 1 failed (1 red)" in stdout
    status, _, stderr = here("report", "wobbel")
    assert (status, "did you mean `wobble`?" in stderr) == (2, True)


def test_the_commands_of_the_guide(ran, index, tmp_path):
    """As they stand in docs/matrices.md, but for the matrix."""
    guide = (Path(__file__).parents[2] / "docs" / "matrices.md").read_text()
    root = shutil.copytree(ran, tmp_path / "project", symlinks=True)
    for words in (
        "init -q",
        "add matrices",
        "-c user.name=x -c user.email=x@example.org commit -q -m results",
    ):
        subprocess.run(["git", *words.split()], cwd=root, check=True)
    section = guide.partition("## Reports")[2].partition("## Keys")[0]
    section = section.partition("## Bisect")[0] + section.partition("## In CI")[2]
    commands = re.findall(r"^\$ (.+)$", section, re.MULTILINE)
    assert len(commands) == 9
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "UV_DEFAULT_INDEX": f"http://{index.host}/simple/"}
    for command in commands:
        done = subprocess.run(
            command.replace("numpy", "wobble"),
            shell=True, cwd=root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), f"{command}: {done.stderr}"
        assert "error:" not in done.stderr, command
    assert (root / "wobble.html").read_text().startswith("<!doctype html>")
    assert ElementTree.parse(root / "matrices.xml").getroot().tag == "testsuites"


def test_what_is_slower_is_found(machine, monkeypatch):
    wheels = [
        wheel("drowsy", version, {"drowsy.py": f"import time\n\n\ndef rest():\n    time.sleep({seconds})\n"})
        for version, seconds in (("1.0", 0.02), ("2.0", 0.06))
    ]
    text = """
matrix-version = 1
library = "drowsy"
axes = { drowsy = ["1.0", "2.0"] }
timing = { reference = { drowsy = "1.0" } }
"""
    here = machine("here", text)
    (here.root / "envmgr.toml").write_text(
        f'[library.drowsy]\npython = "{PYTHON}"\nhealth = {{ calls = [{{ call = "drowsy.rest" }}] }}\n'
    )
    with serve(*wheels) as serving:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{serving.host}/simple/")
        status, stdout, stderr = here("run", "wobble")
    assert status == 0, stdout + stderr
    (found,) = json.loads(here("report", "--as", "json")[1])["matrices"][0]["slower"]
    assert (found["cell"], found["name"]) == ("drowsy=2.0", "drowsy.rest")
    assert 1.25 < found["ratio"][1] <= found["ratio"][0]
    assert "slower: drowsy=2.0: drowsy.rest" in here("report")[1]
    committed = json.loads((here.root / "matrices" / "wobble.results.json").read_text())
    assert committed["timing"]["reference"] == "drowsy=1.0"


def test_a_place_that_cannot_be_written_is_told(machine, ran):
    here = machine("here", like=ran)
    status, _, stderr = here("report", "--as", "html", "--output", Path("/proc/none/report.html"))
    assert status == 4
    assert "writing the report failed" in stderr
