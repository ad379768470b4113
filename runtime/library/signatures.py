"""What a callable takes and gives back, as Python knows it at run time."""

from __future__ import annotations

import functools
import inspect
import sys
from types import FunctionType, MethodType
from typing import Any, List, Mapping

from .annotations import KINDS, accepts, into, kind_of
from .checking import Checking
from .constants import shown
from .ownership import defining_module

Parameters = List[List[Any]]
Overload = List[Any]
"""`[parameters, returns]`."""

_LONGEST_TYPE = 300
_DEEPEST = 50
_EMPTY = inspect.Parameter.empty
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Reader:
    """Reads signatures; remembers what each annotation of a module says, for most stand there many times."""

    def __init__(self) -> None:
        self._checking = Checking()
        self._known: dict[tuple[int, str], tuple[str | None, list[str] | None]] = {}

    def read(self, value: Any) -> tuple[Parameters, str | None] | None:
        """`[name, kind, default repr, into, annotation, accepts]` of each parameter, and the annotation of what is
        returned; None where Python knows no signature.
        """
        try:
            found = inspect.signature(value)
        except BaseException:  # noqa: BLE001 - C functions without one, and descriptors that raise what they like
            return self._read_class(value)
        return self.rows(found, self.names(value))

    def _read_class(self, value: Any) -> tuple[Parameters, str | None] | None:
        """Of an object that answers to any name, `__signature__` too: what its class does when it is called."""
        call = vars(type(value)).get("__call__")
        if type(call) is not FunctionType or issubclass(type(value), type):
            return None
        found = self.read(call)
        return None if found is None else (found[0][1:], found[1])

    def names(self, value: Any) -> Mapping[str, Any]:
        """Of the module that holds the annotations of `value`, those for type checkers too."""
        return self._checking.names(_names(value))

    def rows(self, found: inspect.Signature, names: Mapping[str, Any]) -> tuple[Parameters, str | None]:
        rows = [self._row(parameter, names) for parameter in found.parameters.values()]
        return rows, text(found.return_annotation)

    def _row(self, parameter: inspect.Parameter, names: Mapping[str, Any]) -> list[Any]:
        has_default = parameter.default is not _EMPTY
        default = shown(parameter.default) if has_default else None
        words = text(parameter.annotation)
        if words is None or parameter.kind in _REST:
            return [parameter.name, int(parameter.kind), default, None, words, None]
        made, taken = self._said(parameter.annotation, words, names)
        if has_default:
            taken = with_default(taken, parameter.default)
        return [parameter.name, int(parameter.kind), default, made, words, taken]

    def _said(
        self, annotation: Any, words: str, names: Mapping[str, Any]
    ) -> tuple[str | None, list[str] | None]:
        if type(annotation) is not str:
            return into(annotation, names), accepts(annotation, names)
        known = self._known.get((id(names), words))
        if known is None:
            known = into(annotation, names), accepts(annotation, names)
            self._known[id(names), words] = known
        return known


def with_default(taken: list[str] | None, default: Any) -> list[str] | None:
    """What a parameter takes is also what it has when nobody says; a default of its own class is of no kind."""
    own = ("none",) if default is None else kind_of(default) or ()
    return None if taken is None else [kind for kind in KINDS if kind in taken or kind in own]


def says_nothing(parameters: Parameters, bound: int) -> bool:
    """Whether behind its `bound` first parameters a signature is `*args, **kwargs`."""
    rest = parameters[bound:]
    return bool(rest) and all(row[1] in (2, 4) for row in rest)


def text(annotation: Any) -> str | None:
    """An annotation as one writes it."""
    if annotation is _EMPTY:
        return None
    if type(annotation) is str:
        words = annotation.strip()
    elif annotation is None or annotation is type(None):
        words = "None"
    elif issubclass(type(annotation), type):
        words = _class_name(annotation)
    else:
        try:
            words = repr(annotation).replace("typing.", "").replace("NoneType", "None")
        except BaseException:  # noqa: BLE001 - a __repr__ of the library's own
            return None
    return words.encode("utf-8", "replace").decode()[:_LONGEST_TYPE]


def _class_name(value: type) -> str:
    try:
        module, name = value.__module__, value.__qualname__
    except BaseException:  # noqa: BLE001 - a metaclass of the library's own
        return "..."
    return name if module in ("builtins", "typing") else f"{module}.{name}"


def _names(value: Any) -> dict[str, Any]:
    function = innermost(value)
    found = getattr(function, "__globals__", None)
    if type(found) is dict:
        return found
    module = sys.modules.get(defining_module(function) or "")
    return vars(module) if module is not None else {}


def innermost(value: Any) -> Any:
    """What decorators, methods and partial objects were put around."""
    for _ in range(_DEEPEST):
        inner = _inner(value)
        if inner is None:
            break
        value = inner
    return value


def _inner(value: Any) -> Any:
    """None where nothing is inside. No `__getattr__` is asked."""
    kind = type(value)
    if issubclass(kind, (MethodType, staticmethod, classmethod)):
        return value.__func__
    if issubclass(kind, (functools.partial, functools.partialmethod)):
        return value.func
    try:
        inner = object.__getattribute__(value, "__dict__").get("__wrapped__")
    except BaseException:  # noqa: BLE001 - it has no attributes of its own
        return None
    return inner if callable(inner) else None
