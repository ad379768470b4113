"""Frames through real pipes, whatever the pieces they come in."""

from __future__ import annotations

import os
import struct
import threading

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr_runtime.wire import frames
from envmgr_runtime.wire.frames import BrokenFrame, FrameReader, FrameWriter
from envmgr_runtime.wire.messages import MAX_FRAME

KIB64 = 1 << 16


def frame(*messages):
    body = b"".join(map(msgpack.packb, messages))
    return struct.pack(">I", len(body)) + body


class Fed:
    """A reader on a pipe that a thread feeds piece by piece, and closes."""

    def __init__(self, pieces):
        self.descriptor, self._into = os.pipe()
        self.reader = FrameReader(self.descriptor)
        self._thread = threading.Thread(target=self._feed, args=(pieces,), daemon=True)
        self._thread.start()

    def _feed(self, pieces):
        for piece in pieces:
            while piece:
                piece = piece[os.write(self._into, piece) :]
        os.close(self._into)

    def __enter__(self):
        return self.reader

    def __exit__(self, *_):
        self._thread.join(10)
        os.close(self.descriptor)


def read_all(pieces):
    found = []
    with Fed(pieces) as reader:
        while True:
            messages = reader.read()
            if not messages:
                return found
            found += messages


MESSAGE = st.lists(
    st.one_of(st.integers(-(2**63), 2**64 - 1), st.text(max_size=5), st.binary(max_size=300)), max_size=4
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(MESSAGE, min_size=1, max_size=5), max_size=6), st.data())
def test_the_cuts_of_a_stream_do_not_matter(batches, data):
    stream = b"".join(frame(*batch) for batch in batches)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)])]
    assert read_all(pieces) == [message for batch in batches for message in batch]


def test_byte_by_byte():
    stream = frame([1, "é"], [2]) + frame([3, b"\xff"])
    assert read_all([bytes([byte]) for byte in stream]) == [[1, "é"], [2], [3, b"\xff"]]


@pytest.mark.parametrize(
    "size",
    [0, KIB64 - 20, KIB64 - 9, KIB64 - 5, KIB64 - 4, KIB64, KIB64 + 1, 1 << 20, (1 << 20) + 7, 3 << 20],
)
def test_sizes(size):
    stream = frame([7, bytes(size)])
    assert read_all([frame([0]) + stream[:-1], stream[-1:] + frame([9])]) == [[0], [7, bytes(size)], [9]]


def test_many_messages_in_one_frame():
    messages = [[n, "x" * (n % 50)] for n in range(5000)]
    assert read_all([frame(*messages)]) == messages


def test_all_frames_that_are_there_come_with_one_read():
    with Fed([b"".join(frame([n]) for n in range(100))]) as reader:
        assert reader.waiting(10)
        assert len(reader.read()) == 100
        assert reader.read() == []


@pytest.mark.parametrize("stream", [b"", b"\x00", b"\x00\x00\x00\x05", frame([1, 2, 3])[:-1]])
def test_end_of_file_inside_a_frame_is_the_end(stream):
    assert read_all([stream]) == []


def test_end_of_file_inside_a_large_frame_is_the_end():
    assert read_all([frame([bytes(300_000)])[:-1]]) == []


BROKEN = {
    "over the limit": struct.pack(">I", MAX_FRAME + 1),
    "empty": struct.pack(">I", 0),
    "ends inside an integer": struct.pack(">I", 2) + b"\xcd\x01",
    "ends inside an array": struct.pack(">I", 2) + b"\x93\x01",
    "ends inside the second message": struct.pack(">I", 3) + b"\x90\x92\x01",
    "ends inside a map": struct.pack(">I", 2) + b"\x81\x01",
    "ends inside bytes": struct.pack(">I", 3) + b"\xc4\x05a",
    "never used byte": struct.pack(">I", 1) + b"\xc1",
    "not UTF-8": struct.pack(">I", 2) + b"\xa1\xff",
    "unhashable key": struct.pack(">I", 3) + b"\x81\x90\x01",
    "too deep": struct.pack(">I", 5000) + b"\x91" * 5000,
    "large and cut": struct.pack(">I", 100_000) + b"\xc6\x00\x02\x00\x00" + bytes(99_995),
}


@pytest.mark.parametrize("stream", list(BROKEN.values()), ids=list(BROKEN))
def test_broken(stream):
    good = frame([1, 2])
    with Fed([stream + good]) as reader, pytest.raises(BrokenFrame):
        reader.read()


def test_a_length_over_the_limit_is_refused_before_its_bytes_come():
    with pytest.raises(BrokenFrame, match="limit"):
        read_all([frame([1]), struct.pack(">I", 0xFFFFFFFF)])


@pytest.mark.parametrize(
    "messages",
    [
        [b"\x01"],
        [b"\x01"] * 2000,
        [b"\xc4\x02ab"] * 30_000,
        [b"\xc6\x00\x20\x00\x00" + bytes(1 << 21)] * 3,
    ],
    ids=["one", "some", "many parts", "large"],
)
def test_a_slow_reader_gets_everything(messages):
    """A pipe holds 64 KiB: the writer meets partial writes as the reader takes odd pieces."""
    out, into = os.pipe()
    expected = b"".join(messages)
    got = []

    def read():
        while sum(map(len, got)) < 4 + len(expected):
            got.append(os.read(out, 40_961))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    FrameWriter(into).write(messages)
    thread.join(20)
    os.close(into)
    os.close(out)
    assert b"".join(got) == struct.pack(">I", len(expected)) + expected


@pytest.mark.parametrize("most", [1, 3, 4, 5, 1000, 1 << 16])
def test_partial_writes(monkeypatch, most):
    """As when a signal comes in the middle of one."""
    taken = []

    def write_some(descriptor, parts):
        taken.append(b"".join(parts)[:most])
        return len(taken[-1])

    monkeypatch.setattr(frames.os, "writev", write_some)
    monkeypatch.setattr(frames.os, "write", lambda descriptor, data: write_some(descriptor, [data]))
    messages = [bytes([n]) * n for n in range(1, 60)]
    if most >= 1000:
        messages.append(bytes(200_000))
    FrameWriter(99).write(messages)
    body = b"".join(messages)
    assert b"".join(taken) == struct.pack(">I", len(body)) + body


def test_messages_that_do_not_fit_in_one_frame_go_one_by_one(monkeypatch):
    monkeypatch.setattr(frames, "MAX_FRAME", 10)
    messages = [msgpack.packb("x" * size) for size in (8, 1, 9)]
    descriptor, into = os.pipe()
    FrameWriter(into).write(messages[:2])
    FrameWriter(into).write(messages)
    os.close(into)
    sent = os.read(descriptor, KIB64)
    os.close(descriptor)
    assert sent == b"".join(
        len(body).to_bytes(4, "big") + body for body in (messages[0], messages[1], *messages)
    )


def test_nobody_reads():
    out, into = os.pipe()
    os.close(out)
    with pytest.raises(BrokenPipeError):
        FrameWriter(into).write([b"\x01"])
    os.close(into)


def test_waiting():
    out, into = os.pipe()
    reader = FrameReader(out)
    assert not reader.waiting()
    os.write(into, frame([1]))
    assert reader.waiting(10)
    reader.read()
    os.close(into)
    assert reader.waiting(10), "the end of file is worth a read"
    os.close(out)


def test_an_idle_reader_looks_less_and_less_often(monkeypatch):
    """Each look in vain doubles the waits without one; a look that finds something starts anew."""
    monkeypatch.setattr(frames, "_SPIN_SECONDS", 0.0)
    out, into = os.pipe()
    reader = FrameReader(out)
    skips = []
    for _ in range(5):
        reader._spin()
        skips.append(reader._skip)
        reader._skip = 0
    assert skips == [1, 3, 7, 15, 31]
    os.write(into, b"x")
    reader._spin()
    assert (reader._idle_waits, reader._skip) == (0, 0)
    os.close(into)
    os.close(out)
