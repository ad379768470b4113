"""NumPy arrays and scalars, when the environment has NumPy."""

from __future__ import annotations

import sys
from typing import Any

from ..wire.messages import MAX_PAYLOAD
from ..wire.packing import packb
from . import codes
from .dtypes import OBJECT, describe, describe_strings, parse, parse_strings, shape_of
from .errors import ConversionError
from .masked import pack_masked, unpack_masked
from .plain import pack_bytes, pack_text
from .protocols import Coder, Pack, Unpack, UnpackRaw
from .scan import LARGE

_MOST_EMPTY = 1 << 20
"""Elements of no size: they take no bytes from the wire, and are not to be made by the billion."""
_LAST_CODE_POINT = 0x10FFFF


def find(kind: type) -> Pack | None:
    numpy = sys.modules.get("numpy")
    for name, packer in _CLASSES.items():
        if kind is getattr(numpy, name, None):
            return packer
    masked = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    if masked is not None and kind is masked:
        return pack_masked
    return _pack_scalar if issubclass(kind, getattr(numpy, "generic", ())) else None


def _pack_array(codec: Coder, array: Any, of_class: str | None = None) -> Any:
    dtype = array.dtype
    if dtype.kind in "OT":
        return _pack_elements(codec, array, of_class)
    described = describe(dtype)
    if described is None or (dtype.names is not None and (_is_record(dtype) != (of_class == "recarray"))):
        return codec.ref(array)
    flags = array.flags
    if not flags.forc and array.nbytes > MAX_PAYLOAD and _room(array) < array.nbytes:
        codec.warn(array, f"stays in Python because its {array.nbytes} bytes are views of far fewer")
        return codec.ref(array)
    order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    data = array.tobytes(order) if array.nbytes < LARGE else _bytes_of(array)
    return codec.raw(codes.ARRAY, _head(codec, described, array, order, of_class), data)


def _room(array: Any) -> int:
    """Bytes of memory between an array's first and last element."""
    steps = zip(array.shape, array.strides)
    return int(array.itemsize + sum((extent - 1) * abs(stride) for extent, stride in steps))


def _bytes_of(array: Any) -> Any:
    """The elements' memory as a view, of a copy only where they do not lie side by side."""
    import numpy

    array = array.view(numpy.ndarray)
    if array.flags.f_contiguous:
        array = array.T
    return numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data


def _pack_elements(codec: Coder, array: Any, of_class: str | None) -> Any:
    import numpy

    dtype = array.dtype
    elements = array.view(numpy.ndarray).reshape(-1).tolist()
    if dtype.kind == "O":
        described: Any = None if dtype.metadata else OBJECT
    else:
        described = describe_strings(dtype)
        if described and described[1] and type(described[1][0]) is not str:
            elements = [element if type(element) is str else None for element in elements]
    if described is None:
        return codec.ref(array)
    return codec.raw(codes.ARRAY, _head(codec, described, array, "C", of_class), codec.nested(elements))


def _head(codec: Coder, described: Any, array: Any, order: str, of_class: str | None) -> bytes:
    head = [described, list(array.shape)]
    if order != "C" or of_class is not None:
        head += [order, of_class]
    return packb(head) if type(described) is str else codec.nested(head)


def _pack_scalar(codec: Coder, value: Any) -> Any:
    dtype = value.dtype
    described = describe(dtype)
    if described is None or (dtype.names is not None and _is_record(dtype)):
        return codec.ref(value)
    head = packb(described) if type(described) is str else codec.nested(described)
    return codec.raw(codes.SCALAR, head, value.tobytes())


def _pack_str(codec: Coder, value: Any) -> Any:
    text = str(value)
    try:
        text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # made of memory that was never written
        return _pack_scalar(codec, value)
    return pack_text(codec, text)


def _is_record(dtype: Any) -> bool:
    return bool(dtype.type.__name__ == "record")


_CLASSES: dict[str, Pack] = {
    "ndarray": _pack_array,
    "float64": lambda codec, value: float(value),
    "str_": _pack_str,
    "bytes_": lambda codec, value: pack_bytes(codec, bytes(value)),
    "matrix": lambda codec, value: _pack_array(codec, value, "matrix"),
    "recarray": lambda codec, value: _pack_array(codec, value, "recarray"),
    "memmap": _pack_array,
}


def numpy_here(what: str) -> Any:
    try:
        import numpy
    except ImportError as error:
        if getattr(error, "name", None) != "numpy":
            raise ConversionError(f"this is {what}, and NumPy cannot be imported: {error}") from error
        raise ConversionError(f"this is {what}, and NumPy is not in this library's environment") from error
    return numpy


def _unpack_array(codec: Coder, head: Any, raw: Any) -> Any:
    numpy = numpy_here("an array")
    if type(head) is not list or len(head) not in (2, 4):
        raise ConversionError("an array's head is [dtype, shape] or [dtype, shape, order, class]")
    described, shape = head[0], shape_of(head[1])
    order, of_class = head[2:] or ("C", None)
    if order not in ("C", "F") or of_class not in (None, "matrix", "recarray"):
        raise ConversionError(f"there is no array of order {order!r:.20} and class {of_class!r:.20}")
    if described == OBJECT or (type(described) is list and described[:1] == ["string"]):
        array = _from_elements(numpy, described, shape, codec.value(raw))
    else:
        array = _from_bytes(numpy, described, shape, order, raw)
    if of_class == "matrix":
        if len(shape) != 2:
            raise ConversionError("a matrix has two dimensions")
        return array.view(numpy.matrix)
    return array.view(numpy.recarray) if of_class else array


def _from_bytes(numpy: Any, described: Any, shape: list[int], order: str, raw: Any) -> Any:
    dtype = parse(described)
    count = _count(shape)
    size = count * dtype.itemsize
    if size != len(raw):
        raise ConversionError(
            f"an array of dtype {described} and shape {tuple(shape)} has {size} bytes, not {len(raw)}"
        )
    if count > _MOST_EMPTY > size:
        raise ConversionError(f"{count} elements of no size are too many")
    if type(raw) is bytes or (type(raw) is memoryview and raw.readonly):
        raw = bytearray(raw)
    try:
        array = numpy.ndarray(tuple(shape), dtype, raw, order=order)
    except (TypeError, ValueError, OverflowError) as error:
        raise ConversionError(f"NumPy makes no array of shape {tuple(shape)} ({error})") from error
    if dtype.kind in "UV" and size:
        _check_text(numpy, array)
    return array


def _check_text(numpy: Any, array: Any) -> None:
    """NumPy makes broken `str` objects of what is no code point."""
    dtype = array.dtype
    if dtype.kind == "U" and dtype.itemsize:
        words = numpy.ascontiguousarray(array.T if array.flags.f_contiguous else array).reshape(-1)
        if words.size and words.view(dtype.byteorder.replace("|", "=") + "u4").max() > _LAST_CODE_POINT:
            raise ConversionError("there is text in the array that is not made of Unicode's code points")
    for name in dtype.names or ():
        _check_text(numpy, array[name])


def _from_elements(numpy: Any, described: Any, shape: list[int], elements: Any) -> Any:
    if type(elements) is not list or len(elements) != _count(shape):
        raise ConversionError(
            f"an array of shape {tuple(shape)} comes with a list of its {_count(shape)} elements"
        )
    if described == OBJECT:
        array = numpy.empty(len(elements), object)
        for place, element in enumerate(elements):
            array[place] = element
    else:
        dtype, na = parse_strings(described), described[1]
        if not all(type(x) is str or (x is None and na is not None) for x in elements):
            raise ConversionError(
                "the elements of a string array are strings, or nil where it has a value for that"
            )
        array = numpy.array([na[0] if x is None else x for x in elements], dtype)
    return array.reshape(shape)


def _count(shape: list[int]) -> int:
    count = 1
    for extent in shape:
        count *= extent
    return count


def _unpack_scalar(codec: Coder, head: Any, raw: Any) -> Any:
    """The NumPy scalar whose bytes these are."""
    return _from_bytes(numpy_here("a NumPy scalar"), head, [], "C", raw)[()]


def _unpack_array_of(codec: Coder, data: bytes) -> Any:
    numpy = numpy_here("a list for an array")
    value = codec.value(data)
    if type(value) is list:
        longest = max((len(x) for x in value if type(x) in (str, bytes)), default=0)
        if longest * len(value) > 1 << 28:
            raise ConversionError(
                "an array of strings gives each the room of the longest, and this one is too long"
            )
    return numpy.asarray(value)


UNPACKERS: dict[int, Unpack] = {codes.ARRAY_OF: _unpack_array_of, codes.MASKED: unpack_masked}

RAW_UNPACKERS: dict[int, UnpackRaw] = {codes.ARRAY: _unpack_array, codes.SCALAR: _unpack_scalar}
