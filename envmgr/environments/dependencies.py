"""Whether what is installed satisfies what is installed: Requires-Dist and Requires-Python, with markers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from envmgr.tools.pypa import canonical


@dataclass(frozen=True, slots=True)
class Metadata:
    """What one distribution says of itself. `name` is canonical."""

    name: str
    version: str
    requires: tuple[str, ...]
    requires_python: str = ""


@dataclass(frozen=True, slots=True)
class Unmet:
    distribution: str
    problem: str


def read(site_packages: Path) -> tuple[Metadata, ...]:
    """Of every distribution that has METADATA. Cost: one file each."""
    paths = sorted(site_packages.glob("*.dist-info/METADATA"))
    return tuple(parse(path.read_text("utf-8", "replace")) for path in paths)


def parse(text: str) -> Metadata:
    """Of the text of a METADATA file."""
    headers = HeaderParser().parsestr(text.partition("\n\n")[0] + "\n\n")
    return Metadata(
        canonical(str(headers.get("Name", ""))),
        str(headers.get("Version", "")).strip(),
        tuple(map(str, headers.get_all("Requires-Dist", []))),
        str(headers.get("Requires-Python", "")),
    )


def name_of(requirement: str) -> str:
    """The canonical name of the distribution that is asked for."""
    return canonical(Requirement(requirement).name)


def unmet(
    installed: Iterable[Metadata],
    markers: Mapping[str, str],
    roots: Iterable[str] = (),
    overrides: Iterable[str] = (),
) -> tuple[Unmet, ...]:
    """Every requirement that the installed versions do not satisfy, each once, by distribution.

    `roots` are what the libraries ask: their extras count, and those that a distribution asks of another.
    `overrides` stand for whatever any of them asks of the same distribution.
    """
    overridden = {canonical(requirement.name): requirement for requirement in map(Requirement, overrides)}
    known = {metadata.name: metadata for metadata in installed}
    problems: dict[Unmet, None] = {}
    for metadata in known.values():
        if not holds(metadata.requires_python, markers.get("python_full_version", "")):
            wanted = f"it needs Python {metadata.requires_python}"
            problems[Unmet(metadata.name, f"{wanted}; this is {markers['python_full_version']}")] = None
    for name, requirement in _asked(known, markers, roots):
        if isinstance(requirement, str):
            problems[Unmet(name, requirement)] = None
        else:
            counts = overridden.get(canonical(requirement.name), requirement)
            problems.update((Unmet(name, said), None) for said in _judged(counts, known))
    return tuple(sorted(problems, key=lambda found: (found.distribution, found.problem)))


def askers(
    metadata: Iterable[Metadata], markers: Mapping[str, str], roots: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Which of these distributions ask for which one, by name."""
    known = {found.name: found for found in metadata}
    found: dict[str, set[str]] = {}
    for name, requirement in _asked(known, markers, roots):
        if not isinstance(requirement, str):
            found.setdefault(canonical(requirement.name), set()).add(name)
    return {name: tuple(sorted(names - {name})) for name, names in found.items()}


def _asked(
    known: Mapping[str, Metadata], markers: Mapping[str, str], roots: Iterable[str]
) -> Iterator[tuple[str, Requirement | str]]:
    """Each distribution with each requirement that counts, or with the words why one cannot be read."""
    asked: set[tuple[str, str]] = set()
    waiting: list[tuple[str, str]] = [(name, "") for name in known]
    for root in roots:
        requirement = Requirement(root)
        waiting += [(canonical(requirement.name), extra) for extra in requirement.extras]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in asked or name not in known:
            continue
        asked.add((name, extra))
        for text in known[name].requires:
            try:
                requirement = Requirement(text)
            except InvalidRequirement as problem:
                yield name, f"its requirement {text!r} cannot be read: {problem}"
                continue
            if requirement.marker and not requirement.marker.evaluate({**markers, "extra": extra}):
                continue
            waiting += [(canonical(requirement.name), wanted) for wanted in requirement.extras]
            yield name, requirement


def _judged(requirement: Requirement, known: Mapping[str, Metadata]) -> Iterator[str]:
    wanted = f"{requirement.name}{requirement.specifier}"
    there = known.get(canonical(requirement.name))
    if there is None:
        yield f"it needs {wanted}, which is not installed"
    elif not holds(str(requirement.specifier), there.version):
        yield f"it needs {wanted}, and {there.version} is installed"


def holds(specifier: str, version: str) -> bool:
    """What cannot be read is not held against anyone: it was installed."""
    if not specifier or not version:
        return True
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True
