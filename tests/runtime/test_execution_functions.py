"""What nothing in Python leads to any more is told once."""

from __future__ import annotations

import msgpack

from envmgr_runtime.execution.functions import Functions
from envmgr_runtime.values import codes


def test_what_is_gone_is_told_once():
    functions = Functions(object)
    kept = functions.function(1, 0)
    functions.function(2, 0)
    twice = [functions.function(3, 0), functions.function(3, 0)]
    assert functions.dropped() == [2]
    twice.pop()
    assert functions.dropped() == []
    twice.pop()
    assert functions.dropped() == [3]
    del kept
    assert functions.dropped() == [1]
    assert functions.dropped() == []


def test_what_was_refused_is_gone_made_or_not():
    functions = Functions(object)
    made = functions.function(7, 0)
    functions.refuse(
        msgpack.packb([msgpack.ExtType(codes.CALLBACK, msgpack.packb([key, 0])) for key in (7, 8)])
    )
    assert functions.dropped() == [7, 8]
    del made
    assert functions.dropped() == []
