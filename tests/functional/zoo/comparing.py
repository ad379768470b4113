"""Two values, compared down to their bits."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import math
import struct
import sys
from typing import Any

_SENT_AS = {"float64": float, "str_": str, "bytes_": bytes}


def difference(a: Any, b: Any, at: str = "value") -> str:
    """The first difference, with its place; the empty string where there is none."""
    kind = type(a)
    if kind.__module__ == "numpy" and kind.__name__ in _SENT_AS:
        a = _SENT_AS[kind.__name__](a)
        kind = type(a)
    if kind is not type(b):
        return f"{at}: {_name(type(b))} instead of {_name(kind)}: {b!r:.80}"
    if kind.__name__ in ("NaTType", "NAType"):
        return _nothing(a, b, at)
    for module, names in _LIBRARIES.items():
        if module in sys.modules:
            for base, compare in names.items():
                found = sys.modules[module]
                for step in base.split("."):
                    found = getattr(found, step, None)
                if isinstance(found, type) and issubclass(kind, found):
                    return compare(a, b, at)
    if kind is float:
        return (
            _equal(struct.pack("d", a), struct.pack("d", b), at)
            if not math.isnan(a)
            else _equal(True, math.isnan(b), at)
        )
    if kind is complex:
        return difference(a.real, b.real, at + ".real") or difference(a.imag, b.imag, at + ".imag")
    if kind is decimal.Decimal:
        return _equal(a.as_tuple(), b.as_tuple(), at)
    if issubclass(kind, (datetime.datetime, datetime.time)):
        return (
            _equal(a.replace(tzinfo=None), b.replace(tzinfo=None), at)
            or _equal(a.fold, b.fold, at + ".fold")
            or _zones(a.tzinfo, b.tzinfo, at + ".tzinfo")
            or (_equal(a.utcoffset(), b.utcoffset(), at + ".utcoffset()") if a.tzinfo else "")
        )
    if issubclass(kind, datetime.tzinfo):
        return _zones(a, b, at)
    if dataclasses.is_dataclass(kind):
        names = [field.name for field in dataclasses.fields(a)]
        return _each(((f".{n}", getattr(a, n), getattr(b, n)) for n in names), at)
    if issubclass(kind, enum.Enum):
        return "" if a is b or (isinstance(a, enum.Flag) and a == b) else f"{at}: {b!r} instead of {a!r}"
    if issubclass(kind, (list, tuple)):
        return _equal(len(a), len(b), f"len({at})") or _each(
            ((f"[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b))), at
        )
    if issubclass(kind, dict):
        return _equal(len(a), len(b), f"len({at})") or _each(_pairs(a, b), at)
    if kind in (set, frozenset):
        return _equal(sorted(map(_key, a)), sorted(map(_key, b)), at)
    if kind is memoryview:
        return _equal(
            (a.format, a.shape, a.readonly, a.tobytes()), (b.format, b.shape, b.readonly, b.tobytes()), at
        )
    if kind is slice:
        return difference((a.start, a.stop, a.step), (b.start, b.stop, b.step), at)
    if a is b:
        return ""
    return _equal(a, b, at)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _equal(a: Any, b: Any, at: str) -> str:
    return "" if a == b else f"{at}: {b!r:.120} instead of {a!r:.120}"


def _each(triples: Any, at: str) -> str:
    return next((found for step, x, y in triples if (found := difference(x, y, at + step))), "")


def _pairs(a: dict, b: dict) -> Any:
    # In order: a dict keeps it where the caller asks for that, and only then is it called.
    for (key, x), (other, y) in zip(_in_order(a), _in_order(b)):
        yield "'s key", key, other
        yield f"[{key!r:.40}]", x, y


def _in_order(value: dict) -> list:
    return list(value.items())


def _key(value: Any) -> str:
    if isinstance(value, (tuple, frozenset)):
        inner = map(_key, value) if isinstance(value, tuple) else sorted(map(_key, value))
        return f"{_name(type(value))}({', '.join(inner)})"
    return f"{_name(type(value))} {bytes(value) if isinstance(value, memoryview) else value!r}"


def _zones(a: Any, b: Any, at: str) -> str:
    return "" if type(a) is type(b) and str(a) == str(b) else f"{at}: {b!r} instead of {a!r}"


def _dtype(a: Any, b: Any, at: str) -> str:
    if a != b or getattr(a, "str", None) != getattr(b, "str", None):
        return f"{at}: {b!r} instead of {a!r}"
    if getattr(a, "names", None) is not None:
        fields = [(dict(x.fields), x.itemsize, x.isalignedstruct) for x in (a, b)]
        return _equal(*fields, at)
    names = [] if hasattr(a, "categories") else ["na_value", "storage", "na_object", "coerce"]
    return _each(
        ((f".{name}", getattr(a, name), getattr(b, name, None)) for name in names if hasattr(a, name)), at
    )


def _arrays(a: Any, b: Any, at: str) -> str:
    import numpy

    found = _dtype(a.dtype, b.dtype, at + ".dtype") or _equal(a.shape, b.shape, at + ".shape")
    if found:
        return found
    expected = "F" if a.flags.f_contiguous and not a.flags.c_contiguous and a.dtype.kind not in "OT" else "C"
    if not (b.flags.f_contiguous if expected == "F" else b.flags.c_contiguous):
        return f"{at}: order is not {expected}"
    if not b.flags.writeable:
        return f"{at}: is read-only"
    if not b.flags.aligned and a.flags.aligned:
        return f"{at}: is not aligned"
    a, b = a.view(numpy.ndarray), b.view(numpy.ndarray)
    if a.dtype.names is not None:
        return _each(
            (
                (f"[{n!r}]", numpy.ascontiguousarray(a[n]), numpy.ascontiguousarray(b[n]))
                for n in a.dtype.names
            ),
            at,
        )
    if a.dtype.kind in "OT":
        return _each(
            ((f".flat[{i}]", x, y) for i, (x, y) in enumerate(zip(a.ravel().tolist(), b.ravel().tolist()))),
            at,
        )
    if a.dtype.char in "gG":
        return "" if numpy.array_equal(a, b, equal_nan=True) else f"{at}: {b!r:.80} instead of {a!r:.80}"
    return "" if a.tobytes() == b.tobytes() else f"{at}: {b!r:.120} instead of {a!r:.120}"


def _masked(a: Any, b: Any, at: str) -> str:
    import numpy

    ma = numpy.ma
    return (
        _arrays(ma.getdata(a), ma.getdata(b), at + ".data")
        or _equal(ma.getmask(a) is ma.nomask, ma.getmask(b) is ma.nomask, at + ".mask is nomask")
        or _equal(ma.getmaskarray(a).tolist(), ma.getmaskarray(b).tolist(), at + ".mask")
        or difference(a._fill_value, b._fill_value, at + ".fill_value")
        or _equal(a.hardmask, b.hardmask, at + ".hardmask")
    )


def _generic(a: Any, b: Any, at: str) -> str:
    import numpy

    return _arrays(numpy.asarray(a).copy(), numpy.asarray(b).copy(), at)


def _frames(a: Any, b: Any, at: str) -> str:
    return (
        _equal(a.shape, b.shape, at + ".shape")
        or difference(a.columns, b.columns, at + ".columns")
        or difference(a.index, b.index, at + ".index")
        or _each(((f".iloc[:, {i}]", a.iloc[:, i].array, b.iloc[:, i].array) for i in range(a.shape[1])), at)
        or difference(a.attrs, b.attrs, at + ".attrs")
        or _equal(a.flags.allows_duplicate_labels, b.flags.allows_duplicate_labels, at + ".flags")
        or _writable(b, at)
    )


def _writable(frame: Any, at: str) -> str:
    if not frame.size:
        return ""
    try:
        for i in range(frame.shape[1]):
            copy = frame.copy(deep=False)
            if getattr(frame.dtypes.iloc[i], "kind", "O") in "biufcMm" and not hasattr(
                frame.dtypes.iloc[i], "fill_value"
            ):
                copy.iloc[0, i] = copy.iloc[0, i]
    except Exception as error:  # noqa: BLE001
        return f"{at}: column {i} is not to be written: {type(error).__name__}: {error}"
    return ""


def _series(a: Any, b: Any, at: str) -> str:
    return (
        _dtype(a.dtype, b.dtype, at + ".dtype")
        or difference(a.name, b.name, at + ".name")
        or difference(a.index, b.index, at + ".index")
        or difference(a.array, b.array, at + ".array")
        or difference(a.attrs, b.attrs, at + ".attrs")
        or _equal(a.flags.allows_duplicate_labels, b.flags.allows_duplicate_labels, at + ".flags")
    )


def _indexes(a: Any, b: Any, at: str) -> str:
    import pandas

    if isinstance(a, pandas.MultiIndex):
        return (
            difference(list(a.names), list(b.names), at + ".names")
            or _equal(a.nlevels, b.nlevels, at + ".nlevels")
            or _each(((f".levels[{i}]", a.levels[i], b.levels[i]) for i in range(a.nlevels)), at)
            or _equal([list(c) for c in a.codes], [list(c) for c in b.codes], at + ".codes")
        )
    return (
        _dtype(a.dtype, b.dtype, at + ".dtype")
        or difference(a.name, b.name, at + ".name")
        or (
            _equal((a.start, a.stop, a.step), (b.start, b.stop, b.step), at)
            if isinstance(a, pandas.RangeIndex)
            else ""
        )
        or _freq(a, b, at)
        or difference(a.array, b.array, at + ".array")
    )


def _freq(a: Any, b: Any, at: str) -> str:
    x, y = getattr(a, "freq", None), getattr(b, "freq", None)
    return "" if x == y and type(x) is type(y) else f"{at}.freq: {y!r} instead of {x!r}"


def _extension(a: Any, b: Any, at: str) -> str:
    import numpy
    import pandas

    found = _dtype(a.dtype, b.dtype, at + ".dtype") or _equal(len(a), len(b), f"len({at})")
    if found:
        return found
    if isinstance(a, pandas.Categorical):
        return (
            difference(a.categories, b.categories, at + ".categories")
            or _equal(a.ordered, b.ordered, at + ".ordered")
            or _equal(a.codes.tolist(), b.codes.tolist(), at + ".codes")
        )
    if isinstance(a, pandas.arrays.SparseArray):
        return (
            difference(a.sp_values, b.sp_values, at + ".sp_values")
            or _equal(type(a.sp_index), type(b.sp_index), at + ".sp_index")
            or _equal(a.sp_index.indices.tolist(), b.sp_index.indices.tolist(), at)
            or difference(a.fill_value, b.fill_value, at + ".fill_value")
        )
    if isinstance(a, pandas.arrays.IntervalArray):
        return (
            _equal(a.closed, b.closed, at)
            or difference(a.left, b.left, at + ".left")
            or difference(a.right, b.right, at + ".right")
        )
    if hasattr(a, "asi8"):
        return _freq(a, b, at) or _equal(a.asi8.tolist(), b.asi8.tolist(), at)
    if hasattr(a, "_mask"):
        good = ~a._mask
        return _equal(a._mask.tolist(), b._mask.tolist(), at + ".mask") or _equal(
            a._data[good].tobytes(), b._data[good].tobytes(), at + ".data"
        )
    if type(a).__name__ in ("NumpyExtensionArray", "PandasArray"):
        return difference(numpy.asarray(a), numpy.array(b), at)
    return _each(((f"[{i}]", x, y) for i, (x, y) in enumerate(zip(a.tolist(), b.tolist()))), at)


def _scalars(a: Any, b: Any, at: str) -> str:
    if hasattr(a, "unit") and (found := _equal((a.unit, a._value), (b.unit, b._value), at)):
        return found
    if hasattr(a, "closed"):
        return (
            _equal(a.closed, b.closed, at)
            or difference(a.left, b.left, at)
            or difference(a.right, b.right, at)
        )
    if hasattr(a, "ordinal"):
        return _equal(a.ordinal, b.ordinal, at) or _freq(a, b, at)
    if hasattr(a, "tzinfo"):
        return _zones(a.tzinfo, b.tzinfo, at) or _equal(a.fold, b.fold, at + ".fold")
    return _equal(a, b, at)


def _nothing(a: Any, b: Any, at: str) -> str:
    return "" if a is b else f"{at}: another one"


def _arrow(a: Any, b: Any, at: str) -> str:
    if hasattr(a, "schema"):
        if not a.schema.equals(b.schema, check_metadata=True):
            return f"{at}.schema: {b.schema} instead of {a.schema}"
        return "" if str(a.to_pydict()) == str(b.to_pydict()) else f"{at}: other values"
    return _equal(a.type, b.type, at + ".type") or _equal(
        repr(a.to_pylist() if hasattr(a, "to_pylist") else a.as_py()),
        repr(b.to_pylist() if hasattr(b, "to_pylist") else b.as_py()),
        at,
    )


def _polars(a: Any, b: Any, at: str) -> str:
    if hasattr(a, "schema"):
        return _equal(a.schema, b.schema, at) or ("" if a.equals(b) else f"{at}: other values")
    return _equal((a.name, a.dtype), (b.name, b.dtype), at) or ("" if a.equals(b) else f"{at}: other values")


def _sparse(a: Any, b: Any, at: str) -> str:
    found = _equal((a.format, a.shape, a.dtype), (b.format, b.shape, b.dtype), at)
    if found:
        return found
    names = ("data", "indices", "indptr", "offsets", *(("row", "col") if len(a.shape) == 2 else ("coords",)))
    for name in names:
        if hasattr(a, name) and (found := difference(getattr(a, name), getattr(b, name), f"{at}.{name}")):
            return found
    return _equal(a.toarray().tobytes(), b.toarray().tobytes(), at) if len(a.shape) == 2 else ""


_LIBRARIES: dict[str, dict[str, Any]] = {
    "numpy": {"ma.MaskedArray": _masked, "ndarray": _arrays, "generic": _generic},
    "pandas": {
        "DataFrame": _frames,
        "Series": _series,
        "Index": _indexes,
        "api.extensions.ExtensionArray": _extension,
        "Timestamp": _scalars,
        "Timedelta": _scalars,
        "Period": _scalars,
        "Interval": _scalars,
    },
    "pyarrow": {
        "Table": _arrow,
        "RecordBatch": _arrow,
        "Array": _arrow,
        "ChunkedArray": _arrow,
        "Scalar": _arrow,
    },
    "polars": {"DataFrame": _polars, "Series": _polars},
    "scipy.sparse": {"spmatrix": _sparse, "sparray": _sparse},
}
