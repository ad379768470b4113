"""Importing the configured libraries and finding what a path names."""

from __future__ import annotations

import functools
import importlib
import sys
from types import ModuleType
from typing import Any, Container, Mapping, Sequence

from .descriptors import ABSENT, getter, is_class, is_property, raw


class LoadError(Exception):
    """A library that cannot be imported or initialised; the cause is chained."""

    def __init__(self, library: str, doing: str, step: str | None = None) -> None:
        super().__init__(f"{doing} of library {library!r} failed")
        self.library = library
        self.step = step
        """Of the configuration: `hook on-load`, `convert day of shop.order`."""


class Unresolved(Exception):
    """A path that leads nowhere in this worker: `owner` has no `name`."""

    def __init__(self, text: str, owner: Any = None, name: str | None = None) -> None:
        super().__init__(text)
        self.owner = owner
        self.name = name


class Libraries:
    """The libraries of one worker, by name."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}

    def load(self, settings: Mapping[str, Sequence[Any]]) -> None:
        """Imports each library's module and runs its init source. `settings`: name → (module, init, …)."""
        for name, (module, init, *_) in settings.items():
            try:
                self._modules[name] = importlib.import_module(module)
            except BaseException as error:
                raise LoadError(name, f"the import of {module!r}") from error
            if init:
                try:
                    exec(compile(init, f"<init of {name}>", "exec"), {"__name__": "__envmgr_init__"})  # noqa: S102 - the project's own setting
                except BaseException as error:
                    raise LoadError(name, "the init source") from error

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def keep(self, names: Container[str]) -> None:
        """Forgets the others."""
        self._modules = {name: module for name, module in self._modules.items() if name in names}

    def versions(self) -> dict[str, str | None]:
        """Each module's `__version__`, where it has one."""
        found = {}
        for name, module in self._modules.items():
            version = getattr(module, "__version__", None)
            found[name] = version if type(version) is str else None
        return found

    def resolve(self, path: str) -> Any:
        """What `library.attribute…` names; submodules are imported on the way. Raises `Unresolved`.

        A constant is answered as it is, a property of a class as a function of the object that it is read from.
        """
        name, *segments = path.split(".")
        if name not in self._modules:
            raise Unresolved(f"this worker has no library {name!r}; it has {', '.join(self._modules)}")
        found: Any = self._modules[name]
        accessor: tuple[type, str] | None = None
        for position, segment in enumerate(segments, 1):
            if segment.startswith("_"):
                raise Unresolved(f"{segment!r} in {path!r} is private")
            if position == len(segments) and is_class(found):
                value = raw(found, segment)
                if value is not ABSENT and is_property(found, segment, value):
                    return _read_from(accessor, getter(found, segment, value))
            holder, found = found, _attribute(found, segment, path)
            if is_class(holder) and is_class(found) and not is_class(raw(holder, segment)):
                accessor = (holder, segment)
        return found if is_class(found) else _read_from(accessor, found)


def _read_from(accessor: tuple[type, str] | None, function: Any) -> Any:
    """`pandas.Series.str.upper` is a function of the series, too: what is between them is read from it first."""
    if accessor is None or not callable(function):
        return function
    holder, name = accessor

    @functools.wraps(function)
    def read(owner: Any, *args: Any, **kwargs: Any) -> Any:
        return function(getattr(owner, name) if isinstance(owner, holder) else owner, *args, **kwargs)

    return read


def _attribute(owner: Any, segment: str, path: str) -> Any:
    try:
        return getattr(owner, segment)
    except AttributeError:
        pass
    if isinstance(owner, ModuleType):
        name = f"{owner.__name__}.{segment}"
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise Unresolved(f"{path!r} leads nowhere: {_named(owner)} has no {segment!r}", owner, segment)


def _named(owner: Any) -> str:
    return getattr(owner, "__qualname__", None) or getattr(owner, "__name__", None) or type(owner).__name__


def python_version() -> str:
    return ".".join(map(str, sys.version_info[:3]))
