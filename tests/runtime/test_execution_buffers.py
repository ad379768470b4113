"""The memory that buffers are received into."""

from __future__ import annotations

import sys
import threading

import pytest

from envmgr_runtime.execution.buffers import _KEPT, THRESHOLD, Buffers, Memory
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.wire.lane import LaneBroken


def test_without_numpy(monkeypatch):
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert Memory()(5) == bytearray(5)


class TestWithNumpy:
    numpy = None

    @pytest.fixture(autouse=True)
    def _numpy(self):
        self.numpy = pytest.importorskip("numpy")

    def place(self, array):
        return array.__array_interface__["data"][0]

    def test_what_nobody_uses_is_given_out_again(self):
        memory = Memory()
        array = memory(1000)
        place = self.place(array)
        values = array[:800].view("f8").reshape(10, 10)
        del array
        assert self.place(memory(900)) != place, "a view of it is still used"
        del values

    def test_again_and_again(self):
        memory = Memory()
        place = self.place(memory(1000))
        for size in (1000, 900, 501, 1000):
            array = memory(size)
            assert (self.place(array), array.nbytes, array.flags.writeable) == (place, size, True)
            del array

    @pytest.mark.parametrize("use", [memoryview, lambda a: a.view("f8"), lambda a: [a], lambda a: a[3:].T])
    def test_never_while_it_is_used(self, use):
        memory = Memory()
        array = memory(800)
        array[:] = 7
        used = use(array)
        del array
        other = memory(800)
        other[:] = 9
        assert bytes(memoryview(used[0] if type(used) is list else used).cast("B"))[-1] == 7

    def test_what_is_much_smaller_or_larger_gets_its_own(self):
        memory = Memory()
        assert memory(1000).nbytes == 1000
        assert memory(499).base is None
        assert memory(1000).base is None
        assert memory(_KEPT + 1).nbytes == _KEPT + 1
        assert memory._last is None

    def test_from_a_thread(self):
        memory, found = Memory(), []
        place = self.place(memory(1000))
        thread = threading.Thread(target=lambda: found.append(self.place(memory(1000))))
        thread.start()
        thread.join()
        assert found == [place]


class Sent:
    def __init__(self, lane):
        self.lane = lane

    def wait(self):
        self.lane.log.append("waited")


class ScriptedLane:
    """What came by it, and what was done."""

    descriptors = (7,)

    def __init__(self, **came):
        self.came = {int(key[1:]): data for key, data in came.items()}
        self.log = []

    def take(self, key):
        if key not in self.came:
            raise LaneBroken("the pool is gone")
        return self.came.pop(key)

    def drop(self, keys):
        self.log.append(("dropped", list(keys)))

    def send(self, view):
        self.log.append(("sent", len(view)))
        return Sent(self)

    def flush(self):
        self.log.append("flushed")


class TestBuffers:
    def of(self, **came):
        buffers, lane = Buffers(), ScriptedLane(**came)
        buffers.use(lane)
        return buffers, lane

    def test_without_a_lane_all_goes_inline(self):
        buffers = Buffers()
        assert buffers.put(memoryview(bytes(THRESHOLD))) is None
        assert buffers.send() is None
        assert buffers.descriptors == ()
        buffers.forget(range(1))
        buffers.flush()
        with pytest.raises(ConversionError, match="buffer 0 did not come with this call"):
            buffers.take(0, 5)

    def test_what_came_with_the_call_is_taken(self):
        buffers, lane = self.of(k4=b"abc", k5=b"de")
        buffers.begin(range(4, 7))
        assert buffers.descriptors == (7,)
        assert buffers.take(0, 3) == b"abc"
        with pytest.raises(ConversionError, match="buffer 1 has 2 bytes, not 9"):
            buffers.take(1, 9)
        with pytest.raises(ConversionError, match="the pool is gone"):
            buffers.take(2, 1)
        for wrong in (3, -1, "0", None):
            with pytest.raises(ConversionError, match="did not come with this call"):
                buffers.take(wrong, 1)
        buffers.end(range(4, 7))
        assert lane.log == [("dropped", [4, 5, 6])]

    def test_what_can_change_is_gone_when_it_was_sent(self):
        buffers, lane = self.of()
        assert buffers.put(memoryview(bytes(THRESHOLD))) == 0
        assert buffers.put(memoryview(bytes(THRESHOLD - 1))) is None
        mark = buffers.mark()
        assert buffers.put(memoryview(bytes(THRESHOLD))) == 1
        buffers.back(mark)
        assert buffers.send() is None
        assert lane.log == [("sent", THRESHOLD), "waited"]
        assert buffers.outgoing == []

    @pytest.mark.parametrize("lent", [True, False])
    def test_what_is_steady_is_waited_for_only_where_refs_lead_to_it(self, lent):
        buffers, lane = self.of()
        buffers.put(memoryview(bytes(THRESHOLD)))
        buffers.steady, buffers.lent = True, lent
        wait = buffers.send()
        assert lane.log == [("sent", THRESHOLD)]
        assert (wait is not None) is lent
        buffers.flush()
        assert lane.log[1:] == ["flushed"]

    def test_another_thread_sends_only_where_it_is_told_to(self):
        buffers = self.of()[0].inward()
        assert buffers.put(memoryview(bytes(THRESHOLD))) is None
        buffers.outward()
        changing = bytearray(THRESHOLD)
        assert buffers.put(memoryview(changing)) == 0
        buffers.settle()
        changing[0] = 1
        assert buffers.outgoing[0][0] == 0
        settled = buffers.outgoing[0]
        buffers.settle()
        assert buffers.outgoing[0] is settled
