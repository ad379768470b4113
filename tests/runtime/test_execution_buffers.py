"""The memory that buffers are received into."""

from __future__ import annotations

import sys
import threading

import pytest

from envmgr_runtime.execution.buffers import _KEPT, Memory


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
