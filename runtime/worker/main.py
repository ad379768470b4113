"""A worker's life: descriptors, guard, hello, loop. A zygote lives the first part of it, its workers the second."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, Callable

from ..execution.buffers import Memory
from ..execution.calls import Calls, start_failure
from ..execution.cancellation import Cancelled
from ..execution.records import Records
from ..library.loading import Libraries, LoadError, python_version
from ..values.strategies import merged
from ..wire.compression import FORMATS
from ..wire.frames import BrokenFrame, FrameReader, FrameWriter
from ..wire.lane import Lane, LaneBroken
from ..wire.messages import BROKEN_FRAME, CLOSED, ERROR, HELLO, PROTOCOL
from ..wire.packing import packb
from . import guard
from .loop import Loop

if TYPE_CHECKING:
    from .zygote import Zygote

_FAILED = 70
"""EX_SOFTWARE of sysexits.h, also when a library cannot be loaded."""
_INTERRUPT: int = signal.SIGRTMIN + 9 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR1
"""Of the real-time signals one from the middle: debuggers and C libraries take the first or the last."""
_PATIENCE = 5.0
"""Seconds. The grace period of a pool that is told no other."""
_MARK = "ENVMGR_WORKER"
"""The variable by which the pool finds what a worker has started."""
_PIPE_BYTES = 1 << 20
_F_SETPIPE_SZ = 1031


def main(arguments: list[str], zygote: type[Zygote] | None = None) -> None:
    """Serves the pool on descriptors 3 and 4, or on the two numbers given. Does not return."""
    reading, writing = map(int, arguments or ("3", "4"))
    guard.own_group()
    guard.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is for the pool
    _prepare(reading, writing)
    try:
        _exit(_serve(reading, writing, zygote))
    except BaseException as error:  # noqa: BLE001 - whatever it is, no thread may keep this process
        _fail(error)


def _fail(error: BaseException) -> None:
    """Ends this process, and says why. Does not return."""
    status = _FAILED
    if isinstance(error, BrokenPipeError):
        status = 0
    elif isinstance(error, BrokenFrame):
        os.write(2, f"envmgr worker: broken frame: {error}\n".encode())
        status = BROKEN_FRAME
    elif isinstance(error, OSError) and error.errno == errno.EBADF:
        with contextlib.suppress(OSError):  # that one, too
            os.write(2, b"envmgr worker: the descriptors that it shares with the pool were closed\n")
        status = CLOSED
    else:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        os.write(2, f"envmgr worker: {''.join(lines)}".encode("utf-8", "backslashreplace"))
    _exit(status)


def zygote(arguments: list[str]) -> None:
    """As `main`, after the word that chose it, of a process that forks workers."""
    from .zygote import Zygote, hold_threads

    hold_threads()
    main(arguments[1:], Zygote)


def _prepare(reading: int, writing: int) -> None:
    """No child inherits the pool's descriptors; nothing that C code prints reaches the pool's stdout."""
    for descriptor in (reading, writing):
        os.set_inheritable(descriptor, False)
        os.set_blocking(descriptor, True)
        _widen(descriptor)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)


def _widen(descriptor: int) -> None:
    """A pipe of 1 MiB saves system calls on large frames. Linux only, as far as the user's limits allow."""
    if sys.platform.startswith("linux"):
        import fcntl

        try:
            fcntl.fcntl(descriptor, _F_SETPIPE_SZ, _PIPE_BYTES)
        except OSError:
            return


def _serve(reading: int, writing: int, kind: type[Zygote] | None) -> int:
    reader, writer = FrameReader(reading), FrameWriter(writing)
    libraries = Libraries()
    calls = Calls(libraries)
    loop = Loop(reader, writer, calls, _INTERRUPT)
    zygote = None if kind is None else kind(reading, loop.out.send)
    messages = reader.read()
    if not messages:
        return 0
    if zygote is None:
        guard.die_at_hangup(reading, writing)
        loop = _fitting(loop, reader, writer, calls, messages[0])
    loop.take(messages[1:])
    signal.signal(_INTERRUPT, lambda number, frame: loop.interrupt(number, frame))
    _hear_of_lost_cancels(lambda: loop.unheard())
    sys.stdout, sys.stderr = loop.out.stdout, loop.out.stderr
    records = Records(loop.out.tell)
    records.install()
    crash: list[int] = []

    def forked() -> None:
        if zygote is None or not zygote.forks:
            _leave_the_pool(loop, records, reading, writing, *calls.buffers.descriptors, *crash)

    os.register_at_fork(after_in_child=forked)
    try:
        if zygote is not None:
            settings = _settings(messages[0])
            hold_lease(settings.get("lease"))
            _load(settings, libraries, calls)
            if not zygote.serve(settings["zygote"], _facts(libraries), writing):
                return 0
            loop.moved()
            _prepare(reading, writing)
            guard.die_at_hangup(reading, writing)
            messages = reader.read()
            if not messages:
                return 0
            loop = _fitting(loop, reader, writer, calls, messages[0])
            sys.stdout, sys.stderr = loop.out.stdout, loop.out.stderr
            loop.take(messages[1:])
        facts = _start(messages[0], libraries, calls, crash)
        facts["threads"] = loop.threads
    except Exception as error:  # noqa: BLE001 - whatever it is, the pool is told
        failed = error if isinstance(error, LoadError) else None
        cause, name, step = (failed.__cause__, failed.library, failed.step) if failed else (None, None, None)
        loop.out.send(packb([ERROR, 0, start_failure(cause or error, name, step)]))
        return _FAILED
    loop.out.send(packb([HELLO, 0, facts]))
    if loop.run() and calls.around.unloads:
        _unload(calls, libraries)
        loop.out.finish()
        loop.out.flush()
    return 0


def _fitting(loop: Loop, reader: FrameReader, writer: FrameWriter, calls: Calls, hello: Any) -> Loop:
    """The loop that the pool's hello asks for; whether that is one, is seen later."""
    settings = hello[2] if type(hello) is list and len(hello) == 3 else None
    threads = settings.get("threads") if type(settings) is dict else None
    if type(threads) is not int or threads < 2:
        return loop
    from .threaded import ThreadedLoop

    return ThreadedLoop(reader, writer, calls, _INTERRUPT, threads, loop.out, _fail)


def _unload(calls: Calls, libraries: Libraries) -> None:
    """Runs the hooks `on-unload`, which have a few seconds; what they raise is for the log of the pool."""
    watch = threading.Timer(_PATIENCE, os._exit, [0])
    watch.daemon = True
    watch.start()
    for failed in calls.around.unload(libraries):
        error = failed.error
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        os.write(2, f"envmgr worker: {failed.step}: {''.join(lines)}".encode("utf-8", "backslashreplace"))
    watch.cancel()


def _leave_the_pool(loop: Loop, records: Records, *descriptors: int) -> None:
    """In a fork of this process: it must not answer, take calls, or hold the pool's pipes open."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(null, descriptor, inheritable=False)
    os.close(null)
    records.leave()
    loop.after_fork()
    if sys.stdout is loop.out.stdout:
        sys.stdout = sys.__stdout__
    if sys.stderr is loop.out.stderr:
        sys.stderr = sys.__stderr__


def _hear_of_lost_cancels(unheard: Callable[[], None]) -> None:
    """A finaliser cannot pass on what is raised in it: Python hands it to this hook."""
    print_it = sys.unraisablehook

    def hook(lost: Any) -> None:
        if isinstance(lost.exc_value, Cancelled):
            unheard()
        else:
            print_it(lost)

    sys.unraisablehook = hook


def _start(hello: Any, libraries: Libraries, calls: Calls, crash: list[int]) -> dict[str, Any]:
    """Meets what the pool's hello asks for; the descriptor for a crash goes into `crash`. Raises when that cannot be
    done."""
    settings = _settings(hello)
    if settings.get("mark") is not None:
        os.environ[_MARK] = settings["mark"]
    if settings.get("crash") is not None:
        crash.append(_tell_of_crashes(settings["crash"]))
    hold_lease(settings.get("lease"))
    lane = _lane(settings.get("lane"), settings.get("compression") in FORMATS)
    if lane is not None:
        calls.buffers.use(lane)
    if settings.get("refs") is False:
        calls.refs.kept = False
    _load(settings, libraries, calls)
    return {**_facts(libraries), "lane": lane is not None, "interrupt": int(_INTERRUPT)}


def _settings(hello: Any) -> Any:
    kind, _, settings = hello
    if kind != HELLO or settings.get("protocol") != PROTOCOL:
        raise BrokenFrame(f"the first message is no hello of protocol {PROTOCOL}")
    return settings


def _load(settings: Any, libraries: Libraries, calls: Calls) -> None:
    """Has the libraries that the pool asks for, and no others; a zygote had them before. Raises `LoadError`."""
    wanted = settings["libraries"]
    calls.strategies.configure(merged(wanted), settings.get("environment"), settings.get("secret"))
    libraries.keep(wanted)
    calls.around.keep(wanted)
    missing = {name: said for name, said in wanted.items() if name not in libraries}
    libraries.load(missing)
    calls.around.configure(missing, libraries)


def _facts(libraries: Libraries) -> dict[str, Any]:
    return {
        "protocol": PROTOCOL,
        "pid": os.getpid(),
        "python": python_version(),
        "libraries": libraries.versions(),
    }


def _tell_of_crashes(path: str) -> int:
    """Has Python write the frames of all threads to `path` when a signal such as SIGSEGV ends this process. The
    descriptor is never closed."""
    import faulthandler

    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    faulthandler.enable(descriptor)
    return descriptor


def _lane(directory: str | None, compressed: bool) -> Lane | None:
    """The second lane, where the pool offers one and the system lets us have it."""
    if directory is None:
        return None
    try:
        return Lane(directory, Memory(), compressed)
    except (OSError, LaneBroken) as error:
        os.write(2, f"envmgr worker: no second lane: {error}\n".encode())
        return None


def hold_lease(path: str | None) -> None:
    """Holds a shared lock on `path` until this process ends, by a descriptor that is never closed.

    Whoever frees the environment deletes the file under an exclusive lock: a lock that was waited for may be
    on a file that nobody else can find any more, and is then taken again on a new one.
    """
    if path is None:
        return
    import fcntl

    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):  # noqa: PTH116 - a str, and no pathlib here
                return
        os.close(descriptor)


def _exit(status: int) -> None:
    """Ends without waiting for threads that a call left behind; exit handlers and flushes still run."""
    import atexit

    run_handlers = getattr(atexit, "_run_exitfuncs", None)
    if run_handlers is not None:
        with contextlib.suppress(BaseException):  # a handler of the library's must not keep the worker alive
            run_handlers()
    os._exit(status)
