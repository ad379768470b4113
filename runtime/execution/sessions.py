"""The sessions that this worker serves: what it holds of their variables, and what it tells the pool of them.

The pool has the truth of plain values. Each is kept here as it was packed, so that who reads it gets a copy, as in
Elixir. What cannot be sent stays here alone, as it is.
"""

from __future__ import annotations

from typing import Any, Callable, ContextManager, Protocol

from ..values import codes
from ..values.codec import Codec
from ..values.errors import RefLimit, Trouble
from ..values.strategies import Strategies
from ..wire.messages import SESSION
from ..wire.packing import ExtType, packb, unpackb
from .context import session as session_of_context
from .refs import RefTable


class SessionError(RuntimeError):
    """The call has no session, its session has ended or is full, or a variable was lost. The message says which."""

    __module__ = __name__.partition(".")[0]


class Out(Protocol):
    """Where messages go. Who holds `lock` has nobody else's between what it changes and what it says of that."""

    @property
    def lock(self) -> ContextManager[Any]: ...

    def add(self, number: int, make: Callable[[], bytes], at_once: bool = False) -> None:
        """Sends what `make` packs, a message of call `number`."""


class Store:
    """One session, as this worker knows it."""

    __slots__ = ("absent", "at", "bytes", "ended", "id", "kept", "most", "numbers", "values")

    def __init__(self, name: str) -> None:
        self.id = name
        self.at = 0
        """The number of the pool's last message about it."""
        self.most = (1 << 62, 1 << 62)
        """How many variables, and how many bytes of plain ones, it may have."""
        self.values: dict[str, bytes] = {}
        self.bytes = 0
        self.kept: dict[str, Any] = {}
        self.numbers: dict[str, int] = {}
        """Of what is kept because it was put here: its number among the worker's refs."""
        self.absent: dict[str, str] = {}
        """Why a variable that there is, or was, cannot be read here."""
        self.ended = False

    def forget(self, name: str) -> None:
        self.bytes -= len(self.values.pop(name, b""))
        self.kept.pop(name, None)
        self.numbers.pop(name, None)
        self.absent.pop(name, None)


class Sessions:
    """Those of one worker. Used by any thread; `number()` is the call that its code belongs to."""

    def __init__(self, out: Out, refs: RefTable, strategies: Strategies, number: Callable[[], int]) -> None:
        self._out = out
        self._refs = refs
        self._strategies = strategies
        self.number = number
        self._open: dict[str, Store] = {}
        self._spare: list[Codec] = []
        self.calls: dict[int, str] = {}
        """The sessions of the main thread's calls, for the threads that these start."""

    def __len__(self) -> int:
        return len(self._open)

    def find(self, session: str) -> Store | None:
        return self._open.get(session)

    def take(self, session: Any, payload: Any) -> None:
        """A message of the pool (`docs/protocol.md`). Raises `TypeError`, `ValueError` or `LookupError` for what is
        none."""
        said = unpackb(payload)
        if type(session) is not str or type(said) is not dict:
            raise ValueError("a session has a name, and a map of what changed")
        kept = {name: self._held(data) for name, data in said.get("keep", {}).items()}
        with self._out.lock:
            if said.get("end"):
                self._end(self._open.pop(session, None))
                return
            store = self._open.get(session)
            if store is None:
                store = self._open[session] = Store(session)
            store.at = said.get("at", 0)
            if "limits" in said:
                store.most = tuple(said["limits"])
            for name in said.get("delete", ()):
                store.forget(name)
            for name, data in said.get("set", {}).items():
                store.forget(name)
                store.values[name] = data
                store.bytes += len(data)
            for name, (found, why) in kept.items():
                store.forget(name)
                if why:
                    store.absent[name] = why
                else:
                    store.kept[name] = found
            for name, why in said.get("absent", {}).items():
                store.forget(name)
                store.absent[name] = why

    def read(self, packed: bytes) -> Any:
        """A copy of a plain value. Raises `ConversionError`."""
        codec = self._codec()
        value = codec.decode(packed)
        self._spare.append(codec)
        return value

    def put(self, store: Store, name: str, value: Any) -> None:
        """Raises `SessionError`."""
        packed = self._packed(value)
        if packed is None:
            self.keep(store, name, value)
            return

        def change() -> dict[str, Any]:
            _check(store, name, len(packed))
            store.forget(name)
            store.values[name] = packed
            store.bytes += len(packed)
            return {"set": {name: packed}}

        self._change(store, change)

    def keep(self, store: Store, name: str, value: Any) -> None:
        """Raises `SessionError`."""

        def change() -> dict[str, Any]:
            _check(store, name, 0)
            try:
                number, kind = self._refs.put(value)
            except RefLimit as error:
                raise SessionError(str(error)) from None
            store.forget(name)
            store.kept[name] = value
            store.numbers[name] = number
            return {"keep": {name: packb(ExtType(codes.REF, packb([number, kind])))}}

        self._change(store, change)

    def delete(self, store: Store, name: str) -> None:
        """Raises `SessionError`."""

        def change() -> dict[str, Any]:
            _check(store, name, 0, new=False)
            store.forget(name)
            return {"delete": [name]}

        self._change(store, change)

    def _change(self, store: Store, change: Callable[[], dict[str, Any]]) -> None:
        number = self.number()

        def message() -> bytes:
            packed: bytes = packb([SESSION, number, store.id, packb({**change(), "at": store.at})])
            return packed

        self._out.add(number, message, at_once=True)  # who watches sees it, and it outlives this worker

    def _end(self, store: Store | None) -> None:
        if store is not None:
            store.ended = True
            self._refs.release(store.numbers.values())
            for named in (store.values, store.kept, store.numbers, store.absent):
                named.clear()

    def _held(self, data: bytes) -> tuple[Any, str]:
        """An object that the worker holds, or why it does not."""
        codec = self._codec()
        try:
            found = codec.decode(data)
        except Trouble as error:
            return None, str(error)
        self._spare.append(codec)
        return found, ""

    def _packed(self, value: Any) -> bytes | None:
        """None for what cannot be sent whole."""
        codec = self._codec()
        try:
            packed = codec.encode(value)
        except _Stays:
            packed = None
        codec.warnings.clear()  # they tell of what stays
        self._spare.append(codec)
        return packed

    def _codec(self) -> Codec:
        """One that nobody else uses. It is lost where its user is interrupted."""
        try:
            return self._spare.pop()
        except IndexError:
            return Codec(_Refs(self._refs), self._strategies)


class _Stays(RefLimit):
    """A part of the value cannot be sent."""


class _Refs:
    """Keeps nothing."""

    def __init__(self, refs: RefTable) -> None:
        self.get = refs.get

    def put(self, value: Any) -> tuple[int, str]:
        raise _Stays

    def back(self, number: int) -> None:
        """There is nothing to forget."""


def _check(store: Store, name: str, size: int, new: bool = True) -> None:
    if store.ended:
        raise SessionError(f"the session {store.id} has ended")
    variables, most = store.most
    is_new = new and name not in store.values and name not in store.kept
    if is_new and len(store.values) + len(store.kept) >= variables:
        raise SessionError(f"the session {store.id} has {variables} variables, as many as it may")
    if store.bytes - len(store.values.get(name, b"")) + size > most:
        raise SessionError(
            f"the variables of session {store.id} would take more than the {most} bytes that they may:"
            f" {name!r} takes {size}"
        )


_worker: Sessions | None = None


def install(sessions: Sessions) -> Sessions:
    """Makes these the ones that `current` finds."""
    global _worker
    _worker = sessions
    return sessions


def current() -> tuple[Sessions, Store] | None:
    """Of the call that the code which asks belongs to; None: it has none."""
    if _worker is None:
        return None
    name = session_of_context(lambda: _worker.calls.get(_worker.number()) if _worker.calls else None)
    store = None if name is None else _worker.find(name)
    return None if store is None else (_worker, store)
