"""From an older version of envmgr.toml to this one, on the text: comments, order and layout stay.

A step is a table of keys to rename and values to rewrite. Version 0 is the draft: tables in the plural, keys with
underscores, durations as whole milliseconds, `health_calls` in the library's own table.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from envmgr.config.fields import duration_text
from envmgr.config.file_version import version_of
from envmgr.config.lexer import Path, statements
from envmgr.config.loading import validate
from envmgr.config.schema import CONFIG_VERSION
from envmgr.config.source import CONFIG_NAME, Source, parse
from envmgr.config.toml import toml_value
from envmgr.errors import EnvmgrError

ANY = "*"
Pattern = tuple[str, ...]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Step:
    """Of the keys at the paths that match: how each is spelt now, and what becomes of its whole number.

    A path inside a table that matches `overlay` is taken as if that were the whole file.
    """

    keys: Mapping[Pattern, str]
    numbers: Mapping[Pattern, Callable[[int], str]]
    overlay: Pattern


def _duration(milliseconds: int) -> str:
    return toml_value(duration_text(milliseconds))


STEPS: Mapping[int, Step] = {
    0: Step(
        keys={
            ("config_version",): "config-version",
            ("libraries",): "library",
            ("environments",): "environment",
            ("profiles",): "profile",
            ("defaults", "worker_profile"): "worker-profile",
            ("libraries", ANY, "worker_profile"): "worker-profile",
            ("libraries", ANY, "health_calls"): "health.calls",
            ("libraries", ANY, "cache", "functions", ANY, "max_entries"): "max-entries",
            ("environments", ANY, "link_mode"): "link-mode",
            ("environments", ANY, "no_build"): "no-build",
        },
        numbers={
            ("config_version",): lambda version: "1",
            ("config-version",): lambda version: "1",
            ("defaults", "timeout"): _duration,
            ("libraries", ANY, "timeout"): _duration,
            ("libraries", ANY, "cache", "functions", ANY, "ttl"): _duration,
        },
        overlay=("profiles", ANY),
    )
}
"""From each older version to the next."""


@dataclass(frozen=True, slots=True)
class Migration:
    """`version` is what the file was; `diff` is unified, and empty when it was this version already."""

    version: int
    text: str
    diff: str


def migrate(source: Source) -> Migration:
    """The file in this version; writes nothing.

    Raises E-CONFIG when its version is not known, or with every problem that the migrated file would have.
    """
    version = version_of(source)
    migrated = source
    try:
        for number in range(version, CONFIG_VERSION):
            migrated = parse(source.path, _stepped(STEPS[number], migrated).encode())
        if migrated is not source:
            validate(migrated)
    except EnvmgrError as error:
        raise EnvmgrError(
            error.code,
            f"{CONFIG_NAME} is unchanged: in version {CONFIG_VERSION} there would be {error.message}",
            hint="correct them in the file as it is, then run `envmgr config migrate` again",
            details=error.details,
        ) from None
    return Migration(version, migrated.text, _diff(source.text, migrated.text, version))


def _stepped(step: Step, source: Source) -> str:
    text = source.text
    for start, end, replacement in sorted(_edits(step, source), reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def _edits(step: Step, source: Source) -> Iterator[tuple[int, int, str]]:
    """Offsets into the text and what is to stand between them."""
    for statement in statements(source.text):
        for key in statement.keys:
            if spelling := _match(step.keys, key.path, step.overlay):
                yield key.start, key.end, spelling
        for value in statement.values:
            rewrite = _match(step.numbers, value.path, step.overlay)
            number = _at(source.document, value.path) if rewrite else None
            if rewrite and isinstance(number, int) and not isinstance(number, bool):
                yield value.start, value.end, rewrite(number)


def _match(table: Mapping[Pattern, Found], path: Path, overlay: Pattern) -> Found | None:
    inner = path[len(overlay) :] if _fits(overlay, path[: len(overlay)]) else ()
    return next(
        (found for pattern, found in table.items() if _fits(pattern, path) or _fits(pattern, inner)), None
    )


def _fits(pattern: Pattern, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        wanted in (ANY, key) for wanted, key in zip(pattern, path, strict=True)
    )


def _at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


def _diff(before: str, after: str, version: int) -> str:
    lines = difflib.unified_diff(
        before.splitlines(),
        after.splitlines(),
        CONFIG_NAME,
        CONFIG_NAME,
        f"version {version}",
        f"version {CONFIG_VERSION}",
        lineterm="",
    )
    return "\n".join(lines)
