"""What a caller may ask of an object that stays here: a part of it, its extent, a place to write into.

Reached by flag 4 of a call to a ref. Works with whatever has the library's usual way of doing it: NumPy and
SciPy arrays, memory maps, pandas, polars and pyarrow frames.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping


def take(owner: Any, *axes: Any) -> Any:
    """`owner[axes]`: for each axis an index or a slice."""
    return owner[axes]


def put(owner: Any, value: Any, *axes: Any) -> None:
    """`owner[axes] = value`."""
    owner[axes] = value


def rows(owner: Any, start: int, stop: int) -> Any:
    """Rows from `start` to before `stop`, by position; where there are fewer, those that there are."""
    positions = getattr(owner, "iloc", None)
    if positions is not None:
        return positions[start:stop]
    cut = getattr(owner, "slice", None)
    if callable(cut):  # polars and pyarrow take a length
        return cut(start, max(stop - start, 0))
    return owner[start:stop]


def select(owner: Any, names: list[Any]) -> Any:
    """The columns of these names, in this order."""
    choose = getattr(owner, "select", None)
    if callable(choose) and not hasattr(owner, "iloc"):
        return choose(names)
    return owner[names]


def extent(owner: Any) -> list[Any]:
    """The shape, and the bytes that one step along the first axis takes (None where that is not known)."""
    shape = [int(size) for size in getattr(owner, "shape", None) or (len(owner),)]
    size = getattr(owner, "nbytes", None)
    if callable(size):
        size = None
    return [shape, size // shape[0] if size is not None and shape and shape[0] else None]


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "take": take,
    "put": put,
    "rows": rows,
    "select": select,
    "extent": extent,
}
