"""Running one call: find the callable, decode the arguments, call, encode the answer."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Mapping

from ..library.loading import Libraries, Unresolved
from ..values.codec import Codec
from ..values.errors import ConversionError, RefLimit, StaleRef
from ..values.statistics import LARGE, Payloads
from ..values.strategies import Strategies
from ..wire.messages import AS_REF, ERROR, RESULT
from ..wire.packing import Packer
from .around import Around
from .buffers import Buffers
from .failures import failure
from .refs import RefTable
from .refusals import PipelineError
from .steadiness import steadiness
from .stepped import Stepped
from .targets import Targets

ANSWER = -RESULT
"""Of `Calls.run`: a result to which more belongs than its payload."""

_CODES: dict[type[BaseException], str] = {
    ConversionError: "conversion",
    StaleRef: "stale-ref",
    Unresolved: "unresolved",
    RefLimit: "ref-limit",
    PipelineError: "pipeline",
}


class Calls:
    """Executes call messages of one worker, one at a time."""

    def __init__(self, libraries: Libraries) -> None:
        self.refs = RefTable()
        self.strategies = Strategies()
        self.buffers = Buffers()
        self._codec = Codec(self.refs, self.strategies, self.buffers)
        self.around = Around(self._codec.warnings.append)
        self._targets = Targets(libraries, self.around, self.refs, self._codec)
        self._known = self._targets.known
        self._decode, self._encode = self._codec.decode_call, self._codec.encode
        self._pack = Packer().pack
        self._runs = self._unsent = 0
        self._sent, self._received = Payloads(), Payloads()

    def run(self, target: Any, flags: int, payload: bytes) -> tuple[int, bytes]:
        """(RESULT, ANSWER or ERROR, payload of the answer). Raises nothing that a call can cause.

        ANSWER is a result to which more belongs: it is in `buffers` and `warnings` until the next call.
        """
        try:
            function = self._known.get(target) if type(target) is str else None
            if function is None:
                function, payload = self._targets.find(target, flags, payload)
            # Of what is small one in 64 is measured: see values.statistics.
            self._runs = runs = self._runs + 1
            if runs & 63 != 1 and len(payload) < LARGE:
                args, kwargs = self._decode(payload)
            else:
                args, kwargs = self._measured_arguments(payload)
        except BaseException as error:  # noqa: BLE001 - a module's import may raise anything
            return ERROR, self._failure(error)
        try:
            value = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too are this call's answer
            return ERROR, self._raised(error, target, function, args, kwargs)
        if flags & AS_REF:
            return self._kept(value)
        measured = runs & 63 == 1
        if type(value) is float and not measured:
            return RESULT, self._pack(value)
        started = perf_counter()
        try:
            answer = self._encode(value)
        except RefLimit as error:
            return ERROR, self._failure(error)
        if measured or len(answer) >= LARGE:
            self._sent.add(len(answer), perf_counter() - started)
        if self.buffers.outgoing:
            args = kwargs = None
            self.buffers.steady, self.buffers.lent = steadiness(value, self.refs.holds, self.buffers.outgoing)
            return ANSWER, answer
        return ANSWER if self.warnings else RESULT, answer

    def report(self) -> dict[str, Any]:
        """What this worker has converted: `sent` and `received`, rows by type (`values.statistics`)."""
        sent, received = self._sent.row(self._runs - self._unsent), self._received.row(self._runs)
        return {
            "sent": {**self._codec.sent.report(), "payload": sent},
            "received": {**self._codec.received.report(), "payload": received},
        }

    def _kept(self, value: Any) -> tuple[int, bytes]:
        self._unsent += 1
        try:
            return RESULT, self._codec.encode_ref(value)
        except RefLimit as error:
            return ERROR, self._failure(error)

    def _measured_arguments(self, payload: bytes) -> Any:
        started = perf_counter()
        found = self._decode(payload)
        self._received.add(len(payload), perf_counter() - started)
        return found

    @property
    def warnings(self) -> list[str]:
        """What the caller should know of the answer; whoever takes them clears the list."""
        return self._codec.warnings

    def _failure(self, error: BaseException) -> bytes:
        """Of an error of ours: before the call, or in its answer."""
        self._unsent += 1
        self.warnings.clear()
        return self._codec.encode(_map(error, _CODES))

    def _raised(
        self, error: BaseException, target: Any, function: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> bytes:
        self._unsent += 1
        self.warnings.clear()
        call = {"function": function, "args": args, "kwargs": kwargs, "target": target}
        return self._codec.encode(_map(error, {}, **call))


def _map(error: BaseException, codes: Mapping[type[BaseException], str], **call: Any) -> dict[str, Any]:
    if type(error) is not Stepped:
        return failure(codes.get(type(error), "exception"), error, **call)
    call = call if error.called is None else {**error.called}
    found = failure(_CODES.get(type(error.error), "exception"), error.error, step=error.step, **call)
    if type(error.error) is PipelineError:
        found.update({"class": error.error.culprit, "hint": error.error.hint})
    return found


def start_failure(error: BaseException, library: str | None, step: str | None = None) -> bytes:
    """The payload that says why a worker did not start, and at which step of the configuration, if it was one."""
    return Codec(RefTable()).encode(failure("start", error, library, step=step, target=library))
