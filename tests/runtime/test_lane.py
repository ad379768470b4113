"""The second lane: what is put in comes out, in order, whatever its size and wherever it lies."""

from __future__ import annotations

import io
import os
import threading

import pytest
from lanes import PoolSide, pair

from envmgr_runtime.wire import compression, splicing
from envmgr_runtime.wire.lane import Lane, LaneBroken

MIB = 1 << 20
SIZES = [1, 4096, MIB - 1, MIB, 2 * MIB, 2 * MIB + 1, 5 * MIB + 7, 33 * MIB]


@pytest.fixture
def ends(tmp_path):
    lane, pool = pair(tmp_path)
    yield lane, pool
    if pool.lane is not None:
        pool.close()


def noise(size):
    return (os.urandom(65_521) * (size // 65_521 + 1))[:size]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [bytes, bytearray, lambda data: memoryview(bytearray(b"x" + data))[1:]])
def test_to_the_pool(ends, size, make):
    lane, pool = ends
    data = noise(size)
    sent = lane.send(memoryview(make(data)))
    assert pool.read(size) == data
    assert sent.wait(10)


def test_to_the_pool_in_order(ends):
    lane, pool = ends
    parts = [noise(size) for size in (3 * MIB, 5, 2 * MIB + 3, 70_000)]
    for part in parts:
        lane.send(memoryview(part))
    assert pool.read(sum(map(len, parts))) == b"".join(parts)
    lane.flush()


def test_numpy_memory_without_a_copy_and_read_only(ends):
    numpy = pytest.importorskip("numpy")
    lane, pool = ends
    array = numpy.arange(MIB, dtype="f8")
    array.flags.writeable = False
    lane.send(memoryview(array).cast("B"))
    assert pool.read(array.nbytes) == array.tobytes()


def test_a_buffer_may_change_as_soon_as_it_is_sent(ends):
    """Pages that were lent to the pipe must have been read by then."""
    lane, pool = ends
    data = bytearray(noise(8 * MIB))
    before = bytes(data)
    got = []
    reader = threading.Thread(target=lambda: got.append(pool.read(len(before))))
    sent = lane.send(memoryview(data))
    reader.start()
    assert sent.wait(10)
    data[:] = bytes(len(data))
    reader.join()
    assert got == [before]


def test_without_vmsplice(tmp_path, monkeypatch):
    monkeypatch.setattr(splicing, "_vmsplice", lambda: None)
    lane, pool = pair(tmp_path)
    data = noise(9 * MIB)
    lane.send(memoryview(data))
    assert pool.read(len(data)) == data
    pool.close()


def test_memory_that_cannot_be_lent_is_copied(tmp_path, monkeypatch):
    monkeypatch.setattr(splicing, "_vmsplice", lambda: lambda *_: -1)
    lane, pool = pair(tmp_path)
    data = noise(9 * MIB)
    lane.send(memoryview(data))
    assert pool.read(len(data)) == data
    pool.close()


@pytest.mark.parametrize("size", SIZES)
def test_from_the_pool(ends, size):
    lane, pool = ends
    data = noise(size)
    sender = threading.Thread(target=pool.send, args=(data,))
    sender.start()
    got = lane.take(1)
    sender.join()
    assert type(got) is bytearray
    assert got == data


def test_bytes_from_the_pool(ends):
    lane, pool = ends
    data = noise(3 * MIB)
    threading.Thread(target=pool.send, args=(data, 0)).start()
    got = lane.take(1)
    assert type(got) is bytes
    assert got == data


def test_what_is_dropped_is_not_kept_wherever_it_is(ends):
    lane, pool = ends
    lane.drop(range(2, 3))  # not there yet
    for data in (b"one", b"two", b"three"):
        pool.send(data)
    assert lane.take(3) == b"three"
    lane.drop(range(1, 2))
    assert lane._arrived == {}
    assert lane._unwanted == set()
    with pytest.raises(LaneBroken, match="taken already"):
        lane.take(3)


def test_who_waits_for_a_buffer_hears_of_the_end(ends):
    lane, pool = ends
    heard = []

    def wait():
        with pytest.raises(LaneBroken, match="ended"):
            lane.take(1)
        heard.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    pool.leave()
    waiting.join(10)
    assert heard == [True]


@pytest.mark.parametrize("data", [noise(3 * MIB + 5), b"abc" * MIB, b"x"], ids=["noise", "much alike", "one"])
@pytest.mark.parametrize(("kind", "made"), [(0, bytes), (1, bytearray)])
def test_compressed_both_ways(tmp_path, data, kind, made):
    lane, pool = pair(tmp_path, bytearray, True)
    sent = b"".join(compression.chunks(memoryview(data)))
    lane.send(memoryview(data))
    assert pool.read(len(sent)) == sent
    pieces = []
    compression.receive(io.BytesIO(sent).read, pieces.append)
    assert b"".join(pieces) == data
    sender = threading.Thread(target=pool.send_as, args=(sent, len(data), kind))
    sender.start()
    taken = lane.take(1)
    sender.join(10)
    assert type(taken) is made
    assert taken == data
    pool.close()


def test_broken_compression_ends_the_lane(tmp_path):
    lane, pool = pair(tmp_path, bytearray, True)
    pool.send_as(b"\0\0\0\3abc\0\0\0\0", 5, 1)
    with pytest.raises(LaneBroken, match="ended"):
        lane.take(1)
    pool.close()


def test_a_pool_that_is_gone_ends_the_sending(ends):
    lane, pool = ends
    pool.leave()
    assert lane.send(memoryview(bytes(4 * MIB))).wait(10)


def test_a_buffer_that_cannot_be_sent_ends_everything(tmp_path, monkeypatch):
    heard = []
    lane, pool = pair(tmp_path, bytearray, False, heard.append)

    def refuse(view):
        raise OSError(14, "Bad address")

    monkeypatch.setattr(lane._splice, "write", refuse)
    assert lane.send(memoryview(b"x")).wait(10)
    assert [str(error) for error in heard] == ["[Errno 14] Bad address"]
    pool.close()


def test_a_pool_that_does_not_open_it(tmp_path):
    pool = PoolSide(tmp_path)

    def refuse():
        connection, _ = pool._listener.accept()
        connection.close()

    threading.Thread(target=refuse).start()
    with pytest.raises(LaneBroken, match="did not open"):
        Lane(str(tmp_path))
    pool._listener.close()


def test_no_pool(tmp_path):
    with pytest.raises(OSError):  # noqa: PT011 - whichever error the system gives
        Lane(str(tmp_path))
