"""Where a part stands in a value: `["a"][3].field`. Looked for only when there is something to say about it."""

from __future__ import annotations

import sys
from collections import OrderedDict
from types import FunctionType, ModuleType
from typing import Any, Iterable, Iterator

_MOST_LOOKED_AT = 200_000
_LONGEST = 60
_DEEPEST_SHOWN = 12


def step(key: Any) -> str:
    """The step from a dict to the value of `key`."""
    try:
        text = repr(key) if type(key) is not str else '"' + repr(key)[1:-1].replace('"', '\\"') + '"'
    except Exception:  # noqa: BLE001 - a key's __repr__ may raise anything
        text = "…"
    return f"[{text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}]"


def shown(root: str, steps: list[str]) -> str:
    if len(steps) > _DEEPEST_SHOWN:
        steps = [*steps[:_DEEPEST_SHOWN], "…"]
    return root + "".join(steps)


def places(root: Any, parts: Iterable[Any]) -> dict[int, list[str]]:
    """The steps to each of `parts` that is found, by its `id`."""
    wanted = {id(part) for part in parts}
    found: dict[int, list[str]] = {}
    seen = {id(root)}
    line: list[tuple[Any, int, str]] = [(root, -1, "")]
    for place, (value, _, _) in enumerate(line):
        if id(value) in wanted and id(value) not in found:
            found[id(value)] = _steps(line, place)
        if len(found) == len(wanted) or len(line) > _MOST_LOOKED_AT:
            break
        for name, child in _children(value):
            if id(child) not in seen:
                seen.add(id(child))
                line.append((child, place, name))
    return found


def _steps(line: list[tuple[Any, int, str]], place: int) -> list[str]:
    steps: list[str] = []
    while place > 0:
        _, place, name = line[place]
        steps.append(name)
    return steps[::-1]


def cycle(root: Any) -> list[str] | None:
    """The steps to the first part that is among those it is in; None where there is none."""
    open_ids, done = {id(root)}, set()
    stack: list[tuple[Any, Iterator[tuple[str, Any]]]] = [(root, _children(root))]
    steps: list[str] = []
    while stack:
        value, children = stack[-1]
        for name, child in children:
            if id(child) in open_ids:
                return [*steps, name]
            if id(child) not in done:
                open_ids.add(id(child))
                stack.append((child, _children(child)))
                steps.append(name)
                break
        else:
            stack.pop()
            del steps[-1:]
            open_ids.discard(id(value))
            done.add(id(value))
            if len(done) > _MOST_LOOKED_AT:
                return None
    return None


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value holds that is no scalar, without asking the value itself for anything."""
    kind: Any = type(value)
    if kind is dict or kind is OrderedDict:
        for key, child in list(dict.items(value)):
            if type(key) not in _SCALARS:
                yield step(key), key
            if type(child) not in _SCALARS:
                yield step(key), child
    elif kind is list or issubclass(kind, tuple):
        names = getattr(kind, "_fields", ())
        elements = list.__iter__(value) if kind is list else tuple.__iter__(value)
        for index, child in enumerate(elements):
            if type(child) not in _SCALARS:
                yield (f".{names[index]}" if index < len(names) else f"[{index}]"), child
    elif kind is set or kind is frozenset:
        for child in list(value):
            yield "{…}", child
    elif _is_objects(kind, value):
        for index, child in enumerate(value.reshape(-1).tolist()):
            yield f".flat[{index}]", child
    else:
        yield from _attributes(kind, value)


def _attributes(kind: type, value: Any) -> Iterator[tuple[str, Any]]:
    if issubclass(kind, _NOT_LOOKED_INTO):
        return
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    for base in kind.__mro__:
        for name, slot in base.__dict__.items():
            if type(slot) is _SLOT:
                try:
                    yield f".{name}", slot.__get__(value)
                except AttributeError:
                    continue
    for name, child in list(own.items()):
        yield f".{name}", child


def _is_objects(kind: type, value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and kind is getattr(numpy, "ndarray", None) and value.dtype.kind == "O"


class _Slotted:
    __slots__ = ("slot",)


_SLOT: Any = type(_Slotted.__dict__["slot"])
_NOT_LOOKED_INTO = (type, ModuleType, FunctionType)
"""Half the interpreter hangs from each of them."""
_SCALARS = frozenset([int, float, bool, type(None), complex])
