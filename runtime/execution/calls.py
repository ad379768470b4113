"""Running one call: find the callable, decode the arguments, call, encode the answer."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ..library.loading import Libraries, Unresolved
from ..values.awaitables import Awaited, is_awaited
from ..values.codec import Codec
from ..values.errors import ConversionError, RefLimit, StaleRef
from ..values.statistics import LARGE, Payloads
from ..values.strategies import Strategies
from ..wire.messages import AS_REF, EACH, ERROR, RESULT, STREAM
from ..wire.packing import Packer
from .around import Around
from .buffers import Buffers
from .cancellation import Cancelled, Interruptible
from .failures import cancelled as cancelled_map
from .failures import failure
from .functions import Functions
from .refs import RefTable
from .refusals import PipelineError
from .steadiness import steadiness
from .stepped import Stepped
from .targets import Targets

if TYPE_CHECKING:  # for calls that are traced
    from .tracing import Trace

ANSWER = -RESULT
"""Of `Calls.run`: a result to which more belongs than its payload."""
AWAIT, OPEN = -3, -4
"""Of `Calls.run`, with a value instead of a payload, and what errors tell of the call: it is to be awaited, or to be
streamed."""

_NO_CALL: Mapping[str, Any] = {}
_OTHERWISE = AS_REF | STREAM | EACH
_CODES: dict[type[BaseException], str] = {
    ConversionError: "conversion",
    StaleRef: "stale-ref",
    Unresolved: "unresolved",
    RefLimit: "ref-limit",
    PipelineError: "pipeline",
}


class Calls:
    """Executes call messages of one worker, one at a time.

    With `beside`: in another thread than that one does. Objects and settings are the same; its answers do without
    the second lane, whose buffers have an order.
    """

    def __init__(self, libraries: Libraries, beside: Calls | None = None) -> None:
        self._libraries = libraries
        self.refs: RefTable = RefTable() if beside is None else beside.refs
        self.strategies: Strategies = Strategies() if beside is None else beside.strategies
        self.buffers: Buffers = Buffers() if beside is None else beside.buffers.inward()
        self.functions: Functions = Functions(self.beside) if beside is None else beside.functions
        self.user = Interruptible()
        self._codec = Codec(self.refs, self.strategies, self.buffers, self.functions)
        self._codec.awaited = True
        if beside is not None:  # one statistic of values for all
            self._codec.sent, self._codec.received = beside._codec.sent, beside._codec.received
        self.around: Around = Around() if beside is None else beside.around
        self._targets = Targets(libraries, self.around, self.refs, self._codec, self.functions.refuse)
        self._known = self._targets.known
        self._decode, self._encode = self._codec.decode_call, self._codec.encode
        self._pack = Packer().pack
        self._runs = self._unsent = 0
        self._sent, self._received = Payloads(), Payloads()
        self._trace: dict[str, Any] | None = None

    def beside(self) -> Calls:
        """The same for another thread."""
        return Calls(self._libraries, self)

    def run(self, target: Any, flags: int, payload: bytes) -> tuple[int, Any]:
        """(RESULT, ANSWER or ERROR, payload of the answer), or (AWAIT or OPEN, (value, call)). Raises nothing that a
        call can cause.

        ANSWER is a result to which more belongs: it is in `buffers` and `warnings` until the next call.
        """
        try:
            function = self._known.get(target) if type(target) is str else None
            if function is None or flags >= EACH:
                function, payload = self._targets.find(target, flags, payload)
            # Of what is small one in 64 is measured: see values.statistics.
            self._runs = runs = self._runs + 1
            if runs & 63 != 1 and len(payload) < LARGE:
                args, kwargs = self._decode(payload)
            else:
                args, kwargs = self._measured_arguments(payload)
        except BaseException as error:  # noqa: BLE001 - a module's import may raise anything
            self.functions.refuse(payload)
            return ERROR, self._failure(error)
        user = self.user
        try:
            try:
                user.runs = True
                value = function(*args, **kwargs)
            finally:
                user.runs = False
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too are this call's answer
            user.runs = False  # what was raised may have kept it from being done
            return ERROR, self._raised(error, _call(target, function, args, kwargs))
        if flags & _OTHERWISE:
            return self._otherwise(value, flags, _call(target, function, args, kwargs))
        measured = runs & 63 == 1
        if type(value) is float and not measured:
            return RESULT, self._pack(value)
        started = perf_counter()
        try:
            answer = self._encode(value)
        except RefLimit as error:
            return ERROR, self._failure(error)
        except Awaited:
            return AWAIT, (value, _call(target, function, args, kwargs))
        if measured or len(answer) >= LARGE:
            self._sent.add(len(answer), perf_counter() - started)
        if self.buffers.outgoing:
            args = kwargs = None
            self.buffers.steady, self.buffers.lent = steadiness(value, self.refs.holds, self.buffers.outgoing)
            return ANSWER, answer
        return ANSWER if self.warnings else RESULT, answer

    def traced(self, target: Any, flags: int, payload: bytes) -> tuple[int, Any]:
        """As `run`; what the call took is in `meta`, or in the error."""
        from .tracing import Trace

        trace, aside = Trace(target, len(payload)), self._codec.aside
        try:
            function, payload = self._targets.find(target, flags, payload)
            trace.lap("resolve")
            args, kwargs = self._decode(payload)
            trace.lap("convert")
        except BaseException as error:  # noqa: BLE001 - as in run
            self.functions.refuse(payload)
            return ERROR, self._failure(error, trace)
        trace.called(function, args, kwargs, self._codec.aside - aside)
        call = {**_call(target, function, args, kwargs), "trace": trace}
        user = self.user
        try:
            try:
                user.runs = True
                value = function(*args, **kwargs)
            finally:
                user.runs = False
        except BaseException as error:  # noqa: BLE001 - as in run
            user.runs = False
            return ERROR, self._raised(error, call)
        return self.answer(value, flags, call)

    def answer(self, value: Any, flags: int, call: Mapping[str, Any]) -> tuple[int, Any]:
        """As `run`, of a value that came later, or of a call that is traced."""
        trace, aside = call.get("trace"), self._codec.aside
        if trace is None:
            return self._answered(value, flags, call)
        trace.lap("execute")
        kind, answer = self._answered(value, flags, call)
        trace.lap("encode")
        if kind not in (RESULT, ANSWER):
            return kind, answer
        self._trace = trace.told(len(answer) + self._codec.aside - aside)
        return ANSWER, answer

    def meta(self) -> dict[str, Any]:
        """What belongs to an ANSWER beside its payload. It is taken once."""
        found: dict[str, Any] = {}
        if self.warnings:
            found["warnings"] = list(self.warnings)
            self.warnings.clear()
        if self._trace is not None:
            found["trace"], self._trace = self._trace, None
        return found

    def _answered(self, value: Any, flags: int, call: Mapping[str, Any]) -> tuple[int, Any]:
        self._runs += 1
        if flags & _OTHERWISE:
            return self._otherwise(value, flags, call)
        try:
            answer = self._encode(value)
        except RefLimit as error:
            return ERROR, self._failure(error)
        except Awaited:
            return AWAIT, (value, call)
        return ANSWER if self.warnings else RESULT, answer

    def raised(
        self, error: BaseException, call: Mapping[str, Any] = _NO_CALL, cancelled: bool = False
    ) -> bytes:
        """The payload for what a coroutine or an iterator has raised, because it was cancelled or not; or for a
        limit of ours."""
        self._runs += 1
        if type(error) in _CODES:
            return self._failure(error)
        return self._raised(error, call, cancelled)

    def refused(self, payload: bytes, error: BaseException) -> bytes:
        """The payload for a call that is not begun."""
        self.functions.refuse(payload)
        return self.raised(error)

    def pack(self, value: Any) -> bytes:
        """MessagePack of one value. Raises `RefLimit`."""
        try:
            return self._encode(value)
        except Awaited:
            return self._codec.encode_ref(value)

    def unpack(self, data: bytes) -> Any:
        """The value. Raises `ConversionError` or `StaleRef`."""
        return self._codec.decode(data)

    def report(self, others: Sequence[Calls] = ()) -> dict[str, Any]:
        """What this worker has converted (`sent` and `received`, rows by type: `values.statistics`), and how many
        `refs` it holds. `others` are those of its threads.
        """
        rows = [
            (calls._sent.row(calls._runs - calls._unsent), calls._received.row(calls._runs))
            for calls in (self, *others)
        ]
        sent, received = ([sum(column) for column in zip(*way)] for way in zip(*rows))
        return {
            "sent": {**self._codec.sent.report(), "payload": sent},
            "received": {**self._codec.received.report(), "payload": received},
            "refs": len(self.refs),
        }

    def _otherwise(self, value: Any, flags: int, call: Mapping[str, Any]) -> tuple[int, Any]:
        if is_awaited(type(value)):
            return AWAIT, (value, call)
        if flags & EACH:
            return self._each(value, flags)
        return (OPEN, (value, call)) if flags & STREAM else self._kept(value)

    def _each(self, outcomes: Any, flags: int) -> tuple[int, bytes]:
        from .each import answer

        warnings: list[str] = []

        def told(error: BaseException, about: Mapping[str, Any]) -> bytes:
            warnings.extend(self.warnings)
            return self.raised(error, about)

        keep = self._codec.encode_ref
        payload = answer(outcomes, keep if flags & AS_REF else self.pack, keep, told)
        self.warnings[:0] = warnings
        more = self.buffers.outgoing or self.warnings
        return ANSWER if more else RESULT, payload

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

    def _failure(self, error: BaseException, trace: Trace | None = None) -> bytes:
        """Of an error of ours: before the call, or in its answer."""
        self._unsent += 1
        self.warnings.clear()
        return self._codec.encode({**_map(error, _CODES), **({"trace": trace.told()} if trace else {})})

    def _raised(self, error: BaseException, call: Mapping[str, Any], cancelled: bool = False) -> bytes:
        self._unsent += 1
        self.warnings.clear()
        call = dict(call)
        trace = call.pop("trace", None)
        is_cancelled = cancelled or isinstance(error, Cancelled)
        found = cancelled_map(error) if is_cancelled else _map(error, {}, **call)
        if trace is not None:
            trace.lap("execute")
            found["trace"] = trace.told()
        return self._codec.encode(found)


def _call(target: Any, function: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """What an error of the call tells of it."""
    return {"target": target, "function": function, "args": args, "kwargs": kwargs}


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
