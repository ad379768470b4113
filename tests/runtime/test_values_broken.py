"""Bytes that are no value: always `ConversionError` (or `StaleRef`), with words that help."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgpack import ExtType, packb

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError, StaleRef


def nested(code, depth):
    data = b"\x90"
    for _ in range(depth):
        data = b"\x91" + packb(ExtType(code, data))
    return data


def ext(code, data):
    return packb(ExtType(code, data))


BROKEN = {
    "nothing": (b"", "incomplete"),
    "truncated": (b"\x92\x01", "incomplete"),
    "truncated string": (b"\xa5ab", "incomplete"),
    "bytes after the end": (b"\x01\x02", "bytes follow after"),
    "never used byte": (b"\xc1", "not MessagePack"),
    "bad UTF-8": (b"\xa2\xff\xff", "not UTF-8.*send it as bytes"),
    "bad UTF-8 in a tuple": (ext(3, b"\x91\xa2\xff\xff"), "not UTF-8"),
    "bad UTF-8 in an atom": (ext(6, b"\xff"), "not UTF-8"),
    "list as a key": (b"\x81\x90\x01", "cannot hash.*list"),
    "dict in a set": (ext(4, b"\x91\x80"), "cannot hash.*dict"),
    "list in a tuple as a key": (b"\x81" + ext(3, b"\x91\x90") + b"\x01", "cannot hash"),
    "unknown extension": (ext(2, b"abc"), "extension type 2"),
    "tuple of no array": (ext(3, b"\x01"), "no array"),
    "set of no array": (ext(4, b"\xa1a"), "no array"),
    "empty tuple data": (ext(3, b""), "incomplete"),
    "integer without a sign": (ext(1, b""), "sign byte"),
    "integer with another sign": (ext(1, b"\x02\x01"), "sign byte"),
    "array without a head": (ext(14, b""), "ends inside its head"),
    "array of one thing": (ext(14, b"\x91\x01"), "."),
    "array of no pair": (ext(14, b"\x01"), "."),
    "scalar without a head": (ext(31, b""), "ends inside its head"),
    "ref of no pair": (ext(16, b"\x91\x01"), "."),
    "ref with an unhashable number": (ext(16, b"\x92\x90\xa1a"), "."),
    "deep lists": (b"\x91" * 5000 + b"\x90", "nested too deeply"),
    "deep tuples": (nested(3, 2000), "more than 64 deep"),
    "tuples one too deep": (nested(3, 65), "more than 64 deep"),
    "deep sets": (nested(4, 500), "."),
    "length beyond the data": (b"\xdd\xff\xff\xff\xff", "."),
    "bytes beyond the data": (b"\xc6\x7f\xff\xff\xff", "incomplete"),
    "no bytes at all": ("text", "bytes-like"),
    "none": (None, "bytes-like"),
}


@pytest.mark.parametrize(("data", "words"), list(BROKEN.values()), ids=list(BROKEN))
def test_broken(data, words):
    codec = Codec(RefTable())
    with pytest.raises(ConversionError, match=words) as caught:
        codec.decode(data)
    assert len(str(caught.value)) > 10
    assert codec.decode(nested(3, 60)), "the codec is as good as new"


def test_a_ref_that_is_not_held():
    with pytest.raises(StaleRef, match=r"object 9 \(a\.B\)"):
        Codec(RefTable()).decode(packb([ExtType(16, packb([9, "a.B"]))]))


GOOD = [
    packb([1, {"a": b"bytes", 2: ExtType(3, packb([1, "x"]))}, 1.5]),
    packb([ExtType(14, packb(["int64", [2]]) + bytes(16)), ExtType(31, packb("float32") + bytes(4))]),
    packb({ExtType(1, b"\x01" + bytes(range(1, 20))): ExtType(4, packb([1, 2, None]))}),
    packb([ExtType(16, packb([1, "a.B"])), ExtType(6, b"ok")]),
]


def decode(data):
    with contextlib.suppress(ConversionError, StaleRef):
        Codec(RefTable()).decode(data)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data):
    decode(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([3, 4, 14, 16, 31, 1, 6, -1]), st.binary(max_size=60))
@example(14, packb(["<M8[1000000000000ns]", [1]]))
@example(31, packb("V0"))
def test_random_extensions(code, data):
    decode(bytes([0xC7, len(data), code & 0xFF]) + data)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 3),
)
def test_mutated_bytes(good, changes, cut):
    data = bytearray(good)
    for place, byte in changes:
        data[place % len(data)] = byte
    decode(bytes(data[: len(data) - cut]))
