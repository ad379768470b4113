"""The data model's operations on an object that stays here: by their special name, done as Python does them.

So `__add__` is `object + other`, with all that Python tries for it, and not a look-up of the method `__add__`.
"""

from __future__ import annotations

import math
import operator
import os
from typing import Any, Callable, Mapping

_Operation = Callable[..., Any]

_COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")
_UNARY = ("neg", "pos", "abs", "invert", "index")
_BINARY = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
)
_ITEMS = ("getitem", "setitem", "delitem", "contains", "concat", "iconcat")
_IN_PLACE = ("ipow", *(f"i{name}" for name in _BINARY))


def _reflected(operation: _Operation) -> _Operation:
    return lambda owner, other: operation(other, owner)


def _of_type(name: str) -> _Operation:
    """What has neither an operator nor a built-in function: the type's own method, as `with` finds it."""

    def operation(owner: Any, *args: Any) -> Any:
        method = getattr(type(owner), name, None)
        if method is None:
            raise TypeError(f"a {type(owner).__name__} has no {name}")
        return method(owner, *args)

    return operation


def _leave(name: str) -> _Operation:
    leave = _of_type(name)

    def operation(owner: Any, *error: Any) -> Any:
        """Without arguments: the block ended well. With a text, or a map as of a callback's failure: an error of
        Elixir's ended it.
        """
        if not error:
            error = (None, None, None)
        elif len(error) == 1:
            raised = error[0] if isinstance(error[0], BaseException) else _elixir_error(error[0])
            error = (type(raised), raised, None)
        return leave(owner, *error)

    return operation


def _elixir_error(told: Any) -> BaseException:
    from .functions import ElixirError

    if not isinstance(told, dict):
        return ElixirError(str(told))
    return ElixirError(*(str(told.get(key, "")) for key in ("message", "type", "stacktrace")))


def _copied(how: str) -> _Operation:
    def operation(owner: Any) -> Any:
        import copy

        return getattr(copy, how)(owner)

    return operation


def _format(owner: Any, form: str = "") -> str:
    return format(owner, form)


def _names(owner: Any) -> list[str]:
    return [name for name in dir(owner) if not name.startswith("_")]


def _set(owner: Any, name: str, value: Any) -> None:
    setattr(owner, _public(name), value)


def _delete(owner: Any, name: str) -> None:
    delattr(owner, _public(name))


def _public(name: Any) -> str:
    if type(name) is not str or not name or name.startswith("_"):
        raise AttributeError(f"only public attributes can be written, and {name!r} is none")
    return name


OPERATIONS: Mapping[str, _Operation] = {
    **{
        f"__{name}__": getattr(operator, f"__{name}__")
        for name in (*_COMPARISONS, *_UNARY, *_BINARY, *_ITEMS, *_IN_PLACE)
    },
    **{f"__r{name}__": _reflected(getattr(operator, f"__{name}__")) for name in _BINARY},
    "__pow__": pow,
    "__rpow__": _reflected(pow),
    "__divmod__": divmod,
    "__rdivmod__": _reflected(divmod),
    "__round__": round,
    "__trunc__": math.trunc,
    "__floor__": math.floor,
    "__ceil__": math.ceil,
    "__bool__": bool,
    "__int__": int,
    "__float__": float,
    "__complex__": complex,
    "__bytes__": bytes,
    "__str__": str,
    "__repr__": repr,
    "__format__": _format,
    "__hash__": hash,
    "__fspath__": os.fspath,
    "__len__": len,
    "__length_hint__": operator.length_hint,
    "__iter__": iter,
    "__next__": next,
    "__reversed__": reversed,
    "__call__": lambda owner, *args, **kwargs: owner(*args, **kwargs),
    "__enter__": _of_type("__enter__"),
    "__exit__": _leave("__exit__"),
    "__aenter__": _of_type("__aenter__"),
    "__aexit__": _leave("__aexit__"),
    "__aiter__": _of_type("__aiter__"),
    "__anext__": _of_type("__anext__"),
    "__copy__": _copied("copy"),
    "__deepcopy__": _copied("deepcopy"),
    "__dir__": _names,
    "__setattr__": _set,
    "__delattr__": _delete,
}
