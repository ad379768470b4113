"""Serializers by name: objects of the environment that say how values of a type are written and read.

A name is `module:attribute`, or that of an entry point of the group `envmgr.serializers`. The object, or an
instance of the class, has `dumps(value)`, which returns what can be sent, and `loads(value)`, which makes the value
of that again; it may have `samples()`, values to test it with. Only configured names are ever imported, whatever
comes by wire.
"""

from __future__ import annotations

from typing import Any, Collection

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .named import named
from .names import type_name
from .protocols import Coder

GROUP = "envmgr.serializers"


class Serializers:
    """Those of one environment, imported when the first value needs them."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._loaded: dict[str, Any] = {}
        self._failed: dict[str, str] = {}

    def pack(self, codec: Coder, name: str, value: Any) -> Any:
        """Raises what the serializer raises, and `ConversionError` when it cannot be had."""
        made = self.get(name).dumps(value)
        if made is value:
            raise ConversionError("`dumps` returned the value itself")
        return ExtType(codes.CUSTOM, codec.nested([name, type_name(type(value)), made]))

    def unpack(self, codec: Coder, data: bytes) -> Any:
        """Raises `ConversionError`, or `StaleRef`."""
        parts = codec.value(data)
        if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not str:
            raise ConversionError("a value of a serializer whose data is not serializer, type and value")
        name, kind, made = parts
        serializer = self.get(name)
        try:
            return serializer.loads(made)
        except Exception as error:
            raise ConversionError(
                f"serializer {name!r} cannot make a {kind} of this: {type(error).__name__}: {error}"
            ) from error

    def get(self, name: str) -> Any:
        """Raises `ConversionError` that says why it cannot be had, each time the same."""
        if name in self._loaded:
            return self._loaded[name]
        if name not in self._names:
            raise ConversionError(f"no type of this environment has the serializer {name!r} in envmgr.toml")
        if name not in self._failed:
            try:
                return self._loaded.setdefault(name, _load(name))
            except BaseException as error:  # noqa: BLE001 - an import may raise anything, exits too
                self._failed[name] = f"{type(error).__name__}: {error}"
        raise ConversionError(f"serializer {name!r} cannot be had: {self._failed[name]}")


def _load(name: str) -> Any:
    if ":" in name:
        found = named(name)
    else:
        found = entry_points().get(name)
        if found is None:
            known = ", ".join(sorted(entry_points())) or "none"
            raise LookupError(f"the environment has no entry point of this name in group {GROUP} ({known})")
        found = found.load()
    if isinstance(found, type):
        found = found()
    for method in ("dumps", "loads"):
        if not callable(getattr(found, method, None)):
            raise TypeError(f"it has no method `{method}`")
    return found


def entry_points() -> dict[str, Any]:
    """Those of our group, by name."""
    from importlib import metadata

    found: Any = metadata.entry_points()
    ours = found.select(group=GROUP) if hasattr(found, "select") else found.get(GROUP, ())
    return {point.name: point for point in ours}
