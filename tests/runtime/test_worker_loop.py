"""The loop over pipes in this process: order, batches, and what ends it."""

from __future__ import annotations

import math
import os
import sys
import threading

import pytest

from envmgr_runtime.wire.frames import BrokenFrame
from envmgr_runtime.wire.messages import (
    AS_REF,
    ASIDE,
    ATTRIBUTE,
    BYE,
    CANCEL,
    ERROR,
    LOG,
    PING,
    RECALL,
    RELEASE,
    RESULT,
    STREAM,
)
from envmgr_runtime.worker import loop as loop_module


@pytest.fixture
def library(monkeypatch):
    """A module in this process that the loop serves as `lib`."""
    module = type(sys)("rt_served")
    module.go, module.reached = threading.Event(), threading.Event()
    monkeypatch.setitem(sys.modules, "rt_served", module)
    yield module
    module.go.set()


SERVED = {"lib": ["rt_served", ""], "math": ["math", ""]}


def test_answers_come_in_the_order_of_the_calls(serve):
    thread = serve()
    thread.send(*[thread.call(n, "math.sqrt", n * n) for n in range(1, 40)])
    thread.send(thread.call(40, "math.nothing"), thread.call(41, "math.floor", 1.5))
    found = thread.receive(41)
    assert found[:39] == [[RESULT, n, float(n)] for n in range(1, 40)]
    assert [m[:2] for m in found[39:]] == [[ERROR, 40], [RESULT, 41]]
    assert found[39][2]["code"] == "unresolved"


def test_pings_wait_for_their_turn(serve):
    thread = serve()
    thread.send([PING, 7], thread.call(1, "math.floor", 1.5), [PING, 2**32 - 1])
    assert thread.receive(3) == [[PING, 7], [RESULT, 1, 1], [PING, 2**32 - 1]]


def test_a_call_that_waits_can_be_cancelled(serve):
    """Its answer comes at its turn, and says so."""
    thread = serve()
    calls = [thread.call(n, "math.floor", n) for n in (1, 2, 3, 4)]
    thread.send(*calls, [CANCEL, 2], [CANCEL, 99], [PING, 4], [CANCEL, 4], thread.call(5, "math.floor", 5))
    found = thread.receive(6)
    assert [m[:2] for m in found] == [
        [RESULT, 1],
        [ERROR, 2],
        [RESULT, 3],
        [ERROR, 4],
        [PING, 4],
        [RESULT, 5],
    ]
    assert [m[2]["code"] for m in found if m[0] == ERROR] == ["cancelled", "cancelled"]


@pytest.mark.parametrize("together", [True, False], ids=["in one frame", "in a later frame"])
def test_a_cancel_that_comes_during_a_slow_call(serve, library, together):
    def slow():
        library.reached.set()
        assert library.go.wait(30)

    library.slow = slow
    thread = serve(SERVED)
    thread.send(thread.call(1, "lib.slow"))
    assert library.reached.wait(30)
    calls = [thread.call(2, "math.floor", 2.5), thread.call(3, "math.floor", 3.5)]
    later = [[CANCEL, 2], thread.call(4, "math.floor", 4.5)]
    for frame in [calls + later] if together else [calls, later]:
        thread.send(*frame)
    library.go.set()
    assert [m[:2] for m in thread.receive(4)] == [[RESULT, 1], [ERROR, 2], [RESULT, 3], [RESULT, 4]]


def test_calls_that_have_not_begun_are_given_back(serve):
    """But for those of which more is here than their message, and for streams."""
    thread = serve()
    calls = {n: thread.call(n, "math.floor", n) for n in range(1, 6)}
    with_context, stream = [*calls[3], None, {}], [*calls[4][:3], STREAM, calls[4][4]]
    thread.send(calls[1], calls[2], with_context, stream, calls[5], [RECALL, 0, [2, 3, 4, 5, 99, "x"]])
    found = thread.receive(5)
    assert [m[:2] for m in found] == [[RECALL, 0], [RESULT, 1], [RESULT, 3], [ASIDE, 4], [ERROR, 4]]
    assert found[0][2] == [2, 5]


@pytest.mark.parametrize("rest", [[], ["x"], [None], [1, 2], [[]], [[99]]], ids=repr)
def test_where_there_is_nothing_to_give_back_nothing_is_said(serve, rest):
    thread = serve()
    thread.send(thread.call(1, "math.floor", 1.5), [RECALL, 0, *rest])
    assert thread.receive(1) == [[RESULT, 1, 1]]


def test_after_a_cancel_the_loop_goes_on(serve):
    thread = serve()
    for number in range(1, 6):
        thread.send([CANCEL, 99], thread.call(number, "math.floor", 0.5))
        assert thread.receive(1) == [[RESULT, number, 0]]


def test_refs_live_until_they_are_released(serve):
    thread = serve({"c": ["collections", ""]})
    thread.send(thread.call(1, "c.Counter", "abca"))
    ((_, _, (code, (number, name))),) = thread.receive(1)
    assert (code, name) == (16, "collections.Counter")
    thread.send(
        thread.call(2, [number, "most_common"], 1),
        thread.call(3, [number, "_private"]),
        thread.call(4, [number, "nothing"]),
        thread.call(5, [number, "__class__"], flags=ATTRIBUTE),
        thread.call(6, [number, "elements"], flags=ATTRIBUTE | AS_REF),
        [RELEASE, 0, [number, 12345]],
        thread.call(7, [number, "most_common"], 1),
    )
    found = thread.receive(6)
    assert found[0][:2] == [RESULT, 2]
    assert [m[2]["code"] for m in found if m[0] == ERROR] == [
        "unresolved",
        "exception",
        "unresolved",
        "stale-ref",
    ]
    assert found[4][2][0] == 16
    assert len(thread.calls.refs) == 1, "the method is still held"


def test_flags(serve):
    thread = serve()
    thread.send(thread.call(1, "math.floor", 1.5, flags=AS_REF), thread.call(2, [1, "real"], flags=ATTRIBUTE))
    first, second = thread.receive(2)
    assert first[2][1][1] == "builtins.int"
    assert second[2] == 1


def test_targets_that_make_no_sense_spoil_their_call_only(serve):
    thread = serve()
    targets = [None, 5, [], [1], [1, 2], [[], "x"], "", "math", ["a", "b", "c"]]
    thread.send(*[thread.call(n, target) for n, target in enumerate(targets, 1)])
    assert [m[:2] for m in thread.receive(len(targets))] == [[ERROR, n] for n in range(1, len(targets) + 1)]


@pytest.mark.parametrize(
    "payload", [b"", b"\x90", b"\x91\x90", b"\x01", b"\x92\x01\x02", b"\x92\x90\x81\x01\x02", "a", None]
)
def test_payloads_that_make_no_sense_spoil_their_call_only(serve, payload):
    thread = serve()
    thread.send([1, 1, "math.floor", 0, payload], thread.call(2, "math.floor", 1.5))
    found = thread.receive(2)
    assert [m[:2] for m in found] == [[ERROR, 1], [RESULT, 2]]


def test_the_limit_of_refs_is_an_error_of_the_call(serve):
    thread = serve()
    thread.calls.refs._limit = 0
    thread.send(thread.call(1, "math.floor", 1.5, flags=AS_REF), thread.call(2, "math.floor", 1.5))
    first, second = thread.receive(2)
    assert (first[2]["code"], second[2]) == ("ref-limit", 1)


def test_bye_comes_after_what_was_received(serve):
    thread = serve()
    thread.send(*[thread.call(n, "math.floor", n) for n in (1, 2, 3)], [BYE, 0])
    assert thread.join() is True
    assert [m[1] for m in thread.rest()] == [1, 2, 3]


def test_end_of_file(serve):
    thread = serve()
    thread.send(thread.call(1, "math.floor", 1.5))
    thread.hang_up()
    assert thread.join() is False
    assert thread.rest() == [[RESULT, 1, 1]]


@pytest.mark.parametrize(
    "message",
    [
        [4, 1], [8, 1, 2], [9, 1], [11, 0], [16, 1], [-1, 1], [0, 0, {}], [2, 1, b""], ["1", 1], [None, 1],
        [], [1], [1, 1], [1, 1, "math.floor", 0], [1, 1, "math.floor", 0, b"", 1], [10, 0], [10, 0, 5],
        5, None, "text", {"a": 1}, {},
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_message_ends_the_loop(serve, message):
    thread = serve()
    thread.send(message)
    assert type(thread.join()) is BrokenFrame


def test_logs_come_before_their_answer(serve, library):
    def talk(word):
        thread.loop.out.stdout.write(f"{word} out\nhalf")
        thread.loop.out.stderr.write(f"{word} \udc80 err\n")
        return word

    library.talk = talk
    thread = serve(SERVED, begin=False)
    thread.start()
    thread.send(thread.call(8, "lib.talk", "a"), thread.call(9, "lib.talk", "b"))
    found = thread.receive(8)
    assert found[:4] == [
        [LOG, 8, 1, "a out\n"],
        [LOG, 8, 2, "a \\udc80 err\n"],
        [LOG, 8, 1, "half"],
        [RESULT, 8, "a"],
    ]
    assert {m[1] for m in found[4:]} == {9}


def test_much_output_does_not_wait_for_the_answer(serve, library):
    def talk():
        for _ in range(12):
            thread.loop.out.stdout.write("x" * 9999 + "\n")
        library.reached.set()
        assert library.go.wait(30)

    library.talk = talk
    thread = serve(SERVED, begin=False)
    thread.start()
    thread.send(thread.call(1, "lib.talk"))
    first = thread.reader.read()
    assert library.reached.wait(30)
    assert {tuple(m[:3]) for m in first} == {(LOG, 1, 1)}
    library.go.set()
    rest = thread.receive(12 - len(first) + 1)
    assert rest[-1] == [RESULT, 1, None]


def test_what_is_printed_between_calls_goes_at_once(serve):
    thread = serve()
    thread.loop.out.stdout.write("nobody called\n")
    assert thread.receive(1) == [[LOG, 0, 1, "nobody called\n"]]


def test_half_a_line_between_calls_goes_with_the_bye(serve):
    thread = serve()
    thread.loop.out.stderr.write("half")
    thread.send([BYE, 0])
    assert thread.join() is True
    assert thread.rest() == [[LOG, 0, 2, "half"]]


def test_threads_that_print_spoil_no_frame(serve, library):
    thread = serve(SERVED)
    calls, lines = 300, 300

    def chatter(stream):
        for n in range(lines):
            stream.write(f"line {n} {'x' * (n * 7 % 400)}\n")

    library.nothing = lambda: None
    streams = [thread.loop.out.stdout, thread.loop.out.stderr]
    others = [threading.Thread(target=chatter, args=(stream,)) for stream in streams]
    for other in others:
        other.start()
    thread.send(*[thread.call(n, "lib.nothing") for n in range(1, calls + 1)])
    found = thread.receive(calls + len(others) * lines)
    assert [m[1] for m in found if m[0] == RESULT] == list(range(1, calls + 1))
    assert sum(m[0] == LOG for m in found) == len(others) * lines
    for other in others:
        other.join(30)


def test_a_finaliser_that_prints_during_a_write_does_not_break_the_frame(serve, monkeypatch):
    thread = serve(begin=False)
    write, sent = thread.loop.out._writer.write, []

    def printing_write(messages):
        if not sent:
            sent.append(True)
            thread.loop.out.stdout.write("from a finaliser\n")
            assert len(thread.loop.out.waiting) == 1, "it waits for the write to end"
        write(messages)

    monkeypatch.setattr(thread.loop.out._writer, "write", printing_write)
    thread.start()
    thread.send([PING, 1])
    assert thread.receive(2) == [[PING, 1], [LOG, 0, 1, "from a finaliser\n"]]


def test_finished_answers_do_not_wait_for_a_path_that_may_be_slow(serve, library):
    """The second call of the batch blocks until this test has the first one's answer."""
    library.slow = lambda: library.go.wait(30)
    thread = serve(SERVED)
    thread.send(thread.call(1, "math.floor", 1.5), thread.call(2, "lib.slow"))
    assert thread.receive(1) == [[RESULT, 1, 1]]
    library.go.set()
    assert thread.receive(1) == [[RESULT, 2, True]]


def test_brief_calls_share_a_write(serve, monkeypatch):
    monkeypatch.setattr(loop_module, "_BRIEF", 1000.0)
    thread = serve()
    trusted = loop_module._BRIEF_RUNS
    thread.send(*[thread.call(n, "math.floor", n) for n in range(1, trusted + 1)])
    thread.receive(trusted)
    frames = []
    write = thread.loop.out._writer.write
    monkeypatch.setattr(thread.loop.out._writer, "write", lambda m: (frames.append(len(m)), write(m)))
    thread.send(*[thread.call(n, "math.floor", n) for n in range(1, 31)])
    thread.receive(30)
    assert frames == [30]


def test_a_path_that_was_slow_once_is_not_trusted(serve, monkeypatch):
    monkeypatch.setattr(loop_module, "_BRIEF", 0.0)
    thread = serve()
    frames = []
    write = thread.loop.out._writer.write
    monkeypatch.setattr(thread.loop.out._writer, "write", lambda m: (frames.append(len(m)), write(m)))
    thread.send(*[thread.call(n, "math.floor", n) for n in range(1, 31)])
    thread.receive(30)
    assert frames == [1] * 30


def test_a_batch_does_not_grow_far_beyond_a_pipe(serve, library, monkeypatch):
    """A large answer has a frame of its own, so that two never pass a frame's limit together."""
    monkeypatch.setattr(loop_module, "_BRIEF", 1000.0)
    library.data = bytes
    sizes = [10] * 20 + [40_000] * 10 + [200_000] * 3 + [10] * 3
    thread = serve(SERVED, begin=False)
    frames = []
    write = thread.loop.out._writer.write
    monkeypatch.setattr(thread.loop.out._writer, "write", lambda m: (frames.append(m), write(m)))
    thread.start()
    thread.send(*[thread.call(n, "lib.data", size) for n, size in enumerate(sizes, 1)])
    assert [len(m[2]) for m in thread.receive(len(sizes))] == sizes
    assert max(sum(map(len, frame)) for frame in frames if len(frame) > 1) < 150_000
    assert [len(frame) for frame in frames if max(map(len, frame)) > 200_000] == [1, 1, 1]


def test_a_nan_and_an_error_in_one_batch(serve):
    thread = serve()
    thread.send(thread.call(1, "math.sqrt", -1), thread.call(2, "math.fsum", [math.inf, math.nan]))
    first, second = thread.receive(2)
    assert (first[0], first[2]["type"]) == (ERROR, "ValueError")
    assert math.isnan(second[2])


def test_nobody_reads_any_more(serve):
    thread = serve(begin=False)
    os.close(thread.into)
    thread.into = os.dup(thread.out)
    thread.start()
    thread.send([PING, 1])
    assert type(thread.join()) is BrokenPipeError
