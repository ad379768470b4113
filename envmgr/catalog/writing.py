"""A completed walk as a catalog file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envmgr.catalog import facts, layout, reading
from envmgr.catalog.docstrings import without_signature
from envmgr.catalog.facts import Facts, Object
from envmgr.catalog.overloads import Parameters
from envmgr.catalog.words import words

_LONGEST_SUMMARY = 200


def encode(found: Facts) -> bytes:
    """Equal facts, equal bytes."""
    head = {
        "module": found.module,
        "version": found.version,
        "distribution": found.distribution,
        "python": found.python,
        "errors": found.errors,
    }
    paths = {path: number for number, each in enumerate(found.objects) for path in each.paths}
    return layout.encode(head, paths, [_item(each) for each in found.objects])


def _item(found: Object) -> layout.Item:
    summary = summary_of(found)
    row = [
        found.path,
        found.kind,
        _parameters(found.parameters),
        found.returns,
        summary,
        _flags(found),
        [[_parameters(parameters), returns] for parameters, returns in found.overloads] or None,
    ]
    return layout.Item(row, _detail(found), words(found.paths, summary))


def summary_of(found: Object) -> str:
    """The docstring's first line that does not only show how it is called, as those of C functions begin."""
    lines = without_signature((found.doc or "").strip(), found.path.rpartition(".")[2]).splitlines()
    return lines[0].strip()[:_LONGEST_SUMMARY] if lines else ""


def _detail(found: Object) -> Mapping[str, Any]:
    return {
        "path": found.path,
        "aliases": found.paths[1:],
        "kind": found.kind,
        "doc": found.doc,
        "parsed": found.parsed,
        "module": found.module,
        "file": found.file,
        "line": found.line,
        "deprecated": found.deprecated,
        "origins": dict(sorted(found.origins.items())),
        "value": found.value,
    }


def _parameters(found: Parameters | None) -> list[list[Any]] | None:
    return None if found is None else [_short(parameter) for parameter in found]


def _short(parameter: list[Any]) -> list[Any]:
    name, kind, default, into, text, accepts = parameter
    if text is not None or accepts is not None:
        return [name, kind, default, into, text, accepts]
    return [name, kind, default] if into is None else [name, kind, default, into]


def _flags(found: Object) -> int:
    origins = found.origins
    return (
        reading.DEPRECATED * (found.deprecated is not None)
        | reading.RETURN_INFERRED * (origins.get("returns") == facts.DOCSTRING)
        | reading.SIGNATURE_FROM_STUB * (origins.get("signature") == facts.STUB)
        | reading.SIGNATURE_FROM_DOCSTRING * (origins.get("signature") == facts.DOCSTRING)
        | reading.TYPES_FROM_STUB * (origins.get("types") == facts.STUB)
    )
