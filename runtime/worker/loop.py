"""The worker's loop: read all that has come, run it in order, answer in batches."""

from __future__ import annotations

import contextlib
import threading
from signal import pthread_kill
from time import perf_counter
from typing import TYPE_CHECKING, Any, Sequence

from ..execution import context as contexts
from ..execution.calls import ANSWER, AWAIT, OPEN, Calls
from ..execution.cancellation import Cancelled, Interruptible
from ..execution.events import Events
from ..execution.moments import Moments
from ..wire.frames import BrokenFrame, FrameReader, FrameWriter
from ..wire.messages import (
    BYE,
    CALL,
    CALLBACK_RESULT,
    CANCEL,
    ERROR,
    FORGET,
    MORE,
    PING,
    RECALL,
    RELEASE,
    REPORT,
    RESULT,
    SESSION,
    STREAM,
)
from ..wire.packing import Packer, packb
from .asking import Asking
from .doing import Doing
from .outbox import BATCH_BYTES, Outbox
from .received import keys, numbers, parts
from .serving import Serving
from .turns import Bell, Turns

if TYPE_CHECKING:  # for workers that serve sessions
    from ..execution.sessions import Sessions

_BRIEF = 0.0005
"""Seconds. A path whose runs stay below may run while finished answers wait for their batch."""
_BRIEF_RUNS = 16
"""Brief runs in a row before a path is trusted so."""
_SMALL = 1 << 10
"""Bytes of an answer that stands in line without a lock."""
_PATIENCE = 0.02
"""Seconds between two looks at what no bell tells."""


def _calls_alone(messages: list[Any]) -> bool:
    """Whether none of them can be for at once: those are shorter than a call."""
    try:
        return min(map(len, messages)) >= 5
    except (TypeError, ValueError):
        return False


class Loop:
    """One worker's work, until the pool says bye or hangs up.

    An answer leaves at once, unless the next call's path has been brief lately: then one write carries
    several. A call that is slow for the first time in a while can so hold back the answers of its own batch.

    What runs here is the main thread, but for `take`: who reads what comes is a matter of turns.
    """

    def __init__(
        self,
        reader: FrameReader,
        writer: FrameWriter,
        calls: Calls,
        signal: int = 0,
        out: Outbox | None = None,
    ) -> None:
        """`signal`: the one whose handler is `interrupt`. `out`: of the loop in whose place this one works; what was
        imported may print to it."""
        self._signal = signal
        self._calls = calls
        self._run = calls.run
        self._doing = doing = Doing()
        self._inbox = doing.inbox
        self._asked = doing.cancellation.asked
        self._moments = Moments()
        self._turns = Turns(reader, self.take)
        self._bell = Bell()
        self.threads = 1
        """How many calls run at a time."""
        if out is None:
            out = Outbox(writer, doing, self._interruptible, calls.functions.dropped)
        else:
            out.move(doing, self._interruptible)
        self.out = out
        self._put, self._flush = self.out.put, self.out.flush
        self._pack = Packer().pack  # for answers only: a log may come while it packs
        self._brief_runs: dict[Any, int] = {}
        self._sessions: Sessions | None = None
        self._events = Events(calls, self._say, self._flush, self._turns.glance, self._bell.ring)
        self._streams = Serving(doing, calls, self.out, self._events, self._interruptible, self._again)
        self._asking = Asking(
            doing,
            self._turns,
            self._bell,
            self.out,
            calls,
            self._step,
            self._control,
            self._beyond,
            self._is_aside,
            self._is_doomed,
        )
        calls.functions.ask = self._asking.ask
        calls.functions.interruptible = self._interruptible
        calls.functions.number = doing.number

    def run(self) -> bool:
        """True after a bye, False at end of file. Raises `BrokenFrame`."""
        doing, turns, flush, call, run = self._doing, self._turns, self._flush, self._call, self._run
        idle, alone = turns.idle, self._alone
        inbox, asked, asides, gone = doing.inbox, self._asked, doing.asides, self._calls.functions.gone
        doing.main = threading.get_ident()
        while True:
            if not inbox:
                if asked or asides or gone:
                    doing.rest()
                    self._streams.early.clear()
                    self.out.drop()
                flush()
                message = idle(inbox)
                if message:
                    alone(message)
                    continue
                if message is None:
                    turns.until(lambda: inbox, self._bell)
                if turns.ended and not inbox:
                    if turns.broken is not None:
                        raise turns.broken
                    return False
                continue
            try:
                message = inbox.popleft()
            except IndexError:  # another thread was quicker
                continue
            if type(message) is list and len(message) == 5:  # as nearly always
                kind, number, target, flags, payload = message
                if kind == CALL:
                    call(number, target, flags, payload, run)
                    continue
            if self._other(message):
                return True

    def take(self, messages: list[Any]) -> None:
        """Puts messages in the inbox, but for those that cannot stand behind a call: they work now. In any thread,
        and in the midst of what the main thread does."""
        inbox = self._inbox
        if _calls_alone(messages):
            inbox.extend(messages)
        else:
            for message in messages:
                if type(message) is list and len(message) < 5 and self._at_once(message):
                    continue
                inbox.append(message)
        if self._turns.bells:
            self._turns.ring()

    def interrupt(self, signal: int = 0, frame: Any = None) -> None:
        """The signal's handler: ends what runs if the pool has cancelled it. Raises `Cancelled` in the library's code
        and nowhere else, and only where that may be cut short: the signal comes again."""
        user, doing = self._calls.user, self._doing
        runs, user.runs = user.runs, False  # what is read now must not be lost to another signal
        try:
            self._turns.glance()
        finally:
            user.runs = runs
        if runs and self._asked and doing.due() and self._moments.is_one(doing.current, frame):
            doing.cancellation.tell(doing.current, doing.around)

    def unheard(self) -> None:
        """A `Cancelled` was lost in a finaliser: the next signal raises another."""
        self._doing.cancellation.unheard()

    def after_fork(self) -> None:
        """In a fork of this process, whose other threads are not there."""
        self._turns.after_fork()
        self.out.after_fork()

    def moved(self) -> None:
        """This process is a fork of the one that the loop was made in, and goes on in its place."""
        self._calls.functions.moved()
        self._events.moved()

    def _at_once(self, message: Any) -> bool:
        """Whether this was done with. Else it waits for its turn."""
        if len(message) < 2:
            return False
        kind, number = message[0], message[1]
        if kind == CANCEL and type(number) is int:
            self._asked.add(number)
            if self._events.cancel(number):
                self._asked.discard(number)
                self._turns.ring()
            elif number in self._streams:
                self._inbox.appendleft(message)
            elif not self._doing.in_main() and self._doing.includes(number):
                self._wake_main()
            return True
        if kind == RECALL:
            self._give_back(numbers(message[2:]))
            return True
        if kind == CALLBACK_RESULT and [*map(type, message)] == [int, int, int, bytes]:
            self._asking.answered(number, *message[2:])
            return True
        return kind == MORE and [*map(type, message)] == [int, int, int] and self._events.more(*message[1:])

    def _give_back(self, wanted: frozenset[int]) -> None:
        """Hands calls back that have not begun and of which nothing else is here. The pool has them run elsewhere."""
        inbox, given = self._inbox, []
        for message in list(inbox):
            if type(message) is list and len(message) == 5 and message[0] == CALL and message[1] in wanted:
                if message[3] & STREAM:
                    continue
                with contextlib.suppress(ValueError, IndexError):  # another thread was quicker
                    inbox.remove(message)
                    given.append(message[1])
        if given:
            self._put(packb([RECALL, 0, given]))
            self._flush()

    def _wake_main(self) -> None:
        """The call in the main thread was cancelled, and another thread has read that."""
        self._bell.ring()
        if self._signal:
            pthread_kill(self._doing.main, self._signal)

    def _step(self) -> None:
        """Does the next message of the inbox, inside a call that waits."""
        message = self._inbox.popleft()
        if type(message) is list and len(message) == 5 and message[0] == CALL:
            self._call(message[1], message[2], message[3], message[4], self._run)
        else:
            self._other(message)

    def _other(self, message: Any) -> bool:
        """Does what is no plain call. True after a bye."""
        try:
            kind, number = message[0], message[1]
            if kind == BYE:
                self._leave()
                return True
            if kind != CALL:
                self._control(kind, number, message)
                return False
            target, flags, payload, buffers, given = parts(message)
        except (TypeError, ValueError, LookupError) as error:
            raise BrokenFrame(f"no message of the protocol: {error}") from error
        token = contexts.enter(target, given)
        session = given.get("session")
        if session is not None:
            self._served().calls[number] = session
        self._calls.buffers.begin(buffers)
        self._call(number, target, flags, payload, self._calls.traced if given.get("trace") else self._run)
        self._calls.buffers.end(buffers)
        if session is not None:
            self._served().calls.pop(number, None)
        contexts.leave(token)
        return False

    def _alone(self, message: Any) -> None:
        """Does a call behind which none has come. Its answer leaves at once, so nothing is measured."""
        number = message[1]
        if self._asked or self._inbox:
            self._call(number, message[2], message[3], message[4], self._run)
            return
        out, doing = self.out, self._doing
        doing.current = number
        kind, answer = self._run(message[2], message[3], message[4])
        if out.half:
            out.finish()
        doing.current = 0
        if kind < 0:
            self._beyond(kind, number, message[3], answer, self._calls)
        else:
            out.answer((self._pack if len(answer) < BATCH_BYTES else packb)([kind, number, answer]))

    def _call(self, number: int, target: Any, flags: int, payload: bytes, run: Any) -> None:
        out, doing = self.out, self._doing
        path = target if type(target) is str else None
        runs = self._brief_runs.get(path, 0)
        if out.waiting and (runs < _BRIEF_RUNS or out.held > BATCH_BYTES):
            self._flush()
        if self._asked and doing.cancellation.of(number):
            refused = self._calls.refused(payload, Cancelled("the call was cancelled before it began"))
            self._put(packb([ERROR, number, refused]))
            return
        doing.current = number
        started = perf_counter()
        kind, answer = run(target, flags, payload)
        took = perf_counter() - started
        if out.half:
            out.finish()
        doing.current = 0
        if kind < 0:
            self._beyond(kind, number, flags, answer, self._calls)
        elif len(answer) < _SMALL:
            packed = self._pack([kind, number, answer])
            out.waiting.append(packed)
            out.held += len(packed)
        else:
            self._put((self._pack if len(answer) < BATCH_BYTES else packb)([kind, number, answer]))
        if took < _BRIEF:
            if runs < _BRIEF_RUNS:
                self._brief_runs[path] = runs + 1
        else:
            self._brief_runs[path] = 0
            self._flush()
            self._turns.glance()

    def _beyond(self, kind: int, number: int, flags: int, answer: Any, calls: Calls) -> None:
        """What is more than a payload, or goes on beside other calls."""
        if kind not in (AWAIT, OPEN):
            self._say(number, kind, answer, calls)
            return
        value, about = answer
        self._asking.aside(number)
        try:
            if kind == AWAIT:
                self._events.start(number, value, flags, about)
            else:
                self._streams.open(number, value, about)
        except BaseException as error:  # noqa: BLE001 - a limit, or what the value's iterator raises
            self._put(packb([ERROR, number, calls.raised(error, about)]))
            return
        self._streams.wanted(number)
        if self._asked and self._doing.cancellation.of(number):
            self.take([[CANCEL, number]])

    def _say(self, number: int, kind: int, answer: Any, calls: Calls) -> None:
        """A message of a call; a result with the sizes of its buffers, and what else its caller should know."""
        if kind != ANSWER:
            self._put(packb([kind, number] if answer is None else [kind, number, answer]))
            return
        buffers = calls.buffers
        sizes = [len(view) for view in buffers.outgoing]
        self._put(
            packb([RESULT, number, answer, sizes, packb(calls.meta(), unicode_errors="backslashreplace")])
        )
        if sizes:
            self._flush()
            calls.refs.lent = buffers.send()

    def _control(self, kind: int, number: int, message: Any) -> None:
        if kind == RELEASE:
            self._calls.refs.release(message[2])
        elif kind == PING:
            self._put(packb([PING, number]))
        elif kind == MORE:
            self._streams.more(number, message[2])
            self._flush()
        elif kind == CANCEL:
            self._streams.cancel(number)
            self._flush()
        elif kind == REPORT:
            self._report(number, ())
        elif kind == SESSION:
            self._served().take(message[2], message[3])
        elif kind == FORGET:
            self._calls.buffers.forget(keys(message[2:]))
        else:
            raise ValueError(f"kind {kind}")

    def _report(self, number: int, others: Sequence[Calls]) -> None:
        sessions = 0 if self._sessions is None else len(self._sessions)
        self._put(packb([REPORT, number, packb({**self._calls.report(others), "sessions": sessions})]))

    def _served(self) -> Sessions:
        """What is known of sessions, from the first message about one on."""
        if self._sessions is None:
            from ..execution.sessions import Sessions, install

            calls = self._calls
            self._sessions = install(Sessions(self.out, calls.refs, calls.strategies, self._doing.number))
        return self._sessions

    def _is_aside(self, number: int) -> bool:
        return number in self._events or number in self._streams

    def _is_doomed(self, number: int) -> bool:
        return self._events.is_doomed(number)

    def _interruptible(self) -> Interruptible | None:
        return self._calls.user if self._doing.in_main() else None

    def _again(self, number: int, wanted: int) -> None:
        self._inbox.appendleft([MORE, number, wanted])

    def _leave(self) -> None:
        """Finishes what has begun, coroutines too; nobody asks for more of the streams."""
        self._streams.close()
        while self._events and not self._turns.ended:
            self._turns.until(lambda: not self._events, self._bell, lambda: _PATIENCE)
        self.out.finish()
        self._flush()
        self._calls.buffers.flush()
