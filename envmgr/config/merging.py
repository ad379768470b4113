"""Laying documents over each other, and knowing of every value who wrote it last."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from envmgr.config.lexer import Path
from envmgr.config.problems import Finding, Problem, problem_beside
from envmgr.config.source import CONFIG_NAME, Source

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was written: at `path` of the file's document, beside the file, or nowhere.

    `name` is the profile's, the variable's, or the key that `--set` names; `text` is what was written there.
    """

    layer: Literal["default", "file", "profile", "variable", "--set"]
    path: Path = ()
    name: str = ""
    text: str = ""

    def into(self, *segments: str | int) -> Origin:
        return replace(self, path=(*self.path, *segments))

    @property
    def is_in_file(self) -> bool:
        return self.layer in ("file", "profile")

    def place(self, source: Source) -> str:
        """In words: `default`, `envmgr.toml:3`, `profile prod (envmgr.toml:8)`, `variable …`, `--set KEY`."""
        if not self.is_in_file:
            return f"{self.layer} {self.name}".rstrip()
        line = f"{CONFIG_NAME}:{self.line(source)}"
        return line if self.layer == "file" else f"profile {self.name} ({line})"

    def line(self, source: Source) -> int | None:
        return source.positions.key(self.path).line if self.is_in_file else None

    def problem(self, finding: Finding, source: Source) -> Problem:
        """`finding` at the place that this is, whatever its own path says."""
        if self.is_in_file:
            return source.problem(replace(finding, path=self.path))
        place = self.place(source)
        key = place if self.layer == "--set" else self.name
        return problem_beside(place, key, self.text, finding)


class Merged:
    """The document that layers make together, and where each of its tables and values comes from.

    A table comes from the first layer that writes it, a value from the last. Starts as the file alone. A
    library that is written as a requirement is a table with a `package` here.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.document: dict[str, Any] = {}
        self._origins: dict[Path, Origin] = {}
        self.lay((), source.document, Origin("file"))

    def lay(self, path: Keys, value: Any, origin: Origin) -> None:
        """Write `value` at `path`: a table into the one that is there, anything else in its place."""
        if len(path) == 2 and path[0] == "library" and isinstance(value, str):
            self._table(path, origin)
            self._put((*path, "package"), value, origin)
        elif isinstance(value, dict):
            self._table(path, origin)
            for key, inner in value.items():
                self.lay((*path, key), inner, origin.into(key))
        else:
            self._put(path, value, origin)

    def is_written(self, path: Path) -> bool:
        return path in self._origins

    def origin(self, path: Path) -> Origin:
        """Of what stands at `path`, or of its nearest holder and where it would stand there."""
        for length in range(len(path), 0, -1):
            if origin := self._origins.get(path[:length]):
                return origin.into(*path[length:])
        return Origin("file", path)

    def problem(self, finding: Finding) -> Problem:
        return self.origin(finding.path).problem(finding, self.source)

    def names(self, kind: str) -> list[str]:
        """Of the libraries, or of the environments that they live in. Asks nothing of the document."""
        libraries = self.document.get("library")
        tables = libraries if isinstance(libraries, dict) else {}
        if kind == "library":
            return list(tables)
        homes = {name: table.get("environment") for name, table in tables.items() if isinstance(table, dict)}
        return [home if isinstance(home, str) else name for name, home in homes.items()]

    def _table(self, path: Keys, origin: Origin) -> dict[str, Any]:
        table = self.document
        for length, key in enumerate(path, 1):
            if not isinstance(table.get(key), dict):
                table[key] = {}
                self._origins[path[:length]] = origin
            table = table[key]
        return table

    def _put(self, path: Keys, value: Any, origin: Origin) -> None:
        self._table(path[:-1], origin)[path[-1]] = value
        self._origins[path] = origin
