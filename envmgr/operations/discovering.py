"""`functions`, `search` and `describe`: what libraries offer, from active catalogs. Starts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from envmgr import catalog
from envmgr.catalog import Catalog, Filters, Row, examples, spelling
from envmgr.environments import called
from envmgr.environments.layout import Layout, site_packages
from envmgr.model.discovery import (
    Called,
    Description,
    Examples,
    Found,
    Home,
    LibraryDescription,
    Parameter,
    Said,
)
from envmgr.operations import serving
from envmgr.operations.serving import Launch

_KINDS = ("positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword")
_MOST_MEMBERS = 1_000


def functions(root: Path, library: str | None, filters: Filters) -> tuple[Found, ...]:
    """All objects of a library, of all active ones without a name, by their canonical paths; of a module or class,
    those that have a path in it, what a class inherits too, by the shortest of these. Costs the reading of the
    catalogs. Raises E-UNKNOWN-LIBRARY, E-NOT-INSTALLED.
    """
    return tuple(
        _found(name, row, path)
        for name, launch in _chosen(root, library).items()
        for path, row in _rows(serving.catalog_of(launch, name), _within(filters, name))
    )


def calls(root: Path, library: str | None) -> tuple[Called, ...]:
    """What the application really calls, of a library or of all, the most called first. Raises E-UNKNOWN-LIBRARY for
    a name that is no active library's, and of which nothing was called.
    """
    found = called.read(Layout(root))
    if library is None:
        return found
    launches = serving.launches(root)
    name = serving.unaliased(library, serving.aliases(launches))
    found = tuple(each for each in found if each.library == name)
    if launches and not found:
        serving.launch_of(launches, name)
    return found


def search(root: Path, words: str, library: str | None, filters: Filters, limit: int) -> tuple[Found, ...]:
    """The best first; docs/architecture.md says how they rank. Raises as `functions`."""
    names = _chosen(root, library)
    catalogs = {name: serving.catalog_of(launch, name) for name, launch in names.items()}
    if library is not None:
        filters = _within(filters, library)
    return tuple(
        _found(name, row, row.path) for name, row in catalog.search(catalogs, words, filters, limit=limit)
    )


def describe(root: Path, path: str) -> Description | LibraryDescription:
    """Of a path, or of a library by its name. Raises E-UNKNOWN-LIBRARY and E-UNKNOWN-FUNCTION with near names,
    E-NOT-INSTALLED.
    """
    launches = serving.active(root)
    name, _, rest = serving.unaliased(path, serving.aliases(launches)).partition(".")
    launch = serving.launch_of(launches, name)
    known = serving.catalog_of(launch, name)
    if not rest:
        return _library(launch, name, known)
    row, number = serving.look_up(known, name, rest)
    return _described(_home(launch, name), known, row, rest, known.detail(number))


def _rows(known: Catalog, filters: Filters) -> Iterator[tuple[str, Row]]:
    if filters.module is None:
        yield from ((row.path, row) for row in known.rows() if filters.keep(row))
        return
    shortest: dict[int, str] = {}
    for path, number in known.inside(filters.module):
        if number not in shortest or len(path.encode()) < len(shortest[number].encode()):
            shortest[number] = path
    anywhere = replace(filters, module=None)
    for number, path in sorted(shortest.items(), key=lambda each: each[1].encode()):
        row = known.row(number)
        if anywhere.keep(row):
            yield path, row


def _chosen(root: Path, library: str | None) -> dict[str, Launch]:
    launches = serving.active(root)
    if library is not None:
        library = serving.unaliased(library, serving.aliases(launches))
        return {library: serving.launch_of(launches, library)}
    return {name: launch for launch in launches for name in launch["libraries"]}


def _within(filters: Filters, library: str) -> Filters:
    """A module may be said with the library's name before it; that name alone means all of the library."""
    if filters.module == library:
        return replace(filters, module=None)
    if filters.module is None or not filters.module.startswith(f"{library}."):
        return filters
    return replace(filters, module=filters.module.removeprefix(f"{library}."))


def _found(library: str, row: Row, path: str) -> Found:
    whole = f"{library}.{path}"
    return Found(
        whole,
        library,
        row.kind,
        spelling.signature(row, whole),
        spelling.signature(row, whole, types=False),
        row.returns,
        row.summary,
        row.deprecated,
    )


def _described(home: Home, known: Catalog, row: Row, path: str, detail: Mapping[str, Any]) -> Description:
    parsed = detail["parsed"] or {}
    library = home.library
    told = [
        (name.strip().lstrip("*"), kind, text)
        for names, kind, text in parsed.get("parameters", ())
        for name in (names or "").split(",")
    ]
    said = {name: text for name, _, text in told}
    types = {name: kind for name, kind, _ in told if kind}
    found = _found(library, row, path)
    return Description(
        path=found.path,
        canonical=f"{library}.{row.path}",
        kind=row.kind,
        home=home,
        signature=found.signature,
        plain=found.plain,
        overloads=tuple(spelling.call(found.path, *overload) for overload in row.overloads or ()),
        returns=row.returns,
        summary=parsed.get("summary") or row.summary,
        description=parsed.get("description", ""),
        parameters=tuple(_parameters(row, said, types)),
        returned=_said(parsed.get("returns", ())),
        yielded=_said(parsed.get("yields", ())),
        raised=_said([None, *each] for each in parsed.get("raises", ())),
        notes=parsed.get("notes"),
        examples=Examples(
            examples.elixir(known, row, library, path, types),
            examples.python(known, row, path, types),
            parsed.get("examples"),
        ),
        members=tuple(_members(library, known, row, path)),
        aliases=tuple(f"{library}.{each}" for each in (row.path, *detail["aliases"]) if each != path),
        module=detail["module"],
        file=detail["file"],
        line=detail["line"],
        deprecated=detail["deprecated"],
        value=detail.get("value"),
        doc=detail["doc"],
        origins=detail["origins"],
    )


def _parameters(row: Row, said: Mapping[str, str], types: Mapping[str, str]) -> Iterator[Parameter]:
    """Those without a type have that of the docstring."""
    for name, kind, default, *more in row.parameters or ():
        written = more[1] if len(more) > 1 else None
        yield Parameter(name, _KINDS[kind], default, written or types.get(name), said.get(name) or "")


def _said(told: Any) -> tuple[Said, ...]:
    return tuple(Said(*each) for each in told)


def _members(library: str, known: Catalog, row: Row, path: str) -> Iterator[Found]:
    """What is right under a class or a module."""
    if row.kind not in ("class", "module"):
        return
    for name in known.under(path)[:_MOST_MEMBERS]:
        under = f"{path}.{name}"
        member = known.get(under)
        if member is not None:
            yield _found(library, member, under)


def _home(launch: Launch, name: str) -> Home:
    facts = launch["libraries"][name]
    return Home(
        name,
        facts["module"],
        facts["distribution"],
        facts["version"],
        launch["environment"],
        launch["generation"],
        launch["python"]["version"],
    )


def _library(launch: Launch, name: str, known: Catalog) -> LibraryDescription:
    home = _home(launch, name)
    rows = list(known.rows())
    summary, requires_python, requires = _metadata(Path(launch["store"]), home.distribution)
    return LibraryDescription(
        home,
        summary,
        requires_python,
        requires,
        known.head["paths"],
        dict(sorted(Counter(row.kind for row in rows).items())),
        tuple(f"{name}.{row.path}" for row in rows if row.kind == "module"),
        dict(known.head["errors"]),
    )


def _metadata(store: Path, distribution: str | None) -> tuple[str, str | None, tuple[str, ...]]:
    """What a distribution says of itself: a line, the Pythons that it runs on, what it asks for without extras."""
    if distribution is None:
        return "", None, ()
    try:
        place = str(site_packages(store))
        found: Sequence[metadata.Distribution] = list(metadata.distributions(name=distribution, path=[place]))
    except OSError:
        found = ()
    for each in found:
        said = {name: each.metadata[name] for name in ("Summary", "Requires-Python") if name in each.metadata}
        requires = tuple(text for text in each.requires or () if "extra ==" not in text)
        return said.get("Summary", ""), said.get("Requires-Python"), requires
    return "", None, ()
