"""Tagged values of tests/wire/vectors.json as Python values, and when two values are the same."""

from __future__ import annotations

import datetime
import math
import sys
import uuid
from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction

import pytest
import vector_types

from envmgr_runtime.values import Atom

KEPT = object()
"""What the ref of number 1 names."""


class Functions:
    """Stands for what makes functions and streams of the pool: tells what it was asked for."""

    def function(self, key, arity):
        return ("function", key, arity)

    def stream(self, key, kind):
        return ("stream", key, kind)


def _day(days):
    return datetime.date(1970, 1, 1) + datetime.timedelta(days)


def _us(us):
    return datetime.timedelta(microseconds=us)


def _zone(name, offset, abbreviation):
    if name == "Etc/UTC":
        return datetime.timezone.utc
    if (name is not None and offset is None) or (name and abbreviation):
        return pytest.importorskip("zoneinfo").ZoneInfo(name)
    if abbreviation is None or abbreviation.startswith("UTC"):
        return datetime.timezone(_us(offset))
    return datetime.timezone(_us(offset), abbreviation)


def _datetime(spec):
    value = (datetime.datetime(1970, 1, 1) + _us(spec["us"])).replace(fold=spec["fold"])
    if "zone" in spec:
        value = value.replace(tzinfo=_zone(spec["zone"], spec["offset"], spec["abbreviation"]))
    return value


def _time(spec):
    value = (datetime.datetime(1970, 1, 1) + _us(spec["us"])).time().replace(fold=spec["fold"])
    if spec["offset"] is not None:
        return value.replace(
            tzinfo=_zone(None if spec["zone"] != "Etc/UTC" else "Etc/UTC", spec["offset"], spec["zone"])
        )
    return value if spec["zone"] is None else value.replace(tzinfo=_zone(spec["zone"], None, None))


def type_of(name):
    module, _, rest = name.partition(".")
    found = {"vector_types": vector_types}[module]
    for part in rest.split("."):
        found = getattr(found, part)
    return found


def _enum(spec):
    kind = type_of(spec["type"])
    return kind(value_of(spec["value"])) if spec["name"] is None else kind[spec["name"]]


def _record(spec):
    kind = type_of(spec["type"])
    return kind(**{name: value_of(value) for name, value in spec["fields"]})


def _memoryview(spec):
    data = bytes.fromhex(spec["hex"])
    view = memoryview(data if spec["readonly"] else bytearray(data))
    return (
        view
        if spec["format"] == "B"
        else view.cast(spec["format"]).cast("B").cast(spec["format"], spec["shape"])
    )


def _path(spec):
    import pathlib

    path = spec["path"] if type(spec["path"]) is str else value_of(spec["path"])
    return getattr(pathlib, spec["class"])(path)


def dtype_of(spec):
    """By NumPy's own ways, not by the codec's."""
    numpy = pytest.importorskip("numpy")
    if type(spec) is str:
        return numpy.dtype(spec)
    if spec[0] == "string":
        make = getattr(getattr(numpy, "dtypes", None), "StringDType", None)
        if make is None:
            pytest.skip("StringDType came with NumPy 2")
        return make() if spec[1] is None else make(na_object=value_of(spec[1][0]))
    if spec[0] == "sub":
        return numpy.dtype((dtype_of(spec[1]), tuple(spec[2])))
    _, itemsize, aligned, fields = spec
    names, formats, offsets, titles = zip(*fields)
    made = {
        "names": names,
        "formats": [dtype_of(f) for f in formats],
        "offsets": offsets,
        "itemsize": itemsize,
    }
    if any(titles):
        made["titles"] = titles
    return numpy.dtype(made, align=aligned)


def _array(spec):
    numpy = pytest.importorskip("numpy")
    dtype = dtype_of(spec["dtype"])
    if "items" in spec:
        found = numpy.empty(len(spec["items"]), dtype)
        for place, item in enumerate(spec["items"]):
            value = value_of(item)
            found[place] = dtype.na_object if value is None and spec["dtype"] != "object" else value
        return found.reshape(spec["shape"])
    data = numpy.frombuffer(bytes.fromhex(spec["hex"]), numpy.uint8).copy()
    found = data.view(dtype) if len(data) else numpy.zeros(0, dtype)
    found = found.reshape(spec["shape"], order=spec.get("order", "C"))
    return found if not spec.get("class") else found.view(getattr(numpy, spec["class"]))


def _masked(spec):
    numpy = pytest.importorskip("numpy")
    mask = value_of(spec["mask"])
    found = numpy.ma.MaskedArray(
        value_of(spec["data"]), numpy.ma.nomask if mask is None else mask, hard_mask=spec["hard"]
    )
    if value_of(spec["fill"]) is not None:
        found.fill_value = value_of(spec["fill"])
    return found


def _pairs(spec):
    pairs = [(value_of(key), value_of(x)) for key, x in spec["pairs"]]
    return (OrderedDict if spec["kind"] else dict)(pairs)


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
    "frozenset": lambda v: frozenset(value_of(x) for x in v),
    "dict": lambda v: {value_of(key): value_of(x) for key, x in v},
    "dict-pairs": _pairs,
    "atom": Atom,
    "bytearray": bytearray.fromhex,
    "surrogate-string": lambda v: bytes.fromhex(v).decode("utf-8", "surrogatepass"),
    "memoryview": _memoryview,
    "ref": lambda _: KEPT,
    "complex": lambda v: complex(*map(float, v)),
    "decimal": Decimal,
    "date": _day,
    "time": _time,
    "datetime": _datetime,
    "aware-datetime": _datetime,
    "timedelta": lambda v: datetime.timedelta(v["days"], v["seconds"], v["us"]),
    "enum": _enum,
    "record": _record,
    "range": lambda v: range(*map(int, v)),
    "slice": lambda v: slice(*map(value_of, v)),
    "uuid": uuid.UUID,
    "fraction": lambda v: Fraction(*map(int, v)),
    "path": _path,
    "singleton": lambda v: {"Ellipsis": ..., "NotImplemented": NotImplemented}[v],
    "array": _array,
    "scalar": lambda v: _array(dict(v, shape=[]))[()],
    "masked-array": _masked,
    "function": lambda v: Functions().function(v["key"], v["arity"]),
    "stream": lambda v: Functions().stream(v["key"], v["kind"]),
    "array-of": lambda v: pytest.importorskip("numpy").asarray(value_of(v)),
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
    if isinstance(one, complex):
        return same(one.real, two.real) and same(one.imag, two.imag)
    if type(one) in _BY_PARTS:
        return same(_BY_PARTS[type(one)](one), _BY_PARTS[type(one)](two))
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict):
        return same(list(one.items()), list(two.items()))
    if isinstance(one, (set, frozenset)):
        return len(one) == len(two) and all(any(same(x, y) for y in two) for x in one)
    if hasattr(one, "dtype"):
        return _same_array(sys.modules["numpy"], one, two)
    if hasattr(one, "__dataclass_fields__"):
        return all(same(getattr(one, name), getattr(two, name)) for name in one.__dataclass_fields__)
    return one == two


_BY_PARTS = {
    Decimal: str,
    slice: lambda v: (v.start, v.stop, v.step),
    range: lambda v: (v.start, v.stop, v.step),
    memoryview: lambda v: (v.format, v.shape, v.readonly, v.tobytes()),
    datetime.datetime: lambda v: (
        v.timetuple(),
        v.microsecond,
        v.fold,
        repr(v.tzinfo),
        v.utcoffset(),
        v.tzname(),
    ),
    datetime.time: lambda v: (v.replace(fold=0, tzinfo=None).isoformat(), v.fold, repr(v.tzinfo)),
}


def _same_array(numpy, one, two):
    if isinstance(one, numpy.ma.MaskedArray):
        return (
            same(numpy.ma.getdata(one), numpy.ma.getdata(two))
            and same(numpy.asarray(one.mask), numpy.asarray(two.mask))
            and (one.mask is numpy.ma.nomask) == (two.mask is numpy.ma.nomask)
            and same(one._fill_value, two._fill_value)
            and one.hardmask == two.hardmask
        )
    alike = (one.dtype, one.shape, repr(one.dtype)) == (two.dtype, two.shape, repr(two.dtype))
    if one.dtype.kind in "OT":
        return alike and same(one.reshape(-1).tolist(), two.reshape(-1).tolist())
    if one.ndim:
        alike = alike and (one.flags.f_contiguous, one.flags.c_contiguous) == (
            two.flags.f_contiguous,
            two.flags.c_contiguous,
        )
    return alike and one.tobytes() == two.tobytes()
