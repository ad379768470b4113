"""Calls that are ended from outside: each has one last message, and the worker goes on."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from envmgr_runtime.wire.messages import ASIDE, CANCEL, END, ERROR, LOG, RECALL, RESULT
from envmgr_runtime.worker.client import WorkerError


def begun(client, target, *args):
    """The number of a call that runs by now."""
    number = client.begin(target, args)
    time.sleep(0.05)
    return number


@pytest.mark.parametrize("name", ["sleep", "spin", "join", "co_sleep", "run_own_loop"])
def test_what_runs_is_interrupted(slow, name):
    _interrupted(slow, name)


def test_what_prints_is_interrupted(start, slowly, unmeasured):
    """Not measured, for it is nearly always in code of ours, where a cancellation may meet coverage's lock."""
    _interrupted(start(slowly, env=unmeasured), "printing")


def _interrupted(slow, name):
    number = begun(slow, f"slow.{name}", 600)
    with pytest.raises(WorkerError) as caught:
        slow.cancel(number)
    error = caught.value.error
    assert error["code"] == "cancelled"
    assert error["type"] in ("Cancelled", "CancelledError")
    assert slow.call("slow.sleep", [0]) == "slept"


def test_the_error_says_where_it_was(slow):
    with pytest.raises(WorkerError) as caught:
        slow.cancel(begun(slow, "slow.sleep", 600))
    assert caught.value.error["frames"][0][2] == "sleep"


@pytest.mark.parametrize("threads", [1, 2])
def test_an_import_is_not_cut_short(start, slowly, unmeasured, tmp_path, threads):
    """NumPy would never be imported again in that process. The call ends behind it."""
    imports = tmp_path / "imports"
    until = f"open({str(imports)!r}, 'w').close()\nuntil = time.monotonic() + 0.3"
    (tmp_path / "late.py").write_text(f"import time\n{until}\nwhile time.monotonic() < until: pass\n")
    client = start(slowly, threads=threads, env=unmeasured)
    number = client.begin("slow.importing_and_more", (str(tmp_path), "late"))
    while not imports.exists():
        time.sleep(0.005)
    with pytest.raises(WorkerError) as caught:
        client.cancel(number)
    assert caught.value.error["code"] == "cancelled"
    assert client.call("slow.is_imported", ["late"]) is True


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_block_changes_is_changed_back(start, slowly, unmeasured, threads):
    """An option that stays set would be another call's trouble."""
    client = start(slowly, threads=threads, env=unmeasured)
    for seconds in (0.02, 0.05, 0.16, 0.18):
        number = client.begin("slow.switching", [0.08])
        time.sleep(seconds)
        with pytest.raises(WorkerError) as caught:
            client.cancel(number)
        assert caught.value.error["code"] == "cancelled"
        assert client.call("slow.is_on", []) is False


@pytest.mark.parametrize("threads", [1, 2])
def test_a_block_that_is_never_entered_is_ended(start, slowly, unmeasured, threads):
    client = start(slowly, threads=threads, env=unmeasured)
    with pytest.raises(WorkerError) as caught:
        client.cancel(begun(client, "slow.switching", 600))
    assert caught.value.error["code"] == "cancelled"


def test_what_it_raises_then_is_its_answer(slow):
    with pytest.raises(WorkerError, match="ValueError: cleaned up") as caught:
        slow.cancel(begun(slow, "slow.instead", 600))
    assert caught.value.error["code"] == "exception"


def test_a_call_that_will_not_end_is_asked_once(slow):
    """The pool ends it: nothing else can."""
    assert slow.cancel(begun(slow, "slow.refuse", 0.5)) == ["Cancelled"]


def test_a_cancellation_that_is_lost_in_a_finaliser_is_said_again(slow):
    with pytest.raises(WorkerError) as caught:
        slow.cancel(begun(slow, "slow.in_a_finaliser"))
    assert caught.value.error["code"] == "cancelled"


def test_a_coroutine_that_will_not_end_answers_what_it_likes(slow):
    assert slow.cancel(begun(slow, "slow.co_refuse")) == "no"


def test_a_coroutine_cleans_up(slow):
    slow.printed.clear()
    with pytest.raises(WorkerError):
        slow.cancel(begun(slow, "slow.co_clean_up"))
    assert slow.printed == ["cleaned up\n"]


def test_a_coroutine_is_cancelled_while_a_call_runs(slow):
    number = begun(slow, "slow.co_sleep", 600)
    busy = begun(slow, "slow.sleep", 600)
    for each in (number, busy):
        with pytest.raises(WorkerError, match=r"[Cc]ancelled"):
            slow.cancel(each)


def test_waiting_calls_are_dropped_and_answered(slow):
    first = begun(slow, "slow.sleep", 0.3)
    second, third = slow.begin("slow.sleep", [600]), slow.begin("slow.sleep", [0])
    with pytest.raises(WorkerError, match="before it began"):
        slow.cancel(second)
    assert (slow.answer(first), slow.answer(third)) == ("slept", "slept")


def test_signals_between_calls_do_nothing(slow):
    for _ in range(20):
        slow.interrupt()
    assert slow.call("slow.sleep", [0]) == "slept"
    os.kill(slow.pid, signal.SIGINT)
    number = begun(slow, "slow.sleep", 0.2)
    for _ in range(20):
        slow.interrupt()
    assert slow.answer(number) == "slept"


@pytest.mark.parametrize("name", ["sleep", "spin", "join", "printing"])
def test_calls_are_given_back_while_one_runs(start, slowly, unmeasured, name):
    client = start(slowly, env=unmeasured)
    running = begun(client, f"slow.{name}", 600)
    behind = [client.begin("slow.sleep", [0]) for _ in range(3)]
    client._send([RECALL, 0, behind[1:]])
    client.interrupt()
    assert client._wait(0) == [RECALL, 0, behind[1:]]
    with pytest.raises(WorkerError):
        client.cancel(running)
    assert client.answer(behind[0]) == "slept"
    assert client.call("slow.sleep", [0]) == "slept"


def test_a_cancel_of_what_was_answered_does_nothing(slow):
    number = slow.begin("slow.sleep", [0])
    assert slow.answer(number) == "slept"
    for _ in range(3):
        slow._send([CANCEL, number])
        slow.interrupt()
        assert slow.call("slow.sleep", [0]) == "slept"


@pytest.mark.parametrize("seed", range(4))
def test_random_cancels(start, slowly, unmeasured, seed):
    """Each call has exactly one last message; what it is depends on the moment."""
    slow = start(slowly, env=unmeasured)
    choose = random.Random(seed)
    names = ["sleep", "spin", "printing", "co_sleep", "join", "co_clean_up"]
    for _ in range(12):
        numbers = []
        for _ in range(choose.randrange(1, 12)):
            name = choose.choice(names)
            args = [] if name == "co_clean_up" else [choose.choice([0.0, 0.001, 0.003])]
            numbers.append(slow.begin(f"slow.{name}", args))
            if name == "co_clean_up":
                numbers[-1] *= -1
        doomed = {abs(n) for n in numbers if n < 0 or choose.random() < 0.5}
        for number in choose.sample(sorted(doomed), len(doomed)):
            slow._send([CANCEL, number])
            if choose.random() < 0.7:
                slow.interrupt()
            time.sleep(choose.choice([0, 0, 0.001, 0.002]))
        last = {abs(number): [] for number in numbers}
        until = time.monotonic() + 20
        while not all(last.values()):
            assert time.monotonic() < until, last
            slow.interrupt()
            if slow._reader.waiting(0.01):
                for message in slow._receive():
                    if message[0] in (RESULT, ERROR, END):
                        last[message[1]].append(message[0])
                    else:
                        assert message[0] in (ASIDE, LOG), message
        assert {n: len(found) for n, found in last.items()} == dict.fromkeys(last, 1)
        assert all(found == [RESULT] for n, found in last.items() if n not in doomed)
    assert slow.call("slow.sleep", [0]) == "slept"
    assert slow._answers == {}
