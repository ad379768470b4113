"""Coroutines: all of a worker run on one event loop, in a thread of its own."""

from __future__ import annotations

import os
import threading
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Callable

from ..wire.messages import ERROR, STREAM
from .calls import AWAIT, OPEN, Calls
from .current import NUMBER

if TYPE_CHECKING:
    import asyncio

Answer = Callable[[int, int, Any, Calls], None]
"""Puts the last message of a call among what is to be sent: its number, kind and payload, and who made that."""


class Events:
    """The event loop, which starts with the first coroutine. Its methods are called from any thread.

    A coroutine that blocks holds up the others, as everywhere in Python.
    """

    def __init__(self, calls: Calls, answer: Answer, flush: Callable[[], None]) -> None:
        self._parent = calls
        self._answer = answer
        self._flush = flush
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls = calls
        self._open: dict[int, _Coroutine] = {}
        self._flushes = False
        self._process = os.getpid()

    def __len__(self) -> int:
        """How many calls are under way here."""
        return len(self._open)

    def __contains__(self, number: int) -> bool:
        return number in self._open

    def start(self, number: int, awaitable: Any, flags: int) -> None:
        """Awaits it, and then answers the call."""
        if self._loop is None:
            self._loop = self._begin()
        self._open[number] = _Coroutine(number, awaitable, flags)
        self._loop.call_soon_threadsafe(self._run, number, copy_context())

    def cancel(self, number: int) -> bool:
        """Cancels its task; False when there is none."""
        if self._loop is None or number not in self._open:
            return False
        self._loop.call_soon_threadsafe(self._cancel, number)
        return True

    def _begin(self) -> asyncio.AbstractEventLoop:
        import asyncio

        loop = asyncio.new_event_loop()
        self._calls = self._parent.beside()
        threading.Thread(target=self._serve, args=(loop,), name="envmgr-asyncio", daemon=True).start()
        return loop

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        import asyncio

        asyncio.set_event_loop(loop)
        while True:
            try:
                loop.run_forever()
            except BaseException:  # noqa: BLE001, S112 - SystemExit of a task that nobody awaits; the others go on
                continue

    def _run(self, number: int, context: Context) -> None:
        call = self._open[number]
        context.run(NUMBER.set, number)
        call.task = task = context.run(self._loop.create_task, call.value())  # type: ignore[union-attr]
        task.add_done_callback(lambda task: self._done(call), context=context)

    def _cancel(self, number: int) -> None:
        call = self._open.get(number)
        if call is not None and not call.cancelled and call.task is not None:
            call.cancelled = True
            call.task.cancel()

    def _done(self, call: _Coroutine) -> None:
        if os.getpid() != self._process:  # a coroutine has forked, and the child came back from it
            os._exit(0)
        if call.task.cancelled():
            call.never_began()
        del self._open[call.number]
        calls = self._calls
        kind, answer = calls.answer(call.found, call.flags) if call.error is None else (ERROR, None)
        if kind == AWAIT:
            return self.start(call.number, answer, call.flags)
        if kind == ERROR and answer is None:
            answer = calls.raised(call.error, call.cancelled)
        call.found = call.error = None
        self._say(call.number, kind, answer)

    def _say(self, number: int, kind: int, answer: Any) -> None:
        self._answer(number, kind, answer, self._calls)
        if not self._flushes:  # what is done at the same time goes by the same write
            self._flushes = True
            self._loop.call_soon(self._send)  # type: ignore[union-attr]

    def _send(self) -> None:
        self._flushes = False
        self._flush()


class _Coroutine:
    def __init__(self, number: int, awaitable: Any, flags: int) -> None:
        self.number = number
        self.flags = flags
        self.cancelled = False
        self.task: Any = None
        self.found: Any = None
        self.error: BaseException | None = None
        self._awaitable = awaitable

    async def value(self) -> None:
        try:
            self.found = await self._awaitable
        except BaseException as error:  # noqa: BLE001 - all of it is the call's answer
            self.error = error
        finally:
            self._awaitable = None

    def never_began(self) -> None:
        """The task was cancelled before its first step."""
        from asyncio import CancelledError

        self.error = CancelledError()
        close = getattr(self._awaitable, "close", None)
        if close is not None:
            close()
        self._awaitable = None
