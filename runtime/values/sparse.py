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
    "coo": ("data",),
    "dia": ("data", "offsets"),
    "lil": ("data", "indices", "indptr"),
    "dok": ("data",),
}
"""By format. `lil` goes as what it is in `csr`, `dok` as what it is in `coo`."""
_AXES = ("row", "col")
"""Names of the coordinates of `coo` and `dok`; with other than two dimensions they are in the list `coords`."""


def take(codec: Coder, value: Any) -> dict[str, Any]:
    """The class, the shape and the arrays. Raises `Inexact` for a format that has no row here."""
    name = type(value).__name__
    form = name.partition("_")[0]
    if form not in _ARRAYS:
        raise Inexact(f"scipy.sparse.{name} has no form on the wire")
    stored = value.tocsr() if form == "lil" else value.tocoo() if form == "dok" else value
    parts = {"class": name, "shape": tuple(value.shape)}
    parts.update((key, getattr(stored, key)) for key in _ARRAYS[form])
    if "indptr" not in parts and "offsets" not in parts:
        parts.update(_coordinates(stored))
    return parts


def build(parts: Any) -> Any:
    """The matrix or array. Raises `ConversionError`, and what SciPy finds wrong."""
    sparse = library("scipy.sparse", "a sparse array")
    name, shape = part(parts, "class", str), part(parts, "shape", tuple, list)
    form = name.partition("_")[0]
    kind = getattr(sparse, name, None) if name in (f"{form}_array", f"{form}_matrix") else None
    if form not in _ARRAYS or kind is None:
        raise ConversionError(f"scipy.sparse has no class {name!r} that is made from parts")
    arrays = [part(parts, key) for key in _ARRAYS[form]]
    data = array(arrays[0], dimensions={"bsr": 3, "dia": 2}.get(form, 1))
    for other in arrays[1:]:
        array(other)
    shape = tuple(shape)
    if form == "dia":
        return kind((data, arrays[1]), shape=shape)
    matrix = form.endswith("matrix")
    return shape, matrix
