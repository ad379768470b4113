"""Coroutines and asynchronous streams: all of a worker run on one event loop, in a thread of its own."""

from __future__ import annotations

import os
import threading
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ..values.errors import RefLimit
from ..wire.messages import ERROR
from .calls import AWAIT, OPEN, Calls
from .current import NUMBER
from .streams import check

if TYPE_CHECKING:
    import asyncio

    from .pumps import Pump

Say = Callable[[int, int, Any, Calls], None]
"""Puts a message of a call among what is to be sent: its number, kind and payload, and who made that."""

_TICK = 0.01
"""Seconds between two looks for messages, while calls are under way here."""


class Events:
    """The event loop, which starts with the first coroutine. Its methods may be called in any thread, and in the
    midst of each other.

    A coroutine that blocks holds up the others, as everywhere in Python. `look` reads what has come for them while
    the main thread is busy; `over` is told when a call is.
    """

    def __init__(
        self,
        calls: Calls,
        say: Say,
        flush: Callable[[], None],
        look: Callable[[], None],
        over: Callable[[], None],
    ) -> None:
        self._parent = self._calls = calls
        self._say = say
        self._flush = flush
        self._look = look
        self._over = over
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: dict[int, _Call] = {}
        self._flushes = self._ticks = False
        self._lock = threading.Lock()
        """Held by who changes what only one thread may."""
        self._process = os.getpid()
        self.streams = 0
        """How many of the calls are streams."""

    def __len__(self) -> int:
        """How many calls are under way here."""
        return len(self._open)

    def __contains__(self, number: object) -> bool:
        return number in self._open

    def moved(self) -> None:
        """This process goes on in the place of the one that it is a fork of."""
        self._process = os.getpid()

    def start(
        self, number: int, awaitable: Any, flags: int, about: Mapping[str, Any], cancelled: bool = False
    ) -> None:
        """Awaits it, and then answers the call. `about`: what an error tells of it."""
        self._begin(_Coroutine(number, awaitable, flags, about), cancelled)

    def stream(self, number: int, value: Any, about: Mapping[str, Any], cancelled: bool = False) -> None:
        """Opens a stream of its items."""
        from .pumps import Pump

        with self._lock:
            self.streams += 1
        pump = Pump(value, self._own(), lambda kind, payload: self._put(number, kind, payload), about)
        self._begin(_Stream(number, pump), cancelled)

    def more(self, number: int, items: int) -> bool:
        """False when there is no such stream here, and no coroutine whose value may become one."""
        if self._loop is None or number not in self._open:
            return False
        self._loop.call_soon_threadsafe(self._more, number, items)
        return True

    def cancel(self, number: int) -> bool:
        """Cancels its task; False when there is none."""
        call = self._open.get(number)
        if self._loop is None or call is None:
            return False
        call.doomed = True
        self._loop.call_soon_threadsafe(self._cancel, number)
        return True

    def is_doomed(self, number: int) -> bool:
        """Whether its cancellation is on the way: a coroutine that blocks the event loop does not hear of it."""
        call = self._open.get(number)
        return call is not None and call.doomed

    def close(self) -> None:
        """Ends the streams: nobody will ask for more."""
        for number, call in list(self._open.items()):
            if type(call) is _Stream:
                self.cancel(number)

    def _own(self) -> Calls:
        """What this thread converts with."""
        with self._lock:
            if self._calls is self._parent:
                self._calls = self._parent.beside()
            return self._calls

    def _begin(self, call: _Call, cancelled: bool) -> None:
        if cancelled:
            call.cancel()
        self._own()
        with self._lock:
            if self._loop is None:
                import asyncio

                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._serve, args=(self._loop,), name="envmgr-asyncio", daemon=True
                ).start()
            self._open[call.number] = call
            self._loop.call_soon_threadsafe(self._run, call, copy_context())

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        import asyncio

        asyncio.set_event_loop(loop)
        while True:
            try:
                loop.run_forever()
            except BaseException:  # noqa: BLE001, S112 - SystemExit of a task that nobody awaits; the others go on
                continue

    def _run(self, call: _Call, context: Context) -> None:
        context.run(NUMBER.set, call.number)
        call.task = task = context.run(self._loop.create_task, call.run())  # type: ignore[union-attr]
        task.add_done_callback(lambda _: self._done(call), context=context)
        if call.cancelled:  # by a signal's handler, before it had a task
            task.cancel()
        if not self._ticks:
            self._ticks = True
            self._tick()

    def _more(self, number: int, items: int) -> None:
        call = self._open.get(number)
        if call is not None:
            call.more(items)

    def _cancel(self, number: int) -> None:
        call = self._open.get(number)
        if call is not None and not call.cancelled:
            call.cancel()

    def _done(self, call: _Call) -> None:
        if os.getpid() != self._process:  # a coroutine has forked, and the child came back from it
            os._exit(0)
        if call.task.cancelled():
            call.never_began()
        if type(call) is _Stream:
            with self._lock:
                self.streams -= 1
            if call.error is not None:
                self._put(call.number, ERROR, self._calls.raised(call.error, cancelled=True))
        elif type(call) is _Coroutine and self._goes_on(call):
            return
        del self._open[call.number]
        self._over()

    def _goes_on(self, call: _Coroutine) -> bool:
        """Answers the call, unless its value is to be awaited too, or to be streamed."""
        calls = self._calls
        if call.error is not None:
            kind, answer = ERROR, calls.raised(call.error, call.about, call.cancelled)
        else:
            kind, answer = calls.answer(call.found, call.flags, call.about)
        if kind == AWAIT:
            self.start(call.number, answer[0], call.flags, call.about, call.cancelled)
            for items in call.wanted:
                self._more(call.number, items)
            return True
        if kind == OPEN:
            try:
                check(self.streams)
                self.stream(call.number, answer[0], call.about, call.cancelled)
                for items in call.wanted:
                    self._more(call.number, items)
                return True
            except RefLimit as error:
                kind, answer = ERROR, calls.raised(error, call.about)
        self._put(call.number, kind, answer)
        return False

    def _put(self, number: int, kind: int, payload: Any) -> None:
        self._say(number, kind, payload, self._calls)
        if not self._flushes:  # what is done at the same time goes by the same write
            self._flushes = True
            self._loop.call_soon(self._send)  # type: ignore[union-attr]

    def _send(self) -> None:
        self._flushes = False
        self._flush()

    def _tick(self) -> None:
        self._look()
        if self._open:
            self._loop.call_later(_TICK, self._tick)  # type: ignore[union-attr]
        else:
            self._ticks = False


class _Call:
    """What is under way, and its task once that began."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.cancelled = self.doomed = False
        self.task: Any = None
        self.error: BaseException | None = None

    def more(self, items: int) -> None:
        """For a stream, or what becomes one."""
        raise NotImplementedError

    def cancel(self) -> None:
        self.cancelled = True
        if self.task is not None:
            self.task.cancel()

    async def run(self) -> None:
        raise NotImplementedError

    def never_began(self) -> None:
        """The task was cancelled before its first step."""
        from asyncio import CancelledError

        self.error = CancelledError()


class _Coroutine(_Call):
    def __init__(self, number: int, awaitable: Any, flags: int, about: Mapping[str, Any]) -> None:
        super().__init__(number)
        self.flags = flags
        self.about = about
        self.found: Any = None
        self.wanted: list[int] = []
        self._awaitable = awaitable

    def more(self, items: int) -> None:
        self.wanted.append(items)

    async def run(self) -> None:
        try:
            self.found = await self._awaitable
        except BaseException as error:  # noqa: BLE001 - all of it is the call's answer
            self.error = error
        finally:
            self._awaitable = None

    def never_began(self) -> None:
        super().never_began()
        close = getattr(self._awaitable, "close", None)
        if close is not None:
            close()


class _Stream(_Call):
    def __init__(self, number: int, pump: Pump) -> None:
        super().__init__(number)
        self.pump = pump

    def more(self, items: int) -> None:
        self.pump.more(items)

    def cancel(self) -> None:
        self.pump.cancelled = True
        super().cancel()

    async def run(self) -> None:
        await self.pump.run()
