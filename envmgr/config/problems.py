"""What is wrong with an envmgr.toml, in words, and the one error that lists all of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from envmgr.config import lexer
from envmgr.config.positions import Span
from envmgr.errors import EnvmgrError

SHOWN_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at a key path of the document; `at` says whether to show its key or its value."""

    path: lexer.Path
    message: str
    hint: str = ""
    suggestion: str | None = None
    at: Literal["key", "value"] = "value"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault and its place, in words and, for a place in a file, in numbers that count from 1.

    It is `length` characters of `source_line`, from `column` on.
    """

    place: str
    file: str | None
    line: int | None
    column: int
    length: int
    source_line: str
    message: str
    hint: str = ""
    suggestion: str | None = None

    def render(self) -> str:
        """The place and the message, the source line, carets, the suggestion, the hint: up to five lines."""
        cut = max(0, self.column - SHOWN_WIDTH // 2) if len(self.source_line) > SHOWN_WIDTH else 0
        shown = "".join(c if c.isprintable() or c == "\t" else "?" for c in self.source_line)
        shown = shown[cut : cut + SHOWN_WIDTH]
        before = "".join(c if c == "\t" else " " for c in shown[: self.column - 1 - cut])
        carets = "^" * max(1, min(self.length, len(shown) - len(before)))
        lines = [f"{self.place}: {self.message}"]
        if self.source_line.strip():
            lines += [f"  {shown}", f"  {before}{carets}"]
        if self.suggestion is not None:
            lines.append(f"  did you mean `{self.suggestion}`?")
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


def problem_at(path: Path, text: str, span: Span, finding: Finding) -> Problem:
    """Of the file at `path`."""
    lines = text.split("\n")
    source_line = lines[span.line - 1].rstrip("\r") if span.line <= len(lines) else ""
    place = f"{displayed(path)}:{span.line}:{span.column}"
    said = (finding.message, finding.hint, finding.suggestion)
    return Problem(place, str(path), span.line, span.column, span.length, source_line, *said)


def problem_beside(place: str, key: str, value: str, finding: Finding) -> Problem:
    """Of a variable or an option; without a value, its key alone is shown."""
    line = f"{key}={value}" if value else key
    column, length = (1, len(key)) if finding.at == "key" or not value else (len(key) + 2, len(value))
    said = (finding.message, finding.hint, finding.suggestion)
    return Problem(place, None, None, column, length, line, *said)


def config_error(path: Path, problems: Iterable[Problem], check: str = "envmgr config check") -> EnvmgrError:
    """E-CONFIG with all of `problems`: those of the file in its order, then the others. `check` looks again."""
    ordered = sorted(problems, key=_order)
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    in_file, beside = ordered[0].file is not None, ordered[-1].file is None
    what = f"what is laid over {displayed(path)}" if beside else displayed(path)
    if in_file and beside:
        what = f"{displayed(path)} and what is laid over it"
    return EnvmgrError(
        "E-CONFIG",
        "\n\n".join([f"{count} in {what}", *(problem.render() for problem in ordered)]),
        hint=f"correct {'them' if beside else 'the file'}, then run `{check}`",
        details={"problems": [asdict(problem) for problem in ordered]},
    )


def _order(problem: Problem) -> tuple[bool, int, int]:
    return (False, problem.line, problem.column) if problem.line else (True, 0, 0)


def near(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` was probably meant to be."""
    folded = {_folded(candidate): candidate for candidate in known}
    matches = difflib.get_close_matches(_folded(name), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None


def _folded(name: str) -> str:
    return name.lower().replace("_", "-")


def displayed(path: Path) -> str:
    """`path` as a reader in the working directory would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
