"""Differences that are none: each doubt answers with its reason, or with None."""

from __future__ import annotations

import re
from collections.abc import Callable

from envmgr.changes import defaults, endings
from envmgr.changes.described import DOCSTRING, SOURCE, STUB, VAR_KEYWORD, VAR_POSITIONAL, Described, Pair
from envmgr.changes.findings import Finding

Doubt = Callable[[Pair, str, Finding], str | None]

_OF_CALLS = ("parameter", "default", "args", "kwargs")
_OF_TYPES = frozenset(
    f"{what}-{how}" for what in ("parameter", "return") for how in ("narrowed", "retyped", "widened")
)
_VERSION = re.compile(
    r"(?:^|_)(?:(?:min|max)?version|revision|git|commit|hash|build|release|date|author)s?(?:_|$)|time$",
    re.IGNORECASE,
)
_RELEASE = re.compile(r"\d+(?:\.\d+)+\w*")
_PLACE = re.compile(r"site-packages|/\.envmgr/|/proc/\d|/tmp/")
_SIZED = re.compile(r"^<(\w+) of \d+>$")
_STILL = frozenset({"parameter-removed", "parameter-renamed", "parameter-required"})
_BY_POSITION = re.compile(r"position|keyword[- ]only|as keyword", re.IGNORECASE)
_LONGEST = 80
_OF_NOTATION = frozenset({"parameter-positional-only", "parameter-freed", "default-changed"})
_OF_UFUNCS = frozenset(
    ["where", "casting", "order", "dtype", "subok", "signature", "axes", "axis", "keepdims", "extobj"]
)


def private_parameter(pair: Pair, kind: str, found: Finding) -> str | None:
    if found.parameter is not None and found.parameter.startswith("_"):
        return "a parameter that begins with an underscore is nobody's to give"
    return None


def only_now_known(pair: Pair, kind: str, found: Finding) -> str | None:
    if not _of_call(kind) or kind in _OF_TYPES or found.origin == SOURCE:
        return None
    if says_nothing(pair.before) and not says_nothing(pair.after):
        if pair.before.source is not None and pair.before.source.hands_on is False:
            return _named_now(pair) if kind == "kwargs-removed" else None
        return "its signature ended in (*args, **kwargs), and is told now"
    if says_nothing(pair.after) and not says_nothing(pair.before):
        return "its signature ends in (*args, **kwargs) now: what it takes is not told"
    return None


def _named_now(pair: Pair) -> str | None:
    asked = frozenset() if pair.before.source is None else pair.before.source.keywords
    if asked and asked <= {each.name for each in pair.after.parameters or ()}:
        return "what it asked its **kwargs for are parameters of its own now"
    return None


def still_taken(pair: Pair, kind: str, found: Finding) -> str | None:
    """By a decorator that warns and passes it on."""
    source = pair.after.source
    if source is None:
        return None
    if kind == "parameter-keyword-only":
        said = [text for text in source.warns if re.search(rf"\W{re.escape(found.parameter or '')}\W", text)]
        named = any(endings.POSITIONS.search(each.partition("(")[0]) for each in source.decorators)
        if named or (found.parameter in source.still and any(map(_BY_POSITION.search, said))):
            return "its decorator still takes it by position, and warns"
    if kind in _STILL and found.parameter in source.still:
        return "its decorator still takes it, and warns"
    return None


def from_docstring(pair: Pair, kind: str, found: Finding) -> str | None:
    before, after = pair.before.signature_from, pair.after.signature_from
    if _of_call(kind) and before != after and DOCSTRING in (before, after):
        told, other = ("before", after) if before == DOCSTRING else ("now", before)
        return (
            f"its signature was read from the docstring {told}, and from {_origin(other)} on the other side"
        )
    return None


def from_stub(pair: Pair, kind: str, found: Finding) -> str | None:
    before, after = pair.before.signature_from, pair.after.signature_from
    if not _of_call(kind) or kind in _OF_TYPES:
        return None
    if before != after and STUB in (before, after):
        return f"its signature comes from {_origin(before)} before, and from {_origin(after)} now"
    if STUB in (before, after) and (pair.before.overloaded or pair.after.overloaded):
        return "its signature is what several of a stub have in common"
    if before in (STUB, DOCSTRING) and (
        kind in _OF_NOTATION or (before == DOCSTRING and kind == "parameter-required")
    ):
        return f"{_origin(before)} says so: it may be a matter of notation"
    return None


def of_every_ufunc(pair: Pair, kind: str, found: Finding) -> str | None:
    if "ufunc" in (pair.before.kind, pair.after.kind) and found.parameter in _OF_UFUNCS:
        return "what every ufunc takes was not told of each"
    return None


def sentinel(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind == "default-changed" and (
        defaults.is_sentinel(found.before) or defaults.is_sentinel(found.after)
    ):
        return "a default that only says that nothing was given"
    return None


def not_told(pair: Pair, kind: str, found: Finding) -> str | None:
    """Defaults that say the less of themselves the more they are."""
    if kind != "default-changed":
        return None
    calls = [frozenset() if each.source is None else each.source.calls for each in (pair.before, pair.after)]
    if found.parameter in {name for name, _ in calls[0] & calls[1]}:
        return "it is what the same call gives, each time that its module is imported"
    if defaults.is_nameless(found.before) and defaults.is_nameless(found.after):
        return "a function without a name for users: what it does is not told"
    if defaults.made(found.before) is not None and defaults.made(found.before) == defaults.made(found.after):
        return "it is of the same class, which says more of it, or less"
    return None


def of_another(pair: Pair, kind: str, found: Finding) -> str | None:
    """The constructor of a class that has none of its own."""
    old, new = pair.before.source, pair.after.source
    if not _of_call(kind) or old is None or new is None or old.made_by is None or new.made_by is None:
        return None
    if old.made_by.rpartition(".")[2] == new.made_by.rpartition(".")[2]:
        return f"its constructor is another library's: {new.made_by}"
    return None


def was_its_object(pair: Pair, kind: str, found: Finding) -> str | None:
    first = next(iter(pair.after.parameters or ()), None)
    is_freed = pair.before.kind == "method" and pair.after.kind in ("staticmethod", "function")
    if kind == "parameter-required" and is_freed and first is not None and first.name == found.parameter:
        return "its object was that, where it was called of the class"
    return None


def stands_for_a_module(pair: Pair, kind: str, found: Finding) -> str | None:
    each = {pair.before.kind: pair.before, pair.after.kind: pair.after}
    if kind == "kind-changed" and each.keys() == {"module", "constant"}:
        nature = f"{each['constant'].returns} {each['constant'].value}"
        if "module" in nature.lower():
            return "an object stands for the module, as one does that warns of its names"
    return None


def cut_short(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind in ("default-changed", "value-changed"):
        texts = (found.before or "", found.after or "")
        if max(map(len, texts)) >= _LONGEST and (
            min(map(len, texts)) >= _LONGEST or any(map(_SIZED.match, texts))
        ):
            return "it is too long to be compared to its end"
    return None


def of_the_release(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind not in ("value-changed", "default-changed"):
        return None
    if kind == "value-changed":
        of_it = _VERSION.search(pair.before.leaf) is not None
    else:
        of_it = (
            _VERSION.search(found.parameter or "") is not None
            and re.search(r"\d", found.after or "") is not None
        )
    texts = [_RELEASE.sub("·", text or "") for text in (found.before, found.after)]
    if of_it or _PLACE.search(found.before or "") or texts[0] == texts[1]:
        return "it says which release this is, or where it lies"
    return None


def not_shown(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind != "value-changed":
        return None
    if defaults.is_unknown(found.before) or defaults.is_unknown(found.after):
        return "its value could not be told in one of the releases"
    same = pair.before.returns is not None and pair.before.returns == pair.after.returns
    if same and not any(map(defaults.is_plain, (found.before, found.after))):
        return "it is of the same class, which says more of it, or less"
    return None


def grown(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind != "value-changed":
        return None
    old, new = _SIZED.match(found.before or ""), _SIZED.match(found.after or "")
    if old and new and old[1] == new[1]:
        return f"a {old[1]} that has other entries"
    if {_opening(found.before), _opening(found.after)} in ({"{"}, {"["}):
        return "a table that has other entries"
    return None


def _opening(text: str | None) -> str:
    return (text or "").removeprefix("frozenset(")[:1]


def other_stubs(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind not in _OF_TYPES:
        return None
    before, after = pair.before.types_from, pair.after.types_from
    if before != after:
        return "its types come from a stub on one side only"
    if before == STUB:
        return "a stub says so: what it takes and gives when it runs may be the same"
    if pair.before.overloaded or pair.after.overloaded:
        return "it has several signatures: of which the types are is not told"
    return None


def goes_whole(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind in ("use-deprecated", "parameter-deprecated") and endings.is_deprecated(pair.after):
        return "all of it is deprecated"
    return None


def gave_nothing(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind == "return-retyped" and found.before == "None":
        return "it returned nothing that anyone could use"
    return None


def private_base(pair: Pair, kind: str, found: Finding) -> str | None:
    if kind == "base-removed" and any(part.startswith("_") for part in (found.before or "").split(".")):
        return "a private class: nobody asks for it"
    return None


DOUBTS: tuple[Doubt, ...] = (
    private_parameter,
    only_now_known,
    from_docstring,
    from_stub,
    of_every_ufunc,
    still_taken,
    sentinel,
    not_told,
    of_another,
    was_its_object,
    stands_for_a_module,
    cut_short,
    of_the_release,
    not_shown,
    grown,
    other_stubs,
    gave_nothing,
    private_base,
    goes_whole,
)


def reason(pair: Pair, kind: str, found: Finding) -> str | None:
    return next((why for doubt in DOUBTS if (why := doubt(pair, kind, found)) is not None), None)


def says_nothing(found: Described) -> bool:
    """Whether it is told of the call only that it takes anything, as of one that hands its arguments on."""
    kinds = {each.kind for each in found.parameters or ()}
    if found.source is not None and VAR_KEYWORD not in kinds:
        return False
    return {VAR_POSITIONAL, VAR_KEYWORD} <= kinds or (bool(kinds) and kinds <= {VAR_POSITIONAL, VAR_KEYWORD})


def _of_call(kind: str) -> bool:
    return kind.startswith(_OF_CALLS) and kind != "parameter-deprecated"


def _origin(origin: str | None) -> str:
    return {DOCSTRING: "a docstring", STUB: "a stub", None: "nowhere"}.get(origin, "Python itself")
