"""NumPy dtypes in the notation of `docs/types.md`, both ways."""

from __future__ import annotations

import re
from typing import Any

from .errors import ConversionError

OBJECT = "object"
_NAMES = {
    "|b1": "bool",
    "|i1": "int8",
    "|u1": "uint8",
    **{f"<{kind}{size}": f"{name}{8 * size}" for kind, name in (("i", "int"), ("u", "uint")) for size in (2, 4, 8)},
    **{f"<f{size}": f"float{8 * size}" for size in (2, 4, 8)},
    **{f"<c{size}": f"complex{8 * size}" for size in (8, 16)},
}  # fmt: skip
_CODES = {name: code for code, name in _NAMES.items()}
_PLAIN_KINDS = frozenset("biufcmMSU")
_LAST_OF_NUMPY = 23
"""NumPy numbers its own dtypes up to this; what others register comes after 255."""
_NOTATION = re.compile(
    r"[<>|=](?:[biufc]\d{1,2}|[USV]\d{1,10}|[mM]8(?:\[\d{0,10}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as|generic)\])?)"
)
_parsed: dict[str, Any] = {}
_MOST_PARSED = 256


def describe(dtype: Any) -> Any:
    """The dtype in a form that msgpack packs; None when the elements' bytes do not hold their meaning."""
    if dtype.kind in _PLAIN_KINDS and dtype.num <= _LAST_OF_NUMPY:
        return None if dtype.metadata else _NAMES.get(dtype.str, dtype.str)
    if dtype.metadata:
        return None
    if dtype.names is not None:
        return _describe_fields(dtype)
    if dtype.kind == "V" and dtype.subdtype is None and dtype.num <= _LAST_OF_NUMPY:
        return dtype.str
    return None


def _describe_fields(dtype: Any) -> Any:
    if dtype.hasobject:
        return None
    fields = []
    for name in dtype.names:
        field, offset, *title = dtype.fields[name]
        described = _describe_field(field)
        if described is None or (title and type(title[0]) is not str):
            return None
        fields.append([name, described, offset, title[0] if title else None])
    return ["struct", dtype.itemsize, dtype.isalignedstruct, fields]


def _describe_field(dtype: Any) -> Any:
    if dtype.subdtype is None:
        return describe(dtype)
    base, shape = dtype.subdtype
    described = describe(base)
    return None if described is None else ["sub", described, list(shape)]


def describe_strings(dtype: Any) -> Any:
    """`["string", na]` of a `StringDType`; None for one that makes strings of everything."""
    if not dtype.coerce:
        return None
    return ["string", [dtype.na_object] if hasattr(dtype, "na_object") else None]


def parse(described: Any) -> Any:
    """The dtype. Raises `ConversionError` for all that `describe` does not say."""
    found = _parsed.get(described) if type(described) is str else None
    if found is not None:
        return found
    try:
        found = _parse(described)
    except (TypeError, ValueError, OverflowError, SyntaxError, KeyError) as error:
        raise ConversionError(f"NumPy knows no dtype {described!r:.200} ({error})") from error
    if type(described) is str:
        if len(_parsed) >= _MOST_PARSED:
            _parsed.clear()
        _parsed[described] = found
    return found


def _parse(described: Any) -> Any:
    import numpy

    if type(described) is str:
        notation = _CODES.get(described, described)
        if _NOTATION.fullmatch(notation) is None:
            raise ConversionError(
                f"there is no dtype {described!r:.60} on the wire, as docs/types.md has them"
            )
        return numpy.dtype(notation)
    if type(described) is list and len(described) == 4 and described[0] == "struct":
        return _parse_fields(numpy, *described[1:])
    raise ConversionError(f"a dtype is a string or a description of fields, not {described!r:.60}")


def _parse_fields(numpy: Any, itemsize: Any, aligned: Any, fields: Any) -> Any:
    names, offsets, titles = ([field[place] for field in fields] for place in (0, 2, 3))
    formats = [_parse_field(numpy, described) for _, described, _, _ in fields]
    if not all(type(name) is str for name in names) or not all(
        type(title) in (str, type(None)) for title in titles
    ):
        raise ConversionError("the names and titles of a structured dtype's fields are strings")
    spec = {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}
    if any(title is not None for title in titles):
        spec["titles"] = titles
    return numpy.dtype(spec, align=aligned is True)


def _parse_field(numpy: Any, described: Any) -> Any:
    if type(described) is list and len(described) == 3 and described[0] == "sub":
        return numpy.dtype((_parse(described[1]), tuple(shape_of(described[2]))))
    return _parse(described)


def parse_strings(described: list[Any]) -> Any:
    """The `StringDType` of `["string", na]`."""
    import numpy

    make = getattr(getattr(numpy, "dtypes", None), "StringDType", None)
    if make is None:
        raise ConversionError(f"NumPy {numpy.__version__} has no StringDType; it needs NumPy 2")
    na = described[1]
    return make() if na is None else make(na_object=na[0])


def shape_of(shape: Any) -> list[int]:
    if type(shape) is not list or not all(type(extent) is int and extent >= 0 for extent in shape):
        raise ConversionError(f"a shape is a list of integers, none below 0, not {shape!r:.60}")
    return shape
