"""`bytearray` and `memoryview`."""

from __future__ import annotations

import math
from typing import Any

from ..wire.packing import packb
from . import codes
from .errors import ConversionError
from .protocols import Coder

_NO_VALUE = frozenset("PO")
"""Formats whose bytes are addresses."""


def pack_bytearray(codec: Coder, value: bytearray) -> Any:
    return codec.raw(codes.BYTEARRAY, b"", value)


def unpack_bytearray(codec: Coder, head: Any, raw: Any) -> bytearray:
    return raw if type(raw) is bytearray else bytearray(raw)


def pack_memoryview(codec: Coder, value: memoryview) -> Any:
    """A ref where no view of this format and shape can be made of bytes."""
    shape = value.shape or ()
    if _view(bytearray(value.itemsize), value.format, ()) is None or (0 in shape and not _flat(value)):
        return codec.ref(value)
    head = packb([value.format, list(shape), value.readonly])
    if value.nbytes == 0:
        return codec.raw(codes.MEMORYVIEW, head, b"")
    if not value.c_contiguous:
        value = memoryview(value.tobytes())
    return codec.raw(codes.MEMORYVIEW, head, value.cast("B"))


def unpack_memoryview(codec: Coder, head: Any, raw: Any) -> memoryview:
    form, shape, readonly = head if type(head) is list and len(head) == 3 else (None, None, None)
    if type(form) is not str or type(shape) is not list or not all(type(n) is int and n >= 0 for n in shape):
        raise ConversionError(
            "a memoryview is described by its format, its shape, and whether it is read-only"
        )
    if readonly and type(raw) is not bytes:
        raw = bytes(raw)  # a view of anything else has no hash, and may be a key
    elif not readonly and (type(raw) is bytes or (type(raw) is memoryview and raw.readonly)):
        raw = bytearray(raw)
    view = _view(raw, form, tuple(shape))
    if view is None:
        raise ConversionError(
            f"there is no memoryview of format {form!r} and shape {tuple(shape)} over {len(raw)} bytes"
        )
    return view


def _flat(value: memoryview) -> bool:
    return value.ndim == 1 and value.format == "B"


def _view(buffer: Any, form: str, shape: tuple[int, ...]) -> memoryview | None:
    if form[-1:] in _NO_VALUE:
        return None
    view: Any = memoryview(buffer)
    if form == "B" and len(shape) == 1:
        return view if shape[0] == len(view) else None
    try:
        view = view.cast(form)
        if shape and math.prod(shape) != len(view):
            return None
        view = view.cast("B").cast(form, shape)
    except (TypeError, ValueError, NotImplementedError):
        return None
    else:
        return view  # type: ignore[no-any-return]
