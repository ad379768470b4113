"""A session as Python code sees it: a mapping of its variables."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, MutableMapping

from .sessions import SessionError, Sessions, Store, current

_LONGEST = 200


class Session(MutableMapping[str, Any]):
    """The session of the call that runs: its variables, by name.

    A plain value is sent to Elixir when it is put, before anything that the call says afterwards; what is read is a
    copy, so what is changed in place is to be put again. What cannot be sent stays in this worker, as it is: Elixir
    has a ref to it. Whoever writes last wins, by the order in which it reaches Elixir.
    """

    __slots__ = ("_sessions", "_store")

    def __init__(self, sessions: Sessions, store: Store) -> None:
        self._sessions = sessions
        self._store = store

    @property
    def id(self) -> str:
        """The name that Elixir gave it, or made up."""
        return self._store.id

    @property
    def lost(self) -> dict[str, str]:
        """The variables that cannot be read here, and why: the worker ended that they stayed in, or they stay in
        another."""
        return dict(self._there().absent)

    def __getitem__(self, name: str) -> Any:
        """Raises `KeyError` for a name that was not put, and `SessionError` for one that was lost."""
        store = self._there()
        try:
            return store.kept[name]
        except KeyError:
            packed = store.values.get(name)
        if packed is not None:
            return self._sessions.read(packed)
        if name in store.absent:
            raise SessionError(f"the variable {name!r} is not in this worker: {store.absent[name]}")
        raise KeyError(name)

    def __setitem__(self, name: str, value: Any) -> None:
        """Raises `SessionError` when the session is full."""
        self._sessions.put(self._there(), _name(name), value)

    def __delitem__(self, name: str) -> None:
        store = self._there()
        if not (name in store.values or name in store.kept or name in store.absent):
            raise KeyError(name)
        self._sessions.delete(store, name)

    def __contains__(self, name: object) -> bool:
        """Whether it can be read here: not what was lost."""
        store = self._there()
        return name in store.values or name in store.kept

    def __iter__(self) -> Iterator[str]:
        store = self._there()
        return iter([*store.values, *store.kept])

    def __len__(self) -> int:
        store = self._there()
        return len(store.values) + len(store.kept)

    def __repr__(self) -> str:
        return f"<session {self.id}>"

    def put(self, name: str, value: Any) -> None:
        """As `session[name] = value`."""
        self[name] = value

    def keep(self, name: str, value: Any) -> None:
        """As `put`, of a value that stays in this worker whatever it is: it is neither copied nor sent, and what
        changes in it is seen by the session's next calls. Lost with the worker."""
        self._sessions.keep(self._there(), _name(name), value)

    def delete(self, name: str) -> None:
        """Forgets a variable, if there is one."""
        if name in self or name in self._store.absent:
            self._sessions.delete(self._store, name)

    def _there(self) -> Store:
        if self._store.ended:
            raise SessionError(f"the session {self.id} has ended")
        return self._store


def session(*default: Any) -> Any:
    """The session of the call that this code belongs to; else `default`. Raises `SessionError`."""
    found = current()
    if found is not None:
        return Session(*found)
    if default:
        return default[0]
    raise SessionError("this call belongs to no session: give it one in Elixir, with the option session")


def _name(name: Any) -> str:
    if type(name) is str:
        with contextlib.suppress(UnicodeEncodeError):
            if 0 < len(name.encode()) <= _LONGEST:
                return name
    raise TypeError(f"a variable's name is a str of 1 to {_LONGEST} bytes, not {name!r:.60}")
