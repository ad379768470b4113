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
    signatures = [_object_by_position(found) for found in signatures]
    places = [[each for each in found if each[1] in (POSITIONAL, EITHER)] for found in signatures]
    longest = max(places, key=len)
    names: list[str] = []
    for at in range(max(map(len, places), default=0)):
        here = [found[at][0] for found in places if len(found) > at]
        names.append(next((name for name in here if name not in names), ""))
    split = [at for at, name in enumerate(names) if not name or _collides(signatures, at, name)]
    by_position_only = split[-1] + 1 if split else 0
    positional: Parameters = []
    keywords: dict[str, list[list[Any]]] = {}
    for at, name in enumerate(names):
        here = [found[at] for found in places if len(found) > at]
        named = [each for each in here if each[1] == EITHER]
        if at < by_position_only:
            everywhere = len(here) == len(places) and not named
            positional.append(_joined(here, longest[at][0], POSITIONAL, optional=not everywhere))
        else:
            everywhere = len(here) == len(places) and all(each[0] == name for each in here)
            is_late = any(each[1] == EITHER for each in positional)
            kind = EITHER if is_late or any(each[0] == name for each in named) else POSITIONAL
            positional.append(_joined(here, name, kind, optional=not everywhere))
            named = [each for each in named if each[0] != name]
        for each in named:
            keywords.setdefault(each[0], []).append(each)
    for each in (each for found in signatures for each in found if each[1] == KEYWORD):
        keywords.setdefault(each[0], []).append(each)
    for at, each in enumerate(positional):
        if each[0] in keywords and each[1] == EITHER:
            positional[at] = _joined([each, *keywords.pop(each[0])], each[0], EITHER, optional=True)
    taken = set(keywords)
    for each in positional:  # `name_` where the name is a keyword's, or another place's
        while each[0] in taken:
            each[0] += "_"
        taken.add(each[0])
    _defaults_last(positional)
    rest = {
        kind: [each for found in signatures for each in found if each[1] == kind] for kind in (ARGS, KWARGS)
    }
    counts = {
        name: sum(any(e[0] == name and e[1] == KEYWORD for e in found) for found in signatures)
        for name in keywords
    }
    return [
        *positional,
        *(_joined(here, here[0][0], ARGS, optional=False) for here in [rest[ARGS]] if here),
        *(
            _joined(here, name, KEYWORD, optional=counts[name] < len(signatures))
            for name, here in keywords.items()
        ),
        *(_joined(here, here[0][0], KWARGS, optional=False) for here in [rest[KWARGS]] if here),
    ]


def _object_by_position(found: Parameters) -> Parameters:
    """Nobody passes `self` by its name."""
    if found and found[0][0] in ("self", "cls") and found[0][1] == EITHER:
        return [[found[0][0], POSITIONAL, *found[0][2:]], *found[1:]]
    return found


def _collides(signatures: Sequence[Parameters], at: int, name: str) -> bool:
    """Whether a signature takes something else at this place, and this name as a keyword beside it."""
    for found in signatures:
        kinds = {each[1] for each in found}
        in_order = [each for each in found if each[1] in (POSITIONAL, EITHER)]
        here = in_order[at] if len(in_order) > at else None
        if here is not None and here[0] == name and here[1] == EITHER:
            continue
        if here is None and ARGS not in kinds:
            continue
        if KWARGS in kinds or any(each[0] == name and each[1] in (EITHER, KEYWORD) for each in found):
            return True
    return False


def union(types: Sequence[str | None]) -> str | None:
    """The types as one, each once; None where one is not known. More than a few are not listed to the end."""
    known = list(dict.fromkeys(text for text in types if text is not None))
    if not known or None in types:
        return None
    parts = list(dict.fromkeys(part for text in known for part in members(text)))
    return " | ".join([*parts[:_MOST_TYPES], *(["..."] if len(parts) > _MOST_TYPES else [])])


def members(text: str) -> list[str]:
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
