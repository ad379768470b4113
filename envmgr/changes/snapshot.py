"""A catalog as descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envmgr.catalog import Catalog
from envmgr.catalog.reading import Row
from envmgr.changes.described import DOCSTRING, POSITIONAL_ONLY, Api, Described, Parameter
from envmgr.changes.joining import shortest_first

_BOUND = ("method", "property")
"""What is read from an object, which stands first among its parameters; so does the object that a module's function
is bound to, where a docstring tells its signature."""


def read(catalog: Catalog) -> Api:
    """All of it. Cost: every row and every detail is decoded, 0.2 s for numpy."""
    places = catalog.places()
    paths: dict[int, list[str]] = {}
    for path, number in places:
        paths.setdefault(number, []).append(path)
    objects = tuple(
        _described(catalog.row(number), catalog.detail(number), paths.get(number, []))
        for number in range(len(catalog))
    )
    head = catalog.head
    errors = dict(head["errors"])
    return Api(catalog.module, head["version"] or "", head["python"], objects, dict(places), errors)


def one(catalog: Catalog, path: str) -> Described | None:
    """What a path leads to. Cost: one row and one detail."""
    number = catalog.find(path)
    return None if number is None else _described(catalog.row(number), catalog.detail(number), [path])


def _described(row: Row, detail: Mapping[str, Any], paths: list[str]) -> Described:
    parsed = detail["parsed"] or {}
    told = [
        (name.strip().lstrip("*"), text or "")
        for names, _, text in parsed.get("parameters", ())
        for name in (names or "").split(",")
    ]
    origins = detail["origins"]
    return Described(
        shortest_first(paths) or (row.path,),
        row.kind,
        _parameters(row, dict(told), origins.get("signature") == DOCSTRING),
        row.returns,
        bool(row.overloads),
        detail["doc"] or "",
        detail["module"],
        detail["file"],
        detail["line"],
        detail["deprecated"],
        detail.get("value"),
        origins.get("signature"),
        origins.get("types"),
    )


def _parameters(row: Row, told: Mapping[str, str], by_words: bool) -> tuple[Parameter, ...] | None:
    if row.parameters is None:
        return None
    found = row.parameters
    bound = row.kind in _BOUND or (
        row.kind == "function" and by_words and found[:1] and found[0][0] == "self"
    )
    if bound and found and found[0][1] <= POSITIONAL_ONLY + 1:
        found = found[1:]
    return tuple(
        Parameter(name, kind, default, more[1] if len(more) > 1 else None, told.get(name, ""))
        for name, kind, default, *more in found
    )
