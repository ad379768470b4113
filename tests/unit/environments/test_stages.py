import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import envmgr
from envmgr.environments import stages


def test_nothing_happens_without_the_variable():
    assert stages._fault is None
    for stage in stages.ALL:
        stages.reached(stage)


def test_it_strikes_the_nth_time_alone():
    strike = stages.parse("enospc:lock-written:2")
    strike("lock-written")
    strike("lock-resolved")
    with pytest.raises(OSError, match="No space") as caught:
        strike("lock-written")
    assert caught.value.errno == errno.ENOSPC
    strike("lock-written")


@pytest.mark.parametrize(
    "wanted", ["kill", "kill:", "kill:nowhere", "shoot:lock-written", "kill:lock-written:x"]
)
def test_a_fault_that_would_never_strike_is_refused(wanted):
    with pytest.raises(SystemExit, match="known stage"):
        stages.parse(wanted)


@pytest.mark.parametrize(("fault", "ended"), [("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)])
def test_the_process_is_ended_or_halted(fault, ended):
    code = "from envmgr.environments import stages; stages.reached('lock-written')"
    environment = {**os.environ, stages.VARIABLE: f"{fault}:lock-written"}
    child = subprocess.Popen([sys.executable, "-c", code], env=environment)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    if fault == "stop":
        assert os.WSTOPSIG(status) == ended
        child.kill()
        child.wait()
    else:
        assert os.WTERMSIG(status) == ended
        child.returncode = -ended


def test_each_stage_is_in_the_code_once_at_least():
    code = "".join(path.read_text() for path in Path(envmgr.__file__).parent.rglob("*.py"))
    assert {*re.findall(r'stages\.reached\("([a-z-]+)"\)', code)} == {*stages.ALL}
