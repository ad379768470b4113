"""What compatibility matrices say of one version of a distribution."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.matrix import results, spelling
from envmgr.model.matrix import CellResult
from envmgr.model.outcomes import Pin
from envmgr.tools.pypa import canonical

_RESULTS = ".results.json"


@dataclass(frozen=True, slots=True)
class Tried:
    """`cells` are those of the version, of whichever interpreter: (matrix, cell, status). `red` are those of them
    that are broken on this interpreter with the versions that the environment will have, in words."""

    cells: tuple[tuple[str, str, str], ...] = ()
    red: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def of(
    layout: Layout,
    distribution: str,
    version: str,
    python: str,
    pins: Iterable[Pin],
    library: str | None = None,
) -> Tried:
    """From the committed results, and those that this machine has made since. Cost: these files. `python` is a whole
    version, `library` the name in envmgr.toml."""
    names = {distribution, *((canonical(library),) if library else ())}
    unknown: list[str] = []
    found: list[CellResult] = []
    silent: list[str] = []
    for matrix in _names(layout.root):
        known = _known(layout, matrix, unknown)
        is_own = canonical(_library(layout.root, matrix)) in names
        ours = [
            (each, had)
            for each in known.values()
            if (had := _version(each, distribution, is_own)) is not None
        ]
        fits = [each for each, had in ours if had == version]
        found += fits
        if ours and not any(_minor(each.python) == _minor(python) for each in fits):
            silent.append(matrix)
    if not any(_minor(each.python) == _minor(python) for each in found):
        unknown += [
            f"whether matrix {matrix} is green: it has no result for {distribution} {version} on Python"
            f" {_minor(python)}; run `envmgr matrix run {matrix}`"
            for matrix in silent
        ]
    versions: dict[str, set[str]] = {}
    for pin in pins:
        versions.setdefault(canonical(pin.name), set()).add(pin.version)
    red = [each for each in found if each.red and _is_ours(each, python, versions)]
    return Tried(
        tuple((each.matrix, each.cell, each.status) for each in found),
        tuple(f"matrix {each.matrix} is red: {each.cell} {each.status}{_why(each)}" for each in red),
        tuple(unknown),
    )


def _names(root: Path) -> Iterator[str]:
    folder = root / "matrices"
    yield from sorted(
        {path.name.removesuffix(_RESULTS) for path in folder.glob(f"*{_RESULTS}")}
        | {path.stem for path in folder.glob("*.toml")}
    )


def _known(layout: Layout, matrix: str, unknown: list[str]) -> Mapping[str, CellResult]:
    """The later one of each cell: a file that was pulled may be newer than what was run here."""
    committed: dict[str, CellResult] = {}
    file = spelling.committed(layout.root, matrix)
    written = ""
    try:
        if file.is_file():
            committed = {each.cell: each for each in spelling.read_file(file).results}
            written = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC).isoformat(timespec="seconds")
    except EnvmgrError as problem:
        unknown.append(f"what {file.name} says: {problem.message}")
    try:
        here = results.known(layout, matrix)
    except EnvmgrError as problem:
        unknown.append(f"what was run of matrix {matrix} here: {problem.message}")
        here = {}
    late = {cell: each for cell, each in here.items() if cell not in committed or each.at >= written}
    return {**committed, **late}


def _library(root: Path, matrix: str) -> str:
    """Of the matrix's file, or of its results'."""
    with contextlib.suppress(OSError, ValueError):
        return str(
            tomllib.loads((root / "matrices" / f"{matrix}.toml").read_text("utf-8")).get("library", "")
        )
    with contextlib.suppress(EnvmgrError):
        return spelling.read_file(spelling.committed(root, matrix)).library
    return ""


def _version(result: CellResult, distribution: str, is_own: bool) -> str | None:
    """Which version the cell tried: of an axis, or, where the matrix is the library's own and has no axis of it,
    what was installed."""
    found = _resolved(result).get(distribution)
    if found is None and is_own:
        found = {canonical(name): version for name, version in result.pins.items()}.get(distribution)
    return found


def _resolved(result: CellResult) -> dict[str, str]:
    return {canonical(name): version for name, version in result.resolved.items()}


def _is_ours(result: CellResult, python: str, versions: Mapping[str, set[str]]) -> bool:
    """A companion that the environment has not, or in another version, makes it a cell of something else."""
    return _minor(result.python) == _minor(python) and all(
        version in versions.get(name, ()) for name, version in _resolved(result).items()
    )


def _why(result: CellResult) -> str:
    said = result.detail or next((check.detail for check in result.checks if check.detail), "")
    return f": {said}" if said else ""


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
