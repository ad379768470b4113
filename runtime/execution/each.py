"""One function called with many arguments by one call; its value is what became of each.

What goes wrong with one item is that item's own. Where the function gives coroutines, all of them are awaited
together, unless no more than one may run at a time.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, Sequence

from ..values.awaitables import is_awaited
from ..values.codec import Codec
from ..values.errors import ConversionError, RefLimit
from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import Packer, Unpacker
from .cancellation import Cancelled

_MOST = MAX_PAYLOAD - 8
"""Bytes of all items; a header goes before them."""
_VALUE, _FAILED = b"\x92\x00", b"\x92\x01"
"""The heads of `[0, value]` and `[1, error map]`."""


class Failed:
    """In the place of a value: what an item raised. `about`: what its error tells of the call."""

    __slots__ = ("about", "error")

    def __init__(self, error: BaseException, about: Mapping[str, Any]) -> None:
        self.error = error
        self.about = about


class Each:
    """A function with the arguments of its calls: called without any, it runs them, one after the other."""

    def __init__(
        self, target: Any, function: Callable[..., Any], items: Sequence[Any], together: bool
    ) -> None:
        self._target = target
        self._function = function
        self._items = items
        self._together = together

    def __call__(self) -> Any:
        outcomes = [self._one(item) for item in self._items]
        if any(is_awaited(kind) for kind in set(map(type, outcomes))):
            return self._awaited(outcomes)
        return outcomes

    def _one(self, item: Any) -> Any:
        if type(item) is Failed:
            return item
        args, kwargs = item
        try:
            return self._function(*args, **kwargs)
        except Cancelled:  # is for all of them
            raise
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too are this item's outcome
            return Failed(error, self._about(item))

    async def _awaited(self, outcomes: list[Any]) -> list[Any]:
        from asyncio import CancelledError, gather

        async def one(number: int, value: Any) -> None:
            try:
                outcomes[number] = await value
            except CancelledError:
                raise
            except BaseException as error:  # noqa: BLE001
                outcomes[number] = Failed(error, self._about(self._items[number]))

        coroutines = [each for each in enumerate(outcomes) if is_awaited(type(each[1]))]
        if self._together:
            await gather(*(one(*each) for each in coroutines))
            return outcomes
        while coroutines:
            try:
                await one(*coroutines.pop(0))
            except CancelledError:
                _close([value for _, value in coroutines])
                raise
        return outcomes

    def _about(self, item: Any) -> dict[str, Any]:
        args, kwargs = item
        return {"target": self._target, "function": self._function, "args": args, "kwargs": kwargs}


def _close(coroutines: Iterable[Any]) -> None:
    """What is never awaited says so, unless it is closed."""
    for coroutine in coroutines:
        if hasattr(coroutine, "close"):
            coroutine.close()


def each(
    target: Any, function: Callable[..., Any], payload: bytes, codec: Codec, refuse: Any, together: bool
) -> Each:
    """`payload`: a list of `[args, kwargs]`, one an item; what of it cannot be made fails alone, and is told to
    `refuse`. `together`: how coroutines are awaited. Raises `ConversionError` where it is no list."""
    return Each(target, function, [_arguments(item, codec, refuse) for item in _split(payload)], together)


def _split(payload: bytes) -> list[bytes]:
    """Each item by itself, so that one which cannot be read is alone in that."""
    unpacker = Unpacker(max_buffer_size=max(len(payload), 1))
    unpacker.feed(payload)
    try:
        ends = [0] * (1 + unpacker.read_array_header())
        for number in range(len(ends)):
            if number:
                unpacker.skip()
            ends[number] = unpacker.tell()
    except Exception:  # noqa: BLE001 - what msgpack raises depends on its making
        ends = []
    if not ends or ends[-1] != len(payload):
        raise ConversionError("the payload of such a call is a list of [arguments, map of those with names]")
    return [payload[start:end] for start, end in zip(ends, ends[1:])]


def _arguments(item: bytes, codec: Codec, refuse: Callable[[Any], None]) -> Any:
    try:
        return codec.decode_call(item)
    except Exception as error:  # noqa: BLE001 - as that of a call by itself
        refuse(item)
        return Failed(error, {})


def answer(outcomes: Any, pack: Callable[[Any], bytes], keep: Callable[[Any], bytes], told: Any) -> bytes:
    """The payload that says what became of each. `pack` and `keep` make a value or a ref of one and raise `RefLimit`,
    `told(error, about)` makes an error map."""
    parts, size = [], 0
    for outcome in outcomes:
        part = None
        if type(outcome) is not Failed:
            try:
                part = _VALUE + pack(outcome)
                if size + len(part) > _MOST:
                    part = _VALUE + keep(outcome)
            except RefLimit as error:
                outcome = Failed(error, {})
        if part is None:
            part = _FAILED + told(outcome.error, outcome.about)
        parts.append(part)
        size += len(part)
    return b"".join([Packer().pack_array_header(len(parts)), *parts])
