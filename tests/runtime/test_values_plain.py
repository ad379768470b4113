"""Plain values come back as they went, with their exact types."""

from __future__ import annotations

import copy
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import Atom
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.wire.packing import unpackb

INTEGERS = st.one_of(
    st.integers(),
    st.integers(60, 70).flatmap(lambda bits: st.integers(-(2**bits), 2**bits)),
    st.integers(-(10**400), 10**400),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), INTEGERS, st.floats(), st.text(), st.binary(), st.builds(Atom, st.text())
)
KEYS = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=4)
VALUES = st.recursive(
    st.one_of(SCALARS, st.sets(KEYS, max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


def shape(value):
    """A form of `value` whose `==` tells apart types, signs of zero, and not one NaN from another."""
    kind = type(value).__name__
    if isinstance(value, float):
        return kind, "nan" if math.isnan(value) else repr(value)
    if isinstance(value, (list, tuple)):
        return kind, [shape(x) for x in value]
    if isinstance(value, dict):
        return kind, [(shape(key), shape(x)) for key, x in value.items()]
    if isinstance(value, set):
        return kind, sorted(map(repr, map(shape, value)))
    return kind, value


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_round_trip(value):
    refs = RefTable()
    codec = Codec(refs)
    assert shape(codec.decode(codec.encode(value))) == shape(value)
    assert len(refs) == 0


SAMPLES = [
    15,
    2**70,
    -(2**63),
    10**400,
    None,
    (1, 2),
    b"\x00\xff",
    float("nan"),
    -0.0,
    {1: "a", (1, 2): "b"},
    {1, 2},
    {"z": 1, "a": 2, "m": 3},
    [True, 1, 1.0],
    Atom("ok"),
    [[], (), {}, set()],
]


@pytest.mark.parametrize("value", SAMPLES, ids=repr)
def test_samples_keep_their_meaning(value):
    codec = Codec(RefTable())
    assert shape(codec.decode(codec.encode(value))) == shape(value)


def test_a_dict_keeps_its_order():
    codec = Codec(RefTable())
    assert list(codec.decode(codec.encode({n: n for n in "zebra"}))) == list("zebra")


def test_buffers_keep_their_kind():
    codec = Codec(RefTable())
    value = [bytearray(b"ab"), {"k": memoryview(b"ab")}, (bytearray(),), {"s": {1: [bytearray(b"c")]}}]
    found = codec.decode(codec.encode(value))
    assert found == value
    assert [type(found[0]), type(found[1]["k"]), type(found[2][0])] == [bytearray, memoryview, bytearray]


def test_a_view_that_is_a_key_is_one_again():
    codec = Codec(RefTable())
    value = {memoryview(b"ab"): {memoryview(bytes(6)).cast("B", [2, 3])}}
    assert codec.decode(codec.encode(value)) == value


def test_a_buffer_that_is_no_run_of_bytes():
    codec = Codec(RefTable())
    found = codec.decode(codec.encode(memoryview(b"a-b-")[::2]))
    assert (found.tobytes(), found.shape, found.readonly) == (b"ab", (2,), True)


def test_a_large_value_leaves_no_large_buffer():
    codec = Codec(RefTable())
    before = codec._pack
    assert len(codec.encode(bytes(3 << 20))) > 3 << 20
    assert codec._pack != before
    assert codec.encode(1) == b"\x01"


def test_an_atom_is_a_string_to_python():
    atom = Atom("ok")
    assert (atom == "ok", {atom: 1}["ok"], repr(atom)) == (True, 1, "Atom('ok')")
    assert type(copy.copy(atom)) is type(copy.deepcopy(atom)) is Atom


def test_tuples_as_deep_as_python_may_send_and_take_them():
    codec = Codec(RefTable())
    value = ()
    for _ in range(63):
        value = (value,)
    assert codec.decode(codec.encode(value)) == value
    assert codec.decode(codec.encode([value, value])) == [value, value]


def test_the_shortest_integers():
    codec = Codec(RefTable())
    assert [len(codec.encode(n)) for n in (127, 128, 65535, 65536, 2**64 - 1, 2**64)] == [1, 2, 3, 5, 9, 13]
    assert unpackb(codec.encode(2**64 - 1)) == 2**64 - 1
