"""What a call's target names: a function, a constant, a property, a method or operation of an object, a chain."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Callable

from ..library.loading import Libraries, Unresolved
from ..values.codec import Codec
from ..wire.messages import ATTRIBUTE, EACH, IN_TURN, PART, STREAM
from . import chains, operations, parts
from .around import Around
from .refs import RefTable

_NOTHING = b"\x92\x90\x80"
"""A payload of no arguments."""


class Targets:
    """Those of one worker. `known` holds what paths that were called before name."""

    def __init__(
        self,
        libraries: Libraries,
        around: Around,
        refs: RefTable,
        codec: Codec,
        refuse: Callable[[Any], None],
    ) -> None:
        """`refuse` is told of arguments that came to nothing."""
        self._libraries = libraries
        self._around = around
        self._refs = refs
        self._codec = codec
        self._refuse = refuse
        self.known: dict[str, Callable[..., Any]] = {}

    def find(self, target: Any, flags: int, payload: bytes) -> tuple[Callable[..., Any], bytes]:
        """What to call, and the payload that its arguments are in.

        Raises `Unresolved`, `StaleRef`, `ConversionError`, and `Stepped` with one of these.
        """
        if flags & EACH:
            return self._each(target, flags, payload), _NOTHING
        if type(target) is str:
            return self.at(target), payload
        if type(target) is list and len(target) == 1 and type(target[0]) is list and target[0]:
            return self._chain(target[0], payload), _NOTHING
        if type(target) is not list or [*map(type, target)] != [int, str]:
            raise Unresolved("a target is a path, [ref, name] or a chain of steps")
        number, name = target
        if flags & PART and name not in parts.OPERATIONS:
            raise Unresolved(f"there is no part {name!r}; there are {', '.join(parts.OPERATIONS)}")
        owner = self._refs.get(number, "object")
        if flags & PART:
            return functools.partial(parts.OPERATIONS[name], owner), payload
        return member(owner, name, bool(flags & ATTRIBUTE)), payload

    def at(self, path: str) -> Callable[..., Any]:
        """What to call for a path."""
        function = self.known.get(path)
        if function is None:
            found = self._libraries.resolve(path)
            is_called = callable(found) and not _is_hint(found)
            function = found if is_called else self._uncallable(path, found)
            function = self.known[path] = self._around.put(path, function, self._codec.warnings.append)
        return function

    def _chain(self, steps: list[Any], payload: bytes) -> chains.Chain:
        return chains.chain(
            steps, payload, self._codec, self.at, member, lambda number: self._refs.get(number, "object")
        )

    def _each(self, target: Any, flags: int, payload: bytes) -> Callable[..., Any]:
        from .each import each

        is_chain = type(target) is list and len(target) == 1
        if is_chain or flags & STREAM:
            raise Unresolved(f"{'a chain' if is_chain else 'a stream'} has one call, not one for each item")
        function, _ = self.find(target, flags & ~(EACH | IN_TURN), payload)
        return each(target, function, payload, self._codec, self._refuse, together=not flags & IN_TURN)

    def _uncallable(self, path: str, found: Any) -> Callable[..., Any]:
        """A constant takes nothing, and is looked up each time: it may change."""
        if isinstance(found, ModuleType):
            raise Unresolved(f"{path!r} is a module, which cannot be called")

        def constant(*args: Any, **kwargs: Any) -> Any:
            if args or kwargs:
                raise TypeError(f"{path} is a {type(found).__name__}, not a function: it takes no arguments")
            return self._libraries.resolve(path)

        return constant


def _is_hint(found: Any) -> bool:
    """`Sequence[str]` can be called, and would make what it is an alias of: it is a constant."""
    kind = type(found)
    return kind.__name__.endswith("Alias") and kind.__module__ in ("typing", "types", "collections.abc")


def member(owner: Any, name: str, is_attribute: bool) -> Callable[..., Any]:
    """A method, an operation or, as a function without arguments, an attribute of `owner`. Raises `Unresolved`, and
    what the look-up of the method raises.
    """
    if name.startswith("_"):
        operation = None if is_attribute else operations.OPERATIONS.get(name)
        if operation is None:
            raise Unresolved(_private(name, is_attribute))
        return functools.partial(operation, owner)
    if is_attribute:
        return functools.partial(getattr, owner, name)
    return getattr(owner, name)  # type: ignore[no-any-return]


def _private(name: str, is_attribute: bool) -> str:
    if is_attribute:
        return f"{name!r} is private: only public attributes can be read"
    from difflib import get_close_matches

    allowed = sorted(operations.OPERATIONS)
    near = get_close_matches(name, allowed, n=1)
    guess = f": did you mean {near[0]!r}?" if near else "."
    return f"{name!r} is private{guess} Of private names, these operations are allowed: {', '.join(allowed)}"
