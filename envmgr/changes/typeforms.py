"""What two type annotations say of each other, by their structure and not by their spelling.

`typing.List[int]` is `list[int]`, `Optional[X]` is `X | None`, `np.ndarray` is `numpy.ndarray`. A name that is not
known to be a class (a TypeVar, a private alias of a stub) says nothing.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable

SAME, NARROWER, WIDER, OTHER, UNKNOWN = "same", "narrower", "wider", "other", "unknown"

_RENAMED = {
    "List": "list",
    "Dict": "dict",
    "Tuple": "tuple",
    "Set": "set",
    "FrozenSet": "frozenset",
    "Type": "type",
    "Text": "str",
    "NoneType": "None",
    "DefaultDict": "defaultdict",
    "Deque": "deque",
    "AbstractSet": "Set_",
    "bool_": "bool",
    "ByteString": "bytes",
}
_TOP = frozenset({"Any", "object", "Incomplete", "Unknown"})
_BELOW: dict[str, frozenset[str]] = {
    "int": frozenset({"bool"}),
    "float": frozenset({"int", "bool"}),
    "complex": frozenset({"float", "int", "bool"}),
    "Sequence": frozenset({"list", "tuple", "str", "bytes", "MutableSequence", "range"}),
    "Collection": frozenset({"list", "tuple", "str", "bytes", "dict", "set", "frozenset", "Sequence", "Mapping"}),
    "Iterable": frozenset(
        {"list", "tuple", "str", "bytes", "dict", "set", "frozenset", "Sequence", "Mapping", "Collection",
         "Iterator", "Generator", "MutableSequence", "MutableMapping", "KeysView", "ValuesView"}
    ),
    "Iterator": frozenset({"Generator"}),
    "Mapping": frozenset({"dict", "MutableMapping", "OrderedDict", "defaultdict"}),
    "MutableMapping": frozenset({"dict", "OrderedDict", "defaultdict"}),
    "Hashable": frozenset({"int", "str", "float", "bool", "bytes", "tuple", "None", "complex", "frozenset"}),
    "PathLike": frozenset({"Path"}),
}  # fmt: skip
_KNOWN = frozenset(
    word
    for line in (
        "bool int float complex str bytes bytearray list dict tuple set frozenset type None range slice memoryview",
        "Sequence Collection Iterable Iterator Generator Mapping MutableMapping MutableSequence Hashable PathLike",
        "Path Callable Awaitable Coroutine AsyncIterator date datetime timedelta Decimal OrderedDict defaultdict",
        "deque IO TextIO BinaryIO Pattern Literal",
    )
    for word in line.split()
)
"""Names that are classes wherever they stand."""

Form = tuple[str, tuple["Union", ...] | None]
Union = frozenset[Form]

_NONE: Union = frozenset({("None", None)})
_ANY_NUMBER: Union = frozenset({("...", None)})


def compare(before: str, after: str, classes: Iterable[str] = ()) -> str:
    """How `after` relates to `before`. `classes` are names that the library has as classes."""
    old, new = parse(before), parse(after)
    if old is None or new is None:
        return SAME if before == after else UNKNOWN
    if old == new:
        return SAME
    down, up = _within(new, old), _within(old, new)
    if down and up:
        return SAME
    known = _KNOWN | frozenset(classes)
    if not (_is_known(old, known) and _is_known(new, known)):
        return UNKNOWN
    return NARROWER if down else WIDER if up else OTHER


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Union | None:
    """None for what is no expression of types, or is cut short."""
    try:
        return _union(ast.parse(_unquoted(text), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _unquoted(text: str) -> str:
    return re.sub(r"<class '([\w.]+)'>", r"\1", text.strip()).replace("~", "")


def _union(node: ast.expr) -> Union:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union(node.left) | _union(node.right)
    if isinstance(node, ast.Constant):
        if node.value is None:
            return frozenset({("None", None)})
        if isinstance(node.value, str):
            return _union(ast.parse(_unquoted(node.value), mode="eval").body)
        if node.value is ...:
            return frozenset({("...", None)})
    if isinstance(node, ast.Subscript):
        return _subscripted(_name(node.value), node.slice)
    if isinstance(node, ast.List):
        return frozenset({("[]", tuple(_union(each) for each in node.elts))})
    return frozenset({(_name(node), None)})


def _subscripted(name: str, inside: ast.expr) -> Union:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name == "Optional":
        return _union(parts[0]) | {("None", None)}
    if name == "Union":
        return frozenset().union(*map(_union, parts))
    if name in ("Annotated", "ClassVar", "Final", "Required", "NotRequired"):
        return _union(parts[0])
    if name == "Literal":
        return frozenset(("Literal", (frozenset({(ast.unparse(each), None)}),)) for each in parts)
    forms = tuple(_union(each) for each in parts)
    while name.endswith("Generator") and len(forms) > 1 and forms[-1] == _NONE:
        forms = forms[:-1]  # what is sent and returned is None where it is not said
    return frozenset({(name, forms)})


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        last = node.attr
    elif isinstance(node, ast.Name):
        last = node.id
    else:
        raise ValueError(ast.dump(node))
    return _RENAMED.get(last, last)


def _within(inner: Union, outer: Union) -> bool:
    return all(any(_below(each, other) for other in outer) for each in inner)


def _below(one: Form, other: Form) -> bool:
    if other[0] in _TOP or one == other:
        return True
    if one[0] == "Literal" and one[1] is not None and other[0] != "Literal":
        return _below((_literal(one), None), other)
    if one[0] == other[0]:
        if one[0] == "Literal":
            return False
        if one[1] is None or other[1] is None:  # `list` beside `list[int]` is a matter of spelling
            return True
        if one[0] == "tuple" and other[1][1:] == (_ANY_NUMBER,):
            return all(_within(each, other[1][0]) for each in one[1] if each != _ANY_NUMBER)
        return len(one[1]) == len(other[1]) and all(map(_within, one[1], other[1]))
    return one[0] in _BELOW.get(other[0], ())


def _literal(form: Form) -> str:
    assert form[1] is not None  # noqa: S101 - as `_subscripted` makes them
    ((text, _),) = form[1][0]
    try:
        return type(ast.literal_eval(text)).__name__
    except (ValueError, SyntaxError):
        return "object"


def _is_known(union: Union, known: frozenset[str]) -> bool:
    return all(
        (name in known or name in _TOP or name in ("...", "[]"))
        and (name == "Literal" or inside is None or all(_is_known(each, known) for each in inside))
        for name, inside in union
    )
