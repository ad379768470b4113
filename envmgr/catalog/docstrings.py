"""Docstrings as they are written: NumPy's and Google's style read by griffe, reST by docstring_parser.

A library has one style, the one that most of its docstrings show. Each distinct docstring is read once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from envmgr.catalog.facts import DOCSTRING, Object

NUMPY, GOOGLE, REST, PLAIN = "numpy", "google", "rest", "plain"
_MARKS = {
    NUMPY: re.compile(
        r"^(?:Parameters|Returns|Yields|Raises|Examples|Notes|See Also|Attributes)\n-{3,}$", re.M
    ),
    GOOGLE: re.compile(
        r"^(?:Args|Arguments|Returns|Raises|Yields|Examples?|Attributes|Notes?):[ \t]*\n[ \t]+\S", re.M
    ),
    REST: re.compile(r"^[ \t]*:(?:param|type|returns?|rtype|raises?|yields?)\b[^:\n]*:", re.M),
}
"""What only a docstring of that style has."""
_LONGEST_TYPE = 60
_SENTENCE = re.compile(r"\.\s*$|\.\s|\b(?:the|The|If|A|An|This)\b")

Parsed = dict[str, Any]


def style_of(docs: Iterable[str]) -> str:
    """The style that most of these docstrings show."""
    known = list(docs)
    counts = {style: sum(mark.search(doc) is not None for doc in known) for style, mark in _MARKS.items()}
    best = max(counts, key=lambda style: counts[style])
    return best if counts[best] else PLAIN


def complete(objects: Sequence[Object]) -> None:
    """Parse each docstring, and take from it what is returned where nothing else told."""
    docs = dict.fromkeys(found.doc for found in objects if found.doc)
    style = style_of(docs)
    parsed: dict[tuple[str, str], Parsed | None] = {}
    read = _reader(style)
    for found in objects:
        if not found.doc:
            continue
        name = found.path.rpartition(".")[2]
        key = (found.doc, name)
        if key not in parsed:
            parsed[key] = parse(found.doc, name, style, read)
        found.parsed = parsed[key]
        _infer(found)


def without_signature(doc: str, name: str) -> str:
    """The docstring behind a first paragraph that only shows how `name` is called, as those of C functions do."""
    called = doc.partition("(")[0]
    if called == doc or called.rpartition(".")[2] != name or not called.replace(".", "").isidentifier():
        return doc
    head, _, rest = doc.partition("\n\n")
    if not rest and "\n" in head and head.partition("\n")[0].rstrip().endswith(")"):
        rest = head.partition("\n")[2]
    return rest.strip() or doc


def parse(doc: str, name: str, style: str, read: Callable[[str], Parsed] | None = None) -> Parsed | None:
    """None where the library that reads the style gives up."""
    text = without_signature(doc.strip(), name)
    read = read or _reader(style)
    try:
        if style == PLAIN or not _MARKS[style].search(text):
            return {**_plain(text), "style": style}
        return {**read(text), "style": style}
    except Exception:  # noqa: BLE001 - any text may be a docstring, and parsers foresee most of it
        return None


def _infer(found: Object) -> None:
    if found.returns is not None or found.parsed is None or found.kind in ("class", "constant", "module"):
        return
    said = found.parsed["yields" if "generator" in found.kind else "returns"]
    types = [kind for _, kind, _ in said]
    if types and all(kind and len(kind) <= _LONGEST_TYPE and not _SENTENCE.search(kind) for kind in types):
        found.returns = types[0] if len(types) == 1 else f"({', '.join(types)})"
        found.origins["returns"] = DOCSTRING


def _reader(style: str) -> Callable[[str], Parsed]:
    return {NUMPY: _numpy, GOOGLE: _google, REST: _rest, PLAIN: _plain}[style]


def _nothing() -> Parsed:
    return {
        "style": PLAIN,
        "summary": "",
        "description": "",
        "parameters": [],
        "returns": [],
        "yields": [],
        "raises": [],
        "examples": None,
        "notes": None,
        "deprecated": None,
    }


def _plain(text: str) -> Parsed:
    summary, _, description = text.strip().partition("\n\n")
    return {**_nothing(), "summary": " ".join(summary.split()), "description": description.strip()}


def _numpy(text: str) -> Parsed:
    import griffe

    return _sections(griffe.parse_numpy(_griffes(text), warnings=False))


def _google(text: str) -> Parsed:
    import griffe

    options = {"returns_named_value": False, "returns_multiple_items": False}
    return _sections(griffe.parse_google(_griffes(text), warnings=False, **options))


def _griffes(text: str) -> Any:
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    return griffe.Docstring(text)


def _sections(sections: Iterable[Any]) -> Parsed:
    """What griffe found."""
    found = _nothing()
    texts: list[str] = []
    for section in sections:
        kind, value = section.kind.value, section.value
        if kind == "text":
            texts.append(value)
        elif kind in ("parameters", "other parameters"):
            found["parameters"] += [[each.name, _type(each), _text(each.description)] for each in value]
        elif kind in ("returns", "yields"):
            found[kind] += [[each.name or None, _type(each), _text(each.description)] for each in value]
        elif kind == "raises":
            found["raises"] += [[_type(each), _text(each.description)] for each in value]
        elif kind == "examples":
            found["examples"] = "\n\n".join(text for _, text in value).strip() or None
        elif kind == "deprecated":
            found["deprecated"] = f"since {value.version}: {_text(value.description)}"
        elif kind == "admonition":
            title = (section.title or value.kind or "").strip().lower()
            if title in ("notes", "note"):
                found["notes"] = _text(value.description) or None
    plain = _plain("\n\n".join(texts))
    return {**found, "summary": plain["summary"], "description": plain["description"]}


def _rest(text: str) -> Parsed:
    import docstring_parser

    found = docstring_parser.parse(text, style=docstring_parser.DocstringStyle.REST)
    returned = [
        [each.return_name, each.type_name, _text(each.description), each.is_generator]
        for each in found.many_returns
    ]
    deprecated = found.deprecation
    return {
        **_nothing(),
        "summary": " ".join((found.short_description or "").split()),
        "description": _text(found.long_description),
        "parameters": [[each.arg_name, each.type_name, _text(each.description)] for each in found.params],
        "returns": [each[:3] for each in returned if not each[3]],
        "yields": [each[:3] for each in returned if each[3]],
        "raises": [[each.type_name, _text(each.description)] for each in found.raises],
        "examples": "\n\n".join(_text(each.description) for each in found.examples) or None,
        "deprecated": None if deprecated is None else _text(deprecated.description),
    }


def _type(each: Any) -> str | None:
    return None if each.annotation is None else " ".join(str(each.annotation).split())


def _text(value: str | None) -> str:
    return (value or "").strip()
