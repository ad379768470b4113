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
        stdout, stderr = child.communicate(stdin, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise EnvmgrError(
            "E-BUILD", f"{Path(words[0]).name} did not finish within {timeout:g} s and was ended"
        ) from None
    finally:
        with _live_guard:
            _live.discard(child.pid)
        if child.returncode is None:
            _kill_group(child.pid)
            child.communicate()
    return Completed(stdout, stderr, child.returncode)


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
        raise EnvmgrError("E-BUILD", f"{argv[0]} cannot be started: {problem.strerror or problem}") from None


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
    return EnvmgrError("E-BUILD", f"{program} cannot be started: {problem.strerror or problem}")


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
