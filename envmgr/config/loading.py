"""From envmgr.toml to a project, or to every problem that stands in the way."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from envmgr.config.assembly import assemble
from envmgr.config.problems import config_error, near
from envmgr.config.rules import check
from envmgr.config.schema import CONFIG_VERSION, ConfigFile
from envmgr.config.source import CONFIG_NAME, Finding, Source, parse
from envmgr.config.wording import findings
from envmgr.errors import EnvmgrError
from envmgr.model.project import Project


def load_project(path: Path, content: bytes, profile: str | None = None) -> Project:
    """As `envmgr.config.load`, of a file's content."""
    source = parse(path, content)
    config = validate(source)
    project = assemble(source, config)
    if profile is None:
        return project
    if profile not in config.profile:
        raise _unknown_profile(profile, config)
    warning = f"--profile {profile}: {CONFIG_NAME} lists it, but this version applies no profile"
    return replace(project, warnings=(*project.warnings, warning))


def validate(source: Source) -> ConfigFile:
    """Raises E-CONFIG with all that the schema and the rules find."""
    version = source.document.get("config-version", CONFIG_VERSION)
    if isinstance(version, int) and version != CONFIG_VERSION:
        message = f"config-version {version} is not known: this envmgr reads version {CONFIG_VERSION}"
        hint = "a newer envmgr may read it" if version > CONFIG_VERSION else f"write {CONFIG_VERSION}"
        raise config_error(source.path, [source.problem(Finding(("config-version",), message, hint))])
    try:
        config = ConfigFile.model_validate(source.document)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        found = [*findings(errors), *_broken_rules_elsewhere(source.document, errors)]
    else:
        found = list(check(config))
    if found:
        raise config_error(source.path, [source.problem(finding) for finding in found])
    return config


def _broken_rules_elsewhere(document: dict[str, Any], errors: Iterable[ErrorDetails]) -> list[Finding]:
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
    return list(check(config, frozenset(mentioned)))


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
