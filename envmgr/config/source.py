"""Finding envmgr.toml, reading it, and turning a place in it into a problem."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envmgr.errors import EnvmgrError

if TYPE_CHECKING:
    from envmgr.config.positions import Positions
    from envmgr.config.problems import Finding, Problem

CONFIG_NAME = "envmgr.toml"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SYNTAX_HINTS = {
    "Invalid value": 'text stands in quotes: key = "text"; true, false and numbers stand without',
    "Invalid statement": "a line is a [table], a key = value, or a # comment",
    "Expected '=' after a key in a key/value pair": "write key = value; a table's name stands in brackets",
    "Cannot overwrite a value": "the same key is written twice",
    "Cannot declare": "the same table is written twice",
}


@dataclass(frozen=True)
class Source:
    """A well-formed envmgr.toml: its text, to the byte, and what tomllib makes of it."""

    path: Path
    text: str
    document: dict[str, Any]

    @cached_property
    def positions(self) -> Positions:
        from envmgr.config.positions import Positions

        return Positions(self.text)

    def problem(self, finding: Finding) -> Problem:
        from envmgr.config.problems import problem_at

        place = self.positions.key if finding.at == "key" else self.positions.value
        span = place(finding.path)
        return problem_at(self.path, self.text, span, finding)


def find_root(start: Path) -> Path:
    """The nearest directory at or above `start` that holds an envmgr.toml, absolute. Raises E-NO-PROJECT."""
    start = start.absolute()
    for directory in (start, *start.parents):
        if (directory / CONFIG_NAME).exists():
            return directory
    raise _no_project(f"no {CONFIG_NAME} in {start} or above it")


def require_root(directory: Path) -> Path:
    """`directory`, absolute, if it holds an envmgr.toml. Raises E-NO-PROJECT."""
    root = directory.absolute()
    if not (root / CONFIG_NAME).exists():
        raise _no_project(f"no {CONFIG_NAME} in {root}")
    return root


def read(root: Path) -> tuple[Path, bytes]:
    """Path and content of `<root>/envmgr.toml`. Raises E-NO-PROJECT, or E-CONFIG when it cannot be read."""
    path = require_root(root) / CONFIG_NAME
    try:
        return path, path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def parse(path: Path, content: bytes) -> Source:
    """Raises E-CONFIG with the one problem that keeps `content` from being TOML. Touches no file."""
    text = _decode(path, content)
    try:
        return Source(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(path, text, str(error)) from None
    except RecursionError:
        raise _error_at(path, text, 1, 1, "arrays or tables are nested too deep") from None
    except ValueError as error:
        raise _error_at(path, text, 1, 1, f"a value cannot be read: {error}") from None


def _decode(path: Path, content: bytes) -> str:
    if content.startswith(_BYTE_ORDER_MARK):
        message = "the file begins with a byte order mark"
        raise _error_at(path, "", 1, 1, message, 'save it as "UTF-8", not "UTF-8 with BOM"')
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        text = content.decode(errors="replace")
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        message = f"the file is not UTF-8 (byte 0x{content[error.start]:02x})"
        raise _error_at(path, text, line, column, message, "save it in the UTF-8 encoding") from None


def _syntax_error(path: Path, text: str, message: str) -> EnvmgrError:
    place = _PLACE.search(message)
    words = _PLACE.sub("", message)
    hint = next((hint for start, hint in _SYNTAX_HINTS.items() if words.startswith(start)), "")
    if place is not None and place[1]:
        line, column = int(place[1]), int(place[2])
    else:
        lines = text.rstrip("\n").split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    return _error_at(path, text, line, column, f"not TOML: {words[:1].lower()}{words[1:]}", hint)


def _error_at(path: Path, text: str, line: int, column: int, message: str, hint: str = "") -> EnvmgrError:
    from envmgr.config.positions import Span
    from envmgr.config.problems import Finding, config_error, problem_at

    return config_error(path, [problem_at(path, text, Span(line, column, 1), Finding((), message, hint))])


def _unreadable(path: Path, error: OSError) -> EnvmgrError:
    reason = (
        "it is a directory"
        if isinstance(error, IsADirectoryError)
        else (error.strerror or str(error)).lower()
    )
    return EnvmgrError(
        "E-CONFIG",
        f"{path} cannot be read: {reason}",
        hint="envmgr.toml must be a file that you may read",
        details={"problems": [], "file": str(path)},
    )


def _no_project(message: str) -> EnvmgrError:
    return EnvmgrError(
        "E-NO-PROJECT",
        message,
        hint="run `envmgr init` in your project's directory, or name it with --project DIR",
    )
