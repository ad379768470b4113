"""`kill -9` of a run of a matrix: nothing outlives it, and the next run goes on where it stopped."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from scene import PYTHON, Scene, end

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="processes are looked for in /proc"
)

WAIT = """
import os, pathlib, subprocess, sys, time, six
here = pathlib.Path(__file__).parent
if six.__version__ == "1.15.0" or (here / "go").exists():
    sys.exit(0)
code = "import time; time.sleep(300)"
child = subprocess.Popen([sys.executable, "-c", code])
(here / "pids").write_text(f"{os.getpid()} {child.pid}")
time.sleep(300)
"""


@pytest.fixture
def scene(tmp_path):
    scene = Scene(tmp_path / "app")
    (scene.root / "wait.py").write_text(WAIT)
    (scene.root / "matrices").mkdir()
    (scene.root / "matrices" / "six.toml").write_text(
        f'library = "six"\n[axes]\nsix = ["==1.15.0", "==1.16.0"]\npython = ["{PYTHON}"]\n'
        '[[check]]\ncommand = ["python", "wait.py"]\n'
    )
    return scene


def run(scene, **rest):
    return end(scene.start("matrix", "run", "six", "--jobs", "1", json=True, **rest))


def test_nothing_outlives_it_and_what_has_ended_stays(scene, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    child = scene.start("matrix", "run", "six", "--jobs", "1", TMPDIR=str(temporary))
    pids = scene.root / "pids"
    await_(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    assert list(temporary.glob("envmgr-cell-*"))
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    await_(lambda: not any(map(alive, map(int, pids.read_text().split()))))
    await_(lambda: not list(temporary.glob("envmgr-cell-*")))

    (scene.root / "go").touch()
    again = run(scene, TMPDIR=str(temporary)).answer["data"]
    assert again["ran"] == [f"six===1.16.0,python={PYTHON}"]
    assert [result["status"] for result in again["results"]] == ["passed", "passed"]
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("stage", ["lock-resolved", "entry-flushed"])
def test_killed_while_it_builds(scene, stage):
    (scene.root / "go").touch()
    killed = run(scene, fault=f"kill:{stage}")
    assert killed.status == -signal.SIGKILL
    again = run(scene)
    assert again.status == 0, again.words
    assert len(again.answer["data"]["ran"]) == 2
    assert [path for path in scene.leftovers() if "catalog" not in path] == []
    assert list((scene.root / ".envmgr" / "matrix" / "six").glob(".*.new")) == []


def await_(condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
