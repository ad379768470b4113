"""SciPy's sparse matrices and arrays, by the arrays that SciPy itself keeps them in."""

from __future__ import annotations

from typing import Any

from .errors import ConversionError
from .parts import Inexact, array, library, part
from .protocols import Coder

_ARRAYS = {
    "csr": ("data", "indices", "indptr"),
    "csc": ("data", "indices", "indptr"),
    "bsr": ("data", "indices", "indptr"),
    "lil": ("data", "indices", "indptr"),
    "coo": ("data", "row", "col"),
    "dok": ("data", "row", "col"),
    "dia": ("data", "offsets"),
}
_STORED_AS = {"lil": "csr", "dok": "coo"}
_DIMENSIONS = {"bsr": 3, "dia": 2}
"""Of `data`, where it is not flat."""


def take(codec: Coder, value: Any) -> dict[str, Any]:
    """The class, the shape and the arrays. Raises `Inexact` for a format that has no row here."""
    name = type(value).__name__
    form = name.partition("_")[0]
    if form not in _ARRAYS:
        raise Inexact(f"scipy.sparse.{name} has no form on the wire")
    stored = value.asformat(_STORED_AS.get(form, form))
    parts = {"class": name, "shape": tuple(map(int, value.shape))}
    if "row" in _ARRAYS[form] and len(parts["shape"]) != 2:
        return {**parts, "data": stored.data, "coords": list(stored.coords)}
    return {**parts, **{key: getattr(stored, key) for key in _ARRAYS[form]}}


def build(parts: Any) -> Any:
    """The matrix or array. Raises `ConversionError`, and what SciPy finds wrong."""
    sparse = library("scipy.sparse", "a sparse array")
    name, shape = part(parts, "class", str), tuple(part(parts, "shape", tuple, list))
    form, _, kind = name.partition("_")
    if form not in _ARRAYS or kind not in ("array", "matrix") or not hasattr(sparse, name):
        raise ConversionError(f"scipy.sparse has no class {name!r} that is made from parts")
    data = array(part(parts, "data"), dimensions=_DIMENSIONS.get(form, 1))
    stored_as = _STORED_AS.get(form, form)
    make = getattr(sparse, f"{stored_as}_{kind}")
    if stored_as == "coo":
        made = _coordinates(make, data, parts, shape)
    else:
        others = {key: _integers(part(parts, key)) for key in _ARRAYS[form][1:]}
        made = make((data, *others.values()), shape=shape)
        if "indptr" in others:
            made.check_format(full_check=True)
        vars(made).update(others)  # SciPy takes smaller integers where it can
    return made if stored_as == form else made.asformat(form)


def _coordinates(make: Any, data: Any, parts: Any, shape: Any) -> Any:
    names = ("row", "col")
    coords = tuple(_integers(x) for x in parts.get("coords") or [part(parts, name) for name in names])
    made = make((data, coords), shape=shape)
    if hasattr(made, "coords"):
        made.coords = coords
    else:
        vars(made).update(zip(names, coords))
    return made


def _integers(value: Any) -> Any:
    if array(value).dtype.kind not in "iu":
        raise ConversionError(f"indices are integers, not {value.dtype}")
    return value
