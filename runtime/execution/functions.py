"""Functions of the pool that were passed to Python: how they are called, and when they are given back."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections import deque
from typing import Any, Callable, Mapping

from ..values import codes
from ..values.errors import ConversionError
from ..wire.packing import unpackb
from .cancellation import Interruptible
from .current import Numbers

_DONE = 0
_FUNCTION, _STREAM = bytes([codes.CALLBACK, 0x92]), bytes([codes.STREAM, 0x92])
"""In all payloads that hold functions or streams: the code, and the head of an array of two."""


class ElixirError(RuntimeError):
    """What an Elixir function raised. `type` is the exception's module in Elixir, or how else it ended; `stacktrace`
    is Elixir's, as text."""

    __module__ = __name__.partition(".")[0]

    def __init__(self, message: str, kind: str = "", stacktrace: str = "") -> None:
        super().__init__(message)
        self.type = kind
        self.stacktrace = stacktrace

    def __str__(self) -> str:
        message = super().__str__()
        return f"{self.type}: {message}" if self.type else message

    def __reduce__(self) -> Any:
        return ElixirError, (self.args[0], self.type, self.stacktrace)


class Question:
    """One call of a function, and its answer: status and payload."""

    __slots__ = ("answer", "key", "number", "of", "payload")

    def __init__(self, number: int, key: int, of: int, payload: bytes) -> None:
        self.number = number
        self.key = key
        self.of = of
        self.payload = payload
        self.answer: tuple[int, bytes] | None = None


class _Leash(weakref.ref):  # type: ignore[type-arg] # generic at run time since Python 3.9
    """Of one function of the pool. What happens when that dies is C code alone: in a `__del__` an exception that a
    cancellation raises would be lost, and the key with it."""

    __slots__ = ("key",)

    key: int


class Functions:
    """Those of one worker. `beside` makes what converts values in another thread than the main one: a `Calls`.

    `ask(question)` sends it and waits for its answer, in any thread; `number()` is the call that the code of this
    thread belongs to; `interruptible()` says of this thread whether an exception may be raised in it. All are the
    loop's.
    """

    def __init__(self, beside: Callable[[], Any]) -> None:
        self.ask: Callable[[Question], None] = _unasked
        self.number: Callable[[], int] = int
        self.interruptible: Callable[[], Interruptible | None] = lambda: None
        self._beside = beside
        self._spare: list[Any] = []
        self._numbers = Numbers()
        self._held: dict[int, int] = {}
        self._lock = threading.RLock()  # taken again where a finaliser calls a function meanwhile
        self._leashes: dict[int, _Leash] = {}
        self.gone: deque[Any] = deque()
        """Of what Python has no more: leashes, and the keys of what was never made."""
        self._process = os.getpid()

    def moved(self) -> None:
        """This process goes on in the place of the one that it is a fork of."""
        self._process = os.getpid()

    def function(self, key: int, arity: int) -> Any:
        self._hold(key)
        return ElixirFunction(self, key, arity, self.number())

    def stream(self, key: int, kind: str) -> Any:
        from . import incoming

        self._hold(key)
        function = ElixirFunction(self, key, 1, self.number())
        if kind == "items":
            return incoming.ElixirStream(function)
        if kind == "bytes":
            return incoming.reader(function)
        raise ConversionError(f"there is no kind {kind!r} of stream")

    def watch(self, function: ElixirFunction, key: int) -> None:
        """Notices when `function` is no more."""
        leash = _Leash(function, self.gone.append)
        leash.key = key
        self._leashes[id(leash)] = leash

    def call(self, key: int, args: Any, kwargs: Mapping[str, Any], of: int) -> Any:
        """What the function `key` returns. `of`: the call that it came with.

        Raises `ElixirError`, `RefLimit` when too many objects are held, and what the answer's conversion raises.
        """
        if os.getpid() != self._process:
            raise RuntimeError("a fork of a worker cannot call the functions of its pool")
        user = self.interruptible()
        if user is None or not user.runs:
            return self._call(key, args, kwargs, of)
        user.runs = False
        try:
            return self._call(key, args, kwargs, of)
        finally:
            user.runs = True

    def _call(self, key: int, args: Any, kwargs: Mapping[str, Any], of: int) -> Any:
        calls = self.borrow()  # not given back where this is cancelled: it may be in the midst of something
        question = Question(self._numbers(), key, of, calls.pack([list(args), dict(kwargs)]))
        self.ask(question)
        if question.answer is None:
            raise ElixirError("the pool is gone")
        status, payload = question.answer
        if status == _DONE:
            value = calls.unpack(payload)
            self.give_back(calls)
            return value
        self.give_back(calls)
        said = unpackb(payload, strict_map_key=False)
        raise ElixirError(*(str(said.get(name) or "") for name in ("message", "type", "stacktrace")))

    def borrow(self) -> Any:
        """A `Calls` that nobody else uses, until it is given back."""
        try:
            return self._spare.pop()
        except IndexError:
            return self._beside()

    def give_back(self, calls: Any) -> None:
        calls.warnings.clear()
        self._spare.append(calls)

    def dropped(self) -> list[int]:
        """The keys that nothing in Python leads to any more; they are told once, to whichever thread asks first."""
        found: list[int] = []
        while True:
            try:
                gone = self.gone.popleft()
            except IndexError:
                return found
            key = gone if type(gone) is int else self._leashes.pop(id(gone)).key
            with self._lock:
                left = self._held.get(key, 0) - 1
                if left == 0:
                    del self._held[key]
                    found.append(key)
                elif left > 0:
                    self._held[key] = left

    def refuse(self, payload: Any) -> None:
        """Lets go of the functions and streams in the arguments of a call that came to nothing: they may never have
        been made."""
        if type(payload) is not bytes or not (_FUNCTION in payload or _STREAM in payload):
            return
        for key in _keys(payload):
            with self._lock:
                self._held[key] = 1  # even where it was made: an unpacker that fails may leak what it had
            self.gone.append(key)

    def _hold(self, key: int) -> None:
        with self._lock:
            self._held[key] = self._held.get(key, 0) + 1


class ElixirFunction:
    """A function of Elixir, as a Python one: it may be called from any thread, and blocks until it has answered."""

    __slots__ = ("__dict__", "__weakref__", "_arity", "_functions", "_key", "_of")

    __name__ = "elixir_function"
    __defaults__ = __kwdefaults__ = None

    def __init__(self, functions: Functions, key: int, arity: int, of: int) -> None:
        self._functions = functions
        self._key = key
        self._arity = arity
        self._of = of
        functions.watch(self, key)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._functions.call(self._key, args, kwargs, self._of)

    def __getattr__(self, name: str) -> Any:
        if name != "__signature__":
            raise AttributeError(f"an Elixir function has no {name!r}")
        from inspect import Parameter, Signature

        names = [f"arg{n}" for n in range(1, self._arity + 1)]
        return Signature([Parameter(name, Parameter.POSITIONAL_ONLY) for name in names])

    def __repr__(self) -> str:
        return f"<Elixir function of arity {self._arity}>"

    def __copy__(self) -> ElixirFunction:
        return self

    def __deepcopy__(self, memo: Any) -> ElixirFunction:
        return self

    def __reduce__(self) -> Any:
        raise TypeError(
            "an Elixir function cannot be pickled: it lives in the VM that passed it,"
            " and other processes cannot call it"
        )


def _keys(data: bytes) -> list[int]:
    """Of all functions and streams in packed values, as far as these can be read."""
    found: list[int] = []

    def look(code: int, inside: bytes) -> None:
        with contextlib.suppress(Exception):  # what is no value: raw bytes, or broken
            value = unpackb(inside, ext_hook=look, strict_map_key=False)
            if code in (codes.CALLBACK, codes.STREAM) and type(value) is list and type(value[0]) is int:
                found.append(value[0])

    look(0, data)
    return found


def _unasked(question: Question) -> None:
    """Before there is a loop."""
