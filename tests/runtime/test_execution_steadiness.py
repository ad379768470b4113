"""Whether a value can still change while it is sent: told from who leads to it."""

from __future__ import annotations

import sys

import pytest

from envmgr_runtime.execution.current import in_turns
from envmgr_runtime.execution.steadiness import steadiness

numpy = pytest.importorskip("numpy")
pytestmark = pytest.mark.skipif(not in_turns(), reason="not asked where threads run at the same time")

STEADY, LENT, CHANGING = (True, False), (True, True), (False, False)


def nobody(value):
    return 0


def test_bytes_do_not_change():
    data = b"abc"
    other = data
    assert steadiness(data, nobody, [memoryview(other)]) == STEADY


def test_what_nobody_else_has():
    array = numpy.zeros(9)
    assert steadiness(array, nobody, [memoryview(array)]) == STEADY


def test_what_somebody_keeps():
    array = numpy.zeros(9)
    kept = [array]
    assert steadiness(array, nobody, []) == CHANGING
    assert steadiness(array, lambda value: sum(one is value for one in kept), []) == LENT


def test_a_view_of_what_nobody_else_has():
    array = numpy.zeros(9)[1:]
    assert steadiness(array, nobody, [memoryview(array)]) == STEADY


def test_a_view_of_what_somebody_keeps():
    kept = numpy.zeros(9)
    array = kept[1:]
    assert steadiness(array, nobody, []) == CHANGING


def test_a_view_of_what_its_refs_keep():
    held = [numpy.zeros(9)]
    array = held[0][1:]
    assert steadiness(array, lambda value: sum(one is value for one in held), []) == LENT


def test_memory_of_another_kind():
    array = numpy.frombuffer(bytearray(9), numpy.uint8)
    assert steadiness(array, nobody, []) == CHANGING
    assert steadiness(bytearray(9), nobody, []) == CHANGING


def test_without_numpy(monkeypatch):
    array = numpy.zeros(9)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert steadiness(array, nobody, []) == CHANGING
