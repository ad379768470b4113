"""What a class holds under a name, without asking it: who walks and who resolves a path must agree on it."""

from __future__ import annotations

import functools
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Callable, cast

ABSENT: Any = object()
_CACHED = getattr(functools, "cached_property", property)
_PROPERTIES = (property, GetSetDescriptorType, MemberDescriptorType, _CACHED)
_FUNCTIONS = (
    FunctionType, BuiltinFunctionType, MethodType, MethodDescriptorType, WrapperDescriptorType,
    ClassMethodDescriptorType, staticmethod, classmethod,
)  # fmt: skip
_order: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
_held: Callable[[type], Any] = type.__dict__["__dict__"].__get__


def is_class(value: Any) -> bool:
    """By its real type: `__class__` is for an object to say as it likes."""
    return issubclass(type(value), type)


def is_module(value: Any) -> bool:
    return issubclass(type(value), ModuleType)


def order(holder: type) -> tuple[type, ...]:
    """The method resolution order, whatever a metaclass says."""
    return _order(holder)


def held(holder: type) -> dict[str, Any]:
    """The class's own attributes."""
    return cast("dict[str, Any]", _held(holder))


def raw(holder: type, name: str) -> Any:
    """What stands under `name` in the first class of the order that has it, or `ABSENT`. Runs nothing."""
    return next((held(base)[name] for base in order(holder) if name in held(base)), ABSENT)


def is_property(holder: type, name: str, value: Any) -> bool:
    """Whether `value`, which `holder` has under `name`, is read from an object, not called.

    Only a descriptor of an unknown kind is asked what it gives to the class: a function makes it a method.
    """
    kind = type(value)
    if issubclass(kind, _PROPERTIES):
        return True
    if issubclass(kind, _FUNCTIONS) or not hasattr(kind, "__get__") or is_class(value) or callable(value):
        return False
    if name in getattr(holder, "_member_map_", ()):
        return False  # of an enumeration
    try:
        given = getattr(holder, name)
    except Exception:  # noqa: BLE001 - it has nothing for a class
        return True
    return given is value or not callable(given) or is_class(given)


def getter(holder: type, name: str, value: Any) -> Callable[[Any], Any]:
    """A function that reads the property `value` from an object of `holder`, its one argument."""

    def get(instance: Any, /) -> Any:
        if not isinstance(instance, holder):
            raise TypeError(
                f"{holder.__qualname__}.{name} is a property of {holder.__qualname__} objects, "
                f"not of {type(instance).__qualname__}"
            )
        return value.__get__(instance, type(instance))

    get.__name__ = name
    get.__qualname__ = f"{holder.__qualname__}.{name}"
    get.__doc__ = getattr(value, "__doc__", None)
    return get
