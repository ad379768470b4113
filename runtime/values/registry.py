"""Which module converts what. A module is imported when the first value of its types passes.

A converter module defines, as far as it needs them:

- `PACKERS`: exact types and their packers;
- `find(kind)`: the packer of a type that belongs to a family, or None;
- `UNPACKERS`: the functions that make a value of an extension's data, by code;
- `RAW_UNPACKERS`: the same for extensions that are a head and a buffer;
- `prepare()`: imports what it would import later.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

from . import codes
from .protocols import Pack, Unpack, UnpackRaw

_BY_TYPE = {
    "builtins": "plain",
    __name__.partition(".")[0]: "plain",
    **dict.fromkeys(["collections", "decimal", "fractions", "pathlib", "uuid"], "standard"),
    "datetime": "times",
    "numpy": "arrays",
    **dict.fromkeys(["pandas", "pyarrow", "polars", "scipy"], "frames"),
}
"""By the first part of the name of the module that defines a type."""
_FAMILIES = ("records",)
"""Modules that are asked about types of any module, in this order."""
_BY_CODE = {
    **dict.fromkeys([codes.DECIMAL, codes.UUID, codes.FRACTION, codes.PATH], "standard"),
    **dict.fromkeys([codes.DATE, codes.TIME, codes.DATETIME, codes.AWARE_DATETIME, codes.TIMEDELTA], "times"),
    **dict.fromkeys([codes.ENUM, codes.RECORD], "records"),
    **dict.fromkeys([codes.ARRAY, codes.ARRAY_OF, codes.SCALAR, codes.MASKED], "arrays"),
    **dict.fromkeys([codes.FRAME, codes.OBJECT], "frames"),
}
"""Codes that `plain` does not know."""


def packer(kind: type) -> Pack | None:
    """How values of exactly this type are packed; None: they stay, and refs go in their place."""
    try:
        top = str(kind.__module__).partition(".")[0]
        for name in (_BY_TYPE[top], *_FAMILIES) if top in _BY_TYPE else _FAMILIES:
            module = _module(name)
            found: Pack | None = getattr(module, "PACKERS", {}).get(kind)
            if found is None and hasattr(module, "find"):
                found = module.find(kind)
            if found is not None:
                return found
    except Exception:  # noqa: BLE001 - a metaclass may answer what it likes
        return None
    return None


def unpacker(code: int) -> Unpack | None:
    found: Unpack | None = getattr(_home(code), "UNPACKERS", {}).get(code)
    return found


def raw_unpacker(code: int) -> UnpackRaw | None:
    found: UnpackRaw | None = getattr(_home(code), "RAW_UNPACKERS", {}).get(code)
    return found


def prepare() -> None:
    """Imports now what converts the values of the libraries that are imported: a process that is to be copied does so
    once."""
    for name in {"plain", *_FAMILIES, *(home for top, home in _BY_TYPE.items() if top in sys.modules)}:
        module = _module(name)
        if hasattr(module, "prepare"):
            module.prepare()


def _home(code: int) -> ModuleType:
    return _module(_BY_CODE.get(code, "plain"))


def _module(name: str) -> ModuleType:
    return import_module("." + name, __package__)
