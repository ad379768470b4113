"""What can be reached through a class: its own members and those that it inherits from classes of its library."""

from __future__ import annotations

import enum
import functools
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any, Callable, Iterator, NamedTuple

from .constants import is_plain, is_value_class
from .descriptors import ABSENT, held, is_class, is_property, order
from .ownership import Owner, defining_module

_FIELDS = (GetSetDescriptorType, MemberDescriptorType)


class Member(NamedTuple):
    """`value` stands in class `base`; `target` is what is called, read or answered; a signature is read from `read`.

    `within`: a class that is reached through this member, whose members can be reached too.
    """

    kind: str
    name: str
    value: Any
    target: Any
    read: Any
    base: type
    within: type | None = None


def members(holder: type, owner: Owner) -> Iterator[Member]:
    """Each public name once, as the class's order finds it. What a foreign class defines is left out, but the fields
    of dates and times (`pandas.Timestamp.year` is `datetime`'s).
    """
    seen: set[str] = set()
    if issubclass(type(holder), enum.EnumMeta):
        for name, value in dict(getattr(holder, "__members__", {})).items():
            if is_public(name):
                seen.add(name)
                yield Member("constant", name, value, value, None, holder)
    for base in order(holder):
        if base is object:
            break
        own = base is holder or _owns(owner, base)
        for name, value in list(held(base).items()):
            if type(name) is not str or name in seen or not is_public(name):
                continue
            seen.add(name)
            if own or (type(value) in _FIELDS and is_value_class(base)):
                found = _member(holder, base, name, value, owner)
                if found is not None:
                    yield found


def is_public(name: str) -> bool:
    return not name.startswith("_") and name.isidentifier()


def _owns(owner: Owner, base: type) -> bool:
    try:
        return owner.owns(base)
    except BaseException:  # noqa: BLE001 - a metaclass of the library's own
        return False


def _member(holder: type, base: type, name: str, value: Any, owner: Owner) -> Member | None:
    try:
        if is_property(holder, name, value):
            return Member("property", name, value, value, None, base, _accessor(holder, name, value, owner))
        if hasattr(type(value), "__get__") or callable(value):
            return _called(holder, base, name, value, owner)
        if is_plain(value, owner.owns) or owner.owns(type(value)):
            return Member("constant", name, value, value, None, base)
    except BaseException:  # noqa: BLE001 - a descriptor or an object that does as it likes
        return None
    return None


def _accessor(holder: type, name: str, value: Any, owner: Owner) -> type | None:
    """The class that a property of the library's own kind gives when it is read from the class."""
    if type(value).__module__ in ("builtins", "functools"):
        return None
    given = getattr(holder, name, None)
    return given if is_class(given) and owner.owns(given) else None


def _called(holder: type, base: type, name: str, value: Any, owner: Owner) -> Member | None:
    kind = type(value)
    if is_class(value):
        return Member("class", name, value, value, None, base, value) if owner.owns(value) else None
    if issubclass(kind, staticmethod):
        found = Member("staticmethod", name, value, value.__func__, None, base)
    elif issubclass(kind, classmethod) or kind.__name__ == "classmethod_descriptor":
        function = value.__func__ if issubclass(kind, classmethod) else value
        found = Member("classmethod", name, value, function, getattr(holder, name), base)
    elif not hasattr(kind, "__get__") or kind.__name__ == "builtin_function_or_method":
        found = Member("staticmethod", name, value, value, None, base)
    elif callable(value):
        found = Member("method", name, value, value, None, base)
    else:
        found = _given(holder, base, name, value)
    if not callable(found.target) or is_class(found.target):
        return None
    owned = value if issubclass(kind, functools.partialmethod) else found.target
    return found if _is_own(owned, base, owner) else None


def _given(holder: type, base: type, name: str, value: Any) -> Member:
    """Of a descriptor that makes a function when it is read (`available_if`, `singledispatchmethod`)."""
    given = getattr(holder, name)
    bound = getattr(given, "__self__", ABSENT) is holder
    return Member("classmethod" if bound else "method", name, value, given, None, base)


def _is_own(target: Any, base: type, owner: Owner) -> bool:
    """A function that was compiled from text says that it is nobody's; it is its class's then."""
    defined = defining_module(target)
    if defined is None or (type(target) is FunctionType and defined == "builtins"):
        return True
    return defined == base.__module__ or owner.owns_module(defined)


def inherited_doc(holder: type, name: str, documented: Callable[[Any], str | None]) -> str | None:
    """What the nearest class that has words for the member `name` says of it."""
    for base in order(holder):
        doc = documented(held(base)[name]) if name in held(base) else None
        if doc is not None:
            return doc
    return None
