"""What the converters of other libraries' objects have in common: checks of parts, and errors."""

from __future__ import annotations

import sys
from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .protocols import Coder


class Inexact(Exception):
    """This object has no exact form on the wire. The message says why; the object stays in Python."""


def part(parts: Any, name: str, *kinds: type) -> Any:
    """The part of this name. Raises `ConversionError` where it is missing or of none of the exact `kinds`."""
    if type(parts) is not dict or name not in parts:
        raise ConversionError(f"part {name!r} is missing")
    value = parts[name]
    if kinds and type(value) not in kinds:
        wanted = " or ".join("nil" if kind is type(None) else kind.__name__ for kind in kinds)
        raise ConversionError(f"part {name!r} is to be {wanted}, not {type(value).__name__}")
    return value


def pack_object(codec: Coder, kind: str, parts: dict[str, Any]) -> Any:
    """The extension of an object of this type with these parts."""
    return ExtType(codes.OBJECT, codec.nested([kind, in_order(parts)]))


def in_order(parts: dict[str, Any]) -> dict[str, Any]:
    """By name, as Elixir orders them: what is the same has the same bytes, whoever sends it."""
    return dict(sorted(parts.items()))


def array(value: Any, dtype: Any = None, dimensions: int = 1) -> Any:
    """`value`, an ndarray with so many dimensions (and of this dtype). Raises `ConversionError`."""
    import numpy

    if type(value) is not numpy.ndarray or value.ndim != dimensions:
        raise ConversionError(f"an array with {dimensions} dimensions is wanted, not {describe(value)}")
    if dtype is not None and value.dtype != dtype:
        raise ConversionError(f"an array of dtype {numpy.dtype(dtype)} is wanted, not {describe(value)}")
    return value


def describe(value: Any) -> str:
    """What `value` is, in few words."""
    shape = getattr(value, "shape", None)
    return type(value).__name__ + (f" of {value.dtype} and shape {shape}" if shape is not None else "")


def library(name: str, user: str) -> Any:
    """The imported module. Raises a `ConversionError` that says how to get it."""
    try:
        __import__(name)
    except ImportError as error:
        package = name.split(".")[0]
        raise ConversionError(
            f"{user} needs {package}, which is not in this library's environment; "
            f'add `with = ["{package}"]` to the library in envmgr.toml'
        ) from error
    return sys.modules[name]
