"""What words say of what to call now: deprecations, docstrings, what an absent name raises."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NAME = r"(?:`+~?|:\w+:`~?|')?(?P<name>[A-Za-z_][\w.]*(?:\.[\w]+)*)(?:\([^)]*\))?(?:`+|')?"
_VERBATIM = re.compile(r"\buse\s+`+([^`]+)`+", re.IGNORECASE)
_TARGET = re.compile(r"\s*<\.?\w+(?:\.\w+)+>$|<\.\w+>$")
"""Where a cross-reference leads."""
_USE = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\buse\s+(?:the\s+)?(?:function\s+|method\s+|class\s+|new\s+)?(?:equivalent\s+)?{_NAME}",
        rf"\b(?:replaced|superseded)\s+(?:by|with)\s+(?:the\s+)?{_NAME}",
        rf"\b(?:renamed|moved)\s+(?:to|as)\s+{_NAME}",
        rf"\bin favou?r of\s+(?:the\s+)?{_NAME}",
        rf"\balias (?:of|for)\s+(?:the\s+)?{_NAME}",
        rf"{_NAME}\s+(?:should be used\s+)?instead\b",
    )
]
_NO_NAMES = frozenset(
    word
    for line in (
        "a an the it this that these those of for with and or in to its is instead your one another other new",
        "explicit keyword argument arguments parameter option value values either any same some default only as",
    )
    for word in line.split()
)
_ABSENT = re.compile(
    r"^(?:(?:partially initialized )?(?:module|type object|class)? ?['`]?[\w.]*['`]? ?(?:object )?has no attribute"
    r" ['`]?\w+['`]?(?:\. Did you mean: '[\w.]+'\?)?|[\w.]+)$",
    re.IGNORECASE,
)


def instead(text: str, known: Iterable[str] = ()) -> str | None:
    """The name that a text says to use. Of several, one of `known`; else the first that looks like code."""
    found = [match["name"].rstrip(".") for pattern in _USE for match in pattern.finditer(text)]
    names = [name for name in found if name not in _NO_NAMES and _is_code(name, text)]
    there = set(known)
    found_there = next((name for name in names if name in there or name.partition(".")[2] in there), None)
    if found_there is not None:
        return found_there
    exact = _VERBATIM.search(text)
    if exact is not None and not exact[1].startswith((":", "~")):
        return _TARGET.sub("", exact[1]).strip(" .")
    return next(iter(names), None)


def own_words(message: str) -> str:
    """What an AttributeError says beyond that there is no such attribute; `""` where that is all."""
    text = " ".join(message.split())
    return "" if _ABSENT.match(text) else text


def shortened(text: str, most: int = 300) -> str:
    """One line of it."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _is_code(name: str, text: str) -> bool:
    """No word of a sentence and no version: code has a dot, an underscore, a bracket, or stands in quotes."""
    if re.match(r"v?\d", name):
        return False
    quoted = re.search(rf"[`'\"]~?{re.escape(name)}(?:\([^)]*\))?[`'\"]", text) is not None
    return quoted or "." in name or "_" in name or f"{name}(" in text
