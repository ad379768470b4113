"""The golden bytes that both languages pass: tests/wire/vectors.json."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import Atom
from envmgr_runtime.values.codec import Codec

VECTORS = json.loads((Path(__file__).parents[1] / "wire" / "vectors.json").read_text(encoding="utf-8"))


def array_of(spec):
    numpy = pytest.importorskip("numpy")
    data = numpy.frombuffer(bytes.fromhex(spec["hex"]), numpy.dtype(spec["dtype"]))
    return data.reshape(spec["shape"]).copy()


def scalar_of(spec):
    return array_of(dict(spec, shape=[]))[()]


MAKE = {
    "none": lambda _: None,
    "bool": lambda v: v,
    "int": int,
    "float": float,
    "str": lambda v: v,
    "bytes": bytes.fromhex,
    "list": lambda v: [value_of(x) for x in v],
    "tuple": lambda v: tuple(value_of(x) for x in v),
    "set": lambda v: {value_of(x) for x in v},
    "dict": lambda v: {value_of(key): value_of(x) for key, x in v},
    "atom": Atom,
    "array": array_of,
    "scalar": scalar_of,
}


def value_of(tagged):
    ((tag, inner),) = tagged.items()
    return MAKE[tag](inner)


def same(one, two):
    """Equal, with the same types all the way down; NaN is NaN, -0.0 is not 0.0."""
    if type(one) is not type(two):
        return False
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, two) and (one == two or (one != one and two != two))
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return same(list(one.items()), list(two.items()))
    if hasattr(one, "dtype"):
        return (one.dtype, one.shape, one.tobytes()) == (two.dtype, two.shape, two.tobytes())
    return one == two


@pytest.mark.parametrize("row", VECTORS, ids=[row["name"] for row in VECTORS])
def test_vector(row):
    data, expected = bytes.fromhex(row["hex"]), value_of(row["value"])
    codec = Codec(RefTable())
    decoded = codec.decode(data)
    assert same(decoded, expected), (decoded, expected)
    encoded = codec.encode(expected)
    if row["encode"]:
        assert encoded == data
    assert same(codec.decode(encoded), expected)
