"""From a valid envmgr.toml to the project it describes, every default filled in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from envmgr.config.aliases import resolved
from envmgr.config.merging import Merged
from envmgr.config.pools import around, pools
from envmgr.config.schema import ConfigFile, EnvironmentTable, LibraryTable, environment_of
from envmgr.config.surroundings import settings
from envmgr.model.project import Environment, HealthCall, Library, Project


def assemble(merged: Merged, config: ConfigFile) -> Project:
    """Environments stand in the order of their first libraries, and libraries in the file's order."""
    root = merged.source.path.parent
    members: dict[str, dict[str, LibraryTable]] = {}
    for name, table in config.library.items():
        members.setdefault(environment_of(name, table), {})[name] = table
    return Project(
        root=root,
        name=config.project.name or root.name or "project",
        environments={name: _environment(name, config, root, tables) for name, tables in members.items()},
        warnings=tuple(_warnings(merged, config)),
    )


def _environment(name: str, config: ConfigFile, root: Path, members: dict[str, LibraryTable]) -> Environment:
    table = config.environment.get(name, EnvironmentTable())
    pythons = (table.python, *(library.python for library in members.values()), config.project.python)
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Environment(
        name=name,
        python=_interpreter(next((python for python in pythons if python), own), root),
        libraries=tuple(_library(key, library, config) for key, library in members.items()),
        constraints=tuple(table.constraints),
        overrides=tuple(table.overrides),
        no_build=table.no_build,
        platforms=tuple(dict.fromkeys(table.platforms)),
        link_mode=table.link_mode,
        compression=table.compression,
        pools=pools(table, tuple(members.values()), config.defaults),
        adopt=None if table.adopt is None else str(root / Path(table.adopt).expanduser()),
    )


def _library(name: str, table: LibraryTable, config: ConfigFile) -> Library:
    return Library(
        name=name,
        requirement=None if table.stdlib else _requirement(table.package or name, table.version),
        module=table.module,
        environment=environment_of(name, table),
        extra_requirements=tuple(table.with_),
        timeout_ms=table.timeout or config.defaults.timeout,
        workers=table.workers or config.defaults.workers,
        fork=table.fork,
        init=table.init,
        health_calls=tuple(HealthCall(c.call, tuple(c.args), c.kwargs) for c in table.health.calls),
        serializers=table.serializers,
        hooks=settings(table.hooks),
        pipelines={path: settings(pipeline) for path, pipeline in table.pipelines.items()},
        aliases=_aliases(name, config),
        trace=config.defaults.trace if table.trace is None else table.trace,
        **around(name, table),
    )


def _aliases(name: str, config: ConfigFile) -> dict[str, str]:
    """Those that stand for this library, or for something in it."""
    return {alias: path for alias, path in resolved(config).items() if path.partition(".")[0] == name}


def _requirement(package: str, version: str | None) -> str:
    requirement = Requirement(package)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return str(requirement) if version is None else f"{requirement.name}{extras}{version.replace(' ', '')}"


def _interpreter(python: str, root: Path) -> str:
    is_path = "/" in python or "\\" in python or python.startswith("~")
    return str(root / Path(python).expanduser()) if is_path else python


def _warnings(merged: Merged, config: ConfigFile) -> Iterator[str]:
    """One line for each key in force that this version accepts and does not act upon, in file order."""
    unused: dict[tuple[str, ...], str] = {}
    for name, library in config.library.items():
        for key in library.security.model_fields_set:
            unused["library", name, "security", key] = "NOT enforced by this version: nothing is refused"
        if name in sys.stdlib_module_names and not library.stdlib and library.package is None:
            place = merged.origin(("library", name)).place(merged.source)
            yield (
                f"{place}: {name} is a module of the interpreter itself (`stdlib = true`); without that, the"
                f" distribution of this name is installed from the index (`package` says that it is meant)"
            )
    for path in sorted(unused, key=lambda path: merged.origin(path).line(merged.source) or 0):
        place = merged.origin(path).place(merged.source)
        yield f"{place}: {'.'.join(path)} is accepted, but {unused[path]}"
