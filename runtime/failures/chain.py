"""What led to an exception, and what a group of them holds."""

from __future__ import annotations

from typing import Any, Iterator

from .frames import frames
from .texts import clean, message, module_of, name_of, notes

LONGEST_CHAIN = 20
DEEPEST_GROUP = 5
MOST_MEMBERS = 100

_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_suppressed = BaseException.__dict__["__suppress_context__"].__get__


def leading_to(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    """`("cause" | "context", exception)` from the nearest on, each once."""
    seen = {id(error)}
    for _ in range(LONGEST_CHAIN):
        relation, before = "cause", _cause_of(error)
        if before is None and not _suppressed(error):
            relation, before = "context", _context_of(error)
        if before is None or id(before) in seen:
            return
        seen.add(id(before))
        yield relation, before
        error = before


def chain(error: BaseException, secrets: tuple[str, ...] = ()) -> list[list[Any]]:
    return [[relation, _told(before, secrets)] for relation, before in leading_to(error)]


def group(error: BaseException, secrets: tuple[str, ...] = ()) -> list[dict[str, Any]] | None:
    """The members of an exception group, nested ones in theirs; None of anything else.

    A group is what has a tuple or list of exceptions as `exceptions`: before Python 3.11 they come from libraries.
    """
    return _members(error, secrets, DEEPEST_GROUP, [MOST_MEMBERS])


def members(error: BaseException) -> list[BaseException]:
    try:
        found = getattr(error, "exceptions", None)
    except BaseException:  # noqa: BLE001 - it may be a property
        return []
    if not isinstance(found, (tuple, list)):
        return []
    return [member for member in found if isinstance(member, BaseException)]


def _members(
    error: BaseException, secrets: tuple[str, ...], depth: int, room: list[int]
) -> list[dict[str, Any]] | None:
    found = members(error)
    if not found or depth == 0:
        return None
    told = []
    for member in found:
        if room[0] == 0:
            break
        room[0] -= 1
        one = _told(member, secrets)
        inner = _members(member, secrets, depth - 1, room)
        if inner is not None:
            one["group"] = inner
        told.append(one)
    return told


def _told(error: BaseException, secrets: tuple[str, ...]) -> dict[str, Any]:
    kind = type(error)
    return {
        "type": clean(name_of(kind)),
        "module": clean(module_of(kind)),
        "message": clean(message(error), secrets),
        "notes": [clean(note, secrets) for note in notes(error)],
        "frames": frames(error, secrets),
    }
