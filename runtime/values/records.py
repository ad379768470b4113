"""Enum members, dataclasses, named tuples, and objects by their attributes.

A type that cannot be found again by its name has no value of its own: its objects stay, as refs. Making an
object runs neither `__new__` nor `__init__` of its class.
"""

from __future__ import annotations

import sys
from typing import Any

from ..wire.packing import ExtType
from . import codes
from .errors import ConversionError
from .plain import elements
from .protocols import Coder, Pack, Unpack
from .types import name_of, type_named

_DATACLASS, _NAMED_TUPLE, _OBJECT = 0, 1, 2


def find(kind: type) -> Pack | None:
    enum = sys.modules.get("enum")
    if enum is not None and issubclass(kind, enum.Enum):
        return _pack_member
    if issubclass(kind, tuple):
        return _pack_named_tuple if _tuple_fields(kind) is not None else None
    return _pack_dataclass if "__dataclass_fields__" in kind.__dict__ and _is_plain(kind) else None


def _pack_member(codec: Coder, value: Any) -> Any:
    name = name_of(type(value))
    if name is None:
        return codec.ref(value)
    member = value._name_
    if type(member) is not str or type(value).__members__.get(member) is not value:
        member = None
    return ExtType(codes.ENUM, codec.nested([name, member, value._value_]))


def _unpack_member(codec: Coder, data: bytes) -> Any:
    import enum

    type_name, name, value = elements(codec, data, "member of an enum", 3)
    kind = type_named(type_name)
    if not issubclass(kind, enum.Enum):
        raise ConversionError(f"{type_name} is no enum")
    if name is None and issubclass(kind, enum.Flag) and type(value) is int:
        found = kind(value)
        if type(found) is kind:
            return found
    member = kind.__members__.get(name) if type(name) is str else None
    if member is None:
        known = ", ".join(list(kind.__members__)[:20])
        raise ConversionError(f"{type_name} has no member {name!r} of value {value!r:.60}; it has {known}")
    return member


def _pack_dataclass(codec: Coder, value: Any) -> Any:
    kind = type(value)
    name = name_of(kind)
    fields = _dataclass_fields(kind)
    if name is None or not getattr(value, "__dict__", {}).keys() <= set(fields):
        return codec.ref(value)
    return _record(codec, _DATACLASS, name, [[field, getattr(value, field)] for field in fields])


def _pack_named_tuple(codec: Coder, value: Any) -> Any:
    kind = type(value)
    name = name_of(kind)
    fields = _tuple_fields(kind)
    if name is None or fields is None or len(fields) != len(value) or getattr(value, "__dict__", None):
        return codec.ref(value)
    return _record(codec, _NAMED_TUPLE, name, [list(pair) for pair in zip(fields, tuple.__iter__(value))])


def pack_object(codec: Coder, value: Any) -> Any:
    """The packer of strategy `value`: an object is its attributes. A ref where it may be more than them."""
    kind = type(value)
    name = name_of(kind)
    if name is None or not _is_plain(kind):
        return codec.ref(value)
    found = {}
    for slot in _slots(kind):
        try:
            found[slot] = object.__getattribute__(value, slot)
        except AttributeError:
            continue
    found.update(getattr(value, "__dict__", {}))
    return _record(codec, _OBJECT, name, [[field, x] for field, x in found.items()])


def _record(codec: Coder, kind: int, name: str, fields: list[Any]) -> Any:
    return ExtType(codes.RECORD, codec.nested([kind, name, fields]))


def _unpack_record(codec: Coder, data: bytes) -> Any:
    record, name, pairs = elements(codec, data, "record", 3)
    kind = type_named(name)
    fields = _fields(name, pairs)
    if record == _DATACLASS and "__dataclass_fields__" in kind.__dict__ and _is_plain(kind):
        _match(name, fields, _dataclass_fields(kind))
        return _made(kind, fields)
    if record == _NAMED_TUPLE and issubclass(kind, tuple):
        expected = _tuple_fields(kind)
        if expected is not None:
            _match(name, fields, expected)
            return tuple.__new__(kind, [fields[field] for field in expected])
    if record == _OBJECT and _is_plain(kind) and codec.by_attributes(kind):
        return _made(kind, fields)
    raise ConversionError(f"{name} is not made of fields in this way (record kind {record!r})")


def _fields(name: str, pairs: Any) -> dict[str, Any]:
    if type(pairs) is not list or not all(
        type(pair) is list and len(pair) == 2 and type(pair[0]) is str for pair in pairs
    ):
        raise ConversionError(f"the fields of {name} are no list of names and values")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ConversionError(f"a field of {name} stands there twice")
    return found


def _match(name: str, fields: dict[str, Any], expected: Any) -> None:
    missing = [field for field in expected if field not in fields]
    strange = [field for field in fields if field not in expected]
    if missing or strange:
        raise ConversionError(
            f"the fields of {name} are {', '.join(expected) or 'none'}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
            + (f"; not among them: {', '.join(strange)[:200]}" if strange else "")
        )


def _made(kind: type, fields: dict[str, Any]) -> Any:
    made: Any = object.__new__(kind)
    slots = _slots(kind)
    own = getattr(made, "__dict__", None)
    for field, value in fields.items():
        if field in slots:
            object.__setattr__(made, field, value)
        elif own is not None:
            own[field] = value
        else:
            raise ConversionError(f"{kind.__qualname__} has no place for a field {field!r:.60}")
    return made


def _is_plain(kind: type) -> bool:
    """Whether attributes are all that objects of this type consist of."""
    try:
        object.__new__(kind)
    except TypeError:
        return False
    return True


def _slots(kind: type) -> list[str]:
    """Names of the attributes that have a place of their own, those of bases first."""
    member = type(_Slotted.slot)  # type: ignore[attr-defined]
    return [
        name
        for base in reversed(kind.__mro__)
        for name, found in base.__dict__.items()
        if type(found) is member and name not in _NOT_OURS
    ]


class _Slotted:
    __slots__ = ("slot",)


_NOT_OURS = frozenset(["__dict__", "__weakref__"])


def _dataclass_fields(kind: Any) -> list[str]:
    """In order, without class variables and what only `__init__` takes."""
    return [field.name for field in sys.modules["dataclasses"].fields(kind)]


def _tuple_fields(kind: Any) -> tuple[str, ...] | None:
    fields = getattr(kind, "_fields", None)
    if type(fields) is tuple and all(type(field) is str for field in fields) and hasattr(kind, "_make"):
        return fields
    return None


UNPACKERS: dict[int, Unpack] = {codes.ENUM: _unpack_member, codes.RECORD: _unpack_record}
