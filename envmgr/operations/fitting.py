"""JSON has lists and text where Python has more: arguments, made into what the catalog says that they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from envmgr_runtime.worker.client import ArrayOf

_LISTS: dict[str, Callable[[list[Any]], Any]] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "ndarray": ArrayOf,
}


_SAME: Mapping[str, str] = {}


def fit(
    parameters: Sequence[Sequence[Any]] | None,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    renamed: Mapping[str, str] = _SAME,
) -> tuple[list[Any], dict[str, Any]]:
    """`parameters` as in a catalog, `renamed` the names that callers have for some of them. Lists become tuples, sets
    and arrays, and text becomes bytes, where a parameter takes that; what is inside stays as it is, and so does what
    cannot be in a set.
    """
    known = parameters or ()
    by_name = {name: _into(rest) for name, kind, _, *rest in known if kind in (1, 3)}
    in_order = [_into(rest) for _, kind, _, *rest in known if kind in (0, 1)]
    fitted = [_fitted(value, kind) for value, kind in zip(args, in_order, strict=False)]
    return (
        [*fitted, *args[len(fitted) :]],
        {name: _fitted(value, by_name.get(renamed.get(name, name))) for name, value in kwargs.items()},
    )


def _into(rest: Sequence[str | None]) -> str | None:
    return rest[0] if rest else None


def _fitted(value: Any, kind: str | None) -> Any:
    if kind == "bytes" and isinstance(value, str):
        return value.encode()
    if kind in _LISTS and isinstance(value, list):
        try:
            return _LISTS[kind](value)
        except TypeError:
            return value
    return value
