"""What an object is, what it stands for, and whether it is going away. Each rule is pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from envmgr.changes import defaults, texts
from envmgr.changes.described import SOURCE, Described, Pair
from envmgr.changes.findings import Finding
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE

_CALLED = frozenset({"function", "ufunc", "method", "classmethod", "staticmethod", "generator"})
_AWAITED = frozenset({"coroutine", "async-generator"})
_READ = frozenset({"property", "constant"})
_DIRECTIVE = re.compile(r"\.\. deprecated::[ \t]*(?P<since>\S*)\s*(?P<text>(?:(?!\.\. \w+::).)*)", re.DOTALL)
_IN_WORDS = re.compile(
    r"^\W*deprecated\b[^\n]*|\b(?:the|this) (?:parameter|argument|keyword|option) (?:is|was|has been) deprecated\b[^\n]*",
    re.IGNORECASE,
)
_OF_A_USE = re.compile(r"\b(?:argument|parameter|keyword|option|passing|calling|setting)\b", re.IGNORECASE)
_QUOTED = re.compile(r"(?:\*|`+|')(\w+)(?:\*|`+|')")


def kind(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before.kind, pair.after.kind
    if old == new:
        return
    severity, why = _verdict(old, new)
    if severity is not None:
        yield Finding(severity, f"it was a {old} and is a {new} now{why}", None, old, new)


def _verdict(old: str, new: str) -> tuple[str | None, str]:
    if old in _CALLED and new in _CALLED:
        if old == "generator" or new == "generator":
            return None, ""  # what is returned is the affair of types
        static = {"staticmethod", "function", "ufunc"}
        if old == "method" and new in ("classmethod", "staticmethod"):
            return MAY_BREAK, ": `Class.name(object)` means something else"
        if old in ("classmethod", *static) and new == "method":
            return BREAKS, ": it needs an object"
        return None, ""
    if new in _AWAITED and old in _CALLED:
        return BREAKS, ": a call must be awaited"
    if old in _AWAITED and new in _CALLED:
        return BREAKS, ": a call gives no awaitable"
    if {old, new} <= _READ:
        return None, ""
    if old == "class" and new in _CALLED:
        return MAY_BREAK, ": calls stay right, subclasses and isinstance do not"
    if old in _CALLED and new == "class":
        return None, ""
    if old in _CALLED | {"class"} and new in _READ | {"module"}:
        return BREAKS, ": it cannot be called" if new != "constant" else ""
    if old in _READ and new in _CALLED:
        return BREAKS, ": what is read is the function itself"
    return MAY_BREAK, ""


def value(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before, pair.after
    if old.kind != "constant" or new.kind != "constant" or old.value is None or new.value is None:
        return
    if not defaults.same(old.value, new.value) and not (old.value.startswith("<") and _nature(old.value) == _nature(new.value)):
        yield Finding(MAY_BREAK, f"it is {new.value} now, it was {old.value}", None, old.value, new.value)


def deprecated(pair: Pair) -> Iterator[Finding]:
    said = _deprecation(pair.after)
    if said is not None and _deprecation(pair.before) is None and aspect(pair.after) is None:
        text, origin = said
        yield Finding(
            MAY_BREAK,
            f"deprecated: {texts.shortened(text)}" if text else "deprecated",
            instead=texts.instead(text),
            origin=origin,
        )


def deprecation_ended(pair: Pair) -> Iterator[Finding]:
    was = _deprecation(pair.before)
    if was is not None and _deprecation(pair.after) is None and aspect(pair.before) is None:
        yield Finding(SAFE, "it is not deprecated any more", before=texts.shortened(was[0]), origin=was[1])


def parameter_deprecated(pair: Pair) -> Iterator[Finding]:
    """The docstring says that a parameter is going away."""
    before = {each.name: each for each in pair.before.parameters or ()}
    for each in pair.after.parameters or ():
        old = before.get(each.name)
        if old is None:
            continue
        if aspect(pair.after) == each.name and aspect(pair.before) != each.name:
            text = str(pair.after.deprecated)
            words = f"parameter {each.name} is deprecated, or a use of it: {texts.shortened(text)}"
            yield Finding(MAY_BREAK, words, each.name, instead=texts.instead(text))
        known = {_sense(text) for text in _announced(old.said)}
        for text in _announced(each.said):
            if _sense(text) not in known and not (known and not text):
                words = f"parameter {each.name} is deprecated, or a use of it"
                yield Finding(
                    MAY_BREAK,
                    f"{words}: {texts.shortened(text)}" if text else words,
                    each.name,
                    instead=texts.instead(text),
                )


def use_deprecated(pair: Pair) -> Iterator[Finding]:
    """Some ways to call it warn: the body has a warning that it had not."""
    if aspect(pair.after) == "" and aspect(pair.before) is None:
        text = str(pair.after.deprecated)
        yield Finding(MAY_BREAK, f"a use of it is deprecated: {texts.shortened(text)}", instead=texts.instead(text))
    old, new = pair.before.source, pair.after.source
    if old is None or new is None:
        return
    known = {_sense(text) for text in old.warns}
    for text in new.warns:
        if _sense(text) not in known:
            yield Finding(
                MAY_BREAK,
                f"some calls warn: {texts.shortened(text)}",
                instead=texts.instead(text),
                origin=SOURCE,
            )


def bases(pair: Pair) -> Iterator[Finding]:
    old, new = pair.before.source, pair.after.source
    if old is None or new is None:
        return
    staying = {_leaf(name) for name in new.bases} | {pair.after.leaf}
    for name in old.bases:
        if _leaf(name) not in staying:
            yield Finding(
                MAY_BREAK,
                f"it is no subclass of {name} any more: isinstance and except clauses fail",
                None,
                name,
                origin=SOURCE,
            )


def attributes(pair: Pair) -> Iterator[Finding]:
    """Attributes that its objects had by what the source assigns."""
    old, new = pair.before.source, pair.after.source
    if old is None or new is None or new.known is None:
        return
    for name in old.attributes:
        if name not in new.known:
            yield Finding(BREAKS, f"its objects have no attribute {name} any more", None, name, origin=SOURCE)


def is_deprecated(each: Described) -> bool:
    """All of it."""
    return _deprecation(each) is not None and aspect(each) is None


def aspect(each: Described) -> str | None:
    """Of what a deprecation speaks that stands in the docstring of a whole callable: the parameter, `""` for some
    other use of it, None for all of it."""
    text = each.deprecated
    if text is None or not each.parameters or (each.source is not None and each.source.deprecated is not None):
        return None
    quoted = _QUOTED.findall(text)
    if each.leaf in quoted:
        return None
    names = {found.name for found in each.parameters}
    named = next((name for name in quoted if name in names), None)
    if named is not None and re.search(rf"\W{re.escape(named)}\W[^.]*\bdeprecated\b|{_OF_A_USE.pattern}", text):
        return named
    return "" if _OF_A_USE.search(text) and re.search(r"\bdeprecated\b", text) else None


def _deprecation(each: Described) -> tuple[str, str] | None:
    if each.deprecated is not None:
        return each.deprecated, "runtime"
    if each.source is not None and each.source.deprecated is not None:
        return each.source.deprecated, SOURCE
    return None


def _announced(text: str) -> list[str]:
    if "deprecated" not in text:
        return []
    found = [match["text"].strip() for match in _DIRECTIVE.finditer(text)]
    return found or [match[0].strip() for match in _IN_WORDS.finditer(text)]


def _nature(value: str) -> str:
    """Of an object that has no value to show, the class."""
    found = re.match(r"^<(?:[\w.]*\.)?(\w+) object", value)
    return found[1] if found else value


def _leaf(path: str) -> str:
    """A class may be defined elsewhere now."""
    return path.rpartition(".")[2]


def _sense(text: str) -> str:
    """Versions and numbers in a warning come and go."""
    return re.sub(r"[\d.]+", "", text).strip().lower()
