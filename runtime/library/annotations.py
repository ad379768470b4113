"""What a parameter's annotation says that a caller's list or string must be made into.

Nothing of a library runs here: objects are compared by identity, annotations that are text are parsed, and their
names looked up in dictionaries.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import sys
import typing
from types import ModuleType
from typing import Any, Iterator, Mapping

_NONE, _BUFFER, _OTHER = "None", "buffer", "other"
"""What is no kind for a caller. A buffer is bytes where bytes stand beside it."""
_CLASSES: list[tuple[Any, str]] = [
    (None, _NONE),
    (type(None), _NONE),
    (tuple, "tuple"),
    (set, "set"),
    (collections.abc.Set, "set"),
    (collections.abc.MutableSet, "set"),
    (frozenset, "frozenset"),
    (bytes, "bytes"),
    (bytearray, _BUFFER),
    (memoryview, _BUFFER),
]
_NAMES = {
    **{name: name for name in ("tuple", "set", "frozenset", "bytes", "ndarray")},
    **{"Tuple": "tuple", "FrozenSet": "frozenset", "NDArray": "ndarray", "bytearray": _BUFFER},
}
"""Of what is imported for type checkers alone. `Set` is not here: it may be anybody's."""
_FORMS = ("Optional", "Union", "Annotated")
_OURS = ("typing", "typing_extensions", "types")
"""Modules whose objects may be asked what they are made of."""


def into(annotation: Any, names: Mapping[str, Any]) -> str | None:
    """`tuple`, `set`, `frozenset`, `ndarray` or `bytes` where every member of the annotation is that, or None.

    `names` are those of the module that holds the annotation. Raises nothing.
    """
    try:
        kinds = set(_kinds(annotation, names))
    except Exception:  # noqa: BLE001 - text that is no expression, or is nested too deep
        return None
    kinds.discard(_NONE)
    if "bytes" in kinds:
        kinds.discard(_BUFFER)
    kind = kinds.pop() if len(kinds) == 1 else _OTHER
    return None if kind in (_OTHER, _BUFFER) else kind


def _kinds(value: Any, names: Mapping[str, Any]) -> Iterator[str]:
    """Of an annotation as an object."""
    if type(value) is str:
        yield from _of_node(ast.parse(value.strip(), mode="eval").body, names)
    elif type(value).__module__ not in _OURS:
        yield _of_class(value)
    elif type(value).__name__ == "ForwardRef":
        yield from _kinds(value.__forward_arg__, names)
    else:
        origin = getattr(value, "__origin__", None)
        if origin is typing.Union or type(value).__name__ == "UnionType":
            for member in value.__args__:
                yield from _kinds(member, names)
        elif origin is None:
            yield _OTHER
        else:
            yield from _kinds(origin, names)


def _of_class(value: Any) -> str:
    ndarray = vars(sys.modules.get("numpy", builtins)).get("ndarray", _OTHER)
    if value is ndarray:
        return "ndarray"
    return next((kind for known, kind in _CLASSES if value is known), _OTHER)


def _of_node(node: ast.expr, names: Mapping[str, Any]) -> Iterator[str]:
    """Of an annotation as text."""
    if isinstance(node, ast.Constant):
        yield from [_OTHER] if node.value is ... else _kinds(node.value, names)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _of_node(node.left, names)
        yield from _of_node(node.right, names)
    elif isinstance(node, ast.Subscript):
        form = _form(node.value, names)
        inside: Any = node.slice if sys.version_info >= (3, 9) else getattr(node.slice, "value", node.slice)
        members = inside.elts if isinstance(inside, ast.Tuple) else [inside]
        if form is None:
            yield from _of_node(node.value, names)
        for member in members[: 1 if form == "Annotated" else None] if form else ():
            yield from _of_node(member, names)
    else:
        yield from _of_name(node, names)


def _form(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    found, last = _look_up(node, names)
    if found is _OTHER:
        return last if last in _FORMS else None
    return next((form for form in _FORMS if found is getattr(typing, form, _OTHER)), None)


def _of_name(node: ast.expr, names: Mapping[str, Any]) -> Iterator[str]:
    found, last = _look_up(node, names)
    if found is _OTHER:
        yield _NAMES.get(last, _OTHER)
    elif type(found) is str:
        yield _OTHER  # an alias that is text itself
    else:
        yield from _kinds(found, names)


def _look_up(node: ast.expr, names: Mapping[str, Any]) -> tuple[Any, str]:
    """What a dotted name leads to, or `_OTHER`, and its last word."""
    if isinstance(node, ast.Name):
        return names.get(node.id, vars(builtins).get(node.id, _OTHER)), node.id
    if isinstance(node, ast.Attribute):
        holder, _ = _look_up(node.value, names)
        within = vars(holder) if type(holder) is ModuleType else {}
        return within.get(node.attr, _OTHER), node.attr
    return _OTHER, ""
