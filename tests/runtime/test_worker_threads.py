"""A worker that runs several calls at a time."""

from __future__ import annotations

import os
import time

import msgpack
import pytest
from lanes import PoolSide
from test_worker_functions import all_dropped, cancelled
from test_worker_stress import Storm

from envmgr_runtime.wire.messages import (
    AS_REF,
    ASIDE,
    BYE,
    CALL,
    CANCEL,
    END,
    ERROR,
    LOG,
    MORE,
    PING,
    RECALL,
    RELEASE,
    REPORT,
    RESULT,
    SESSION,
    STREAM,
)
from envmgr_runtime.worker.client import Client, RemoteRef, WorkerError

THREADS = 4


@pytest.fixture(scope="module")
def libraries(passed_library, probe):
    return {"modules": probe["path"], **passed_library, "probe": probe["probe"]}


@pytest.fixture(scope="module")
def many(command, libraries):
    with Client(command, libraries, timeout=20, threads=THREADS) as client:
        yield client
        client._send([BYE, 0])
        assert client._process.wait(20) == 0


class Gate:
    """Calls that have begun and wait until it opens."""

    def __init__(self, client, path):
        self.client = client
        self.path = path
        self.numbers = []

    def wait(self, word, target="slow.gate", flags=0):
        number = self.client.begin(target, [word, str(self.path)], flags=flags)
        self.numbers.append(number)
        return number

    def open(self):
        self.path.touch()

    def answers(self):
        return [self.client.answer(number) for number in self.numbers]


@pytest.fixture
def gate(many, tmp_path):
    gate = Gate(many, tmp_path / "gate")
    yield gate
    gate.open()  # also when a test has failed: the others have the same worker


def messages(client, numbers):
    """All messages until each of these calls has its last one."""
    found, left = [], set(numbers)
    while left:
        for message in client._receive():
            found.append(message)
            if message[0] in (RESULT, ERROR, END):
                left.discard(message[1])
    return found


def test_it_says_so(many, start):
    assert many.facts["threads"] == THREADS
    assert start({"math": ["math", ""]}).facts["threads"] == 1


def test_calls_run_at_the_same_time(many):
    numbers = [many.begin("slow.together") for _ in range(THREADS)]
    assert [many.answer(number) for number in numbers] == [True] * THREADS


def test_no_more_than_it_may(many):
    numbers = [many.begin("slow.counted", [0.01]) for _ in range(3 * THREADS)]
    assert max(many.answer(number) for number in numbers) == THREADS


def test_they_begin_in_order(many, gate):
    for word in range(THREADS):
        gate.wait(word)
    later = [many.begin("slow.begun") for _ in range(3)]
    gate.open()
    assert gate.answers() == list(range(THREADS))
    for number in later:
        assert sorted(many.answer(number)[-THREADS:]) == list(range(THREADS))


def test_answers_come_as_they_are_done(many, gate):
    gate.wait("slow")
    assert many.call("passed.given", [1]) == 1
    gate.open()
    assert gate.answers() == ["slow"]


def test_each_line_is_of_its_call(many):
    numbers = [many.begin("slow.print_in_turn", [word, 20]) for word in ("one ", "two ")]
    logs = [message for message in messages(many, numbers) if message[0] == LOG]
    for number, word in zip(numbers, ("one ", "two ")):
        assert [log[3] for log in logs if log[1] == number] == [f"{word}{n}\n" for n in range(20)]
    assert len(logs) == 40


def test_half_a_line_goes_with_its_answer(many):
    number = many.begin("probe.say", ["out", "err"])
    kinds = [message[:4] for message in messages(many, [number])]
    assert kinds[:2] == [[LOG, number, 1, "out"], [LOG, number, 2, "err"]]


def test_what_a_thread_of_the_only_call_prints(many):
    many.printed.clear()
    many.logs.clear()
    number = many.begin("slow.thread_says", ["hello"])
    assert many.answer(number) == "envmgr-call"
    assert [log[1] for log in many.logs if log[3] == "hello\n"] == [number]


def test_context_variables_end_with_the_call(many):
    assert {many.call("slow.variable", [n]) for n in range(3 * THREADS)} == {"default"}


def test_its_context(start, libraries):
    client = start({**libraries, "runtime": ["envmgr_runtime", ""]}, threads=2)
    payload = client._codec.encode([[], {}])
    client._send([CALL, 1, "runtime.context", 0, payload, None, {"correlation": "abc"}])
    client._last = 1
    assert client.answer(1) == {"correlation": "abc", "path": "runtime.context", "library": "runtime"}
    client._send([CALL, 2, "runtime.context", 0, payload, None, {"trace": True}])
    client._last = 2
    message = client._wait(2)
    assert len(message) == 5


def test_its_session(start, libraries):
    client = start(libraries, threads=2)
    said = {"set": {"word": client._codec.encode("kept")}, "at": 1}
    client._send([SESSION, 0, "mine", msgpack.packb(said)])
    context = {"session": "mine"}
    client._send([CALL, 1, "slow.word_of_session", 0, client._codec.encode([[], {}]), None, context])
    client._last = 1
    assert client.answer(1) == ["kept", "kept"]
    with pytest.raises(WorkerError, match="belongs to no session"):
        client.call("slow.word_of_session")


def test_objects_are_everybodys(many):
    ref = many.call("probe.Counter", flags=AS_REF)
    assert type(ref) is RemoteRef
    numbers = [many.begin([ref.number, "up"]) for _ in range(20)]
    assert sorted(many.answer(number) for number in numbers) == list(range(1, 21))
    used = [many.begin("passed.given", [ref]) for _ in range(20)]
    many._send([RELEASE, 0, [ref.number]])
    late = many.begin("passed.given", [ref])
    assert {type(many.answer(number)) for number in used} == {RemoteRef}
    with pytest.raises(WorkerError, match="was released"):
        many.answer(late)


def test_messages_are_done_while_all_are_busy(many, gate):
    for word in range(THREADS):
        gate.wait(word)
    many._send([PING, 77])
    assert many._wait(77)[0] == PING
    many._send([REPORT, 78])
    assert many._codec.decode(many._wait(78)[2])["received"]["payload"][0] > 0
    gate.open()
    gate.answers()


@pytest.mark.parametrize("name", ["spin", "printing"])
def test_what_runs_is_ended(start, libraries, unmeasured, name):
    client = start(libraries, threads=2, env=unmeasured)
    number = client.begin(f"slow.{name}", [600])
    time.sleep(0.05)
    assert cancelled(client, number) == "cancelled"
    assert client.call("slow.sleep", [0]) == "slept"


def test_the_error_says_where_it_was(many, gate):
    number = gate.wait("cancelled")
    assert cancelled(many, number) == "cancelled"


def test_what_is_in_c_code_hears_of_it_later(many):
    number = many.begin("slow.sleep", [0.3])
    time.sleep(0.1)
    assert cancelled(many, number) == "cancelled"


def test_it_is_told_once(start, libraries, unmeasured):
    """Also where it is nearly always in code of ours."""
    client = start(libraries, threads=2, env=unmeasured)
    number = client.begin("slow.interrupted_in_turn", [0.5])
    time.sleep(0.1)
    assert client.cancel(number) == ["Cancelled"]


def test_a_cancellation_that_is_lost_in_a_finaliser_is_said_again(many):
    number = many.begin("slow.refuse_in_a_finaliser")
    time.sleep(0.05)
    assert cancelled(many, number) == "cancelled"


def test_what_has_not_begun_is_answered_at_once(many, gate):
    for word in range(THREADS):
        gate.wait(word)
    numbers = [many.begin("passed.apply", [lambda: 1]) for _ in range(3)]
    for number in numbers:
        with pytest.raises(WorkerError, match="before it began"):
            many.cancel(number)
    gate.open()
    gate.answers()
    assert all_dropped(many)


def test_what_has_not_begun_is_given_back(many, gate):
    """But for those of which more is here than their message, and for streams."""
    words = [f"runs {n}" for n in range(THREADS - 1)]
    for word in words:
        gate.wait(word)
    while not {*words} <= {*many.call("slow.begun")}:
        time.sleep(0.005)
    gate.wait("the last thread's")
    given = [many.begin("passed.given", [n]) for n in range(3)]
    kept = many.begin("passed.given", [7], flags=STREAM)
    many._send([RECALL, 0, [*given[1:], kept, gate.numbers[0], 12345]])
    assert many._wait(0) == [RECALL, 0, given[1:]]
    gate.open()
    gate.answers()
    assert many.answer(given[0]) == 0
    with pytest.raises(WorkerError):
        many.answer(kept)


def test_a_cancel_of_what_was_answered_does_nothing(many):
    number = many.begin("passed.given", [1])
    assert many.answer(number) == 1
    many._send([CANCEL, number])
    many.interrupt()
    assert many.call("passed.given", [2]) == 2


def test_functions_are_called(many):
    numbers = [many.begin("passed.map_all", [lambda n: n * n, list(range(20))]) for _ in range(2 * THREADS)]
    assert [many.answer(number) for number in numbers] == [[n * n for n in range(20)]] * (2 * THREADS)
    assert many.call("passed.from_threads", [lambda n, k: (n, k), 4, 5]) == [
        (n, k) for n in range(4) for k in range(5)
    ]
    assert all_dropped(many)


def test_functions_that_call_the_worker_again(many):
    """More calls wait for functions than it has threads."""

    def down(n):
        return n if n == 0 else many.call("passed.apply", [down, n - 1]) + 1

    assert many.call("passed.apply", [down, 5 * THREADS]) == 5 * THREADS
    numbers = [many.begin("passed.apply", [down, THREADS]) for _ in range(THREADS)]
    assert [many.answer(number) for number in numbers] == [THREADS] * THREADS
    assert many.call("slow.threads").count("envmgr-call") == THREADS


def test_functions_that_threads_of_calls_call(many, gate):
    """All threads that run calls wait for threads that wait for answers."""
    told = []

    def again(word):
        told.append(many.call("passed.given", [word]))

    numbers = [many.begin("slow.gated_in_a_thread", [again, str(gate.path)]) for _ in range(THREADS)]
    gate.open()
    assert [many.answer(number) for number in numbers] == ["joined"] * THREADS
    assert told == ["thread"] * THREADS


def test_too_deep(many):
    def down(n):
        return many.call("passed.apply", [down, n + 1])

    with pytest.raises(WorkerError, match="RecursionError: 100 calls wait"):
        many.call("passed.apply", [down, 0])
    assert many.call("passed.given", [1]) == 1


@pytest.mark.parametrize("name", ["apply", "co_apply"])
def test_a_waiting_call_is_cancelled(many, name):
    number, told = many._last + 1, []
    many.begin(f"passed.{name}", [lambda: told.append(cancelled(many, number))])
    while not told:
        for message in many._receive():
            many._take(message)
    assert told == ["cancelled"]


def test_a_cancelled_call_may_call_while_it_cleans_up(many):
    number = many._last + 1

    def function(n):
        if n == 1:
            many._send([CANCEL, number])
            time.sleep(0.05)
        return n

    assert many.call("passed.swallow", [function]) == ["Cancelled", 2]


def test_coroutines(many, gate):
    for word in range(THREADS):
        gate.wait(word)
    gate.open()
    numbers = [many.begin("slow.co_sleep", [0.01, n]) for n in range(50)]
    assert [many.answer(number) for number in numbers] == list(range(50))
    doomed = [many.begin("slow.co_sleep", [600]) for _ in range(3)]
    time.sleep(0.02)
    assert [cancelled(many, number) for number in doomed] == ["cancelled"] * 3
    gate.answers()


@pytest.mark.parametrize("name", ["count", "co_count", "co_list"])
def test_streams(many, name):
    numbers = [many.begin(f"passed.{name}", [3000], flags=STREAM) for _ in range(2 * THREADS)]
    for number in numbers:
        found = []
        while True:
            chunk = many.more(number)
            if chunk is None:
                break
            found += chunk
        assert found == list(range(3000))


def test_what_is_asked_for_before_the_stream_is_there(many):
    number = many.begin("slow.gated", ["early", os.devnull], flags=STREAM)
    assert many.more(number, 1) == ["early"]
    assert many.more(number, 1) == ["early"]
    assert many.more(number) is None


def test_what_is_asked_for_before_the_coroutine_is_there(many, gate):
    number = gate.wait(5, "slow.gated_coroutine", STREAM)
    many._send([MORE, number, 10])
    while 5 not in many.call("slow.begun"):
        time.sleep(0.005)
    many.call("passed.given", [1])
    gate.path.touch()
    assert many._codec.decode(many._wait(number)[2]) == [0, 1, 2, 3, 4]
    assert many.more(number) is None


def test_a_stream_is_closed(many, gate):
    """Though every thread is busy."""
    stream = many.begin("passed.endless", flags=STREAM)
    assert many.more(stream, 2) == [0, 1]
    for word in range(THREADS):
        gate.wait(word)
    with pytest.raises(WorkerError, match="the stream was closed"):
        many.cancel(stream)
    gate.open()
    gate.answers()
    assert "endless" in many.call("passed.closed")


def test_a_stream_that_is_at_work_is_cancelled(many, gate):
    stream = gate.wait("stream", "slow.gated", STREAM)
    assert many.more(stream, 1) == ["stream"]
    many._send([MORE, stream, 1])
    while "stream" not in many.call("slow.begun"):
        time.sleep(0.005)
    assert cancelled(many, stream) == "cancelled"


def test_a_stream_says_when_it_is_there(many):
    number = many.begin("passed.count", [1], flags=STREAM)
    many._send([MORE, number, 10])
    many._send([MORE, number, 10])
    assert [message[0] for message in messages(many, [number])] == [ASIDE, 4, END]


def test_what_cannot_be_streamed(many):
    number = many.begin("passed.given", [5], flags=STREAM)
    with pytest.raises(WorkerError, match="cannot be streamed"):
        many.answer(number)


def test_a_call_that_forks(many):
    assert many.call("probe.forked") == 0
    assert many.call("passed.given", [1]) == 1


def test_a_message_that_cannot_be_read(start, libraries):
    client = start(libraries, threads=2)
    client._send([CALL, 5])
    assert client._process.wait(20) == 76


def test_a_bye_finishes_what_was_received(start, libraries, tmp_path):
    client = start(libraries, threads=2)
    gate = Gate(client, tmp_path / "gate")
    for word in range(4):
        gate.wait(word)
    stream = client.begin("passed.endless", flags=STREAM)
    client._send([BYE, 0])
    gate.open()
    assert gate.answers() == [0, 1, 2, 3]
    with pytest.raises(WorkerError, match="the stream was closed"):
        client.answer(stream)
    assert client._process.wait(20) == 0


@pytest.mark.parametrize("seed", range(3))
def test_a_storm(start, libraries, unmeasured, seed):
    client = start(libraries, env=unmeasured, threads=THREADS)
    storm = Storm(client, seed)
    for _ in range(8):
        storm.round()
    client.call("gc.collect")
    assert all_dropped(client)


def test_large_answers_go_by_the_lane(start, libraries, tmp_path):
    pool = PoolSide(tmp_path)
    import threading

    meeting = threading.Thread(target=pool.meet)
    meeting.start()
    client = start(libraries, threads=THREADS, lane=str(tmp_path))
    meeting.join()
    assert client.facts["lane"]
    numbers = [client.begin("slow.large", [n % 251, 300_000]) for n in range(24)]
    for message in [m for m in messages(client, numbers) if m[0] == RESULT]:
        number, sizes = message[1], message[3]
        (size,) = sizes
        assert pool.read(size) == bytes([(number - numbers[0]) % 251]) * 300_000
    client._send([BYE, 0])
    assert client._process.wait(20) == 0
    pool.leave()
