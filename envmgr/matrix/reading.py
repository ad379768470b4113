"""From the text of matrices/NAME.toml to its tables, or to every problem that stands in the way."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from envmgr.config.lexer import Path as KeyPath
from envmgr.config.problems import Finding, config_error
from envmgr.config.source import Source
from envmgr.errors import EnvmgrError
from envmgr.matrix import rules
from envmgr.matrix.fields import RESOLUTIONS
from envmgr.matrix.tables import MatrixFile
from envmgr.model.project import Project
from envmgr.tools.pypa import PLATFORMS

_ARRAYS = ("check", "include", "exclude", "expect")
_ANY = {"platform": list(PLATFORMS), "resolution": list(RESOLUTIONS)}


def read(source: Source, project: Project) -> MatrixFile:
    """Raises E-CONFIG with all problems of the file."""
    try:
        spec = MatrixFile.model_validate(source.document)
        found = list(rules.check(spec, project))
    except ValidationError as error:
        from envmgr.config.wording import findings  # the whole schema of envmgr.toml comes with it
        from envmgr.matrix.json_schema import json_schema

        errors = error.errors(include_url=False)
        for details in errors:
            details["loc"] = _written(details["loc"], source.document, details["type"] == "missing")
        found = findings(errors, json_schema())
        found += _elsewhere(source.document, found, project)
    if found:
        raise refused(source, found)
    return spec


def refused(source: Source, found: Iterable[Finding]) -> EnvmgrError:
    """E-CONFIG with these."""
    placed = (replace(finding, path=_written(finding.path, source.document)) for finding in found)
    problems = {(problem.place, problem.message): problem for problem in map(source.problem, placed)}
    return config_error(source.path, problems.values(), check_command(source.path.stem))


def check_command(name: str) -> str:
    return f"envmgr matrix list {name}"


def _written(path: KeyPath, document: Any, is_missing: bool = False) -> KeyPath:
    """Without the segments that the schema has and the file has not: those of a longer form of a value."""
    kept: list[str | int] = []
    for place, segment in enumerate(path):
        is_there = (isinstance(document, dict) and segment in document) or (
            isinstance(document, list) and isinstance(segment, int) and segment < len(document)
        )
        if is_there:
            kept.append(segment)
            document = document[segment]
        elif is_missing and place == len(path) - 1:
            kept.append(segment)
    return tuple(kept)


def _elsewhere(document: dict[str, Any], found: Sequence[Finding], project: Project) -> list[Finding]:
    """What the rules find in the document without its faulty values, so that one run reports everything."""
    rest = copy.deepcopy(document)
    faulty = [finding.path for finding in found]
    for path in faulty:
        _mend(rest, path)
    rest.setdefault("library", "unknown")
    try:
        more = list(rules.check(MatrixFile.model_validate(rest), project))
    except ValidationError:
        return []
    return [finding for finding in more if not any(_is_one_inside(finding.path, path) for path in faulty)]


def _mend(document: dict[str, Any], path: KeyPath) -> None:
    """Put something valid, of which the rules say nothing, where the fault is."""
    key, *inner = (*path,) or ("",)
    holder = document.get(str(key))
    if key == "axes" and inner and isinstance(holder, dict):
        holder[inner[0]] = _ANY.get(str(inner[0]), {"within": ">=0"})
    elif key in _ARRAYS and inner and isinstance(holder, list):
        number, is_rule = int(inner[0]), key in ("include", "exclude")
        entry = holder[number]
        if not isinstance(entry, dict) or (is_rule and not entry):
            entry = holder[number] = {"platform": "linux-x86_64"} if is_rule else {}
        if inner[1:] and is_rule:
            entry[inner[1]] = ">=0"
        elif inner[1:]:
            entry.pop(inner[1], None)
        if key == "expect":
            entry.setdefault("where", {})
    else:
        document.pop(str(key), None)


def _is_one_inside(one: KeyPath, other: KeyPath) -> bool:
    """Of the whole file nothing is said beside something else."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]
