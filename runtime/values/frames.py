"""Frames (ext 15) and objects from parts (ext 33): which module takes what apart, and puts it together again."""

from __future__ import annotations

import importlib.util
import sys
from importlib import import_module
from typing import Any, Callable

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError, RefLimit, Trouble, Unsendable
from .parts import Inexact, describe, in_order, pack_object
from .protocols import Coder, Pack, Unpack, UnpackRaw

_KINDS_OF_INDEX = ["", "Range", "Datetime", "Timedelta", "Period", "Interval", "Categorical"]
_KINDS_OF_PANDAS_1 = ["Int64", "UInt64", "Float64"]
_SCALARS = ["Timestamp", "Timedelta", "Period", "Interval"]
_SINGLETONS = {"NaTType": "pandas.NaT", "NAType": "pandas.NA"}

_TAKE_FRAME = {
    "pandas.DataFrame": "pandas_frames.pack_frame",
    "pandas.Series": "pandas_frames.pack_series",
    "pandas.MultiIndex": "pandas_frames.pack_multi_index",
    **{f"pandas.{name}Index": "pandas_frames.pack_index" for name in _KINDS_OF_INDEX + _KINDS_OF_PANDAS_1},
    "pyarrow.Table": "arrow.pack_table",
    "pyarrow.RecordBatch": "arrow.pack_table",
    "polars.DataFrame": "polars_frames.pack_frame",
    "polars.Series": "polars_frames.pack_series",
}
"""Library and class: what makes `[kind, meta, columns, index, body]` of (codec, value)."""
_TAKE_OBJECT = {
    **{f"pandas.{name}": f"pandas_scalars.{name.lower()}_parts" for name in _SCALARS},
    "pandas.Categorical": "pandas_categories.parts",
}
"""The same for `map of parts`. What is in neither, `_family` may know."""
_BUILD_FRAME = {
    "pandas": "pandas_building.build",
    "polars": "polars_frames.build",
    "pyarrow": "arrow.build_table",
}
"""By library: what gets (kind, meta, columns, index, body). Kind `frame` is of the first of them that there is."""
_BUILD_OBJECT = {
    **{f"pandas.{name}": f"pandas_scalars.{name.lower()}" for name in _SCALARS},
    "pandas.Categorical": "pandas_categories.categorical",
    "pandas.level": "pandas_categories.level",
    "pandas.array": "pandas_arrays.make",
    "pyarrow.array": "arrow.build_array",
    "scipy.sparse": "sparse.build",
}
_HOMES = {
    "pandas": ("pandas_frames", "pandas_building", "arrow_columns", "arrow"),
    "polars": ("polars_frames",),
    "pyarrow": ("arrow",),
}
"""By library: what converts its frames."""
_KINDS = {
    "pandas": ("pandas.DataFrame", "pandas.Series", "pandas.Index", "pandas.MultiIndex"),
    "polars": ("polars.DataFrame", "polars.Series"),
    "pyarrow": ("pyarrow.Table", "pyarrow.RecordBatch"),
}


def prepare() -> None:
    for library, homes in _HOMES.items():
        if library in sys.modules:
            for name in homes:
                home = import_module("." + name, __package__)
                if hasattr(home, "pyarrow"):
                    home.pyarrow()


def find(kind: type) -> Pack | None:
    library = kind.__module__.partition(".")[0]
    name = f"{library}.{kind.__name__}"
    if name in _TAKE_FRAME:
        return _packer(_function(_TAKE_FRAME[name]), None)
    if name in _TAKE_OBJECT:
        return _packer(_function(_TAKE_OBJECT[name]), name)
    if library == "pandas" and kind.__name__ in _SINGLETONS:
        singleton = ExtType(codes.SINGLETON, _SINGLETONS[kind.__name__].encode())
        return lambda codec, value: singleton
    family = _family(kind, library)
    return None if family is None else _packer(_function(family[1]), family[0])


def _family(kind: type, library: str) -> tuple[str, str] | None:
    bases = {base.__name__ for base in kind.__mro__}
    if library == "pandas" and "ExtensionArray" in bases:
        return "pandas.array", "pandas_arrays.take"
    if library == "pyarrow" and bases & {"Array", "ChunkedArray", "Scalar"}:
        return "pyarrow.array", "arrow.take_array"
    if kind.__module__.startswith("scipy.sparse") and kind.__name__.endswith(("_array", "_matrix")):
        return "scipy.sparse", "sparse.take"
    return None


def _function(name: str) -> Callable[..., Any]:
    module, function = name.split(".")
    found: Callable[..., Any] = getattr(import_module("." + module, __package__), function)
    return found


def _packer(take: Callable[..., Any], name: str | None) -> Pack:
    """Of objects with this name on the wire, or, without one, of frames."""

    def pack(codec: Coder, value: Any) -> Any:
        try:
            taken = take(codec, value)
        except (Trouble, RefLimit, Unsendable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library finds wrong with its own object
            why = str(error) if type(error) is Inexact else f"of {type(error).__name__}: {error}"
            codec.warn(value, f"stays in Python because {why}")
            return codec.ref(value)
        if name is not None:
            return pack_object(codec, name, taken)
        kind, meta, *rest = taken
        return ExtType(codes.FRAME, codec.nested([kind, in_order(meta), *rest]))

    return pack


def _unpack_frame(codec: Coder, data: bytes) -> Any:
    found = codec.value(data)
    if type(found) is not list or len(found) != 5 or type(found[0]) is not str or type(found[1]) is not dict:
        raise ConversionError(f"a frame is [kind, meta, columns, index, body], not {describe(found)}")
    kind, *rest = found
    if kind == "frame":
        kind = _KINDS[_present()][0]
    library = kind.partition(".")[0]
    if kind not in _KINDS.get(library, ()):
        raise ConversionError(f"no frame is of kind {kind!r}")
    if kind != "pandas.Index" and _has_range(rest[1]):
        # A few bytes that would take any amount of memory. To an Index they are a RangeIndex, which takes none.
        raise ConversionError(
            f"a range is the data of a pandas.Index, not of a {kind}; send a list or an array"
        )
    return _built(_BUILD_FRAME[library], kind, kind, *rest)


def _has_range(columns: Any) -> bool:
    return type(columns) is list and any(
        type(column) is list and range in map(type, column) for column in columns
    )


def _unpack_object(codec: Coder, data: bytes) -> Any:
    found = codec.value(data)
    if type(found) is not list or len(found) != 2 or type(found[0]) is not str or type(found[1]) is not dict:
        raise ConversionError(f"an object is [type, map of parts], not {describe(found)}")
    name, parts = found
    if name not in _BUILD_OBJECT:
        raise ConversionError(f"no object of type {name!r} is made from parts")
    return _built(_BUILD_OBJECT[name], name, parts)


def _built(function: str, what: str, *arguments: Any) -> Any:
    try:
        return _function(function)(*arguments)
    except (Trouble, RefLimit):
        raise
    except Exception as error:
        raise ConversionError(f"this is no {what}: {type(error).__name__}: {error}") from error


def _present() -> str:
    for name in _BUILD_FRAME:
        if name in sys.modules:
            return name
    for name in _BUILD_FRAME:
        if importlib.util.find_spec(name) is not None:
            return name
    raise ConversionError(
        "a frame needs pandas, polars or pyarrow, and none is in this library's environment; "
        'add `with = ["pandas"]` to the library in envmgr.toml'
    )


UNPACKERS: dict[int, Unpack] = {codes.FRAME: _unpack_frame, codes.OBJECT: _unpack_object}
RAW_UNPACKERS: dict[int, UnpackRaw] = {codes.FRAME: lambda codec, head, raw: raw}
"""The body of a frame, when it travels in the second lane: as it came, without a copy."""
