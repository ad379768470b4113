"""Functions of the pool, called by Python: from anywhere, and inside each other."""

from __future__ import annotations

import time

import pytest

from envmgr_runtime.wire.messages import BYE, CALLBACK, CANCEL
from envmgr_runtime.worker.client import RemoteRef, WorkerError


def all_dropped(client):
    """Whether the worker says soon that it holds no function of ours."""
    until = time.monotonic() + 10
    while len(client.functions) and time.monotonic() < until:
        client.call("passed.given", [1])
    return len(client.functions) == 0


def add(one, other=10):
    return one + other


def test_a_function_is_called(passed):
    assert passed.call("passed.apply", [add, 1, 2]) == 3
    assert passed.call("passed.apply", [add, 1]) == 11
    assert passed.call("passed.apply", [add], {"one": 1, "other": 5}) == 6
    assert passed.call("passed.map_all", [lambda n: n * n, list(range(50))]) == [n * n for n in range(50)]
    assert passed.call("passed.reduce", [add, [1, 2, 3]]) == 6


def test_values_go_both_ways(passed):
    value = {"a": [1, (2, 3)], "b": {4}, "c": b"\x00"}
    assert passed.call("passed.apply", [lambda x: [x, x], value]) == [value, value]
    found = passed.call("passed.apply", [lambda event: event, passed.call("threading.Event")])
    assert type(found) is RemoteRef


def test_what_libraries_look_at(passed):
    found = passed.call("passed.look", [add])
    assert found == {
        "signature": "(arg1, arg2, /)",
        "name": "elixir_function",
        "repr": found["repr"],
        "wrapped": "elixir_function",
        "copies": True,
        "hash": 1,
        "callable": True,
    }
    assert "Elixir function" in found["repr"]


def test_what_an_error_calls_them(passed):
    with pytest.raises(WorkerError) as caught:
        passed.call("passed.fail_with", [lambda a, b: a, iter([1])])
    assert caught.value.error["arguments"] == [
        ["function", "<Elixir function of arity 2>"],
        ["items", "<Elixir stream>"],
    ]


def test_it_cannot_be_pickled(passed):
    with pytest.raises(WorkerError, match="an Elixir function cannot be pickled"):
        passed.call("passed.pickled", [add])


def test_what_it_raises(passed):
    def fail(word):
        raise KeyError(word)

    found = passed.call("passed.catch", [fail, "x"])
    assert found == ["envmgr_runtime", "ElixirError", "KeyError", "KeyError: 'x'"]
    with pytest.raises(WorkerError, match="KeyError: 'x'") as caught:
        passed.call("passed.apply", [fail, "x"])
    assert caught.value.error["type"] == "ElixirError"
    assert caught.value.error["frames"][0][2] == "apply"


def test_what_it_raises_can_be_caught_by_name(passed):
    assert passed.call("passed.catch_by_name", [lambda: {}["x"]]) == ["KeyError", "", True, "KeyError"]


def test_a_function_that_is_gone(passed):
    passed.call("passed.keep", [add])
    passed.functions._held.clear()
    with pytest.raises(WorkerError, match="there is no function"):
        passed.call("passed.kept", [1])
    passed.call("passed.forget")


def test_it_is_given_back_when_python_has_it_no_more(passed):
    assert all_dropped(passed)
    passed.call("passed.keep", [add])
    assert len(passed.functions) == 1
    assert passed.call("passed.kept", [1, 1]) == 2
    passed.call("passed.forget")
    assert all_dropped(passed)


@pytest.mark.parametrize(
    ("target", "args"),
    [
        ("passed.nowhere", [add]),
        ("passed.given", [{"a": [(add, iter([1]))]}, RemoteRef(99_999, "x.Y")]),
        ("passed.given", [RemoteRef(99_999, "x.Y"), add]),
    ],
)
def test_those_of_a_call_that_came_to_nothing_are_given_back(passed, target, args):
    with pytest.raises(WorkerError):
        passed.call(target, args)
    assert all_dropped(passed)


def test_those_of_a_call_that_was_cancelled_are_given_back(passed):
    first = passed.begin("time.sleep", [0.2])
    second = passed.begin("passed.apply", [add, 1])
    assert cancelled(passed, second) == "cancelled"
    passed.answer(first)
    assert all_dropped(passed)


def test_from_threads(passed):
    found = passed.call("passed.from_threads", [lambda n, k: (n, k), 8, 40])
    assert found == [(n, k) for n in range(8) for k in range(40)]


def test_from_threads_that_call_the_worker_again(passed):
    """The main thread waits for the threads: calls that come run in these."""

    def again(n, k):
        return passed.call("passed.given", [(n, k)])

    assert passed.call("passed.from_threads", [again, 3, 3]) == [(n, k) for n in range(3) for k in range(3)]


def test_a_thread_that_has_outlived_its_call(passed):
    told = []
    passed.call("passed.leave_a_thread", [lambda word: told.append(word), 0.1])
    until = time.monotonic() + 10
    while not told:
        assert time.monotonic() < until
        time.sleep(0.02)
        passed.call("passed.given", [1])
    assert told == ["from the thread"]


def test_a_call_that_waits_goes_aside_once(passed):
    messages = []
    take = passed._take
    passed._take = lambda message: (messages.append(message[:2]), take(message))
    try:
        number = passed.begin("passed.map_all", [lambda n: n, [1, 2, 3]])
        passed.answer(number)
    finally:
        passed._take = take
    assert [m for m in messages if m[0] != 18] == [[17, number]] + [[CALLBACK, number]] * 3 + [[2, number]]


def test_calls_run_inside_each_other(passed):
    def down(n):
        return n if n == 0 else passed.call("passed.apply", [down, n - 1]) + 1

    assert passed.call("passed.apply", [down, 50]) == 50


@pytest.mark.parametrize("depth", [500, *range(880, 1000, 5)])
def test_a_function_that_is_called_deep_in_the_stack(passed, depth):
    """What does not fit into it is an error of the call."""
    try:
        found = passed.call("passed.deep", [add, depth])
    except WorkerError as error:
        found = error.error["type"]
    assert found in ([10] if depth <= 600 else [10, "RecursionError"])
    assert passed.call("passed.given", [depth]) == depth


def test_too_deep(passed):
    def down(n):
        return passed.call("passed.apply", [down, n + 1])

    with pytest.raises(WorkerError, match="RecursionError: 100 calls wait"):
        passed.call("passed.apply", [down, 0])
    assert passed.call("passed.given", [1]) == 1


def test_other_calls_run_while_one_waits(passed):
    def other(n):
        return passed.call("passed.given", [n])

    assert passed.call("passed.map_all", [other, list(range(30))]) == list(range(30))


def test_an_error_of_a_nested_call_is_readable_outside(passed):
    def inner():
        passed.call("passed.apply", [lambda: 1 / 0])

    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        passed.call("passed.apply", [inner])


def test_from_a_coroutine(passed):
    numbers = [passed.begin("passed.co_apply", [lambda n: n + 1, n]) for n in range(20)]
    assert [passed.answer(number) for number in numbers] == list(range(1, 21))


def test_from_a_coroutine_that_calls_the_worker_again(passed):
    assert passed.call("passed.co_apply", [lambda n: passed.call("passed.given", [n]), 5]) == 5


def cancelled(client, number):
    """The code of the error that a cancelled call answers with."""
    with pytest.raises(WorkerError) as caught:
        client.cancel(number)
    return caught.value.error["code"]


def until(client, told):
    """Does what the worker asks for until something was told."""
    while not told:
        for message in client._receive():
            client._take(message)
    return told[-1]


@pytest.mark.parametrize("name", ["apply", "co_apply"])
def test_a_waiting_call_is_cancelled(passed, name):
    told = []
    number = passed._last + 1
    assert passed.begin(f"passed.{name}", [lambda: told.append(cancelled(passed, number))]) == number
    assert until(passed, told) == "cancelled"
    assert passed.call("passed.given", [1]) == 1


def test_what_runs_inside_a_cancelled_call_is_cancelled_too(passed):
    told = []
    outer = passed._last + 1

    def inside():
        inner = passed.begin("time.sleep", [600])
        time.sleep(0.1)
        told.append(cancelled(passed, outer))
        with pytest.raises(WorkerError) as caught:
            passed.answer(inner)
        error = caught.value.error
        told.append([error[key] for key in ("code", "class", "retry")])
        assert "may have run in part" in error["hint"]

    assert passed.begin("passed.apply", [inside]) == outer
    until(passed, told)
    assert told == ["cancelled", ["cancelled", "resource", True]]


def test_a_call_inside_a_cancelled_one_has_a_moment(passed):
    told = []
    outer = passed._last + 1

    def inside():
        passed._send([CANCEL, outer])
        told.append([passed.call("time.sleep", [0.0]), passed.call("passed.given", [5])])

    number = passed.begin("passed.apply", [inside])
    with pytest.raises(WorkerError, match="Cancelled"):
        passed.answer(number)
    assert told in ([], [[None, 5]])


def test_the_call_inside_alone_is_cancelled(passed):
    def inside():
        inner = passed.begin("time.sleep", [600])
        time.sleep(0.1)
        return cancelled(passed, inner)

    assert passed.call("passed.apply", [inside]) == "cancelled"


def test_a_cancelled_call_may_call_while_it_cleans_up(passed):
    number = passed._last + 1

    def function(n):
        if n == 1:
            passed._send([CANCEL, number])
            passed.interrupt()
            time.sleep(0.1)
        return n

    assert passed.call("passed.swallow", [function]) == ["Cancelled", 2]


def test_a_bye_while_a_thread_waits(start, passed_library):
    client = start(passed_library)
    client.call("passed.leave_a_thread", [add, 0.3])
    until = time.monotonic() + 10
    while True:
        assert time.monotonic() < until
        if any(message[0] == CALLBACK for message in client._receive()):
            break
    client._send([BYE, 0])
    assert client._process.wait(20) == 0
