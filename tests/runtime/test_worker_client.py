"""What a client does with values whose classes it has not, and what it sends."""

from __future__ import annotations

import importlib.util
import json

import msgpack
import pytest

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import ArrayOf, RemoteArray, RemoteValue, payload
from envmgr_runtime.worker.remote import Functions, codec


def client():
    return codec(Functions())


def ext(code, *parts):
    return msgpack.packb(msgpack.ExtType(code, msgpack.packb(list(parts))))


SERIES = ("pandas.Series", {"rows": 1}, [["x", "int64", [7]]], None, None)
PARTS = [
    (15, SERIES, {"frame": "pandas.Series", "meta": {"rows": 1}, "columns": [["x", "int64", [7]]], "index": None, "body": None}),
    (17, ("shop.Color", "RED", 1), {"enum": "shop.Color", "name": "RED", "value": 1}),
    (18, (0, "shop.Order", [["id", 7]]), {"record": 0, "type": "shop.Order", "fields": [["id", 7]]}),
    (33, ("shop.Odd", {"a": 1}), {"object": "shop.Odd", "parts": {"a": 1}}),
    (36, ("shop.Cart", "e", b"m", b"d"), {"pickle": "shop.Cart", "environment": "e", "signature": b"m", "data": b"d"}),
    (37, ("money", "shop.Money", [1, "EUR"]), {"serializer": "money", "type": "shop.Money", "value": [1, "EUR"]}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "parts", "told"), PARTS, ids=[str(code) for code, _, _ in PARTS])
def test_a_value_whose_class_is_elsewhere(code, parts, told):
    found = client().decode(ext(code, *parts))
    assert type(found) is RemoteValue
    assert found.to_json() == told
    assert payload([found], {}) == b"\x92\x91" + ext(code, *parts) + b"\x80"
    assert str(parts[0]) in repr(found)


def test_parts_inside_parts():
    inner = msgpack.ExtType(18, msgpack.packb([0, "shop.Inner", [["x", 1]]]))
    found = client().decode(ext(18, 0, "shop.Outer", [["inner", inner]]))
    ((_, inside),) = found.parts[2]
    assert inside.to_json()["type"] == "shop.Inner"


def test_what_is_broken_is_still_refused():
    with pytest.raises(ConversionError):
        client().decode(msgpack.packb(msgpack.ExtType(3, b"\x01")))
    with pytest.raises(ConversionError):
        client().decode(msgpack.packb(msgpack.ExtType(18, b"\x92\x01")))
    with pytest.raises(ConversionError):
        client().decode(msgpack.packb(msgpack.ExtType(99, b"")))


def test_arrays_without_numpy(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    head = msgpack.packb(["int16", [2]])
    found = client().decode(msgpack.packb(msgpack.ExtType(14, head + b"\1\0\2\0")))
    assert type(found) is RemoteArray
    assert found.to_json() == {"dtype": "int16", "shape": [2], "data": [1, 2]}
    dtype = ["struct", 2, False, [["a", "int16", 0, None]]]
    head = msgpack.packb([dtype, [1], "F", None])
    found = client().decode(msgpack.packb(msgpack.ExtType(14, head + b"\1\0")))
    assert json.loads(json.dumps(found.to_json())) == {"dtype": dtype, "shape": [1], "data": "0100"}


def test_an_array_of_a_list():
    numpy = pytest.importorskip("numpy")
    (found,), _ = Codec(RefTable()).decode(payload([ArrayOf([[1, 2], [3, 4]])], {}))
    assert type(found) is numpy.ndarray
    assert found.tolist() == [[1, 2], [3, 4]]


def test_what_cannot_be_sent():
    with pytest.raises(ConversionError, match="object cannot be sent"):
        payload([object()], {})
