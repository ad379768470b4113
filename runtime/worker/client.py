"""A worker as a Python program drives it: one call at a time. The pool of record is the Elixir one."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
from types import TracebackType
from typing import Any, Mapping, Sequence

from ..values.codec import Codec
from ..values.codes import ARRAY, ARRAY_OF, CUSTOM, ENUM, FRAME, MASKED, OBJECT, PICKLE, RECORD, SCALAR
from ..values.errors import ConversionError
from ..values.protocols import Pack, Unpack
from ..wire.frames import FrameReader, FrameWriter
from ..wire.messages import CALL, ERROR, HELLO, LOG, PROTOCOL, RESULT
from ..wire.packing import ExtType, packb, unpackb


class WorkerError(Exception):
    """The worker's error map (`docs/protocol.md` §3), as `error`."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error['type']}: {error['message']}")
        self.error = dict(error)


class WorkerLost(Exception):
    """The worker ended without an answer."""


class RemoteRef:
    """An object that stays in the worker."""

    def __init__(self, number: int, type_name: str) -> None:
        self.number = number
        self.type_name = type_name

    def to_json(self) -> dict[str, Any]:
        return {"ref": self.number, "type": self.type_name}

    def __repr__(self) -> str:
        return f"<{self.type_name} object {self.number} in the worker>"


class RemoteArray:
    """An array or scalar, as its bytes: what a client without NumPy gets."""

    def __init__(self, dtype: Any, shape: Sequence[int], data: bytes) -> None:
        self.dtype = dtype
        self.shape = tuple(shape)
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """`data` holds the elements, row by row, or the bytes in hexadecimal where `struct` knows no such dtype."""
        form = _FORMATS.get(str(self.dtype))
        data = list(memoryview(self.data).cast(form)) if form else self.data.hex()
        return {"dtype": self.dtype, "shape": list(self.shape), "data": data}

    def __repr__(self) -> str:
        return f"<array of {self.dtype}, shape {self.shape}>"


_FORMATS: dict[str, Any] = {
    "bool": "?",
    **{f"int{8 << i}": "bhiq"[i] for i in range(4)},
    **{f"uint{8 << i}": "BHIQ"[i] for i in range(4)},
    "float32": "f",
    "float64": "d",
}


class ArrayOf:
    """A list that the worker makes a NumPy array of."""

    def __init__(self, value: list[Any]) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is ArrayOf and self.value == other.value

    __hash__ = None  # type: ignore[assignment]


_PARTS = {
    FRAME: ("frame", "meta", "columns", "index", "body"),
    ENUM: ("enum", "name", "value"),
    RECORD: ("record", "type", "fields"),
    MASKED: ("masked", "mask", "fill", "hard"),
    OBJECT: ("object", "parts"),
    PICKLE: ("pickle", "environment", "signature", "data"),
    CUSTOM: ("serializer", "type", "value"),
}
"""What the parts of an extension are called where a client has not the class that they make."""


class RemoteValue:
    """A value whose class is elsewhere, in parts. Sent back, it is the value again."""

    def __init__(self, code: int, data: bytes, parts: list[Any]) -> None:
        self.code = code
        self.data = data
        self.parts = parts

    def to_json(self) -> dict[str, Any]:
        return dict(zip(_PARTS[self.code], self.parts))

    def __repr__(self) -> str:
        name, *others = _PARTS[self.code]
        inside = ", ".join(f"{other}={part!r:.200}" for other, part in zip(others, self.parts[1:]))
        return f"<{name} {self.parts[0]}: {inside}>"


class _ClientStrategies:
    """A client has none of the classes: what strategies made stays as it came."""

    unpackers: Mapping[int, Unpack] = {
        code: lambda codec, data, code=code: RemoteValue(code, data, codec.value(data))  # type: ignore[misc]
        for code in (PICKLE, CUSTOM)
    }

    def by_attributes(self, kind: type) -> bool:
        return False

    def find(self, kind: type) -> Pack | None:
        if kind is ArrayOf:
            return lambda codec, value: ExtType(ARRAY_OF, codec.nested(value.value))
        if kind is RemoteValue:
            return lambda codec, value: ExtType(value.code, value.data)
        return None


def payload(args: Sequence[Any], kwargs: Mapping[str, Any]) -> bytes:
    """The arguments of a call, as a worker decodes them. Raises `ConversionError`."""
    return _ClientCodec(_RemoteRefs(), _ClientStrategies()).encode([list(args), dict(kwargs)])


class _ClientCodec(Codec):
    def _value(self, code: int, data: bytes) -> Any:
        if code in (ARRAY, SCALAR) and importlib.util.find_spec("numpy") is None:
            head, rest = self.head(data)
            dtype, shape = head[:2] if code == ARRAY else (head, ())
            return RemoteArray(dtype, shape, bytes(rest))
        if code in (FRAME, OBJECT):  # whether or not this program's environment happens to have pandas
            return RemoteValue(code, data, self.value(data))
        try:
            return super()._value(code, data)
        except (ConversionError, ImportError):
            if code not in _PARTS:
                raise
            return RemoteValue(code, data, self.value(data))


class _RemoteRefs:
    """The client's side of refs: numbers stand for objects that are elsewhere."""

    def put(self, value: Any) -> tuple[int, str]:
        if type(value) is RemoteRef:
            return value.number, value.type_name
        raise ConversionError(f"a {type(value).__name__} cannot be sent to a worker")

    def get(self, number: int, type_name: str) -> RemoteRef:
        return RemoteRef(number, type_name)

    def mark(self) -> int:
        return 0

    def back(self, mark: int) -> None:
        return None


class Client:
    """Starts a worker and waits for its hello. Use as a context manager; `close` kills what is left.

    The worker makes and reads pickles of `environment` alone, signed with `secret` (default: one of its own).

    Raises `WorkerError` when a library cannot be loaded, and `WorkerLost` when the worker ends or says
    nothing for `timeout` seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        libraries: Mapping[str, Sequence[Any]],
        *,
        lease: str | None = None,
        environment: str | None = None,
        secret: bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stderr: Any = None,
        timeout: float = 3600.0,
    ) -> None:
        theirs_in, ours_out = os.pipe()
        ours_in, theirs_out = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*command, str(theirs_in), str(theirs_out)],
                pass_fds=(theirs_in, theirs_out),
                stdin=subprocess.DEVNULL,
                stderr=stderr,
                env=env,
                cwd=cwd,
            )
        except BaseException:
            os.close(ours_in)
            os.close(ours_out)
            raise
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
        self._descriptors = [ours_in, ours_out]
        self._reader, self._writer = FrameReader(ours_in), FrameWriter(ours_out)
        self._codec = _ClientCodec(_RemoteRefs(), _ClientStrategies())
        self._timeout = timeout
        self._last = 0
        self.printed: list[str] = []
        try:
            settings: dict[str, Any] = {"protocol": PROTOCOL, "lease": lease, "libraries": dict(libraries)}
            if environment is not None:
                settings.update(environment=environment, secret=secret or os.urandom(32))
            self._send([HELLO, 0, settings])
            self.facts: dict[str, Any] = self._answer(HELLO, 0)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(
        self,
        target: Any,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        flags: int = 0,
    ) -> Any:
        """The value of one call; blocks until it is there."""
        self._last += 1
        payload = self._codec.encode([list(args), dict(kwargs or {})])
        self._send([CALL, self._last, target, flags, payload])
        return self._codec.decode(self._answer(RESULT, self._last))

    def close(self) -> None:
        """Kills the worker and what it started in its group."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        while self._descriptors:
            os.close(self._descriptors.pop())
        self._process.wait()

    def _send(self, message: list[Any]) -> None:
        try:
            self._writer.write([packb(message)])
        except BrokenPipeError as error:
            raise self._lost() from error

    def _answer(self, kind: int, number: int) -> Any:
        while True:
            for message in self._receive():
                if message[0] == LOG:
                    self.printed.append(message[3])
                elif message[0] == ERROR:
                    raise WorkerError(unpackb(message[2]))
                elif message[0] == kind and message[1] == number:
                    return message[2]

    def _receive(self) -> list[Any]:
        if not self._reader.waiting(self._timeout):
            raise WorkerLost(f"the worker gave no answer within {self._timeout:g} s")
        messages = self._reader.read()
        if not messages:
            raise self._lost()
        return messages

    def _lost(self) -> WorkerLost:
        status = self._process.wait()
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return WorkerLost(f"the worker {how}")
