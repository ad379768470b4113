"""One call with many arguments: each item has its own outcome."""

from __future__ import annotations

import msgpack
import pytest
from asking import Asking, Refused

from envmgr_runtime.execution import each
from envmgr_runtime.execution.calls import ANSWER
from envmgr_runtime.execution.cancellation import Cancelled
from envmgr_runtime.values.errors import RefLimit
from envmgr_runtime.wire.messages import AS_REF, EACH, ERROR, IN_TURN, RESULT, STREAM
from envmgr_runtime.worker.client import WorkerError

MODULE = """
import asyncio
def add(one, other=1): return one + other
def leave(status): raise SystemExit(status)
def cancel(word): raise __import__("envmgr_runtime.execution.cancellation").execution.cancellation.Cancelled(word)
async def later(value):
    await asyncio.sleep(0.001)
    if value == "bad": raise KeyError(value)
    return value
class Thing: pass
def thing(*args): return Thing()
"""


@pytest.fixture
def ask(tmp_path, monkeypatch):
    (tmp_path / "rt_each.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Asking({"m": ["rt_each", ""], "math": ["math", ""]})


def items(*args):
    return [[list(each), {}] for each in args]


def codes(found):
    return [value if status == 0 else value["type"] for status, value in found]


def test_each_has_its_value(ask):
    assert ask.sent("m.add", EACH, [[[1], {}], [[2, 3], {}], [[4], {"other": 5}]]) == [[0, 2], [0, 5], [0, 9]]
    assert ask.sent("m.add", EACH, []) == []


def test_what_an_item_raises_is_its_own(ask):
    found = ask.sent("m.add", EACH, items([1], ["x"], [2, 2], []))
    assert codes(found) == [2, "TypeError", 4, "TypeError"]
    assert found[1][1]["arguments"] == [["one", "'x'"]]
    assert found[1][1]["frames"][0][2] == "add"
    assert codes(ask.sent("m.leave", EACH, items([3]))) == ["SystemExit"]


def test_what_cannot_be_read_is_its_own(ask):
    found = ask.sent("m.add", EACH, [[[1], {}], [[msgpack.ExtType(99, b"")], {}], [1, 2], [[2], {}]])
    assert codes(found) == [2, "ConversionError", "ConversionError", 3]


def test_a_method_of_an_object(ask):
    number = ask.hold([1, 2, 2])
    assert ask.sent([number, "count"], EACH, items([1], [2])) == [[0, 1], [0, 2]]


def test_refs(ask):
    found = ask.sent("m.thing", EACH, items([], []))
    assert [status for status, _ in found] == [0, 0]
    assert len(ask.calls.refs) == 2
    assert len(ask.sent("m.add", EACH | AS_REF, items([1], [2]))) == 2
    assert len(ask.calls.refs) == 4


def test_where_nothing_may_stay(ask):
    ask.calls.refs.kept = False
    found = ask.sent("m.thing", EACH, items([], []))
    assert codes(found) == ["RefLimit", "RefLimit"]
    assert "cannot stay in Python" in found[0][1]["message"]
    assert "worker-profile" in found[0][1]["hint"]
    assert codes(ask.sent("m.add", EACH, items([1]))) == [2]


@pytest.mark.parametrize(
    ("target", "flags", "payload", "words"),
    [
        ("m.add", EACH | STREAM, [[[1], {}]], "a stream has one call"),
        ([[[0, "m.add"]]], EACH, [[[1], {}]], "a chain has one call"),
        ("m.add", EACH, {"a": 1}, "is a list of"),
        ("m.add", EACH, 5, "is a list of"),
        ("m.nothing", EACH, [[[1], {}]], "leads nowhere"),
    ],
)
def test_what_is_no_such_call(ask, target, flags, payload, words):
    with pytest.raises(Refused, match=words):
        ask.sent(target, flags, payload)


def test_a_payload_that_ends_early(ask):
    kind, answer = ask.calls.run("m.add", EACH, b"\x92\x92\x91\x01\x80")
    assert kind == ERROR
    assert "is a list of" in msgpack.unpackb(answer)["message"]


def test_a_cancellation_ends_them_all(ask):
    kind, answer = ask.calls.run("m.cancel", EACH, ask.codec.encode(items(["one"], ["two"])))
    assert kind == ERROR
    assert msgpack.unpackb(answer)["code"] == "cancelled"


def test_warnings_of_all_are_told(ask):
    value = []
    value.append(value)
    number = ask.hold({"a": value})
    kind, answer = ask.calls.run([number, "get"], EACH, ask.codec.encode(items(["a"], [[]], ["a"])))
    assert kind == ANSWER
    assert len(ask.calls.meta()["warnings"]) == 2
    assert [status for status, _ in msgpack.unpackb(answer, strict_map_key=False)] == [0, 1, 0]


def test_coroutines_are_awaited_together(slow, ask):
    kind, _ = ask.calls.run("m.later", EACH, ask.codec.encode(items()))
    assert kind == RESULT
    payload = slow._codec.encode(items([0.001, "a"], [0.001], ["no"]))
    slow._last += 1
    slow._send([1, slow._last, "slow.co_sleep", EACH, payload])
    found = slow.answer(slow._last)
    assert codes(found) == ["a", "slept", "TypeError"]


def test_coroutines_are_cancelled_together(slow):
    slow._last += 1
    number = slow._last
    slow._send([1, number, "slow.co_sleep", EACH, slow._codec.encode(items([600], [600]))])
    with pytest.raises(WorkerError) as caught:
        slow.cancel(number)
    assert caught.value.error["code"] == "cancelled"


def test_a_batch_is_cancelled_in_its_midst(slow):
    slow._last += 1
    number = slow._last
    slow._send([1, number, "slow.sleep", EACH, slow._codec.encode(items([0], [600], [600]))])
    with pytest.raises(WorkerError) as caught:
        slow.cancel(number)
    assert caught.value.error["code"] == "cancelled"
    assert slow.call("slow.sleep", [0]) == "slept"


def test_what_takes_more_than_a_frame_stays(monkeypatch):
    monkeypatch.setattr(each, "_MOST", 100)

    def keep(value):
        if value == "none":
            raise RefLimit("no more")
        return b"\xc0"

    outcomes = [b"x" * 60, b"y" * 60, Cancelled("z"), "none" * 20, "none"]
    outcomes[2] = each.Failed(ValueError("z"), {})
    found = each.answer(outcomes, msgpack.packb, keep, lambda error, about: msgpack.packb(str(error)))
    assert msgpack.unpackb(found) == [[0, b"x" * 60], [0, None], [1, "z"], [0, None], [0, "none"]]


def test_flags_are_no_others(ask):
    assert ask.calls.run("math.sqrt", 0, ask.codec.encode([[4.0], {}]))[0] == RESULT


def test_coroutines_in_turn(slow):
    """Each begins when the one before it has ended; what a cancellation leaves is never begun."""
    payload = slow._codec.encode(items([0.001, "a"], [0.001, "b"], ["no"]))
    slow._last += 1
    slow._send([1, slow._last, "slow.co_turn", EACH | IN_TURN, payload])
    assert codes(slow.answer(slow._last)) == ["a", "b", "TypeError"]
    slow._last += 1
    number = slow._last
    slow._send([1, number, "slow.co_turn", EACH | IN_TURN, slow._codec.encode(items([600, 1], [600, 2]))])
    with pytest.raises(WorkerError) as caught:
        slow.cancel(number)
    assert caught.value.error["code"] == "cancelled"
