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
        if "indptr" in others:
            _check(others["indptr"], others["indices"], _bound(stored_as, data, shape))
        made = make((data, *others.values()), shape=shape)
        for key, other in others.items():
            if len(getattr(made, key)) == len(other):  # if not, SciPy has cut what is more than needed
                setattr(made, key, other)  # SciPy has taken smaller integers where it could
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


def _bound(form: str, data: Any, shape: Any) -> int:
    if form == "bsr":
        return int(shape[1]) // max(1, int(data.shape[2]))
    return int(shape[0]) if form == "csc" else int(shape[-1])


def _check(indptr: Any, indices: Any, bound: int) -> None:
    """What SciPy's own check leaves out where the last pointer is 0; its C++ code relies on all of it."""
    if len(indptr) and (indptr[0] != 0 or (indptr[1:] < indptr[:-1]).any() or indptr[-1] > len(indices)):
        raise ConversionError("the pointers of a sparse array rise from 0 to the number of its indices")
    if len(indices) and not 0 <= indices.min() <= indices.max() < bound:
        raise ConversionError(f"the indices of a sparse array are less than {bound}")


def _integers(value: Any) -> Any:
    if str(array(value).dtype) not in ("int32", "int64"):
        raise ConversionError(f"SciPy's indices are int32 or int64, not {value.dtype}")
    return value
