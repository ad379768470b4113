"""Every subprocess of the control plane is started here: clean environment, whole process groups, no orphans.

Children run in a session of their own, so that a timeout or a Ctrl-C ends them with everything they
started; on Linux the kernel ends a child whose parent was killed, so that nothing of ours goes on
writing into a staging directory that the next command deletes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

from envmgr.errors import EnvmgrError

_UV_KEPT = (
    "UV_CACHE_DIR",
    "UV_CONCURRENT_",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_HTTP_",
    "UV_INDEX",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_NETRC",
    "UV_NO_CACHE",
    "UV_PYTHON_INSTALL_",
    "UV_REQUEST_TIMEOUT",
    "UV_SYSTEM_CERTS",
)
_STRIPPED = ("PYTHON", "UV_", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV", "VIRTUALENV_", "CONDA_PREFIX", "COLUMNS")
"""The last one makes uv break its lines, which are read here."""
_PR_SET_PDEATHSIG = 1
_LOOK = 1.0
_PASSES = 10
"""Something may fork while it is looked for."""

Child: TypeAlias = "subprocess.Popen[bytes]"

_live: set[int] = set()
_live_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Completed:
    stdout: str
    stderr: str
    status: int


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's variables without those that would change what Python or uv does, plus `extra`.

    Indexes, caches, proxies, certificates and the keyring stay: they say where things come from, not what is
    built.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_UV_KEPT) or not name.startswith(_STRIPPED)
    }
    kept.update(extra or {})
    return kept


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
    stdin: str | None = None,
) -> Completed:
    """Run to the end; `env` is added to a clean environment. Output is UTF-8, undecodable bytes escaped.

    It has ended when the program itself has: what that has left in its process group is killed then.
    A status other than 0 is the caller's to judge. Raises EnvmgrError, naming the program:
    E-BUILD when it cannot be started or does not end within `timeout` seconds.
    """
    words = [os.fspath(word) for word in argv]
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=clean_environment(env),
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    except OSError as problem:
        raise _not_started(words[0], problem) from None
    with _live_guard:
        _live.add(child.pid)
    try:
        stdout, stderr = _communicate(child, stdin, timeout)
    except subprocess.TimeoutExpired:
        raise EnvmgrError(
            "E-BUILD",
            f"{Path(words[0]).name} did not finish within {timeout:g} s and was ended",
            hint="run the command again when the machine has less to do",
        ) from None
    finally:
        with _live_guard:
            _live.discard(child.pid)
        running = child.returncode is None
        _kill_group(child.pid)
        if running:
            _rest(child)
    return Completed(stdout, stderr, child.returncode)


def _communicate(child: subprocess.Popen[str], stdin: str | None, timeout: float | None) -> tuple[str, str]:
    """What it printed until it ended: what it has left running may hold its output open for ever."""
    until = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _LOOK if until is None else min(_LOOK, max(until - time.monotonic(), 0))
        try:
            return child.communicate(stdin, timeout=left)
        except subprocess.TimeoutExpired:
            stdin = None  # the rest of it is sent anyway
            if child.poll() is not None:
                _kill_group(child.pid)
                return _rest(child)
            if until is not None and time.monotonic() >= until:
                raise


def _rest(child: subprocess.Popen[str]) -> tuple[str, str]:
    """The output of a child whose group was killed. Who has left the group is not waited for."""
    try:
        return child.communicate(timeout=_LOOK)
    except subprocess.TimeoutExpired as open_still:
        for stream in (child.stdin, child.stdout, child.stderr):
            if stream is not None:
                stream.close()
        # Bytes, whatever the encoding.
        read = (open_still.output, open_still.stderr)
        stdout, stderr = ((part or b"").decode("utf-8", "backslashreplace") for part in read)
        return stdout, stderr


def start(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bool = False,
    output: bool = True,
    pass_fds: Sequence[int] = (),
    outlive: bool = False,
) -> Child:
    """Start a program in a session of its own, with exactly these variables and one pipe for all that it prints.

    The caller waits for it, and calls `ended` then. It dies with this process, or with the thread that started it,
    unless it is to `outlive` them. Raises E-BUILD when it cannot be started.
    """
    words = [os.fspath(word) for word in argv]
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE if output else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=None if outlive else _die_with_parent,
        )
    except OSError as problem:
        raise _not_started(words[0], problem) from None
    if not outlive:
        with _live_guard:
            _live.add(child.pid)
    return child


def wait(child: Child, seconds: float) -> bool:
    """Whether it has ended, within so many seconds."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def signal_group(child: Child, number: int) -> None:
    """To a child of `start`, and all that it started in its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def ended(child: Child) -> None:
    """Kill what a child of `start` has left in its group, and the child, if need be; then it is reaped."""
    with _live_guard:
        _live.discard(child.pid)
    signal_group(child, signal.SIGKILL)
    child.wait()


def end_bearing(word: str) -> None:
    """Kill what has `word` in the variables that it was started with: a daemon leaves its group and its session, and
    keeps those. Linux alone. Cost: a read for each process of the machine.
    """
    for _ in range(_PASSES):
        found = [number for number in _numbers() if os.fsencode(word) in _variables(number)]
        for number in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(number, signal.SIGKILL)
        if not found:
            break


def become(argv: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> NoReturn:
    """This process goes on as another program, with its terminal and exactly these variables. Raises E-BUILD when it
    cannot be started.
    """
    try:
        os.chdir(cwd)
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(argv[0], [*argv], env)  # noqa: S606 - no shell is wanted
    except OSError as problem:
        raise _not_started(argv[0], problem) from None


def end_all() -> None:
    """Kill every child that runs now, with its process group: a Ctrl-C reaches the main thread alone."""
    with _live_guard:
        groups = tuple(_live)
    for group in groups:
        _kill_group(group)


def _numbers() -> list[int]:
    with contextlib.suppress(OSError):
        numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
        return [number for number in numbers if number != os.getpid()]
    return []


def _variables(number: int) -> bytes:
    """None of one that has ended, or is another user's."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/environ").read_bytes()
    return b""


def _not_started(program: str, problem: OSError) -> EnvmgrError:
    return EnvmgrError(
        "E-BUILD",
        f"{program} cannot be started: {problem.strerror or problem}",
        hint="see that it is there, made for this machine, and that you may run it",
    )


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _parent_death_signal() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.PyDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    return ask


_die_with_parent = _parent_death_signal()
