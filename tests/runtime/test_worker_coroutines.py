"""Coroutines: beside other calls, on one event loop."""

from __future__ import annotations

import time

import pytest

from envmgr_runtime.wire.messages import AS_REF, BYE, LOG, RESULT
from envmgr_runtime.worker.client import RemoteRef, WorkerError


def test_a_coroutine_is_awaited(slow):
    assert slow.call("slow.co_sleep", [0.001, {"a": 1}]) == {"a": 1}
    assert slow.aside == set(), "its answer came"


@pytest.mark.parametrize(
    ("name", "value"), [("plain", "slept"), ("co_twice", "twice"), ("future", "from a future")]
)
def test_what_is_there_to_be_awaited_is(slow, name, value):
    assert slow.call(f"slow.{name}", [0] if name == "plain" else []) == value


def test_what_can_be_awaited_too_stays(slow):
    assert type(slow.call("slow.query")) is RemoteRef
    found = slow.call("slow.list_of_coroutines")
    assert [type(part) for part in found] == [RemoteRef]
    slow.call("slow.close", [found])


def test_a_ref_to_what_was_awaited(slow):
    found = slow.call("slow.co_sleep", [0], flags=AS_REF)
    assert (type(found), found.type_name) == (RemoteRef, "builtins.str")
    assert slow.call("slow.co_keep").type_name == "threading.Event"


def test_many_at_a_time(slow):
    started = time.monotonic()
    numbers = [slow.begin("slow.co_sleep", [1, n]) for n in range(500)]
    assert [slow.answer(number) for number in numbers] == list(range(500))
    assert time.monotonic() - started < 10, "one after the other takes 500 s"


def test_others_go_on_meanwhile(slow):
    number = slow.begin("slow.co_sleep", [0.3])
    assert slow.call("slow.sleep", [0]) == "slept"
    assert number in slow.aside
    assert slow.answer(number) == "slept"


def test_they_share_an_event_loop_and_what_is_bound_to_it(slow):
    numbers = [slow.begin("slow.co_lock", [0.01]) for _ in range(5)]
    assert len({slow.answer(number) for number in numbers}) == 1
    assert slow.call("slow.threads").count("envmgr-asyncio") == 1


def test_a_function_may_run_a_loop_of_its_own(slow):
    assert slow.call("slow.run_own_loop", [0.01]) == "own loop"


@pytest.mark.parametrize(
    "name", ["ValueError", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError"]
)
def test_what_it_raises_is_its_answer(slow, name):
    with pytest.raises(WorkerError) as caught:
        slow.call("slow.co_raise", [name, "three"])
    error = caught.value.error
    assert (error["code"], error["type"], error["message"]) == ("exception", name, "three")
    assert [frame[2] for frame in error["frames"]] == ["co_raise"]
    assert "envmgr_runtime" not in error["traceback"]


@pytest.mark.parametrize("name", ["SystemExit", "ValueError"])
def test_a_task_that_was_left_behind_ends_nothing(slow, name):
    assert slow.call("slow.co_leave_a_task", [name]) == "alive"
    assert slow.call("slow.co_sleep", [0]) == "slept"


def test_what_it_prints_is_its_own(slow):
    slow.logs.clear()
    numbers = {word: slow.begin("slow.co_say", [word, 5]) for word in ("one", "two", "three")}
    for number in numbers.values():
        slow.answer(number)
    for word, number in numbers.items():
        text = "".join(log[3] for log in slow.logs if log[:3] == [LOG, number, 1])
        assert text == "".join(f"{word} {n} end\n" for n in range(5))


def test_a_fork_does_not_answer(slow):
    assert slow.call("slow.co_fork") == 0
    assert slow.call("slow.co_sleep", [0]) == "slept"


def test_a_bye_waits_for_them(start, slowly):
    client = start(slowly)
    number = client.begin("slow.co_sleep", [0.3])
    client._send([BYE, 0])
    assert client._wait(number)[0] == RESULT
    assert client._process.wait(20) == 0
