"""Running one call: find the callable, decode the arguments, call, encode the answer."""

from __future__ import annotations

import functools
from time import perf_counter
from typing import Any, Callable

from ..library.loading import Libraries, Unresolved
from ..values.codec import Codec
from ..values.errors import ConversionError, RefLimit, StaleRef
from ..values.statistics import LARGE, SAMPLED, Payloads
from ..values.strategies import Strategies
from ..wire.messages import AS_REF, ATTRIBUTE, ERROR, PART, RESULT
from .buffers import Buffers
from .failures import failure
from .parts import OPERATIONS
from .refs import RefTable
from .steadiness import steadiness

_CODES: dict[type[BaseException], str] = {
    ConversionError: "conversion",
    StaleRef: "stale-ref",
    Unresolved: "unresolved",
    RefLimit: "ref-limit",
}


class Calls:
    """Executes call messages of one worker, one at a time."""

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries
        self.refs = RefTable()
        self.strategies = Strategies()
        self.buffers = Buffers()
        self._codec = Codec(self.refs, self.strategies, self.buffers)
        self._targets: dict[str, Callable[..., Any]] = {}
        self._runs = 0
        self._sent, self._received = Payloads(), Payloads()

    def run(self, target: Any, flags: int, payload: bytes) -> tuple[int, bytes]:
        """(RESULT or ERROR, payload of the answer). Raises nothing that a call can cause.

        What belongs to the answer beside its payload is in `buffers` and `warnings` until the next call.
        """
        try:
            function = self._targets.get(target) if type(target) is str else None
            if function is None:
                function = self._find(target, flags)
            # Small payloads are timed now and then: see values.statistics.
            self._runs = runs = self._runs + 1
            if runs % SAMPLED and len(payload) < LARGE:
                args, kwargs = self._codec.decode_call(payload)
            else:
                started = perf_counter()
                args, kwargs = self._codec.decode_call(payload)
                self._received.took(len(payload), perf_counter() - started)
            self._received.bytes += len(payload)
        except BaseException as error:  # noqa: BLE001 - a module's import may raise anything
            return ERROR, self._failure(error)
        try:
            value = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too are this call's answer
            return ERROR, self._raised(error)
        try:
            if flags & AS_REF:
                return RESULT, self._codec.encode_ref(value)
            started = perf_counter()
            answer = self._codec.encode(value)
            if runs % SAMPLED == 0 or len(answer) >= LARGE:
                self._sent.took(len(answer), perf_counter() - started)
            self._sent.count += 1
            self._sent.bytes += len(answer)
        except RefLimit as error:
            return ERROR, self._failure(error)
        if self.buffers.outgoing:
            args = kwargs = None
            self.buffers.steady, self.buffers.lent = steadiness(value, self.refs.holds, self.buffers.outgoing)
        return RESULT, answer

    def report(self) -> dict[str, Any]:
        """What this worker has converted: `sent` and `received`, rows by type (`values.statistics`)."""
        self._received.count = self._runs
        return {
            "sent": {**self._codec.sent.report(), "payload": self._sent.row()},
            "received": {**self._codec.received.report(), "payload": self._received.row()},
        }

    @property
    def warnings(self) -> list[str]:
        """What the caller should know of the answer; whoever takes them clears the list."""
        return self._codec.warnings

    def _find(self, target: Any, flags: int) -> Callable[..., Any]:
        if type(target) is str:
            found = self._libraries.resolve(target)
            self._targets[target] = found
            return found  # type: ignore[no-any-return]
        number, name = target
        if name.startswith("_"):
            raise Unresolved(f"{name!r} is private")
        owner = self.refs.get(number, "object")
        if flags & PART:
            if name not in OPERATIONS:
                raise Unresolved(f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}")
            return functools.partial(OPERATIONS[name], owner)
        if flags & ATTRIBUTE:
            return lambda: getattr(owner, name)
        return getattr(owner, name)  # type: ignore[no-any-return]

    def _failure(self, error: BaseException) -> bytes:
        return self._codec.encode(failure(_CODES.get(type(error), "exception"), error))

    def _raised(self, error: BaseException) -> bytes:
        return self._codec.encode(failure("exception", error))


def start_failure(error: BaseException, library: str | None) -> bytes:
    """The payload that says why a worker did not start."""
    return Codec(RefTable()).encode(failure("start", error, library))
