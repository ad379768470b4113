"""What a combination's values mean: its interpreter, the releases that they lead to, and whether a rule fits it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from packaging.version import Version

from envmgr.matrix import selectors
from envmgr.matrix.axes import PLATFORM, PYTHON, RESERVED, RESOLUTION, Package
from envmgr.matrix.fields import RESOLUTIONS
from envmgr.matrix.releases import Target
from envmgr.matrix.selecting import Selections, python_fits

HIGHEST, LOWEST_DIRECT = RESOLUTIONS
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What holds where a combination says nothing: an interpreter, as it is named and by its version, a platform, and
    whether anything may be built from source."""

    python: str
    python_version: str
    platform: str
    builds: bool = True


@dataclass(frozen=True, slots=True)
class Lacking:
    """The value of an axis that leads to nothing. `python` is empty when that value is the interpreter's."""

    axis: str
    value: str
    python: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Resolver:
    """`packages` are those of all keys of distributions; `named` the values of each axis."""

    packages: Mapping[str, Package]
    named: Mapping[str, frozenset[str]]
    selections: Selections
    around: Around
    _targets: dict[tuple[str | None, ...], Target | None] = field(default_factory=dict)

    def target(self, values: Values) -> Target | None:
        """None when there is no such Python: `next` between two cycles."""
        key = (values.get(PYTHON), values.get(PLATFORM), values.get(RESOLUTION))
        if key not in self._targets:
            python = self.around.python_version if key[0] is None else self.selections.python(key[0])
            builds = self.around.builds and key[2] != LOWEST_DIRECT
            platform = key[1] or self.around.platform
            self._targets[key] = None if python is None else Target(python, platform, builds)
        return self._targets[key]

    def python(self, values: Values) -> str:
        """As a cell names it."""
        target = self.target(values)
        return self.around.python if PYTHON not in values or target is None else target.python

    def version(self, values: Values, key: str) -> str | None:
        """Of the release of an axis's distribution; None without one."""
        target, written = self.target(values), values.get(key, selectors.NONE)
        if target is None or written == selectors.NONE:
            return None
        package = self.packages[key]
        return self.selections.release(package.name, written, target, package.allowed)

    def lacking(self, values: Values) -> Lacking | None:
        """What keeps a combination from being a cell."""
        target = self.target(values)
        if target is None:
            return Lacking(PYTHON, values[PYTHON])
        for key, written in values.items():
            if key not in RESERVED and written != selectors.NONE and self.version(values, key) is None:
                return Lacking(key, written, target.python, target.platform)
        return None

    def fits(self, values: Values, where: Mapping[str, Sequence[str]]) -> bool:
        """Whether each key has one of the values named, or what it leads to is in a specifier that is no value."""
        return all(any(self._is(values, key, word) for word in words) for key, words in where.items())

    def _is(self, values: Values, key: str, word: str) -> bool:
        written = values.get(key)
        if written is None or word in self.named.get(key, ()):
            return written == word
        specifier = selectors.specifier(word)
        target = self.target(values)
        if specifier is None or target is None or key in (PLATFORM, RESOLUTION):
            return written == word
        if key == PYTHON:
            return python_fits(word, target.python)
        version = self.version(values, key)
        return version is not None and specifier.contains(Version(version), prereleases=True)


def in_words(lacking: Iterable[Lacking]) -> list[str]:
    """A line for each value: what it lacks, and for which interpreters."""
    pythons: dict[tuple[str, str, str], list[str]] = {}
    for found in dict.fromkeys(lacking):
        pythons.setdefault((found.axis, found.value, found.platform), []).append(found.python)
    lines = []
    for (axis, value, platform), versions in pythons.items():
        if axis == PYTHON:
            lines.append(f"{axis}={value}: there is no such Python now")
            continue
        why = (
            "no pre-release is newer than the latest release"
            if value == selectors.NEXT
            else "no release of it has a file"
        )
        listed = ", ".join(sorted(set(versions), key=lambda text: Version(text.rstrip("t"))))
        lines.append(f"{axis}={value}: {why} for Python {listed} on {platform}: left out")
    return lines
