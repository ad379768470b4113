"""The raw facts of one object of a library: signature, docstring, place."""

from __future__ import annotations

import functools
import inspect
import typing
from types import FunctionType
from typing import Any, Dict, Mapping

from . import docstrings
from .constants import shown
from .descriptors import raw
from .ownership import defining_module
from .places import Places, deprecated
from .signatures import Overload, Parameters, Reader, innermost, says_nothing

Facts = Dict[str, Any]

_SELF: list[Any] = ["self", 0, None, None, None, None]
_UFUNC_REST: Parameters = [
    ["out", 1, "None", None, None, None],
    ["where", 3, "True", None, None, None],
    ["casting", 3, "'same_kind'", None, None, None],
    ["order", 3, "'K'", None, None, None],
    ["dtype", 3, "None", None, None, None],
    ["subok", 3, "True", None, None, None],
]
_WITH_KEYWORDS = (ImportError, NameError, AttributeError)
_COROUTINE, _ASYNC_GENERATOR, _GENERATOR = 0x180, 0x200, 0x20
"""Of a code object's flags: `inspect.CO_*`."""


class Describer:
    """Describes what it is given; remembers annotations and the lines of files."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._reader = Reader()

    def callable(
        self, kind: str, name: str, target: Any, read: Any = None, base: type | None = None
    ) -> Facts:
        """Of a function, ufunc, class, or a method that `base` defines; `read` is what the signature is read
        from, the target itself where it is None.
        """
        doc = docstring(target) or _called(target)
        parameters, returns, origin, overloads = self._signature(kind, target if read is None else read, doc)
        file, line = self._places.of(target)
        return {
            "kind": kind,
            "module": _module(target if base is None else base),
            "qualname": _qualname(target, name) if base is None else f"{_qualname(base, '')}.{name}",
            "parameters": parameters,
            "origin": origin,
            "returns": returns,
            "overloads": overloads,
            "doc": doc,
            "file": file,
            "line": line,
            "deprecated": deprecated(target, doc),
            "value": None,
        }

    def property(self, name: str, value: Any, base: type) -> Facts:
        """Its one parameter is the object that it is read from."""
        function = next(
            (found for slot in ("fget", "func", "__wrapped__") if (found := _slot(value, slot)) is not None),
            None,
        )
        read = None if function is None else self._reader.read(function)
        facts = self.callable("property", name, value if function is None else function, base=base)
        doc = docstring(value) or facts["doc"]
        returns = None if read is None else read[1]
        return {
            **facts,
            "parameters": [_SELF],
            "returns": returns,
            "origin": "runtime",
            "overloads": None,
            "doc": doc,
        }

    def constant(self, module: str | None, qualname: str, value: Any, doc: str | None) -> Facts:
        return {
            **_NOTHING,
            "kind": "constant",
            "module": module,
            "qualname": qualname,
            "returns": "None" if value is None else type(value).__qualname__,
            "doc": doc,
            "value": shown(value),
        }

    def module(self, name: str, value: Any) -> Facts:
        file = self._places.of_module(name)
        doc = docstring(value)
        facts = {**_NOTHING, "kind": "module", "module": name, "qualname": "", "doc": doc, "file": file}
        return {**facts, "line": None if file is None else 1, "deprecated": deprecated(value, doc)}

    def _signature(
        self, kind: str, read: Any, doc: str | None
    ) -> tuple[Parameters | None, str | None, str | None, list[Overload] | None]:
        if kind == "property":
            return None, None, None, None
        found = self._constructor(read) if kind == "class" else self._reader.read(read)
        bound = 1 if kind == "method" else 0
        overloads = self._overloads(kind, read)
        if found is None and kind == "ufunc":
            return _ufunc(read), None, "runtime", None
        if found is None or says_nothing(found[0], bound):
            forms = docstrings.forms(doc, _name(read), "self" if bound else None)
            if kind == "class":  # Cython writes them as those of `__init__`
                forms = [form[1:] if form and form[0][0] == "self" else form for form in forms]
            if len(forms) == 1:
                return forms[0], found[1] if found else None, "docstring", overloads
            if forms:
                return None, None, "docstring", overloads or [[form, None] for form in forms]
        if found is None:
            return None, None, None, overloads
        returns = None if kind == "class" else found[1]
        return found[0], returns, "runtime", overloads

    def _constructor(self, value: type) -> tuple[Parameters, str | None] | None:
        """What `value(…)` takes: by the class, or by the most telling of the functions that make it."""
        found = self._reader.read(value)
        if found is not None and not says_nothing(found[0], 0):
            return found
        makers = [raw(value, name) for name in ("__init__", "__new__")]
        for maker in (*map(innermost, makers), innermost(value)):
            if type(maker) is FunctionType:
                read = self._reader.read(maker)
                if read is not None and not says_nothing(read[0], 1):
                    return read[0][1:], None
        if any(type(innermost(maker)) is FunctionType for maker in makers):
            return found
        return (_exception(value), None) if issubclass(value, BaseException) else None

    def _overloads(self, kind: str, value: Any) -> list[Overload] | None:
        if kind == "class":
            value = raw(value, "__init__")
        registry, position = _registry(value)
        if registry is not None:
            return self._dispatched(registry, position)
        function = innermost(value)
        if type(function) is not FunctionType or _get_overloads is None:
            return None
        found = [self._reader.read(overload) for overload in _get_overloads(function)]
        skipped = 1 if kind in ("class", "classmethod") else 0
        return [[read[0][skipped:], read[1]] for read in found if read is not None] or None

    def _dispatched(self, registry: Mapping[type, Any], position: int) -> list[Overload]:
        """Of a `singledispatch` function: one for each class of the argument at `position`."""
        found = []
        for kind, function in registry.items():
            try:
                signature = inspect.signature(function)
                parameters = list(signature.parameters.values())
                annotation = inspect.Parameter.empty if kind is object else kind
                parameters[position] = parameters[position].replace(annotation=annotation)
                signature = signature.replace(parameters=parameters)
            except Exception:  # noqa: BLE001, S112 - an implementation in C, or one without parameters
                continue
            found.append(list(self._reader.rows(signature, self._reader.names(function))))
        return found


_REGISTRY: Any = type(type.__dict__)
_get_overloads: Any = getattr(typing, "get_overloads", None)
_NOTHING: Facts = dict.fromkeys(
    ("parameters", "origin", "returns", "overloads", "doc", "file", "line", "deprecated", "value")
)


def _registry(value: Any) -> tuple[Mapping[type, Any] | None, int]:
    """Class → implementation of a `singledispatch` function or method, and which argument decides."""
    if type(value) is not FunctionType:
        return None, 0
    own = vars(value).get("registry")
    if type(own) is _REGISTRY and callable(vars(value).get("dispatch")):
        return own, 0
    holder = getattr(vars(value).get("register"), "__self__", None)
    if type(holder) is functools.singledispatchmethod:
        return holder.dispatcher.registry, 1
    return None, 0


def function_kind(value: Any) -> str:
    """`function`, or what a call gives: `coroutine`, `generator`, `async-generator`; `ufunc`."""
    if type(value).__name__ == "ufunc":
        return "ufunc"
    while issubclass(type(value), functools.partial):
        value = value.func
    flags = getattr(getattr(value, "__code__", None), "co_flags", 0)
    if type(flags) is not int:
        return "function"
    if flags & _ASYNC_GENERATOR:
        return "async-generator"
    if flags & _COROUTINE:
        return "coroutine"
    return "generator" if flags & _GENERATOR else "function"


def docstring(value: Any) -> str | None:
    """Cleaned of its indentation; None where there is none."""
    try:
        doc = value.__doc__
        if doc is type(value).__doc__:
            return None  # its class's
        return inspect.cleandoc(doc).encode("utf-8", "replace").decode() or None if type(doc) is str else None
    except BaseException:  # noqa: BLE001 - a property of the library's own
        return None


def _called(value: Any) -> str | None:
    """The docstring of an object that is called, as its class tells it."""
    call = None if issubclass(type(value), type) else vars(type(value)).get("__call__")
    return docstring(call) if type(call) is FunctionType else None


def _ufunc(value: Any) -> Parameters:
    names = ["x"] if value.nin == 1 else [f"x{number + 1}" for number in range(value.nin)]
    ahead = [[name, 0, None, None, None, None] for name in names]
    out = "None" if value.nout == 1 else repr((None,) * value.nout)
    return [*ahead, ["out", 1, out, None, None, None], *_UFUNC_REST[1:]]


def _exception(value: type[BaseException]) -> Parameters:
    """Of one that is made as Python's own are: any arguments, and keywords where its base has some."""
    rows: Parameters = [["args", 2, None, None, None, None]]
    return [*rows, ["kwargs", 4, None, None, None, None]] if issubclass(value, _WITH_KEYWORDS) else rows


def _module(value: Any) -> str | None:
    try:
        return defining_module(value)
    except BaseException:  # noqa: BLE001 - an object that does as it likes
        return None


def _qualname(value: Any, otherwise: str) -> str:
    for name in ("__qualname__", "__name__"):
        try:
            found = getattr(value, name, None)
        except BaseException:  # noqa: BLE001, S112 - as above
            continue
        if type(found) is str and "<" not in found:
            return found
    return otherwise


def _name(value: Any) -> str:
    return _qualname(value, "").rpartition(".")[2]


def _slot(value: Any, name: str) -> Any:
    """A function inside a property, of whatever kind the property is."""
    try:
        found = getattr(value, name, None)
    except BaseException:  # noqa: BLE001 - as above
        return None
    return found if type(found) is FunctionType else None
