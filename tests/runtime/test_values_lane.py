"""What is large travels beside the payload: without a copy of ours on its way, and nothing of what is taken back."""

from __future__ import annotations

import pytest
from msgpack import ExtType, packb

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, RefLimit
from envmgr_runtime.values.scan import LARGE


class Lane:
    """Both ends of a lane, in memory."""

    def __init__(self, least=LARGE):
        self.views = []
        self.least = least

    def put(self, view):
        if len(view) < self.least:
            return None
        self.views.append(memoryview(view))
        return len(self.views) - 1

    def take(self, index, size):
        view = self.views[index]
        assert len(view) == size
        return bytes(view) if type(view.obj) is bytes else bytearray(view)

    def mark(self):
        return len(self.views)

    def back(self, mark):
        del self.views[mark:]


def codec(**options):
    lane = Lane(**options)
    return Codec(RefTable(), lane=lane), lane


LARGE_BYTES = bytes(range(256)) * (LARGE // 256)


def test_bytes_of_every_kind():
    one, lane = codec()
    value = [
        LARGE_BYTES,
        {"k": (LARGE_BYTES, bytearray(LARGE_BYTES), memoryview(LARGE_BYTES))},
        LARGE_BYTES[1:],
        {LARGE_BYTES: 1},
    ]
    data = one.encode(value)
    assert len(lane.views) == 5
    assert len(data) < LARGE + 300
    assert lane.views[0].obj is LARGE_BYTES
    found = one.decode(data)
    assert found == value
    assert list(map(type, found[1]["k"])) == [bytes, bytearray, memoryview]
    assert found[1]["k"][2].readonly


def test_what_the_lane_does_not_want_stays_inside():
    one, lane = codec(least=10 * LARGE)
    assert one.decode(one.encode([LARGE_BYTES])) == [LARGE_BYTES]
    assert lane.views == []


def test_a_whole_value_of_bytes():
    one, _ = codec()
    assert len(one.encode(LARGE_BYTES)) < 20
    assert one.decode(packb(ExtType(30, packb([0, LARGE, 0])))) == LARGE_BYTES


def test_arrays_without_a_copy():
    np = pytest.importorskip("numpy")
    one, lane = codec()
    values = [
        np.arange(LARGE, dtype=np.float64),
        np.asfortranarray(np.arange(LARGE).reshape(2, -1)),
        np.zeros(LARGE, "M8[ns]"),
        np.zeros(LARGE, [("a", "i1"), ("b", ">i2")]),
    ]
    data = one.encode(values)
    for view, value in zip(lane.views, values):
        assert np.shares_memory(np.frombuffer(view, np.uint8), value)
    found = one.decode(data)
    for one_found, value in zip(found, values):
        assert one_found.tobytes("A") == value.tobytes("A")
        assert (one_found.dtype, one_found.shape, one_found.flags.writeable) == (
            value.dtype,
            value.shape,
            True,
        )


def test_what_is_received_becomes_the_array():
    np = pytest.importorskip("numpy")

    class Received(Lane):
        def take(self, index, size):
            return self.views[index].obj

    for memory in (bytearray(LARGE * 8), np.zeros(LARGE * 8, np.uint8), memoryview(bytearray(LARGE * 8))):
        lane = Received()
        lane.put(memory)
        lane.views[0] = memoryview(memory)
        lane.take = lambda index, size, memory=memory: memory
        data = packb(ExtType(30, packb([0, LARGE * 8, 14]) + packb(["float64", [LARGE]])))
        found = Codec(RefTable(), lane=lane).decode(data)
        assert np.shares_memory(found, np.frombuffer(memory, np.uint8))
        assert found.flags.writeable


def test_objects_and_masked_arrays_by_the_lane():
    np = pytest.importorskip("numpy")
    one, lane = codec()
    objects = np.empty(2, object)
    objects[:] = ["x" * LARGE, LARGE_BYTES]
    masked = np.ma.array(np.arange(LARGE), mask=np.arange(LARGE) % 2)
    found = one.decode(one.encode([objects, masked]))
    assert found[0].tolist() == objects.tolist()
    assert repr(found[1]) == repr(masked)
    assert len(lane.views) == 4


def test_what_is_taken_back_leaves_nothing_in_the_lane():
    one, lane = codec()
    cycle = [LARGE_BYTES]
    cycle.append((cycle,))
    assert one.decode(one.encode(cycle)) is cycle
    assert lane.views == []
    assert one.decode(one.encode([LARGE_BYTES, "\udc80"])) == [LARGE_BYTES, "\udc80"]
    assert len(lane.views) == 1, "the second try alone"
    full = Codec(RefTable(limit=0), lane=lane)
    with pytest.raises(RefLimit):
        full.encode([(LARGE_BYTES,), object()])
    assert len(lane.views) == 1


def arrays():
    array = pytest.importorskip("numpy").zeros(1 << 20, "u1")
    return [array[:] for _ in range(5_000)]


OFTEN = {
    "in a tuple": lambda: [(bytearray(1 << 20),)] * 5_000,
    "bytes": lambda: [bytes(1 << 20)] * 5_000,
    "views": lambda: [memoryview(part)[1:] for part in [bytes(1 << 20)] * 5_000],
    "arrays": arrays,
}


@pytest.mark.parametrize("make", list(OFTEN.values()), ids=list(OFTEN))
def test_the_same_memory_very_often(make):
    one, lane = codec()
    value = make()
    assert len(one.encode(value)) < 30
    assert lane.views == []
    (warning,) = one.warnings
    assert "it takes more than" in warning
    assert len(one.encode(value[:300])) > 300
    assert len(lane.views) == 300
    assert one._owners._found == {}


BROKEN = {
    "no description": (b"", "ends inside its head"),
    "no list": (packb(5), r"\[buffer, size, code\]"),
    "two": (packb([0, 1]), r"\[buffer, size, code\]"),
    "text": (packb(["0", 1, 0]), r"\[buffer, size, code\]"),
    "a code without raw": (packb([0, LARGE, 3]), "extension type 3 does not travel"),
    "no head": (packb([0, LARGE, 14]), "an array's head"),
}


@pytest.mark.parametrize(("data", "words"), list(BROKEN.values()), ids=list(BROKEN))
def test_broken(data, words):
    if "array" in words:
        pytest.importorskip("numpy")
    one, lane = codec()
    lane.put(bytearray(LARGE))
    with pytest.raises(ConversionError, match=words):
        one.decode(packb(ExtType(30, data)))


def test_a_refusal_behind_a_buffer_says_why():
    """What is in the lane is there once: no second look may be taken for the words."""

    class Once(Lane):
        def take(self, index, size):
            data = super().take(index, size)
            self.views[index] = None
            return data

    lane = Once()
    one = Codec(RefTable(), lane=lane)
    large = one.encode(LARGE_BYTES)
    data = b"\x92\x92" + large + packb({"k": ExtType(99, b"")}) + packb({})
    with pytest.raises(ConversionError, match=r'args\[1\]\["k"\]: extension type 99'):
        one.decode_call(data)


def test_without_a_lane():
    with pytest.raises(ConversionError, match="there is none"):
        Codec(RefTable()).decode(packb(ExtType(30, packb([0, 1, 0]))))
