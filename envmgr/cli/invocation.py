"""One run of the command line: its global options, and the project that they lead to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from envmgr.config import Layers, find_root, load

if TYPE_CHECKING:
    from envmgr.model.project import Project

TEXT = "text"
FORMATS = (TEXT, "json", "msgpack")
PROJECT_VARIABLE = "ENVMGR_PROJECT"
PROFILE_VARIABLE = "ENVMGR_PROFILE"


@dataclass
class Invocation:
    """`command` is the name of the command once it is known: "config check"."""

    command: str = ""
    directory: Path | None = None
    format: str = TEXT
    quiet: bool = False
    profile: str | None = None
    settings: tuple[str, ...] = ()

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Invocation:
        """Knows the format before the arguments are parsed, so that what is wrong with them is said in it.

        Directory and profile are those of the variables, until an option names others; an empty one is none.
        """
        directory = os.environ.get(PROJECT_VARIABLE)
        profile = os.environ.get(PROFILE_VARIABLE) or None
        invocation = cls(directory=Path(directory) if directory else None, profile=profile)
        for argument, following in pairwise([*arguments, ""]):
            if argument == "--":
                break
            name, _, value = argument.partition("=")
            wanted = value or following
            if name == "--format" and wanted in FORMATS:
                invocation.format = wanted
        return invocation

    @property
    def is_text(self) -> bool:
        return self.format == TEXT

    def root(self) -> Path:
        """The directory that was named, or the nearest above the working directory. Raises E-NO-PROJECT."""
        if self.directory is None:
            return find_root(Path.cwd())
        from envmgr.config.source import require_root

        return require_root(self.directory)

    def place(self) -> Path:
        """The project's directory, or where a new project would be: the one named, or the working directory."""
        from envmgr.errors import EnvmgrError

        try:
            return self.root()
        except EnvmgrError as problem:
            if problem.code != "E-NO-PROJECT":
                raise
        return (self.directory or Path.cwd()).absolute()

    @property
    def layers(self) -> Layers:
        """What this run lays over envmgr.toml."""
        return Layers.of(os.environ, self.profile, self.settings)

    def project(self) -> Project:
        """The validated project; what it cannot do yet is said on stderr."""
        project = load(self.root(), self.layers)
        self.warn(project)
        return project

    def warn(self, project: Project) -> None:
        if not self.quiet:
            for warning in project.warnings:
                click.echo(
                    f"{click.style('warning', fg='yellow', bold=True)}: {warning}", err=True, color=color()
                )


def color() -> bool | None:
    """False with NO_COLOR set, else None: click then looks whether the stream is a terminal."""
    return False if os.environ.get("NO_COLOR") else None
