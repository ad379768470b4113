"""pandas columns that Arrow holds exactly: to Arrow arrays and back. Needs pyarrow."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .pandas_arrays import zoned
from .pandas_dtypes import UNITS, zone_word
from .pandas_dtypes import dtype as dtype_of
from .parts import library

_NUMPY = frozenset(
    ["bool", "float32", "float64", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))]
)
_TIMES = frozenset(f"{kind}64[{unit}]" for kind in ("datetime", "timedelta") for unit in UNITS)
_STRINGS = ({str}, {str, type(None)})


def to_arrow(pyarrow: Any, values: Any, word: str) -> Any:
    """The Arrow array of a column with dtype `word`; None where Arrow does not hold it exactly."""
    import numpy

    if word in _NUMPY or word in _TIMES:
        return pyarrow.array(numpy.asarray(values))
    if word == "object":
        return _from_objects(pyarrow, values)
    if word == "category":
        return _from_categorical(pyarrow, values)
    if word.startswith(("string", "str", "ArrowDtype(")):
        return values.__arrow_array__()
    if word.startswith("datetime64["):
        return _from_zoned(pyarrow, values)
    if hasattr(values, "_mask") and type(values).__module__.startswith("pandas."):
        return pyarrow.array(values._data, mask=values._mask)
    return None


def from_arrow(pyarrow: Any, column: Any, word: Any, memory: Any) -> Any:
    """The values of a column of dtype `word` (None: what Arrow's type is to pandas), writable where pandas has
    them so. `memory`: the bytes that the column's buffers may lie in.

    Raises `ConversionError`, and what pandas and pyarrow raise.
    """
    if word is None:
        return column.to_pandas().array
    if word == "object":
        return _to_objects(column)
    if word == "category":
        return _to_categorical(pyarrow, column, memory)
    if type(word) is str and word.startswith("ArrowDtype("):
        return library("pandas", "a frame").arrays.ArrowExtensionArray(column)
    dtype = dtype_of(word)
    if dtype.__class__.__module__.startswith("numpy"):
        return _to_numpy(pyarrow, column, dtype, memory)
    if hasattr(dtype, "tz"):
        return _to_zoned(pyarrow, column, dtype, memory)
    if hasattr(dtype, "numpy_dtype"):
        return _to_masked(pyarrow, column, dtype, memory)
    if hasattr(dtype, "__from_arrow__"):
        return dtype.__from_arrow__(column)
    raise ConversionError(f"a column of dtype {word} does not lie in a frame's body")


def _from_objects(pyarrow: Any, values: Any) -> Any:
    if set(map(type, values.tolist())) not in _STRINGS:
        return None
    try:
        return pyarrow.array(values, pyarrow.large_string())
    except UnicodeEncodeError:
        return None


def _to_objects(column: Any) -> Any:
    values = column.to_numpy()
    return values if values.dtype == object else values.astype(object)


def _from_zoned(pyarrow: Any, values: Any) -> Any:
    zone, unit = zone_word(values.dtype.tz), values.dtype.unit
    if zone.startswith("dateutil/") or (zone[0] in "+-" and len(zone) > len("+00:00")):
        return None
    return pyarrow.array(values.asi8.view(f"M8[{unit}]")).view(pyarrow.timestamp(unit, zone))


def _to_zoned(pyarrow: Any, column: Any, dtype: Any, memory: Any) -> Any:
    if not pyarrow.types.is_timestamp(column.type):
        raise ConversionError(f"a column of Arrow type {column.type} is not {dtype}")
    counts = column.cast(pyarrow.timestamp(dtype.unit, column.type.tz)).cast(pyarrow.int64())
    naive = counts.cast(pyarrow.timestamp(dtype.unit))
    return zoned(_to_numpy(pyarrow, naive, f"M8[{dtype.unit}]", memory), dtype.tz)


def _to_masked(pyarrow: Any, column: Any, dtype: Any, memory: Any) -> Any:
    mask = column.is_null().to_numpy()
    filled = column.fill_null(False if dtype.kind == "b" else 0) if column.null_count else column
    values = _to_numpy(pyarrow, filled, dtype.numpy_dtype, memory)
    return dtype.construct_array_type()(values, mask if mask.flags.writeable else mask.copy())


def _from_categorical(pyarrow: Any, values: Any) -> Any:
    import numpy
    import pandas

    categories, codes = values.categories, numpy.asarray(values.codes)
    usual = type(categories) is pandas.Index and categories.dtype == pandas.Index(["a"]).dtype
    if not usual or categories.name is not None or set(map(type, categories)) != {str}:
        return None
    missing = codes < 0
    try:
        words = pyarrow.array(categories.tolist(), pyarrow.large_string())
    except UnicodeEncodeError:
        return None
    indices = pyarrow.array(codes, mask=missing if missing.any() else None)
    return pyarrow.DictionaryArray.from_arrays(indices, words, ordered=values.ordered)


def _to_categorical(pyarrow: Any, column: Any, memory: Any) -> Any:
    import pandas

    if not pyarrow.types.is_dictionary(column.type):
        return pandas.Categorical(column.to_pandas())
    if column.num_chunks != 1:
        column = pyarrow.chunked_array([column.unify_dictionaries().combine_chunks()])
    chunk = column.chunk(0)
    indices = chunk.indices
    if not pyarrow.types.is_signed_integer(indices.type):
        indices = indices.cast(pyarrow.int64())
    codes = pyarrow.chunked_array([indices.fill_null(-1) if indices.null_count else indices])
    return pandas.Categorical.from_codes(
        _to_numpy(pyarrow, codes, codes.type.to_pandas_dtype(), memory),
        categories=pandas.Index(chunk.dictionary.to_pylist()),
        ordered=column.type.ordered,
    )


def _to_numpy(pyarrow: Any, column: Any, dtype: Any, memory: Any) -> Any:
    import numpy

    dtype = numpy.dtype(dtype)
    bare = column.num_chunks == 1 and not column.null_count and dtype.kind in "iufmM" and len(column)
    if bare and column.type == pyarrow.from_numpy_dtype(dtype):
        chunk = column.chunk(0)
        return _view(chunk.buffers()[1], dtype, chunk.offset, len(chunk), memory)
    values = column.to_numpy()
    if values.dtype != dtype:
        raise ConversionError(
            f"a column of Arrow type {column.type} with {column.null_count} missing values is not {dtype}"
        )
    return values if values.flags.writeable else values.copy()


def _view(buffer: Any, dtype: Any, offset: int, count: int, memory: Any) -> Any:
    """A writable array of these elements: in `memory`, where they lie there and it is writable, else a copy.

    pyarrow calls every slice of a buffer immutable, whatever the buffer is; addresses tell where it lies.
    """
    import numpy

    start = buffer.address - memory.ctypes.data + offset * dtype.itemsize
    end = start + count * dtype.itemsize
    if memory.flags.writeable and start >= 0 and end <= len(memory):
        return memory[start:end].view(dtype)
    return numpy.frombuffer(buffer, dtype, count, offset * dtype.itemsize).copy()
