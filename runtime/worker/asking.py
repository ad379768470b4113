"""Waiting for what the pool's functions answer, in any thread, while other messages come."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Callable

from ..execution import context as contexts
from ..execution.calls import Calls
from ..execution.cancellation import Cancelled
from ..execution.current import NUMBER
from ..execution.functions import Question
from ..wire.messages import (
    ASIDE,
    BYE,
    CALL,
    CALLBACK,
    CANCEL,
    ERROR,
    FORGET,
    MORE,
    PING,
    RELEASE,
    REPORT,
    SESSION,
)
from ..wire.packing import packb
from .doing import Doing
from .outbox import Outbox
from .received import parts
from .turns import Bell, Turns

DEEPEST = 100
"""Calls inside each other. Each may use as much of the stack as a call by itself."""
_FRAMES = 100
"""Of Python's stack, for what each of them takes of ours."""
_PATIENCE = 0.05
"""Seconds that a thread leaves a message to the main thread, which may be waiting for that thread."""
_STUCK = 0.002
"""The same, while the main thread is in the call in which it has not come for an earlier one."""
_SMALL = frozenset({CANCEL, FORGET, MORE, PING, RELEASE, REPORT, SESSION})
"""Beside calls, what such a thread may do: a call may stand behind it."""

Say = Callable[[int, int, int, Any, Calls], None]
"""Answers a call, or has its value awaited or streamed: kind, number, flags, payload or value, and who made it."""


class Asking:
    """Of one worker. `step()` does the next message of the inbox in the main thread; `control(kind, number, message)`
    one that is no call, in any."""

    def __init__(
        self,
        doing: Doing,
        turns: Turns,
        bell: Bell,
        out: Outbox,
        calls: Calls,
        step: Callable[[], Any],
        control: Callable[[int, int, Any], None],
        say: Say,
        is_aside: Callable[[int], bool],
        is_doomed: Callable[[int], bool],
    ) -> None:
        self._doing = doing
        self._turns = turns
        self._bell = bell
        self._out = out
        self._calls = calls
        self._step = step
        self._control = control
        self._say = say
        self._is_aside = is_aside
        self._is_doomed = is_doomed
        self._open: dict[int, tuple[Question, Bell]] = {}
        self._leaving = False
        self._stuck = 0

    def ask(self, question: Question) -> None:
        """Sends the question and returns when it is answered, or when no answer can come. Raises `Cancelled` when the
        call in this thread is ended meanwhile."""
        main = self._doing.in_main()
        bell = self._bell if main else Bell()
        self._open[question.number] = question, bell
        try:
            number = self._ask(question, main)
            threads = self._doing.threads
            if main:
                self._inside(question)
            elif threads is None:
                self._beside(question, bell, number)
            else:
                with threads.waiting(number):
                    self._beside(question, bell, number)
        finally:
            del self._open[question.number]

    def answered(self, number: int, status: int, payload: bytes) -> None:
        """The pool's answer. Nobody may wait for it any more."""
        found = self._open.get(number)
        if found is not None:
            question, bell = found
            question.answer = status, payload
            bell.ring()

    def aside(self, number: int) -> None:
        """Tells the pool that this call goes on beside others, once."""
        if number and number not in self._doing.asides and not self._is_aside(number):
            self._doing.asides.add(number)
            self._out.put(packb([ASIDE, number]))

    def _ask(self, question: Question, main: bool) -> int:
        doing, out = self._doing, self._out
        number = NUMBER.get() or (doing.current if main else question.of)
        if not (doing.includes(number) or self._is_aside(number) or number in doing.asides):
            number = 0  # of a thread that has outlived its call
        out.finish()
        self.aside(number)
        out.drop()
        out.put(packb([CALLBACK, number, question.number, question.key, question.payload]))
        out.flush()
        return number

    def _inside(self, question: Question) -> None:
        """In the main thread: what comes meanwhile runs inside the call that asks."""
        doing, outer = self._doing, self._doing.current
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + _FRAMES)
        around = doing.around
        around.append(outer)
        token = contexts.nobody()
        try:
            while question.answer is None and not self._turns.ended and not self._due(outer):
                if self._may_step():
                    doing.current = 0
                    if len(around) < DEEPEST or not self._refuse():
                        self._step()
                    doing.current = outer
                else:
                    self._out.flush()
                    self._turns.until(
                        lambda: question.answer or self._may_step() or self._due(outer), self._bell
                    )
        finally:
            contexts.leave(token)
            around.pop()
            doing.current = outer
            with contextlib.suppress(RecursionError):  # so near to it, some Pythons do not let it be set back
                sys.setrecursionlimit(limit)
        doing.cancellation.tell(outer, around)

    def _refuse(self) -> bool:
        """Answers the next message, if it is a call, with an error."""
        message = self._doing.inbox[0]
        if type(message) is not list or len(message) < 5 or message[0] != CALL:
            return False
        self._doing.inbox.popleft()
        error = RecursionError(f"{DEEPEST} calls wait for functions of the pool, each inside the one before")
        self._say(ERROR, message[1], 0, self._calls.refused(message[4], error), self._calls)
        return True

    def _due(self, outer: int) -> bool:
        return self._doing.cancellation.due(outer, self._doing.around)

    def _may_step(self) -> bool:
        """Whether the next message may be done now: a bye waits for all calls."""
        inbox = self._doing.inbox
        if not inbox or self._leaving:
            return False
        message = inbox[0]
        self._leaving = type(message) is list and message[:1] == [BYE]
        return not self._leaving

    def _beside(self, question: Question, bell: Bell, number: int) -> None:
        """In another thread. Where the main thread is in the call that this belongs to, it may be waiting for it:
        what it does not begin soon runs here."""
        doing = self._doing

        def patience() -> float | None:
            if not (doing.inbox and doing.includes(number)):
                return None
            return _STUCK if self._stuck and self._stuck == doing.current else _PATIENCE

        while question.answer is None and not self._turns.ended:
            if self._is_doomed(number):
                raise Cancelled("the call was cancelled")
            first = _first(doing.inbox)
            self._turns.until(lambda: question.answer or self._is_doomed(number), bell, patience)
            waits = first is not None and question.answer is None and _first(doing.inbox) is first
            if waits and doing.includes(number):
                self._stuck = doing.current
                self._run_here()

    def _run_here(self) -> None:
        try:
            message = self._doing.inbox.popleft()
        except IndexError:
            return
        if type(message) is not list or len(message) < 5 or message[0] != CALL:
            self._control_here(message)
            return
        try:
            target, flags, payload, buffers, given = parts(message)
        except (TypeError, ValueError):  # for the main thread to say so
            self._doing.inbox.appendleft(message)
            return
        number = message[1]
        self.aside(number)
        calls = self._calls.functions.borrow()
        token, other = NUMBER.set(number), contexts.enter(target, given)
        calls.buffers.begin(buffers)
        if self._doing.cancellation.of(number):
            kind, answer = ERROR, calls.refused(payload, Cancelled("the call was cancelled before it began"))
        else:
            run = calls.traced if given.get("trace") else calls.run
            kind, answer = run(target, flags, payload)
        calls.buffers.end(buffers)
        self._out.finish()
        self._say(kind, number, flags, answer, calls)
        contexts.leave(other)
        NUMBER.reset(token)
        self._doing.asides.discard(number)
        self._calls.functions.give_back(calls)
        self._out.flush()

    def _control_here(self, message: Any) -> None:
        try:
            kind, number = message[0], message[1]
            if kind in _SMALL:
                self._control(kind, number, message)
                self._out.flush()
                return
        except (TypeError, ValueError, LookupError):  # for the main thread to say so
            pass
        self._doing.inbox.appendleft(message)


def _first(inbox: Any) -> Any:
    try:
        return inbox[0]
    except IndexError:
        return None
