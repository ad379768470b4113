"""What is going away: all of an object, a parameter, some use of it. Each rule is pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from envmgr.changes import defaults, texts
from envmgr.changes.described import KEYWORD_ONLY, RUNTIME, SOURCE, VAR_KEYWORD, Described, Pair
from envmgr.changes.findings import Finding
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE

_DIRECTIVE = re.compile(r"\.\. deprecated::[ \t]*(?P<since>\S*)\s*(?P<text>(?:(?!\.\. \w+::).)*)", re.DOTALL)
_IN_WORDS = re.compile(
    r"^\W*deprecated\b[^\n]*"
    r"|\b(?:the|this) (?:parameter|argument|keyword|option) (?:is|was|has been) deprecated\b[^\n]*",
    re.IGNORECASE,
)
_OF_A_USE = re.compile(r"\b(?:argument|parameter|keyword|option|passing|calling|setting)\b", re.IGNORECASE)
POSITIONS = re.compile(r"deprecat\w*(?:nonkeyword|non_keyword|position)|make_keyword_only", re.IGNORECASE)
"""A decorator's name that takes by position, for a while, what is a keyword."""
_FORMER_NAME = re.compile(r"(?:deprecat|renam)\w*_?(?:kwarg|arg|param)")
_GOES = r" (?:is|are|was|were|has been|have been|will be)(?: now| being)? (?:deprecated|renamed)"
_SUBJECTS = (
    re.compile(rf"(\w+)[`'\"*]*{_GOES}"),
    re.compile(rf"(\w+)[`'\"*]* (?:parameter|argument|option|keyword|kwarg|arg)s?{_GOES}"),
)
_LITERAL = re.compile(r"'([^']*)'")
_MARKED = re.compile(r"`~?([\w.]+)`")
_QUOTED = re.compile(r"(?:\*|`+|')(\w+)(?:\*|`+|')")


def deprecated(pair: Pair) -> Iterator[Finding]:
    said = deprecation(pair.after)
    if said is not None and deprecation(pair.before) is None and aspect(pair.after) is None:
        text, origin = said
        yield Finding(
            MAY_BREAK,
            f"deprecated: {texts.shortened(text)}" if text else "deprecated",
            instead=texts.instead(text),
            origin=origin,
        )


def deprecation_ended(pair: Pair) -> Iterator[Finding]:
    was = deprecation(pair.before)
    still = pair.after.source is not None and pair.after.source.warns
    if was is not None and deprecation(pair.after) is None and aspect(pair.before) is None and not still:
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
    if aspect(pair.after) == "" and aspect(pair.before) is None and pair.after.kind != "module":
        text = str(pair.after.deprecated)
        yield Finding(
            MAY_BREAK, f"a use of it is deprecated: {texts.shortened(text)}", instead=texts.instead(text)
        )
    old, new = pair.before.source, pair.after.source
    if old is None or new is None:
        return
    known = {_sense(text) for text in old.warns}
    told = {found.parameter for found in parameter_deprecated(pair)}
    told |= {each.name for each in pair.after.parameters or () if defaults.is_going(each.default)}
    names = {each.name for each in (*(pair.before.parameters or ()), *(pair.after.parameters or ()))}
    for text in new.warns:
        parameter = _meant(text, names)
        if _sense(text) not in known and (parameter is None or parameter not in told):
            yield Finding(
                MAY_BREAK,
                f"{_by_position(text, pair)}: {texts.shortened(text)}",
                parameter,
                instead=texts.instead(text),
                origin=SOURCE,
            )


def no_longer_taken(pair: Pair) -> Iterator[Finding]:
    """A decorator took a parameter by its former name for a while, and does so no more."""
    old, new = pair.before.source, pair.after.source
    if old is None or new is None:
        return
    there = {each.name for each in pair.after.parameters or ()}
    still = " ".join(new.decorators)
    for decorator in old.decorators:
        what = decorator.partition("(")[0]
        if _FORMER_NAME.search(what) and not POSITIONS.search(what):
            names = [name for name in _LITERAL.findall(decorator) if name.isidentifier() and name != "self"]
            if names and names[0] not in there and f"'{names[0]}'" not in still:
                instead = names[1] if names[1:] and names[1] in there else None
                words = f"it does not take {names[0]} any more"
                yield Finding(BREAKS, words, names[0], names[0], instead, instead, SOURCE)


def position_no_longer_taken(pair: Pair) -> Iterator[Finding]:
    """A decorator took keywords by position for a while, and does so no more: its signature hid that."""
    old, new = pair.before.source, pair.after.source
    if old is None or new is None or any(POSITIONS.search(each.partition("(")[0]) for each in new.decorators):
        return
    after = {each.name for each in pair.after.parameters or () if each.kind == KEYWORD_ONLY}
    keywords = [each.name for each in pair.before.parameters or () if each.kind == KEYWORD_ONLY]
    for decorator in old.decorators:
        if not POSITIONS.search(decorator.partition("(")[0]):
            continue
        first = next((keywords.index(name) for name in _LITERAL.findall(decorator) if name in keywords), 0)
        for name in keywords[first:]:
            if name in after:
                yield Finding(BREAKS, f"{name} must be given by name now", name, decorator, origin=SOURCE)
        return


def keyword_no_longer_taken(pair: Pair) -> Iterator[Finding]:
    """Its body asked `**kwargs` for it, and there is no `**kwargs` that takes it any more."""
    old = pair.before.source
    new = pair.after.parameters
    was = pair.before.parameters or ()
    if old is None or new is None or any(each.kind == VAR_KEYWORD for each in new):
        return
    if not any(each.kind == VAR_KEYWORD for each in was):
        return
    there = {each.name for each in (*new, *was)}
    for name in sorted(old.keywords - there):
        yield Finding(BREAKS, f"it does not take {name} any more", name, f"{name} by **kwargs", origin=SOURCE)


def is_deprecated(each: Described) -> bool:
    """All of it."""
    return deprecation(each) is not None and aspect(each) is None


def aspect(each: Described) -> str | None:
    """Of what a deprecation speaks that stands in the docstring of a whole callable: the parameter, `""` for some
    other use of it, None for all of it."""
    text = each.deprecated
    if text is not None and each.kind == "module":
        named = {name.rpartition(".")[2] for name in _MARKED.findall(text)}
        return None if not named or each.leaf in named else ""
    if (
        text is None
        or not each.parameters
        or (each.source is not None and each.source.deprecated is not None)
    ):
        return None
    quoted = _QUOTED.findall(text)
    if each.leaf in quoted:
        return None
    names = {found.name for found in each.parameters}
    parameter: str | None = next((name for name in quoted if name in names), None)
    if parameter is not None and re.search(
        rf"\W{re.escape(parameter)}\W[^.]*\bdeprecated\b|{_OF_A_USE.pattern}", text
    ):
        return parameter
    return "" if _OF_A_USE.search(text) and re.search(r"\bdeprecated\b", text) else None


def deprecation(each: Described) -> tuple[str, str] | None:
    """What is said of its end, and where."""
    if each.deprecated is not None:
        return each.deprecated, RUNTIME
    if each.source is not None and each.source.deprecated is not None:
        return each.source.deprecated, SOURCE
    return None


def _by_position(text: str, pair: Pair) -> str:
    """Which calls warn, by a warning or by a decorator."""
    if not (text.startswith("@") and POSITIONS.search(text.partition("(")[0])):
        return "some calls warn"
    names = [each.name for each in pair.after.parameters or () if each.kind == KEYWORD_ONLY]
    return (
        f"what gives {', '.join(names)} by position warns"
        if names
        else "what gives arguments by position warns"
    )


def _meant(text: str, names: Collection[str]) -> str | None:
    """The parameter that a warning speaks of."""
    is_of_a_use = text.startswith("@") or "attribute" in text or _OF_A_USE.search(text)
    quoted = _QUOTED.findall(text) if is_of_a_use else ()
    named = [name for pattern in _SUBJECTS for name in pattern.findall(text)]
    return next((name for name in (*quoted, *named) if name in names), None)


def _announced(text: str) -> list[str]:
    if "eprecated" not in text:
        return []
    found = [match["text"].strip() for match in _DIRECTIVE.finditer(text)]
    return found or [match[0].strip() for match in _IN_WORDS.finditer(text)]


def _sense(text: str) -> str:
    """Versions and numbers in a warning come and go."""
    return re.sub(r"[\d.]+", "", text).strip().lower()
