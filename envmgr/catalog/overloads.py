"""Several signatures of one function as one that takes whatever any of them takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from envmgr_runtime.library.annotations import KINDS

Parameters = list[list[Any]]
"""`[name, kind, default, into, type, accepts]` of each."""

POSITIONAL, EITHER, ARGS, KEYWORD, KWARGS = range(5)
"""Kinds of parameters, in the order of `inspect`."""
UNKNOWN = "..."
"""The default that a stub does not tell, and that of what some signatures lack."""
_MOST_TYPES = 4


def merged(signatures: Sequence[Parameters]) -> Parameters:
    """Every call that one of the signatures takes is taken. A place that they name differently keeps its first name,
    and the others are keywords.
    """
    if len(signatures) == 1:
        return signatures[0]
    places = [[each for each in found if each[1] in (POSITIONAL, EITHER)] for found in signatures]
    positional: dict[str, list[Any]] = {}
    keywords: dict[str, list[list[Any]]] = {}
    for at in range(max(map(len, places), default=0)):
        here = [found[at] for found in places if len(found) > at]
        name = next((each[0] for each in here if each[0] not in positional), None)
        if name is None:
            continue
        is_everywhere = len(here) == len(places) and all(each[0] == name for each in here)
        is_late = any(each[1] == EITHER for each in positional.values())
        same = [each for each in here if each[0] == name]
        kind = EITHER if is_late or any(each[1] == EITHER for each in same) else POSITIONAL
        positional[name] = _joined(here, name, kind, optional=not is_everywhere)
        for each in here:
            if each[0] != name and each[1] == EITHER:
                keywords.setdefault(each[0], []).append(each)
    for found in signatures:
        for each in found:
            if each[1] == KEYWORD:
                keywords.setdefault(each[0], []).append(each)
    for name in positional.keys() & keywords.keys():
        positional[name] = _joined([positional[name], *keywords.pop(name)], name, EITHER, optional=True)
    _defaults_last(list(positional.values()))
    rest = {
        kind: [each for found in signatures for each in found if each[1] == kind] for kind in (ARGS, KWARGS)
    }
    return [
        *positional.values(),
        *(_joined(here, here[0][0], ARGS, optional=False) for here in [rest[ARGS]] if here),
        *(
            _joined(here, name, KEYWORD, optional=len(here) < len(signatures))
            for name, here in keywords.items()
        ),
        *(_joined(here, here[0][0], KWARGS, optional=False) for here in [rest[KWARGS]] if here),
    ]


def union(types: Sequence[str | None]) -> str | None:
    """The types as one, each once; None where one is not known. More than a few are not listed to the end."""
    known = list(dict.fromkeys(text for text in types if text is not None))
    if not known or None in types:
        return None
    parts = list(dict.fromkeys(part for text in known for part in _members(text)))
    return " | ".join([*parts[:_MOST_TYPES], *(["..."] if len(parts) > _MOST_TYPES else [])])


def _members(text: str) -> list[str]:
    """Of a union that is written with bars."""
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "|" and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
    return [*parts, text[begin:].strip()]


def _joined(here: Sequence[list[Any]], name: str, kind: int, *, optional: bool) -> list[Any]:
    default = next((each[2] for each in here if each[2] is not None), None)
    if default is None and optional:
        default = UNKNOWN
    intos = {each[3] for each in here}
    accepts = [each[5] for each in here]
    into = intos.pop() if len(intos) == 1 else None
    return [name, kind, default, into, union([each[4] for each in here]), _either(accepts)]


def _either(accepts: Sequence[list[str] | None]) -> list[str] | None:
    found: set[str] = set()
    for kinds in accepts:
        if kinds is None:
            return None
        found.update(kinds)
    return [kind for kind in KINDS if kind in found]


def _defaults_last(positional: Parameters) -> None:
    """What stands behind an optional one is optional."""
    seen = False
    for each in positional:
        if seen and each[2] is None:
            each[2] = UNKNOWN
        seen = seen or each[2] is not None
