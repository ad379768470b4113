"""Several steps in one call: each works on what the one before it left, and only the last value is sent.

Where a step gives a coroutine, the rest of the chain is one too: it waits for that first.
"""

from __future__ import annotations

import functools
from typing import Any, Callable, Mapping, Sequence

from ..values.awaitables import is_awaited
from ..values.codec import Codec
from ..values.errors import ConversionError, Trouble
from ..values.words import name_argument
from .stepped import Stepped

CALL, METHOD, ATTRIBUTE, REF = range(4)

Step = Callable[[Any], Any]
Called = Callable[[Any], Mapping[str, Any]]
"""What is told of a step that failed on this value."""


class Chain:
    """A chain with its arguments: called without any, it runs."""

    def __init__(self, steps: Sequence[tuple[str, Step, Called]]) -> None:
        self._steps = steps

    def __call__(self) -> Any:
        return self._from(0, None)

    def _from(self, first: int, value: Any) -> Any:
        for number, (name, step, called) in enumerate(self._steps[first:], first):
            try:
                value = step(value)
            except Exception as error:  # noqa: BLE001 - a library may raise anything
                raise Stepped(name, error, called(value)) from None
            if is_awaited(type(value)):
                return self._after(number, value)
        return value

    async def _after(self, number: int, waiting: Any) -> Any:
        name, _, called = self._steps[number]
        try:
            value = await waiting
        except Exception as error:  # noqa: BLE001
            raise Stepped(name, error, called(None)) from None
        value = self._from(number + 1, value)
        return await value if is_awaited(type(value)) else value


def chain(
    steps: Sequence[Any],
    payload: bytes,
    codec: Codec,
    find: Callable[[str], Callable[..., Any]],
    member: Callable[[Any, str, bool], Callable[..., Any]],
    held: Callable[[int], Any],
) -> Chain:
    """`steps` and `payload` as in `docs/protocol.md`. `find` knows paths, `held` refs, and
    `member(owner, name, attribute)` methods and attributes. Raises `ConversionError`, and `Stepped` with what these
    raise for the first step.
    """
    names = [_name(number, step) for number, step in enumerate(steps, 1)]
    arguments = _arguments(payload, codec, names)
    made: list[tuple[str, Step, Called]] = []
    for name, step, (args, kwargs) in zip(names, steps, arguments):
        kind, what = step
        if (kind in (CALL, REF)) is bool(made):
            raise ConversionError(f"{name}: a chain begins with a path or a ref, and has none further on")
        try:
            run = _made(kind, what, args, kwargs, find, member, held)
            made.append((name, run, functools.partial(_called, find, kind, what, args, kwargs)))
        except Exception as error:  # noqa: BLE001
            raise Stepped(name, error) from None
    return Chain(made)


def _made(
    kind: int, what: Any, args: Any, kwargs: Any, find: Any, member: Any, held: Callable[[int], Any]
) -> Step:
    if kind == CALL:
        function = find(what)
        return lambda _: function(*args, **kwargs)
    if kind == REF:
        owner = held(what)
        return lambda _: owner
    return lambda value: member(value, what, kind == ATTRIBUTE)(*args, **kwargs)


def _called(find: Any, kind: int, what: Any, args: Any, kwargs: Any, value: Any) -> Mapping[str, Any]:
    function = find(what) if kind == CALL else None
    if kind in (METHOD, ATTRIBUTE):
        function = (
            functools.partial(getattr, value, what) if kind == ATTRIBUTE else getattr(value, what, None)
        )
    return {"function": function, "args": args, "kwargs": kwargs, "target": what if kind == CALL else None}


def _name(number: int, step: Any) -> str:
    """Raises `ConversionError` for what is no step."""
    if type(step) is list and len(step) == 2:
        kind, what = step
        if kind == REF and type(what) is int:
            return f"step {number} (object {what})"
        if kind in (CALL, METHOD, ATTRIBUTE) and type(kind) is int and type(what) is str:
            return f"step {number} ({what})"
    raise ConversionError(f"step {number} is none: it is [kind, path, name or ref]")


def _arguments(payload: bytes, codec: Codec, names: Sequence[str]) -> list[tuple[Any, Any]]:
    try:
        found = codec.decode(payload)
    except Trouble as error:
        number = error.path.pop(0)[1:-1] if error.path else ""
        name_argument(error)
        if number.isdigit() and int(number) < len(names):
            raise Stepped(names[int(number)], error) from None
        raise
    if type(found) is not list or len(found) != len(names) or not all(map(_are_arguments, found)):
        raise ConversionError(
            "a chain's payload is a list of [arguments, map of those with names], one a step"
        )
    return [(args, kwargs) for args, kwargs in found]


def _are_arguments(found: Any) -> bool:
    return (
        type(found) is list
        and len(found) == 2
        and type(found[0]) is list
        and type(found[1]) is dict
        and all(isinstance(name, str) for name in found[1])
    )
