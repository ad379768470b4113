"""Bytes that are no value: always `ConversionError` (or `StaleRef`), with words that help."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgpack import ExtType, packb

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import Atom, decoding, locate
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


def nest(*codes, inside=b"\xc1"):
    """Extensions inside each other, the last with `inside`."""
    for code in reversed(codes):
        inside = ext(code, b"\x91" + inside)
    return inside


BAD = ext(2, b"")
PLACES = {
    "args[0][\"rows\"][1]": packb([[{"id": 1, "rows": [0, ExtType(2, b"")]}], {}]),
    "args[1][0][2]": b"\x92\x92\x01" + ext(3, b"\x92" + ext(3, b"\x93\x01\x02" + BAD) + b"\x01") + b"\x80",
    "name": packb([[], {"other": 1, "name": ExtType(2, b"")}]),
    "name[\"a\"][3]": packb([[], {"name": {"a": [1, 2, 3, ExtType(2, b"")]}}]),
    "args[0]": b"\x92\x91" + ext(4, b"\x92\x01\x90") + b"\x80",
    "args[0][1.5][(1, 2)]": packb([[{1.5: {ExtType(3, packb([1, 2])): ExtType(2, b"")}}], {}]),
    "args[0][\"k\"]{key 1}": packb([[{"k": {1: 2, ExtType(3, packb([[]])): 3}}], {}]),
    "args[2][0]": packb([[1, 2, [b"x"]], {}]).replace(b"\xc4\x01x", b"\xa1\xff"),
    "args[0].items[1]": packb([[ExtType(18, packb([0, "vector_types.Order", [["id", 1], ["items", [1, ExtType(2, b"")]]]]))], {}]),
    "args[0][\"b\"]": packb([[ExtType(28, packb([1, [["a", 1], ["b", ExtType(2, b"")]]]))], {}]),
    "args[0][1][0]": packb([[ExtType(14, packb(["object", [2]]) + b"\x92\x01\x91" + BAD)], {}]),
    "args[0][\"" + "k" * 59 + "…][0]": packb([[{"k" * 80: [ExtType(2, b"")]}], {}]),
}  # fmt: skip


@pytest.mark.parametrize(("place", "data"), list(PLACES.items()), ids=list(PLACES))
def test_the_place_is_named(place, data):
    if b"object" in data:
        pytest.importorskip("numpy")
    with pytest.raises(ConversionError) as caught:
        Codec(RefTable()).decode_call(data)
    assert str(caught.value).startswith(f"{place}: ")


def test_the_place_of_a_ref_that_is_not_held():
    with pytest.raises(StaleRef, match=r'^value\["a"\]\[0\]: object 9 \(a\.B\) was released'):
        Codec(RefTable()).decode(packb({"a": [ExtType(16, packb([9, "a.B"]))]}))


def test_a_place_that_takes_too_long_to_find_is_not_named(monkeypatch):
    monkeypatch.setattr(locate, "_MOST_LOOKED_AT", 100)
    with pytest.raises(ConversionError, match=r"^extension type 2 is not"):
        Codec(RefTable()).decode(packb([*range(200), ExtType(2, b"")]))


def test_every_kind_of_header_is_walked_over(monkeypatch):
    monkeypatch.setattr(locate, "_MOST_LOOKED_AT", 10**6)
    values = [None, True, 5, -5, 200, 70_000, 2**40, -200, -70_000, -(2**40), 1.5, "a", "x" * 40, "x" * 300]
    values += [b"a", b"x" * 300, "x" * 70_000, b"x" * 70_000, [], {}, [1] * 20, [1] * 70_000]
    values += [{n: n for n in range(20)}, {n: n for n in range(70_000)}]
    values += [ExtType(6, b"x" * n) for n in (0, 1, 2, 3, 4, 8, 16, 300, 70_000)]
    data = b"\xdc" + (len(values) + 1).to_bytes(2, "big") + packb(values)[3:] + BAD
    with pytest.raises(ConversionError, match=rf"^value\[{len(values)}\]: extension type 2"):
        Codec(RefTable()).decode(data)


CALLS = {
    "no pair": packb([1]),
    "a number": packb(1),
    "no list": packb([1, {}]),
    "no map": packb([[], []]),
    "names that are numbers": packb([[], {1: 2}]),
}


@pytest.mark.parametrize("data", list(CALLS.values()), ids=list(CALLS))
def test_payloads_that_are_no_call(data):
    with pytest.raises(ConversionError, match="a call's payload is a list"):
        Codec(RefTable()).decode_call(data)


def test_names_may_be_atoms():
    data = Codec(RefTable()).encode([[1], {Atom("a"): 2}])
    assert Codec(RefTable()).decode_call(data) == ([1], {"a": 2})


def test_extensions_inside_each_other_with_much_in_them(monkeypatch):
    monkeypatch.setattr(decoding, "_OPEN", 10_000)
    data = nest(3, 3, 3, inside=packb(bytes(3000)))
    assert Codec(RefTable()).decode(data)
    with pytest.raises(ConversionError, match="too much in them"):
        Codec(RefTable()).decode(nest(3, 3, 3, 3, inside=packb(bytes(3000))))
    value = Codec(RefTable())
    for _ in range(3):
        with pytest.raises(ConversionError):
            value.decode(nest(3, 3, 3, 3, inside=packb(bytes(3000))))
        assert value.decode(data), "the codec is as good as new"


CLAIMS = {
    "a list": b"\xdd\x7f\xff\xff\xff\x01",
    "a map": b"\xdf\x7f\xff\xff\xff\x01",
    "text": b"\xdb\x7f\xff\xff\xff\x01",
    "an extension": b"\xc9\x7f\xff\xff\xff\x03\x01",
    "lists in lists": b"\xdd\x00\x0f\xff\xff" * 1000,
    "an array": ext(14, packb(["int8", [2**40]])),
    "a memoryview": ext(25, packb(["B", [2**40], True])),
}


@pytest.mark.parametrize("data", list(CLAIMS.values()), ids=list(CLAIMS))
def test_sizes_that_are_claimed_cost_nothing(data):
    tracemalloc.start()
    try:
        with pytest.raises(ConversionError):
            Codec(RefTable()).decode(data)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


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
