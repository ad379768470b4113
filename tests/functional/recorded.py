"""tests/data/index as a package index that uv resolves against, offline, and an oracle that knows no uv."""

from __future__ import annotations

import functools
import hashlib
import json
import zipfile
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "index" / "pypi.json").read_text())


def index(place: Path) -> str:
    """Write it under `place`: a wheel with nothing but its METADATA for each version; the index's address."""
    for name, versions in RECORDED.items():
        project = place / "simple" / name
        project.mkdir(parents=True)
        links = []
        for version, said in versions.items():
            file = project / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            _wheel(file, name, version, said)
            python = (said["python"] or "").replace(">", "&gt;").replace("<", "&lt;")
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            links.append(
                f'<a href="{file.name}#sha256={digest}" data-requires-python="{python}">{file.name}</a>'
            )
        (project / "index.html").write_text("<!DOCTYPE html><body>" + "\n".join(links) + "</body>")
    return (place / "simple").as_uri()


def _wheel(file: Path, name: str, version: str, said: dict) -> None:
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {said['python']}"] if said["python"] else []
    requires = said["requires"]
    extras = {word.partition("extra == ")[2].strip("\"'") for word in requires if "extra == " in word}
    lines += [f"Provides-Extra: {extra}" for extra in sorted(extras)]
    lines += [f"Requires-Dist: {word}" for word in requires]
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(file, "w") as archive:
        for path, text in (("METADATA", "\n".join(lines) + "\n"), ("WHEEL", wheel)):
            archive.writestr(zipfile.ZipInfo(f"{info}/{path}"), text)
        archive.writestr(
            zipfile.ZipInfo(f"{info}/RECORD"), f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )


def can_share(requirements: Sequence[str], constraints: Sequence[str] = ()) -> bool:
    """By trying every choice of versions, for the Python that runs the tests."""
    bound: dict[str, SpecifierSet] = {}
    for word in map(Requirement, constraints):
        bound[word.name] = bound.get(word.name, SpecifierSet()) & word.specifier
    return _choose(tuple(map(Requirement, requirements)), bound, {})


def _choose(open_: tuple[Requirement, ...], bound: dict[str, SpecifierSet], chosen: dict[str, str]) -> bool:
    if not open_:
        return True
    first, *rest = open_
    name = canonicalize_name(first.name)
    if name in chosen:
        if not first.specifier.contains(chosen[name], prereleases=True):
            return False
        further = _requires(name, chosen[name], tuple(first.extras)) if first.extras else ()
        new = [word for word in further if word not in open_]
        return _choose((*rest, *new), bound, chosen)
    allowed = first.specifier & bound.get(name, SpecifierSet())
    for version in sorted(RECORDED.get(name, ()), key=Version, reverse=True):
        python = RECORDED[name][version]["python"] or ""
        if allowed.contains(version) and SpecifierSet(python).contains(
            default_environment()["python_full_version"]
        ):
            further = _requires(name, version, tuple(first.extras))
            if _choose((*further, *rest), bound, {**chosen, name: version}):
                return True
    return False


@functools.cache
def _requires(name: str, version: str, extras: tuple[str, ...]) -> tuple[Requirement, ...]:
    words = map(Requirement, RECORDED[name][version]["requires"])
    return tuple(
        word
        for word in words
        if word.marker is None or any(word.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    )


def partitions(names: Sequence[str]):
    """Every way to divide them into groups."""
    if not names:
        yield []
        return
    first, *rest = names
    for size in range(len(rest) + 1):
        for mates in combinations(rest, size):
            others = [name for name in rest if name not in mates]
            for division in partitions(others):
                yield [[first, *mates], *division]
