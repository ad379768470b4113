"""Whether a value that went out and came back is what it was."""

from __future__ import annotations

from typing import Any

_MISSING = object()
_BY_IDENTITY: Any = object.__eq__


def same(one: Any, other: Any) -> bool | None:
    """As exactly as can be told: types, order, NaN, -0.0 and dtypes count. None where nobody can tell. Raises
    nothing.
    """
    try:
        return _same(one, other)
    except Exception:  # noqa: BLE001 - comparing runs the values' own methods; cycles end by RecursionError
        return None


def _same(one: Any, other: Any) -> bool | None:
    kind = type(one)
    if one is other:
        return True
    if kind is not type(other):
        return False
    if kind is float or kind is complex:
        return repr(one) == repr(other)
    if kind is list or kind is tuple:
        return len(one) == len(other) and _all(zip(one, other))
    if kind is dict:
        return len(one) == len(other) and _all([(list(one), list(other)), *zip(one.values(), other.values())])
    if hasattr(one, "tobytes") and hasattr(one, "dtype"):
        return _same_arrays(one, other)
    if callable(getattr(one, "equals", None)):
        return bool(one.equals(other))
    compares = kind.__eq__ is not _BY_IDENTITY
    if compares and bool(one == other):
        return True
    state = [_state(each) for each in (one, other)]
    if state[0] is not None:
        return _same(*state)
    return False if compares else None


def _all(pairs: Any) -> bool | None:
    found = [_same(one, other) for one, other in pairs]
    return False if False in found else None if None in found else True


def _same_arrays(one: Any, other: Any) -> bool | None:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return (
        _same(one.tolist(), other.tolist()) if one.dtype.hasobject else bool(one.tobytes() == other.tobytes())
    )


def _state(value: Any) -> dict[str, Any] | None:
    """Attributes, in slots too."""
    slots = [name for base in type(value).__mro__ for name in _slots(base)]
    found = {name: getattr(value, name, _MISSING) for name in slots}
    if hasattr(value, "__dict__"):
        return {**found, **vars(value)}
    return found or None


def _slots(base: type) -> list[str]:
    slots = vars(base).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    return [name for name in names if not name.startswith("__")]
