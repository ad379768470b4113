"""`numpy.ma.MaskedArray`: an array of data, one of what is masked, and a value for the gaps."""

from __future__ import annotations

from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .plain import elements
from .protocols import Coder


def pack_masked(codec: Coder, value: Any) -> Any:
    import numpy

    mask = numpy.ma.getmask(value)
    parts = [
        numpy.ma.getdata(value),
        None if mask is numpy.ma.nomask else mask,
        None if value._fill_value is None else value.fill_value,
        bool(value.hardmask),
    ]
    return ExtType(codes.MASKED, codec.nested(parts))


def unpack_masked(codec: Coder, data: bytes) -> Any:
    found, mask, fill, hard = elements(codec, data, "masked array", 4)
    import numpy

    if not isinstance(found, numpy.ndarray) or not (mask is None or isinstance(mask, numpy.ndarray)):
        raise ConversionError("a masked array is an array, and an array of what is masked or nil")
    if mask is not None and mask.shape != found.shape:
        raise ConversionError(f"a mask of shape {mask.shape} does not fit data of shape {found.shape}")
    made: Any = numpy.ma.MaskedArray(found, numpy.ma.nomask if mask is None else mask, hard_mask=hard is True)
    if fill is not None:
        made.fill_value = fill
    return made
