"""From a matrix's tables to its cells: axes, combinations, strategy, includes, expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from math import prod

from envmgr.config.problems import Finding, near
from envmgr.config.source import Source
from envmgr.matrix import axes, combining, selectors
from envmgr.matrix.axes import RESERVED, Axis, Package
from envmgr.matrix.making import Maker
from envmgr.matrix.reading import refused
from envmgr.matrix.resolving import Around, Lacking, Resolver, in_words
from envmgr.matrix.selecting import Selections, Undated
from envmgr.matrix.tables import CHECK_KINDS, CheckTable, MatrixFile, ReleasesTable, SampleTable
from envmgr.model.matrix import Cell, Check, Matrix, Timing
from envmgr.model.project import Project

MOST = 100_000
"""Combinations, of which a strategy chooses."""
_ALL_EXCLUDED = (
    "the matrix has no cells: what is excluded, and what leads to no release, are all of its combinations"
)


def expand(
    spec: MatrixFile, source: Source, project: Project, around: Around, selections: Selections, today: date
) -> Matrix:
    """The whole matrix. Raises E-CONFIG for names and values that lead to nothing, E-NETWORK."""
    _require_distributions(spec, source, project, selections)
    found = _axes(spec, source, project, selections)
    if (size := prod(len(axis.values) for axis in found.values())) > MOST:
        message = f"the axes have {size:,} combinations: more than {MOST:,} are too many to choose from"
        raise refused(source, [Finding(("axes",), message, at="key")])
    packages = {name: axis.package for name, axis in found.items() if axis.package is not None}
    packages.update(_added(spec, found, project))
    named = {name: frozenset(axis.values) for name, axis in found.items()}
    resolver = Resolver(packages, named, selections, around)
    _require_releases(spec, source, resolver)

    lacking: list[Lacking] = []
    excluded = [0] * len(spec.exclude)
    chosen = _with_includes(spec, found, list(_chosen(spec, found, resolver, lacking, excluded)))
    maker = Maker(spec, project, resolver, today)
    cells: dict[str, Cell] = {}
    for values in chosen:
        missing = resolver.lacking(values)
        if missing is None:
            cell = maker.cell(values)
            cells.setdefault(cell.id, cell)
        else:
            lacking.append(missing)
    if not cells and any(excluded):
        hint = "\n  ".join(in_words(lacking))
        leave = [
            Finding(("exclude", place), _ALL_EXCLUDED, hint) for place, count in enumerate(excluded) if count
        ]
        raise refused(source, leave)
    notes = [
        *in_words(lacking),
        *(
            f"[[exclude]] {number} fits no combination"
            for number, count in enumerate(excluded, 1)
            if not count
        ),
        *maker.notes(cells.values()),
    ]
    if not cells:
        raise refused(source, [Finding(("axes",), "the matrix has no cells", "\n  ".join(notes), at="key")])
    shown = {name: axis.values for name, axis in found.items()}
    for values in chosen:
        for key, value in values.items():
            shown[key] = tuple(dict.fromkeys((*shown.get(key, ()), value)))
    return Matrix(
        source.path.stem,
        source.path,
        spec.library,
        shown,
        tuple(cells.values()),
        checks(spec, project),
        _timing(spec, source, resolver, list(cells.values())),
        tuple(notes),
    )


def checks(spec: MatrixFile, project: Project) -> tuple[Check, ...]:
    if not spec.check:
        library = project.libraries.get(spec.library)
        kinds = ["import", *(["health"] if library is not None and library.health_calls else [])]
        return tuple(Check(kind, kind) for kind in kinds)
    return tuple(map(_check, spec.check))


def _check(table: CheckTable) -> Check:
    given = {kind: getattr(table, kind.replace("import", "import_")) for kind in CHECK_KINDS}
    kind, value = next((kind, value) for kind, value in given.items() if value is not None)
    arguments = () if value is True else tuple(value)
    return Check(table.name or kind, kind, arguments, table.timeout, table.memory, table.retries)


def _require_distributions(
    spec: MatrixFile, source: Source, project: Project, selections: Selections
) -> None:
    places: dict[str, tuple[str | int, ...]] = {}
    for name in axes.written(spec):
        places.setdefault(name, ("axes", name))
    for number, entry in enumerate(spec.include):
        for name in entry:
            places.setdefault(name, ("include", number, name))
    for name in RESERVED:
        places.pop(name, None)
    own = project.libraries.get(spec.library)
    if own is None:
        places.setdefault(spec.library, ("library",))
    names = {place: axes.package(name, project.libraries).name for name, place in places.items()}
    unknown = set(selections.look_up(names.values()))
    if unknown:
        known = (*RESERVED, *project.libraries)
        raise refused(
            source,
            [
                Finding(
                    place,
                    f"no package index has a distribution `{name}`",
                    suggestion=near(str(place[-1]), known),
                    at="value" if place == ("library",) else "key",
                )
                for place, name in names.items()
                if name in unknown
            ],
        )


def _axes(spec: MatrixFile, source: Source, project: Project, selections: Selections) -> dict[str, Axis]:
    """In the order of the file."""
    tables = axes.written(spec)
    found: dict[str, Axis] = {}
    problems = []
    for name in source.document.get("axes", {}):
        try:
            found[name] = axes.axis(name, tables[name], project, selections)
        except Undated as undated:
            message = f"the package index does not say when releases of `{undated}` were published"
            problems.append(Finding(("axes", name, "support-window"), message, "write `within` instead"))
            continue
        if not found[name].values:
            problems.append(
                Finding(("axes", name), "no release is in it", "widen it, or name some in `releases`")
            )
    if problems:
        raise refused(source, problems)
    return found


def _added(spec: MatrixFile, found: Mapping[str, Axis], project: Project) -> dict[str, Package]:
    """Distributions that includes bring and no axis has."""
    keys = {key for entry in spec.include for key in entry}
    return {
        key: axes.package(key, project.libraries) for key in keys if key not in found and key not in RESERVED
    }


def _require_releases(spec: MatrixFile, source: Source, resolver: Resolver) -> None:
    """A value that leads to no release of any interpreter is a mistake."""
    places: dict[tuple[str, str], tuple[str | int, ...]] = {}
    for name, table in axes.written(spec).items():
        if isinstance(table, ReleasesTable):
            for number, value in enumerate(table.releases):
                places.setdefault((name, value), ("axes", name, "releases", number))
    for number, entry in enumerate(spec.include):
        for name, value in entry.items():
            if name not in RESERVED:
                places.setdefault((name, value), ("include", number, name))
    problems = []
    for (name, value), place in places.items():
        package = resolver.packages[name]
        if value != selectors.NONE and not resolver.selections.exists(package.name, value):
            newest = resolver.selections.newest(package.name)
            hint = f"the newest is {newest}" if newest else ""
            problems.append(Finding(place, f"`{value}` selects none of the releases of {package.name}", hint))
    if problems:
        raise refused(source, problems)


def _chosen(
    spec: MatrixFile,
    found: Mapping[str, Axis],
    resolver: Resolver,
    lacking: list[Lacking],
    excluded: list[int],
) -> Iterator[dict[str, str]]:
    """What the strategy takes of the combinations that are not excluded and lead to releases. `excluded` counts what
    each of the excludes fits."""
    if not found:
        return
    allowed = []
    for row in product(*(axis.values for axis in found.values())):
        values = dict(zip(found, row, strict=True))
        fitting = [place for place, where in enumerate(spec.exclude) if resolver.fits(values, where)]
        for place in fitting:
            excluded[place] += 1
        if fitting:
            continue
        missing = resolver.lacking(values)
        if missing is None:
            allowed.append(row)
        else:
            lacking.append(missing)
    rows: Sequence[tuple[str, ...]] = allowed
    if isinstance(spec.strategy, SampleTable):
        rows = combining.sample(allowed, spec.strategy.sample, spec.strategy.seed)
    elif spec.strategy == "pairwise":
        rows = combining.pairwise(allowed)
    for row in rows:
        yield dict(zip(found, row, strict=True))


def _with_includes(
    spec: MatrixFile, found: Mapping[str, Axis], chosen: list[dict[str, str]]
) -> list[dict[str, str]]:
    """As GitHub's `strategy.matrix.include`: an entry whose axes agree with combinations adds its other keys to them,
    and may overwrite what an earlier one added; one that agrees with none is a combination of its own.
    """
    combined = list(chosen)
    for entry in spec.include:
        own = {key: value for key, value in entry.items() if key in found}
        more = {key: value for key, value in entry.items() if key not in found}
        fitting = [values for values in combined if own.items() <= values.items()]
        for values in fitting:
            values.update(more)
        if not fitting:
            chosen.append({**{name: own.get(name, axis.values[0]) for name, axis in found.items()}, **more})
    return chosen


def _timing(spec: MatrixFile, source: Source, resolver: Resolver, cells: Sequence[Cell]) -> Timing | None:
    if spec.timing is None:
        return None
    where = {key: [value] for key, value in spec.timing.reference.items()}
    for cell in cells:
        if resolver.fits(cell.values, where):
            return Timing(cell.id, spec.timing.threshold, spec.timing.rounds)
    message = "no cell is like this one"
    hint = "write an [[include]] of it: the strategy, an exclude or what there is left it out"
    raise refused(source, [Finding(("timing", "reference"), message, hint)])
