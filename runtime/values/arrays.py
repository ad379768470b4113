"""NumPy arrays and scalars, when the environment has NumPy. Dtype notation: `numpy.dtype.str`."""

from __future__ import annotations

import sys
from typing import Any

from ..wire.packing import ExtType, packb
from . import codes
from .errors import ConversionError
from .protocols import Coder, Pack, UnpackRaw

_PLAIN_KINDS = "biufcMmUS"
_BY_NAME = frozenset(
    ["bool", "float16", "float32", "float64", "complex64", "complex128"]
    + [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
)


def dtype_name(dtype: Any) -> str | None:
    """The dtype as `numpy.dtype` reads it back; None when its bytes alone do not hold its meaning."""
    if dtype.kind not in _PLAIN_KINDS or dtype.fields is not None or dtype.metadata:
        return None
    if dtype.name in _BY_NAME and dtype.isnative and sys.byteorder == "little":
        return str(dtype.name)
    return str(dtype.str)


def split_array(array: Any) -> tuple[str, list[int], Any] | None:
    """(dtype, shape, bytes in C order) of an exact `numpy.ndarray`; None where bytes do not hold its meaning."""
    name = dtype_name(array.dtype)
    if name is None:
        return None
    if not array.flags.c_contiguous:
        array = array.copy(order="C")
    return name, list(array.shape), array.tobytes()


def split_scalar(scalar: Any) -> tuple[str, bytes] | None:
    name = dtype_name(scalar.dtype)
    return None if name is None else (name, scalar.tobytes())


def _dtype(name: Any) -> Any:
    try:
        import numpy
    except ImportError as error:
        raise ConversionError(
            "the argument is an array, and NumPy is not in this library's environment"
        ) from error
    if type(name) is not str:
        raise ConversionError(f"a dtype is a string, not {name!r}")
    try:
        dtype = numpy.dtype(name)
    except (TypeError, ValueError, SyntaxError) as error:
        raise ConversionError(f"NumPy knows no dtype {name!r}") from error
    if dtype_name(dtype) is None:
        raise ConversionError(f"arrays of dtype {name!r} do not cross the wire")
    return dtype


def join_array(name: Any, shape: Any, data: Any) -> Any:
    """A writable array that owns its memory."""
    dtype = _dtype(name)
    count = 1
    for extent in shape:
        count *= extent
    size = count * dtype.itemsize
    if size != len(data):
        raise ConversionError(
            f"an array of dtype {name} and shape {tuple(shape)} has {size} bytes, not {len(data)}"
        )
    import numpy

    array = numpy.empty(tuple(shape), dtype) if size else numpy.zeros(tuple(shape), dtype)
    if size:
        array.reshape(-1).view(numpy.uint8)[:] = numpy.frombuffer(data, numpy.uint8)
    return array


def join_scalar(name: Any, data: Any) -> Any:
    """The NumPy scalar whose bytes these are."""
    return join_array(name, [], data)[()]


def find(kind: type) -> Pack | None:
    numpy = sys.modules.get("numpy")
    if kind is getattr(numpy, "ndarray", None):
        return _pack_array
    for exact, plain in (("float64", float), ("str_", str), ("bytes_", bytes)):
        if kind is getattr(numpy, exact, None):
            return lambda codec, value, plain=plain: plain(value)  # type: ignore[misc]
    return _pack_scalar if issubclass(kind, getattr(numpy, "generic", ())) else None


def _pack_array(codec: Coder, value: Any) -> Any:
    found = split_array(value)
    if found is None:
        return codec.ref(value)
    return codec.raw(codes.ARRAY, packb([found[0], found[1]]), found[2])


def _pack_scalar(codec: Coder, value: Any) -> Any:
    found = split_scalar(value)
    return codec.ref(value) if found is None else ExtType(codes.SCALAR, packb(found[0]) + found[1])


def _unpack_array(codec: Coder, head: Any, raw: Any) -> Any:
    dtype, shape = head
    return join_array(dtype, shape, raw)


RAW_UNPACKERS: dict[int, UnpackRaw] = {
    codes.ARRAY: _unpack_array,
    codes.SCALAR: lambda codec, head, raw: join_scalar(head, raw),
}
