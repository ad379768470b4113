"""What is wrong with an envmgr.toml, in words, and the one error that lists all of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from envmgr.config.positions import Span
from envmgr.errors import EnvmgrError

SHOWN_WIDTH = 160


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault and its place. Line and column count from 1; `length` is how much of the line it marks."""

    file: str
    line: int
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
        lines = [f"{displayed(Path(self.file))}:{self.line}:{self.column}: {self.message}"]
        if self.source_line.strip():
            lines += [f"  {shown}", f"  {before}{carets}"]
        if self.suggestion is not None:
            lines.append(f"  did you mean `{self.suggestion}`?")
        if self.hint:
            lines.append(f"  {self.hint}")
        return "\n".join(lines)


def problem_at(path: Path, text: str, span: Span, message: str, hint: str, suggestion: str | None) -> Problem:
    lines = text.split("\n")
    source_line = lines[span.line - 1].rstrip("\r") if span.line <= len(lines) else ""
    return Problem(str(path), span.line, span.column, span.length, source_line, message, hint, suggestion)


def config_error(path: Path, problems: Sequence[Problem]) -> EnvmgrError:
    """E-CONFIG with all of `problems`, in file order."""
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column))
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    blocks = [f"{count} in {displayed(path)}", *(problem.render() for problem in ordered)]
    return EnvmgrError(
        "E-CONFIG",
        "\n\n".join(blocks),
        hint="correct the file, then run `envmgr config check`",
        details={"problems": [asdict(problem) for problem in ordered]},
    )


def near(name: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `name` was probably meant to be."""
    lowered = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower().replace("_", "-"), lowered, n=1, cutoff=0.6)
    matches = matches or difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[matches[0]] if matches else None


def displayed(path: Path) -> str:
    """`path` as a reader in the working directory would write it."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
