"""From envmgr.toml and what is laid over it to a project, or to every problem that stands in the way."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from envmgr.config.assembly import assemble
from envmgr.config.assignments import lay_settings, lay_variables
from envmgr.config.file_version import require_this_version
from envmgr.config.layers import Layers
from envmgr.config.merging import Merged, Origin
from envmgr.config.problems import Finding, Problem, config_error, near
from envmgr.config.rules import check
from envmgr.config.schema import ConfigFile
from envmgr.config.source import CONFIG_NAME, Source, parse
from envmgr.config.wording import findings
from envmgr.errors import EnvmgrError
from envmgr.model.project import Project

NO_LAYERS = Layers()


def load_project(path: Path, content: bytes, layers: Layers = NO_LAYERS) -> Project:
    """As `envmgr.config.load`, of a file's content."""
    return assemble(*load_merged(parse(path, content), layers))


def validate(source: Source) -> ConfigFile:
    """The file alone. Raises as `load_merged`."""
    return load_merged(source)[1]


def load_merged(source: Source, layers: Layers = NO_LAYERS) -> tuple[Merged, ConfigFile]:
    """The file with `layers` laid over it.

    A file is valid or not whichever profile is chosen: it is checked alone and under each of them. Raises
    E-CONFIG with all problems of the file and the layers, or E-USAGE when the file has no such profile.
    """
    require_this_version(source)
    profiles = source.document.get("profile")
    names = [None, *profiles] if isinstance(profiles, dict) else [None]
    problems = _Problems()
    stacks = {name: Merged(source) for name in names}
    for name, merged in stacks.items():
        if name is not None:
            problems.add(_lay_profile(merged, name))
    homes = frozenset(home for merged in stacks.values() for home in merged.names("environment"))
    configs = {
        name: problems.examine(merged, homes, f"with profile `{name}`" if name else "")
        for name, merged in stacks.items()
    }
    chosen = layers.profile if layers.profile in stacks else None
    merged, config = stacks[chosen], configs[chosen]
    if layers.variables or layers.settings:
        problems.add(lay_variables(merged, layers.variables))
        problems.add(lay_settings(merged, layers.settings))
        config = problems.examine(merged, homes, "with the variables and --set of this run")
    if problems.found or config is None:
        raise config_error(source.path, problems.found.values())
    if layers.profile != chosen:
        raise _unknown_profile(layers.profile or "", config)
    return merged, config


class _Problems:
    """Those that were found so far; one that several stacks of layers have is there once."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Problem] = {}

    def add(self, problems: Iterable[Problem], note: str = "") -> None:
        """A problem that is new gets `note` behind its words."""
        for problem in problems:
            noted = replace(problem, message=f"{problem.message} ({note})") if note else problem
            self.found.setdefault((problem.place, problem.message), noted)

    def examine(self, merged: Merged, homes: frozenset[str], cause: str) -> ConfigFile | None:
        """The configuration, unless the schema refuses it. `homes` are environments of any stack.

        `cause` says which layers are to blame for a problem of the file that the file alone does not have.
        """
        config = None
        try:
            config = ConfigFile.model_validate(merged.document)
            found = list(check(config, homes))
        except ValidationError as error:
            errors = error.errors(include_url=False)
            found = [*findings(errors), *_broken_rules_elsewhere(merged.document, errors, homes)]
        for finding in found:
            is_in_file = merged.origin(finding.path).layer == "file"
            self.add([merged.problem(finding)], cause if is_in_file else "")
        return config


def _lay_profile(merged: Merged, profile: str) -> Iterator[Problem]:
    """What the profile writes, and nothing else. It may not add libraries, nor environments without one."""
    tables = merged.source.document["profile"][profile]
    for kind in ("defaults", "library", "environment"):
        table = tables.get(kind) if isinstance(tables, dict) else None
        for key, value in table.items() if isinstance(table, dict) else ():
            origin = Origin("profile", ("profile", profile, kind, key), profile)
            if kind == "defaults" or key in (known := merged.names(kind)):
                merged.lay((kind, key), value, origin)
                continue
            message = f"profile `{profile}` speaks of {kind} `{key}`, which this file does not have"
            finding = Finding((), message, suggestion=near(key, known), at="key")
            yield origin.problem(finding, merged.source)


def _broken_rules_elsewhere(
    document: dict[str, Any], errors: Iterable[ErrorDetails], homes: frozenset[str]
) -> list[Finding]:
    """What the rules find in the document without its faulty keys, so that one run reports everything."""
    rest = copy.deepcopy(document)
    libraries = document.get("library")
    mentioned = set(libraries) if isinstance(libraries, dict) else set()
    for error in errors:
        if isinstance(error["input"], str):
            mentioned.add(error["input"])
        _remove(rest, error["loc"])
    try:
        config = ConfigFile.model_validate(rest)
    except ValidationError:
        return []
    return list(check(config, homes | mentioned))


def _remove(document: dict[str, Any], path: tuple[int | str, ...]) -> None:
    """Take out the deepest key of `document` on the way along `path`."""
    holder, key = document, path[0]
    for segment in path[1:]:
        inner = holder.get(str(key))
        if not isinstance(inner, dict) or segment not in inner:
            break
        holder, key = inner, segment
    holder.pop(str(key), None)


def _unknown_profile(profile: str, config: ConfigFile) -> EnvmgrError:
    known = ", ".join(config.profile) or "none"
    suggestion = near(profile, config.profile)
    guess = f"did you mean `{suggestion}`? " if suggestion else ""
    return EnvmgrError(
        "E-USAGE", f"no profile `{profile}` in {CONFIG_NAME}", hint=f"{guess}profiles: {known}"
    )
