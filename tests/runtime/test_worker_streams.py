"""Streams, both ways."""

from __future__ import annotations

import time

import pytest
from test_worker_functions import all_dropped

from envmgr_runtime.wire.messages import BYE, CANCEL, CHUNK, END, LOG, MORE, RELEASE, STREAM
from envmgr_runtime.worker.client import RemoteRef, WorkerError
from envmgr_runtime.worker.remote import Bytes


def taken(client, number, wanted=1000, most=10**9):
    found = []
    while len(found) < most:
        items = client.more(number, min(wanted, most - len(found)))
        if items is None:
            break
        assert 1 <= len(items) <= wanted
        found += items
    return found


def stream(client, target, *args):
    return client.begin(target, list(args), flags=STREAM)


@pytest.mark.parametrize("name", ["count", "co_count", "co_list"])
@pytest.mark.parametrize(("n", "wanted"), [(0, 5), (1, 5), (5, 1), (5, 5), (2500, 1000)])
def test_all_items_in_their_order(passed, name, n, wanted):
    assert taken(passed, stream(passed, f"passed.{name}", n), wanted) == list(range(n))


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ([1, 2], [1, 2]),
        ({"a": 1, "b": 2}, ["a", "b"]),
        ((1,), [1]),
        ("ab", ["a", "b"]),
        (range(3), [0, 1, 2]),
    ],
    ids=repr,
)
def test_what_can_be_iterated_can_be_streamed(passed, value, items):
    assert taken(passed, stream(passed, "passed.given", value)) == items


def test_lines_of_a_file(passed, tmp_path):
    (tmp_path / "text").write_text("one\ntwo\n")
    assert taken(passed, stream(passed, "passed.lines", str(tmp_path / "text"))) == ["one\n", "two\n"]


def test_what_cannot_be_iterated(passed):
    with pytest.raises(WorkerError, match="TypeError: a int cannot be streamed"):
        passed.answer(stream(passed, "passed.given", 5))


@pytest.mark.parametrize("name", ["fail_after", "co_fail_after"])
def test_an_error_comes_after_the_items_before_it(passed, name):
    number = stream(passed, f"passed.{name}", 3)
    assert taken(passed, number, 10, 3) == [0, 1, 2]
    with pytest.raises(WorkerError, match="ValueError: no more") as caught:
        passed.more(number)
    assert caught.value.error["frames"][-1][2] == name


@pytest.mark.parametrize("name", ["endless", "co_endless"])
@pytest.mark.parametrize("seconds", [0.0, 0.002])
def test_a_stream_that_is_cancelled_closes_its_iterator(passed, name, seconds):
    passed.call("passed.closed")
    number = stream(passed, f"passed.{name}", seconds)
    assert taken(passed, number, 10, 20) == list(range(20))
    with pytest.raises(WorkerError) as caught:
        passed.cancel(number)
    assert caught.value.error["code"] == "cancelled"
    assert passed.call("passed.closed") == [name]


def test_it_is_cancelled_in_the_midst_of_an_item(passed):
    number = stream(passed, "passed.endless", 600)
    passed._send([MORE, number, 5])
    time.sleep(0.1)
    with pytest.raises(WorkerError) as caught:
        passed.cancel(number)
    assert caught.value.error["code"] == "cancelled"
    number = stream(passed, "passed.co_stuck")
    assert passed.more(number) == [1]
    passed._send([MORE, number, 5])
    with pytest.raises(WorkerError):
        passed.cancel(number)


def test_slow_items_come_one_by_one(passed):
    """Nobody waits for a chunk to be full."""
    for name in ("endless", "co_endless"):
        number = stream(passed, f"passed.{name}", 0.05)
        assert len(passed.more(number, 1000)) < 50
        with pytest.raises(WorkerError):
            passed.cancel(number)


def test_large_items_make_small_chunks(passed):
    number = stream(passed, "passed.big", 50, 30_000)
    sizes = []
    while True:
        items = passed.more(number)
        if items is None:
            break
        sizes.append(len(items))
    assert max(sizes) <= 3
    assert sum(sizes) == 50


def test_what_cannot_be_sent_becomes_refs(passed):
    found = taken(passed, stream(passed, "passed.objects", 3))
    assert [type(item) for item in found] == [RemoteRef] * 3


def test_ten_million_items_of_which_a_thousand_are_taken(passed):
    started = time.monotonic()
    number = stream(passed, "passed.count", 10_000_000)
    assert taken(passed, number, 100, 1000) == list(range(1000))
    with pytest.raises(WorkerError):
        passed.cancel(number)
    assert time.monotonic() - started < 10


def test_streams_and_calls_take_turns(passed):
    one, other = stream(passed, "passed.count", 100), stream(passed, "passed.co_count", 100)
    for n in range(0, 100, 10):
        assert taken(passed, one, 10, 10) == list(range(n, n + 10))
        assert passed.call("passed.given", [n]) == n
        assert taken(passed, other, 10, 10) == list(range(n, n + 10))
    assert passed.more(one) is None
    assert passed.more(other) is None


def test_several_requests_ahead(passed):
    for name in ("count", "co_count"):
        number = stream(passed, f"passed.{name}", 25)
        for _ in range(4):
            passed._send([MORE, number, 10])
        found = [passed._wait(number)[0] for _ in range(4)]
        while found[-1] == CHUNK:  # a slow machine makes small chunks
            passed._send([MORE, number, 10])
            found.append(passed._wait(number)[0])
        assert found == [CHUNK] * (len(found) - 1) + [END]
        assert len(found) >= 4
        passed._send([MORE, number, 10])
        assert passed.call("passed.given", [1]) == 1, "what comes after the end is nobody's"


def test_a_cancel_of_a_stream_that_is_over(passed):
    number = stream(passed, "passed.count", 0)
    assert passed.more(number) is None
    passed._send([CANCEL, number])
    passed.interrupt()
    assert passed.call("passed.given", [1]) == 1


def test_an_error_while_closing_is_the_last_message(passed):
    number = stream(passed, "passed.bad_close")
    assert taken(passed, number, 3, 3) == [1, 1, 1]
    with pytest.raises(WorkerError, match="KeyError"):
        passed.cancel(number)


def test_no_more_than_a_thousand_are_open(passed):
    numbers = [stream(passed, "passed.count", 1) for _ in range(1001)]
    with pytest.raises(WorkerError, match="1000 open streams") as caught:
        passed.answer(numbers.pop())
    assert caught.value.error["code"] == "ref-limit"
    for number in numbers:
        with pytest.raises(WorkerError):
            passed.cancel(number)
    assert taken(passed, stream(passed, "passed.count", 3)) == [0, 1, 2]


def test_a_generator_that_calls_the_pool(passed):
    assert taken(passed, stream(passed, "passed.calling", lambda n: n * 2)) == [0, 2, 4]


@pytest.mark.parametrize("name", ["after_a_question", "asked_and_then_made"])
def test_what_is_asked_for_while_the_call_waits_for_the_pool(passed, name):
    """The pool asks for the first items together with the call."""

    def items():
        passed._send([MORE, number, 2])
        passed.call("passed.given", [1])
        return [5, 6, 7]

    number = passed._last + 1
    assert stream(passed, f"passed.{name}", items) == number
    passed._send([MORE, number, 2])
    assert passed._codec.decode(passed._wait(number)[2]) == [5, 6]
    assert passed._codec.decode(passed._wait(number)[2]) == [7]
    passed._send([MORE, number, 2])
    assert passed._wait(number)[0] == END


def test_streams_in_threads_that_the_main_thread_waits_for(passed):
    def items(n, k):
        ref = passed.call("threading.Event")
        number = stream(passed, "passed.count", 5)
        passed._send([RELEASE, 0, [ref.number]])
        left = stream(passed, "passed.count", 5)
        assert passed.more(left, 1) == [0]
        with pytest.raises(WorkerError, match="closed"):
            passed.cancel(left)
        return taken(passed, number, 2)

    assert passed.call("passed.from_threads", [items, 3, 2]) == [(0, 1, 2, 3, 4)] * 6


def test_a_generator_whose_function_asks_for_more_of_it(passed):
    asked = []

    def again(n):
        if not asked:
            asked.append(n)
            passed._send([MORE, number, 1])
            passed.call("passed.given", [1])
        return n

    number = passed._last + 1
    assert stream(passed, "passed.of_itself", again) == number
    assert taken(passed, number, 1, 2) == [0, 1]
    with pytest.raises(WorkerError):
        passed.cancel(number)


def test_what_a_stream_prints_is_its_own(slow):
    number = stream(slow, "slow.talking", 3)
    slow.logs.clear()
    assert taken(slow, number) == [0, 1, 2]
    assert [log[:3] for log in slow.logs if log[0] == LOG] == [[LOG, number, 1]] * 3


@pytest.mark.parametrize("n", [0, 1, 5, 5000])
def test_items_of_the_pool(passed, n):
    assert passed.call("passed.total", [iter(range(n))]) == sum(range(n))
    assert all_dropped(passed)


def test_no_more_items_are_taken_than_doubled(passed):
    pulled = []

    def items():
        for n in range(10_000):
            pulled.append(n)
            yield n

    assert passed.call("passed.first", [items(), 10]) == list(range(10))
    assert len(pulled) == 15
    assert all_dropped(passed)


def test_an_iterator_that_fails(passed):
    def items():
        yield 1
        raise OSError("gone")

    with pytest.raises(WorkerError, match="ElixirError: OSError: gone"):
        passed.call("passed.total", [items()])


TEXT = "a,b\n1,é\n" * 20_000


def test_files_of_the_pool(passed):
    data = TEXT.encode()
    assert passed.call("passed.read_all", [Bytes(data)]) == ["BufferedReader", data]
    assert passed.call("passed.read_lines", [Bytes(data)]) == data.splitlines(keepends=True)
    assert passed.call("passed.read_csv", [Bytes(data)]) == [["a", "b"], ["1", "é"]] * 20_000
    assert passed.call("passed.read_json", [Bytes(b'{"a": [1]}')]) == {"a": [1]}
    assert passed.call("passed.read_pieces", [Bytes(b"0123456789")]) == [5, b"01234", b"56", b"789", False]
    assert passed.call("passed.read_all", [Bytes(b"")]) == ["BufferedReader", b""]
    assert all_dropped(passed)


def test_a_file_for_pandas(start, passed_library):
    pytest.importorskip("pandas")
    client = start(dict(passed_library, pd=["pandas", ""]))
    frame = client.begin("pd.read_csv", [Bytes(TEXT.encode())])
    assert client.answer(frame).parts[0] == "pandas.DataFrame"


def test_a_bye_closes_streams(start, passed_library, tmp_path):
    client = start(passed_library)
    one, other = stream(client, "passed.endless"), stream(client, "passed.co_endless")
    assert (taken(client, one, 2, 2), taken(client, other, 2, 2)) == ([0, 1], [0, 1])
    client._send([BYE, 0])
    for number in (one, other):
        with pytest.raises(WorkerError):
            client.answer(number)
    assert client._process.wait(20) == 0
