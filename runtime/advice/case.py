"""An exception and the call that it ended, as rules look at it."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Callable, Iterator, Mapping, Sequence

_LONGEST = 4000


class Case:
    """`text` is the message, cut; `kinds` the names of the exception's classes; `bound` the arguments by their names."""

    def __init__(
        self,
        error: BaseException,
        function: Callable[..., Any] | None = None,
        bound: Sequence[tuple[Any, Any]] = (),
        parameters: Mapping[str, Any] | None = None,
        path: str | None = None,
        owner: Any = None,
    ) -> None:
        self.error = error
        self.function = function
        self.bound = bound
        self.parameters = parameters or {}
        self.path = path
        self.kinds = frozenset(_names(type(error)))
        self.text = _text(error)
        owner = getattr(function, "__self__", None) if owner is None else owner
        self.owner = None if isinstance(owner, ModuleType) else owner
        """The object whose method was called."""

    @property
    def name(self) -> str:
        """Of the called function, without what it is in."""
        found = getattr(self.function, "__name__", None)
        return found if isinstance(found, str) else ""

    @property
    def module(self) -> str:
        """The package that defines the called function."""
        for thing in (self.function, type(self.owner) if self.owner is not None else None):
            found = getattr(thing, "__module__", None)
            if isinstance(found, str):
                return found.partition(".")[0]
        return ""

    @property
    def packages(self) -> frozenset[str]:
        """Those that had a part in it: of the function, the object, the exception, and of each frame."""
        obj = getattr(self.error, "obj", None)
        things = (self.function, type(self.function), type(self.owner), type(self.error), type(obj))
        found = [getattr(thing, "__module__", None) for thing in things]
        step = self.error.__traceback__
        while step is not None:
            found.append(step.tb_frame.f_globals.get("__name__"))
            step = step.tb_next
        return frozenset(name.partition(".")[0] for name in found if isinstance(name, str))

    @property
    def library(self) -> str:
        """Its name in envmgr.toml: the path's first part, else the package's name."""
        return (self.path or "").partition(".")[0] or self.module or "NAME"

    def values(self) -> Iterator[Any]:
        """What was worked on: the object and the arguments."""
        if self.owner is not None:
            yield self.owner
        for _, value in self.bound:
            yield value

    @property
    def takes(self) -> str:
        """The names of the parameters that must be given, and how many of the others there are."""
        names = [
            name for name, parameter in self.parameters.items() if parameter.kind in (0, 1) and name != "self"
        ]
        return ", ".join(names)

    def argument(self, *kinds: type) -> Any:
        """The name or position of the first argument that is exactly of one of these types; None without one."""
        return next((name for name, value in self.bound if type(value) in kinds), None)

    def get(self, name: str) -> Any:
        return dict(self.bound).get(name)

    def version(self, module: str) -> str:
        """`" 2.1"`, or `""` where it is not known."""
        found = getattr(sys.modules.get(module), "__version__", None)
        return f" {found}" if isinstance(found, str) else ""


def said(name: Any) -> str:
    """An argument in words: `argument 2`, `nrows`."""
    return f"argument {name + 1}" if isinstance(name, int) else f"`{name}`"


_module = type.__dict__["__module__"].__get__
_qualname = type.__dict__["__qualname__"].__get__


def _names(kind: type) -> Iterator[str]:
    for one in type.__dict__["__mro__"].__get__(kind):
        module = str(_module(one)).partition(".")[0].lstrip("_")
        yield _qualname(one).rpartition(".")[2]
        if module != "builtins":
            yield f"{module}.{one.__name__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_LONGEST]
    except BaseException:  # noqa: BLE001 - an exception's __str__ may raise anything
        return ""
