"""What one call took, for those who ask for it (docs/protocol.md, section 3)."""

from __future__ import annotations

import gc
import os
import sys
import threading
from time import perf_counter
from typing import Any, Callable, Mapping, Sequence

PARTS = ("resolve", "convert", "execute", "encode")


class Trace:
    """Begins when it is made. Costs some microseconds itself, which are in none of the parts."""

    def __init__(self, target: Any, bytes_in: int) -> None:
        self._facts: dict[str, Any] = {
            "path": _path(target),
            "pid": os.getpid(),
            "thread": threading.current_thread().name,
            "bytes_in": bytes_in,
            "bytes_out": 0,
        }
        self._seconds = dict.fromkeys(PARTS, 0.0)
        self._collections = _collections()
        self._resident, self._peak = _memory()
        self._since = perf_counter()

    def lap(self, part: str) -> None:
        """What passed since the last lap was this part."""
        now = perf_counter()
        self._seconds[part] += now - self._since
        self._since = now

    def called(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], aside: int
    ) -> None:
        """`aside`: bytes of the arguments that came by the second lane. To be told before the call: it may change
        them.
        """
        from ..failures.arguments import Called

        self._facts["arguments"] = Called(function, args, kwargs).summaries()
        self._facts["bytes_in"] += aside
        self._since = perf_counter()

    def told(self, bytes_out: int = 0) -> dict[str, Any]:
        """As the answer's meta, or an error, has it."""
        resident, peak = _memory()
        after = _collections()
        return {
            **self._seconds,
            **self._facts,
            "bytes_out": bytes_out,
            "gc": [now - before for before, now in zip(self._collections, after)],
            "memory": None if resident is None or self._resident is None else resident - self._resident,
            "peak": None if peak is None or self._peak is None else peak - self._peak,
        }


def _path(target: Any) -> str:
    if type(target) is str:
        return target
    try:
        if len(target) == 1:
            return " → ".join(f"object {what}" if kind == 3 else str(what) for kind, what in target[0])
        return f"object {target[0]}.{target[1]}"
    except (TypeError, ValueError, LookupError):
        return repr(target)[:100]


def _collections() -> list[int]:
    return [generation["collections"] for generation in gc.get_stats()]


def _memory() -> tuple[int | None, int | None]:
    """Bytes of this process in memory, now and at most so far. Where the system does not say: None."""
    try:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a str, and no pathlib here
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError):
        return None, None
    return resident, peak if sys.platform == "darwin" else peak * 1024
