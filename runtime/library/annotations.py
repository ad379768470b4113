"""What a parameter's annotation says: what a caller's list or string must be made into, and what it takes at all.

Nothing of a library runs here: objects are compared by identity, annotations that are text are parsed, and their
names looked up in dictionaries. So both functions serve stubs too, where nothing but text is there: a name that
`names` does not have is known by its last word, and `names` may hold the AST of what a name stands for.
"""

from __future__ import annotations

import ast
import builtins
import collections.abc
import enum
import numbers
import sys
import typing
from types import ModuleType
from typing import Any, Iterator, Mapping, Tuple

KINDS = (
    "none", "bool", "int", "float", "complex", "str", "bytes", "list", "tuple", "set", "dict", "callable",
)  # fmt: skip
"""Of `accepts`, in the order in which they are told."""

Leaf = Tuple[str, Any]
"""A member of an annotation: `("object", class)`, `("name", last word)`, `("value", literal)`, `("other", None)`."""

_BUFFER = "buffer"
"""Bytes where bytes stand beside it, else no kind."""
_OTHER: Leaf = ("other", None)
_INTO: list[tuple[Any, str]] = [
    (tuple, "tuple"),
    (set, "set"),
    (collections.abc.Set, "set"),
    (collections.abc.MutableSet, "set"),
    (frozenset, "frozenset"),
    (bytes, "bytes"),
    (bytearray, _BUFFER),
    (memoryview, _BUFFER),
]
_INTO_NAMES = {
    **{name: name for name in ("tuple", "set", "frozenset", "bytes", "ndarray")},
    **{"Tuple": "tuple", "FrozenSet": "frozenset", "NDArray": "ndarray", "bytearray": _BUFFER},
}
"""Of what is imported for type checkers alone. `Set` is not here: it may be anybody's."""

_NUMBER = ("bool", "int", "float")
_ACCEPTS: list[tuple[Any, tuple[str, ...]]] = [
    (None, ("none",)),
    (type(None), ("none",)),
    (bool, ("bool", "int")),
    (int, ("bool", "int")),
    (float, _NUMBER),
    (complex, (*_NUMBER, "complex")),
    (str, ("str",)),
    (bytes, ("bytes", "str")),
    (list, ("list", "tuple")),
    (tuple, ("list", "tuple")),
    (set, ("list", "set")),
    (frozenset, ("list", "set")),
    (collections.abc.Set, ("list", "set")),
    (collections.abc.MutableSet, ("list", "set")),
    (dict, ("dict",)),
    (collections.abc.Mapping, ("dict",)),
    (collections.abc.MutableMapping, ("dict",)),
    (collections.abc.Callable, ("callable",)),
    (typing.SupportsFloat, _NUMBER),
    (typing.SupportsInt, _NUMBER),
    (typing.SupportsIndex if sys.version_info >= (3, 8) else int, ("bool", "int")),
    (typing.SupportsComplex, (*_NUMBER, "complex")),
    (numbers.Integral, ("bool", "int")),
    (numbers.Real, _NUMBER),
    (numbers.Complex, (*_NUMBER, "complex")),
    (numbers.Number, (*_NUMBER, "complex")),
]
"""A parameter made into a tuple, set or bytes takes what it is made from too. A flag takes 0 and 1."""
_ACCEPTS_NAMES = {
    "Tuple": ("list", "tuple"),
    "List": ("list", "tuple"),
    "Dict": ("dict",),
    "Mapping": ("dict",),
    "MutableMapping": ("dict",),
    "FrozenSet": ("list", "set"),
    "Callable": ("callable",),
    "SupportsFloat": _NUMBER,
    "SupportsInt": _NUMBER,
    "SupportsIndex": ("bool", "int"),
    "SupportsComplex": (*_NUMBER, "complex"),
}
_FORMS = ("Optional", "Union", "Annotated", "Literal")
_OURS = ("typing", "typing_extensions", "types")
"""Modules whose objects may be asked what they are made of."""


def into(annotation: Any, names: Mapping[str, Any]) -> str | None:
    """`tuple`, `set`, `frozenset`, `ndarray` or `bytes` where every member of the annotation is that, or None.

    `names` are those of the module that holds the annotation. Raises nothing.
    """
    try:
        kinds = {_into(leaf) for leaf in leaves(annotation, names) if not _is_none(leaf)}
    except Exception:  # noqa: BLE001 - text that is no expression, or is nested too deep
        return None
    if "bytes" in kinds:
        kinds.discard(_BUFFER)
    kind = kinds.pop() if len(kinds) == 1 else None
    return None if kind == _BUFFER else kind


def accepts(annotation: Any, names: Mapping[str, Any]) -> list[str] | None:
    """All kinds of plain values that the annotation takes, in the order of `KINDS`, or None where that is not
    certain: one member that is a protocol, a type variable or of an unknown class says nothing.

    `names` as for `into`. Raises nothing.
    """
    found: set[str] = set()
    try:
        for leaf in leaves(annotation, names):
            kinds = _accepts(leaf)
            if kinds is None:
                return None
            found.update(kinds)
    except Exception:  # noqa: BLE001 - as above
        return None
    return [kind for kind in KINDS if kind in found] or None


def kind_of(value: Any) -> tuple[str, ...] | None:
    """The kinds that a plain value stands for: of a default, of a literal."""
    return next((kinds for known, kinds in _ACCEPTS if known is type(value)), None)


def leaves(value: Any, names: Mapping[str, Any]) -> Iterator[Leaf]:
    """The members of an annotation, unions and aliases taken apart. Raises what malformed text raises."""
    if type(value) is str:
        yield from _of_node(ast.parse(value.strip(), mode="eval").body, names)
    elif issubclass(type(value), ast.expr):
        yield from _of_node(value, names)
    elif issubclass(type(value), type) or type(value).__module__ not in _OURS:
        yield ("object", value)
    elif type(value).__name__ == "ForwardRef":
        yield from leaves(value.__forward_arg__, names)
    elif type(value).__name__ == "TypeAliasType":
        yield from leaves(value.__value__, names)
    else:
        yield from _of_typing(value, names)


def _of_typing(value: Any, names: Mapping[str, Any]) -> Iterator[Leaf]:
    origin = getattr(value, "__origin__", None)
    if origin is typing.Union or type(value).__name__ == "UnionType":
        for member in value.__args__:
            yield from leaves(member, names)
    elif origin is getattr(typing, "Literal", ""):
        for member in value.__args__:
            yield ("value", member)
    elif origin is None:
        yield _OTHER
    else:
        yield from leaves(origin, names)


def _is_none(leaf: Leaf) -> bool:
    form, what = leaf
    return (form in ("object", "value") and what is None) or (form == "object" and what is type(None))


def _into(leaf: Leaf) -> str | None:
    form, what = leaf
    if form == "name":
        return _INTO_NAMES.get(what)
    if form != "object":
        return None
    ndarray = vars(sys.modules.get("numpy", builtins)).get("ndarray", leaf)
    if what is ndarray:
        return "ndarray"
    return next((kind for known, kind in _INTO if what is known), None)


def _accepts(leaf: Leaf) -> tuple[str, ...] | None:
    form, what = leaf
    if form == "name":
        return _ACCEPTS_NAMES.get(what)
    if form == "value":
        return kind_of(what)
    if form != "object":
        return None
    if issubclass(type(what), enum.EnumMeta) and not issubclass(what, (int, str)):
        return ()  # its members are of no plain kind
    return next((kinds for known, kinds in _ACCEPTS if what is known), None)


def _of_node(node: ast.expr, names: Mapping[str, Any]) -> Iterator[Leaf]:
    """Of an annotation as text."""
    if isinstance(node, ast.Constant):
        yield from [_OTHER] if node.value is ... else leaves(node.value, names)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        yield from _of_node(node.left, names)
        yield from _of_node(node.right, names)
    elif isinstance(node, ast.Subscript):
        yield from _of_subscript(node, names)
    else:
        yield from _of_name(node, names)


def _of_subscript(node: ast.Subscript, names: Mapping[str, Any]) -> Iterator[Leaf]:
    form = _form(node.value, names)
    inside: Any = node.slice if sys.version_info >= (3, 9) else getattr(node.slice, "value", node.slice)
    members = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if form is None:
        yield from _of_node(node.value, names)
    elif form == "Literal":
        for member in members:
            yield (
                ("value", ast.literal_eval(member))
                if isinstance(member, (ast.Constant, ast.UnaryOp))
                else _OTHER
            )
    else:
        if form == "Optional":
            yield ("object", None)
        for member in members[: 1 if form == "Annotated" else None]:
            yield from _of_node(member, names)


def _form(node: ast.expr, names: Mapping[str, Any]) -> str | None:
    found, last = _look_up(node, names)
    if found is _OTHER:
        return last if last in _FORMS else None
    return next((form for form in _FORMS if found is getattr(typing, form, _OTHER)), None)


def _of_name(node: ast.expr, names: Mapping[str, Any]) -> Iterator[Leaf]:
    found, last = _look_up(node, names)
    if found is _OTHER:
        yield ("name", last)
    elif type(found) is str:
        yield _OTHER  # an alias that is text itself
    else:
        yield from leaves(found, names)


def _look_up(node: ast.expr, names: Mapping[str, Any]) -> tuple[Any, str]:
    """What a dotted name leads to, or `_OTHER`, and its last word."""
    if isinstance(node, ast.Name):
        return names.get(node.id, vars(builtins).get(node.id, _OTHER)), node.id
    if isinstance(node, ast.Attribute):
        holder, _ = _look_up(node.value, names)
        within = vars(holder) if type(holder) is ModuleType else {}
        return within.get(node.attr, _OTHER), node.attr
    return _OTHER, ""
