"""Limits of the worker, and ends that a function makes for itself."""

from __future__ import annotations

from typing import Any

from .case import Case
from .rules import rule


def _left(case: Case, match: Any) -> str:
    code = getattr(case.error, "code", None)
    status = f" (status {code})" if isinstance(code, int) else ""
    return f"the function ended its program{status}: it is made for the command line, where wrong arguments are told on stderr; look for one that returns a value"


RULES = (
    rule(
        "MemoryError",
        "",
        "the data does not fit into memory: pass less at once (chunks, a smaller dtype), or keep it in the worker with as: :ref",
    ),
    rule(
        "RecursionError",
        "",
        "the data is nested too deeply, refers to itself, or the recursion has no end; sys.setrecursionlimit in the library's init allows more",
    ),
    rule("SystemExit", "", _left),
    rule("KeyboardInterrupt", "", "the call was interrupted"),
    rule(
        "RuntimeError",
        r"can't start new thread",
        "the system allows no more threads: ulimit -u, or a limit of the container",
    ),
    rule(
        "RuntimeError",
        r"asyncio\.run\(\) cannot be called from a running event loop|event loop is already running",
        "call the coroutine function itself: the worker runs it on its event loop",
    ),
    rule(
        "RuntimeError",
        r"no (?:running|current) event loop",
        "only coroutines run on the worker's event loop: call one that makes this",
    ),
    rule(
        "ValueError",
        r"signal only works in main thread",
        "signals belong to the worker: call this in a program of its own",
    ),
    rule(
        "RuntimeError",
        r"dictionary changed size during iteration|Set changed size during iteration",
        "a call in another thread changed it meanwhile: repeat, or pass a copy",
    ),
    rule("StopIteration", "", "the iterator has no more elements; next takes a default as second argument"),
    rule("StopAsyncIteration", "", "the iterator has no more elements"),
    rule(
        "NotImplementedError", "", "the library has this only for other kinds of arguments, or in a subclass"
    ),
    rule(
        "EOFError",
        r"EOF when reading a line",
        "it waits for input from a terminal, which a worker has not: look for an argument that gives the answer",
    ),
)
