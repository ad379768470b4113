"""`diff`: what changed between two generations, and what changes between two releases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.errors import EnvmgrError
from envmgr.model.differences import DiffOutcome

if TYPE_CHECKING:
    from envmgr.model.changes import ApiDiff
    from envmgr.model.project import Project

_SEVERITIES = {"breaks": "breaks", "may-break": "may break", "safe": "safe"}


@click.command(cls=Command)
@click.argument("words", metavar="ENV [A] [B] | LIB==A LIB==B", nargs=-1, required=True)
@click.option(
    "--as", "form", type=click.Choice(["text", "markdown"]), help="How releases are compared in text."
)
@click.option(
    "--all", "whole", is_flag=True, help="Also what is safe, and what only seems to differ and why."
)
@click.option("--severity", type=click.Choice(tuple(_SEVERITIES)), help="Nothing that is less severe.")
@click.option("--python", metavar="V", help="The interpreter that imports both releases.")
@click.option("--again", is_flag=True, help="Compare anew what was compared before.")
@click.pass_obj
def diff(
    invocation: Invocation,
    words: tuple[str, ...],
    form: str | None,
    whole: bool,
    severity: str | None,
    python: str | None,
    again: bool,
) -> Answer:
    """Show what changed between two generations, or two releases.

    ENV [A] [B]: from generation A of ENV (the one that was active before) to B (the active one).

    LIB==A LIB==B: what a caller of LIB meets: removed, moved, renamed, other parameters, defaults and types,
    deprecations. LIB is a library of envmgr.toml, or any distribution; no envmgr.toml is needed then.
    """
    if not any("==" in word for word in words):
        if form or whole or severity or python or again:
            raise EnvmgrError(
                "E-USAGE", "--as, --all, --severity, --python and --again are for releases: LIB==A LIB==B"
            )
        return _generations(invocation, words)
    library, before, after = _releases(words)
    project = _project(invocation)
    from envmgr.operations.api_diff import compare

    with progress(invocation) as report:
        found = compare(project, library, before, after, python=python, again=again, report=report)
    return _compared(found, form or "text", whole, _SEVERITIES[severity or "safe"])


def _compared(found: ApiDiff, form: str, whole: bool, least: str) -> Answer:
    from envmgr.changes import telling
    from envmgr.model.changes import SEVERITIES

    tell = telling.markdown if form == "markdown" else telling.text
    shown = SEVERITIES[: SEVERITIES.index(least) + 1]
    kept = tuple(change for change in found.changes if change.severity in shown)
    return Answer(replace(found, changes=kept), tell(found, whole=whole, least=least))


def _releases(words: Sequence[str]) -> tuple[str, str, str]:
    from envmgr.tools.pypa import canonical

    asked = [tuple(part.strip() for part in word.partition("==")[::2]) for word in words]
    if len(asked) != 2 or not all(name and version for name, version in asked):
        raise _unclear(words)
    (name, before), (other, after) = asked
    if canonical(name) != canonical(other):
        raise EnvmgrError(
            "E-USAGE", f"{name} and {other} are two libraries", hint=f"write {name}=={before} {name}=={after}"
        )
    if not all(part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in (name, other)):
        raise _unclear(words)
    return name, before, after


def _unclear(words: Sequence[str]) -> EnvmgrError:
    return EnvmgrError(
        "E-USAGE",
        f"{' '.join(words)!r} does not say two releases of one library",
        hint="write LIB==A LIB==B, as in `envmgr diff numpy==1.26.4 numpy==2.0.0`",
    )


def _project(invocation: Invocation) -> Project | None:
    """None where there is no envmgr.toml, and none was named."""
    try:
        return invocation.project()
    except EnvmgrError as problem:
        if problem.code != "E-NO-PROJECT" or invocation.directory is not None:
            raise
    return None


def _generations(invocation: Invocation, words: Sequence[str]) -> Answer:
    environment, *numbers = words
    if len(numbers) > 2:
        raise EnvmgrError("E-USAGE", "two generations at most: ENV [A] [B]")
    a, b = (*map(_number, numbers), None, None)[:2]
    from envmgr.operations.diff import diff as operation

    outcome = operation(invocation.root(), environment, a, b)
    return Answer(outcome, "\n".join(_lines(outcome)))


def _number(word: str) -> int:
    if not word.isascii() or not word.isdigit() or int(word) < 1:
        raise EnvmgrError(
            "E-USAGE",
            f"{word!r} is no number of a generation",
            hint="`envmgr history ENV` lists them; releases are written LIB==A LIB==B",
        )
    return int(word)


def _lines(outcome: DiffOutcome) -> list[str]:
    same = outcome.from_key == outcome.to_key
    key = f"key {outcome.to_key}, as before" if same else f"key {outcome.from_key} -> {outcome.to_key}"
    rows = [
        ("package", found.name, found.change, way(found.before, found.after)) for found in outcome.packages
    ]
    rows += [
        ("setting", found.name, "changed", way(_spelled(found.before), _spelled(found.after)))
        for found in outcome.settings
    ]
    head = f"{outcome.environment}: generation {outcome.from_generation} -> {outcome.to_generation}, {key}"
    return [head, columns(rows) if rows else "no package and no setting differs"]


def way(before: str | None, after: str | None) -> str:
    if before is None or after is None:
        return after or before or ""
    return f"{before} -> {after}"


def _spelled(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) and "\n" not in value else json.dumps(value)
