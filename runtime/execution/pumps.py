"""Streams whose iterators run on the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, AsyncIterator, Callable, Mapping

from ..wire.messages import CHUNK, END, ERROR
from .calls import Calls
from .chunks import SECONDS, Chunk
from .streams import close, iterator


class Pump:
    """Moves the items of one stream. `say(kind, payload)` sends its messages; after END or ERROR it is over.

    The items that are there are sent when the next one takes its time.
    """

    def __init__(
        self, value: Any, calls: Calls, say: Callable[[int, Any], None], about: Mapping[str, Any]
    ) -> None:
        self._calls = calls
        self._say = say
        self._about = about
        self._value: Any = value
        self._iterator: Any = None
        self._chunk = Chunk(calls.pack)
        self._wanted: deque[int] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.cancelled = False

    def more(self, items: int) -> None:
        self._wanted.append(items)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def run(self) -> None:
        error: BaseException | None = None
        try:
            await self._pump()
        except BaseException as raised:  # noqa: BLE001 - all of it is the call's answer
            error = raised
        try:
            await self._close()
        except BaseException as raised:  # noqa: BLE001 - the iterator's own
            error = error if error is not None and not self.cancelled else raised
        if not self.cancelled:
            error = await self._rest() or error
        if error is None:
            self._say(END, None)
        else:
            self._say(ERROR, self._calls.raised(error, self._about, self.cancelled and _is_cancelled(error)))

    async def _pump(self) -> None:
        value, self._value, chunk = self._value, None, self._chunk
        self._iterator = value.__aiter__() if is_async(value) else _Plain(value)
        while True:
            await self._permission()
            if not len(chunk):
                chunk.begin()
            while not chunk.full(self._wanted[0]):
                try:
                    item = await self._iterator.__anext__()
                except StopAsyncIteration:
                    return
                if not self._wanted:  # the timer has sent what was there
                    await self._permission()
                if not len(chunk):
                    chunk.begin()
                chunk.add(item)
                if self._timer is None:
                    self._timer = asyncio.get_running_loop().call_later(SECONDS, self._send)
            self._send()
            await asyncio.sleep(0)

    async def _rest(self) -> BaseException | None:
        """Sends what was taken, then waits for the end to be asked for. What has cancelled that."""
        try:
            while self._chunk.waits():
                await self._permission()
                if not len(self._chunk):
                    self._chunk.begin()
                self._send()
            await self._permission()
        except asyncio.CancelledError as error:
            return error
        return None

    async def _permission(self) -> None:
        while not self._wanted:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if len(self._chunk) and self._wanted:
            self._wanted.popleft()
            self._say(CHUNK, self._chunk.take())

    async def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        method = getattr(self._iterator, "aclose", None)
        if method is not None:
            await method()


def is_async(value: Any) -> bool:
    return hasattr(type(value), "__aiter__")


def _is_cancelled(error: BaseException) -> bool:
    return isinstance(error, asyncio.CancelledError)


class _Plain(AsyncIterator[Any]):
    """What a coroutine has answered, and is iterated as any value."""

    def __init__(self, value: Any) -> None:
        self._iterator = iterator(value)

    async def __anext__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        close(self._iterator)
