"""What `plan` and `upgrade` are asked for: a library, and perhaps versions of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from envmgr.environments import adoption
from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library, Project
from envmgr.operations.selection import unknown_names
from envmgr.tools.pypa import canonical

_ASKED = re.compile(r"\s*(?P<name>[\w.-]+)\s*(?P<versions>.*?)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wish:
    """`versions` is empty when the newest is asked for that envmgr.toml allows; `spelled` is its text."""

    library: Library
    environment: Environment
    versions: SpecifierSet
    spelled: str

    @property
    def text(self) -> str:
        """As it would be written on a command line."""
        return f"{self.library.name}{self.spelled}"

    @property
    def requirement(self) -> Requirement:
        """What envmgr.toml asks for."""
        assert self.library.requirement is not None  # noqa: S101 - `read` refuses the interpreter's own
        return Requirement(self.library.requirement)

    @property
    def distribution(self) -> str:
        return canonical(self.requirement.name)

    @property
    def is_allowed(self) -> bool:
        """Whether a version can be what is wished for and what envmgr.toml allows."""
        return not (self.requirement.specifier & self.versions).is_unsatisfiable()

    @property
    def is_exact(self) -> bool:
        return any(one.operator == "==" and not one.version.endswith(".*") for one in self.versions)

    def holds(self, version: str) -> bool:
        """What is no version (a lock of a URL has none) cannot be held against the wish."""
        try:
            return self.versions.contains(Version(version), prereleases=True)
        except InvalidVersion:
            return not self.versions


def read(project: Project, text: str) -> Wish:
    """`numpy`, `numpy==2.1.0`, `numpy>=2,<2.2`. Raises E-UNKNOWN-LIBRARY with near names, E-USAGE, E-ADOPT."""
    asked = _ASKED.fullmatch(text)
    if asked is None:
        raise EnvmgrError("E-USAGE", f"{text!r} does not name a library", hint="write LIB or LIB==VERSION")
    name = asked["name"]
    if name not in project.libraries:
        raise _unknown(project, name)
    library = project.libraries[name]
    environment = project.environments[library.environment]
    spelled = "".join(asked["versions"].split())
    versions = _versions(name, asked["versions"])
    if library.requirement is None:
        raise EnvmgrError(
            "E-USAGE",
            f"library {name} is a module of the interpreter itself: it changes with `python` of its environment",
        )
    adoption.refuse(environment, "its distributions are moved by the tool that made it")
    if Requirement(library.requirement).url is not None:
        raise EnvmgrError(
            "E-USAGE",
            f"library {name} comes from an address, not from an index: {library.requirement}",
            hint="change `package` in envmgr.toml, then run `envmgr sync`",
        )
    return Wish(library, environment, versions, spelled)


def _versions(name: str, text: str) -> SpecifierSet:
    try:
        versions = SpecifierSet(text)
    except InvalidSpecifier:
        number = re.fullmatch(r"=?\s*v?(\d[\w.!+-]*)", text)
        hint = f"write {name}=={number[1]}" if number else f'write "{name}==1.2.3", or "{name}>=1,<2"'
        raise EnvmgrError("E-USAGE", f"{text!r} does not say versions of {name}", hint=hint) from None
    if versions.is_unsatisfiable():
        raise EnvmgrError("E-USAGE", f"no version is {text}: its parts exclude each other")
    return versions


def _unknown(project: Project, name: str) -> EnvmgrError:
    members = project.environments.get(name)
    if members is None:
        return unknown_names("E-UNKNOWN-LIBRARY", "library", [name], project.libraries)
    there = ", ".join(library.name for library in members.libraries)
    return EnvmgrError(
        "E-UNKNOWN-LIBRARY",
        f"{name} is an environment; one library moves at a time",
        hint=f"name one of its libraries: {there}",
    )
