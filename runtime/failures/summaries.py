"""A value in a few words.

No method of a library's or user's class is called: it could raise, print secrets or never end.
"""

from __future__ import annotations

import sys
from typing import Any

from .redaction import REDACTED, is_secret, redacted
from .texts import module_of, name_of

_DEPTH = 3
_ITEMS = 5
_LETTERS = 80
_BITS = 256
_WHOLE = 300
_OURS = frozenset({"ElixirFunction", "ElixirStream"})


def summary(value: Any, name: Any = None) -> str:
    """At most some hundred characters; `[redacted]` where the name, or what it looks like, is a secret's."""
    try:
        text = _summary(value, name, _DEPTH)
    except BaseException:  # noqa: BLE001 - a container may change while it is read
        text = type_name(value)
    return text if len(text) <= _WHOLE else text[:_WHOLE] + "…"


def type_name(value: Any) -> str:
    """`<module.Type object>`."""
    kind = type(value)
    module = module_of(kind)
    return f"<{'' if module == 'builtins' else module + '.'}{name_of(kind)} object>"


def _summary(value: Any, name: Any, depth: int) -> str:
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if is_secret(name):
        return REDACTED
    if kind in _PLAIN:
        return str(_PLAIN[kind](value))
    if kind in _CONTAINERS:
        return _container(value, kind, depth)
    if isinstance(value, str) and module_of(kind).startswith("envmgr_runtime"):
        return _text(str.__str__(value))
    if module_of(kind).startswith("envmgr_runtime") and name_of(kind) in _OURS:
        return repr(value)
    if isinstance(value, type):
        return f"<class {module_of(value)}.{name_of(value)}>"
    if name_of(kind) in ("function", "builtin_function_or_method", "method"):
        return f"<function {value.__qualname__}>"
    return _of_numpy(value) or _of_pandas(value) or type_name(value)


def _text(value: str) -> str:
    shown = redacted(value[: 4 * _LETTERS])
    if len(shown) > _LETTERS:
        return f"{shown[:_LETTERS]!r}… ({len(value)} characters)"
    return repr(shown)


def _int(value: int) -> str:
    return repr(value) if value.bit_length() <= _BITS else f"<int of {value.bit_length()} bits>"


_PLAIN: dict[type, Any] = {
    int: _int,
    float: repr,
    complex: repr,
    str: _text,
    bytes: lambda value: f"<{len(value)} bytes>",
    bytearray: lambda value: f"<bytearray of {len(value)} bytes>",
    memoryview: lambda value: f"<memoryview of {value.nbytes} bytes>",
    range: repr,
}
_CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    dict: ("{", "}"),
}


def _container(value: Any, kind: type, depth: int) -> str:
    first, last = _CONTAINERS[kind]
    if not value:
        return "set()" if kind is set else first + last
    if depth == 0:
        return f"<{kind.__name__} of {len(value)}>"
    if kind is dict:
        pairs = _some(value.items())
        parts = [f"{_summary(key, None, 1)}: {_summary(part, key, depth - 1)}" for key, part in pairs]
    elif kind is tuple and len(value) == 2 and is_secret(value[0]):
        parts = [_summary(value[0], None, 1), REDACTED]
    else:
        parts = [_summary(part, None, depth - 1) for part in _some(value)]
    more = [f"… {len(value) - len(parts)} more"] if len(value) > len(parts) else []
    comma = "," if kind is tuple and len(value) == 1 else ""
    return f"{first}{', '.join(parts + more)}{comma}{last}"


def _some(values: Any) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if len(found) == _ITEMS:
            break
        found.append(value)
    return found


def _of_numpy(value: Any) -> str | None:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    array = getattr(numpy, "ndarray", None)
    if array is not None and isinstance(value, array):
        dtype, shape = array.dtype.__get__(value), array.shape.__get__(value)
        return f"<{type(value).__name__} {str(dtype)[:_LETTERS]}, shape {shape}>"
    scalar = getattr(numpy, "generic", None)
    if scalar is not None and isinstance(value, scalar) and module_of(type(value)) == "numpy":
        return f"<{type(value).__name__} {str(value)[:_LETTERS]}>"
    return None


def _of_pandas(value: Any) -> str | None:
    if module_of(type(value)).partition(".")[0] != "pandas":
        return None
    kind, shape = type(value).__name__, getattr(value, "shape", None)
    if kind == "DataFrame" and type(shape) is tuple and len(shape) == 2:
        names = [_summary(name, None, 1) for name in value.columns[:_ITEMS]]
        more = ", …" if shape[1] > len(names) else ""
        return f"<DataFrame {shape[0]} rows of {', '.join(names)}{more}>"
    if type(shape) is tuple and len(shape) == 1:
        return f"<{kind} {str(getattr(value, 'dtype', ''))[:_LETTERS]}, {shape[0]} elements>"
    return None
