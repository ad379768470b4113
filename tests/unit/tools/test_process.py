import os
import sys
import threading
import time
from pathlib import Path

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import process


def test_output_and_status():
    done = process.run([sys.executable, "-c", "import sys; print(input()); sys.exit('so')"], stdin="é\n")
    assert (done.stdout, done.stderr, done.status) == ("é\n", "so\n", 1)


def test_undecodable_output_is_escaped():
    done = process.run([sys.executable, "-c", r"import os; os.write(1, b'a\xff')"])
    assert done.stdout == r"a\xff"


def test_variables_that_change_what_python_or_uv_does_are_gone(monkeypatch):
    for name in (
        "PYTHONPATH",
        "PYTHONDONTWRITEBYTECODE",
        "VIRTUAL_ENV",
        "UV_OFFLINE",
        "UV_PYTHON",
        "COLUMNS",
    ):
        monkeypatch.setenv(name, "x")
    for name in ("UV_DEFAULT_INDEX", "UV_CACHE_DIR", "HTTPS_PROXY", "UV_INDEX_CORP_PASSWORD"):
        monkeypatch.setenv(name, "kept")
    seen = process.clean_environment({"EXTRA": "1"})
    assert not {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "UV_OFFLINE", "COLUMNS"} & set(seen)
    assert seen["UV_DEFAULT_INDEX"] == seen["UV_CACHE_DIR"] == seen["HTTPS_PROXY"] == "kept"
    assert seen["UV_INDEX_CORP_PASSWORD"] == "kept"
    assert seen["EXTRA"] == "1"


def test_missing_program():
    with pytest.raises(EnvmgrError, match="/nowhere/uv cannot be started: No such file"):
        process.run(["/nowhere/uv"])


def test_timeout_ends_the_whole_group(tmp_path):
    grandchild = (
        f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(30)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    begun = time.monotonic()
    with pytest.raises(EnvmgrError, match="did not finish within 1"):
        process.run([sys.executable, "-c", parent], timeout=1.5)
    assert time.monotonic() - begun < 15
    _gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("output", ["None", "subprocess.DEVNULL"])
def test_what_is_left_running_is_ended_and_not_waited_for(output):
    left = f"subprocess.Popen(['sleep', '60'], stdout={output}, stderr={output})"
    begun = time.monotonic()
    code = f"import subprocess; print({left}.pid, input())"
    done = process.run([sys.executable, "-c", code], timeout=30, stdin="heard")
    pid, word = done.stdout.split()
    assert (time.monotonic() - begun < 20, done.status, word) == (True, 0, "heard")
    _gone(int(pid))


def test_what_has_left_the_group_is_not_waited_for():
    left = "subprocess.Popen(['sleep', '60'], start_new_session=True)"
    begun = time.monotonic()
    done = process.run([sys.executable, "-c", f"import subprocess; print('é', {left}.pid)"])
    word, pid = done.stdout.split()
    os.kill(int(pid), 9)
    assert (time.monotonic() - begun < 20, done.status, word) == (True, 0, "é")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="a system without /proc")
def test_a_daemon_is_found_by_its_variables(tmp_path):
    daemon = (
        "import os, sys, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "os.rename(sys.argv[1], sys.argv[2])\n"
        "time.sleep(60)\n"
    )
    pids = []
    for name in ("one", "other"):
        child = process.start(
            [sys.executable, "-c", daemon, tmp_path / f"{name}.new", tmp_path / name],
            cwd=tmp_path,
            env={"TMPDIR": f"{tmp_path}/{name}-place"},
        )
        until = time.monotonic() + 30
        while not (tmp_path / name).exists() and time.monotonic() < until:
            time.sleep(0.02)
        process.ended(child)
        pids.append(int((tmp_path / name).read_text()))
    process.end_bearing(f"{tmp_path}/one-place")
    _gone(pids[0])
    os.kill(pids[1], 0)
    process.end_bearing(f"{tmp_path}/other-place")
    _gone(pids[1])


def test_end_all_ends_what_other_threads_wait_for():
    statuses = []
    before = set(process._live)
    waiting = threading.Thread(target=lambda: statuses.append(process.run(["sleep", "60"]).status))
    waiting.start()
    deadline = time.monotonic() + 5
    while set(process._live) <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    process.end_all()
    waiting.join(5)
    assert statuses == [-9]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's parent-death signal")
def test_a_child_dies_with_a_killed_parent(tmp_path):
    child = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import os, sys, threading, time; from envmgr.tools import process\n"
        f"threading.Thread(target=lambda: process.run([sys.executable, '-c', {child!r}])).start()\n"
        f"pid = {str(tmp_path / 'pid')!r}\n"
        "while not (os.path.exists(pid) and os.path.getsize(pid)):\n"
        "    time.sleep(0.01)\n"
        "os.kill(os.getpid(), 9)"
    )
    assert process.run([sys.executable, "-c", parent], timeout=20).status == -9
    _gone(int((tmp_path / "pid").read_text()))


def _gone(pid: int) -> None:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if " Z " in Path(f"/proc/{pid}/stat").read_text():
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} still runs")
