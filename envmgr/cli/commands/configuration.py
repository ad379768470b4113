"""`config check`, `show`, `schema`, `migrate`: what envmgr.toml says, may say, and said in older versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Group
from envmgr.cli.invocation import Invocation
from envmgr.config import CONFIG_NAME
from envmgr.model.project import Environment, Library, Pool, Project

if TYPE_CHECKING:
    from envmgr.config.merging import Origin
    from envmgr.config.source import Source


@click.group(cls=Group)
def config() -> None:
    """Look at envmgr.toml."""


@config.command()
@click.pass_obj
def check(invocation: Invocation) -> Answer:
    """Report every problem of envmgr.toml."""
    project = invocation.project()
    libraries = len(project.libraries)
    data = {
        "file": project.root / CONFIG_NAME,
        "libraries": libraries,
        "environments": len(project.environments),
        "warnings": project.warnings,
    }
    words = "1 library" if libraries == 1 else f"{libraries} libraries"
    where = "1 environment" if len(project.environments) == 1 else f"{len(project.environments)} environments"
    return Answer(data, f"{CONFIG_NAME} is valid: {words} in {where}")


@config.command()
@click.option("--origin", is_flag=True, help="As envmgr.toml would write it, with the origin of each value.")
@click.pass_obj
def show(invocation: Invocation, origin: bool) -> Answer:
    """Print the configuration with every default filled in."""
    if origin:
        return _with_origins(invocation)
    project = invocation.project()
    return Answer(project, "\n".join(_lines(project)))


@config.command()
@click.pass_obj
def schema(invocation: Invocation) -> Answer:
    """Print the JSON Schema of envmgr.toml, for editors."""
    from envmgr.config.json_schema import json_schema

    return Answer(json_schema(), json.dumps(json_schema(), indent=2))


@config.command()
@click.option("--dry-run", is_flag=True, help="Print what would change, and write nothing.")
@click.pass_obj
def migrate(invocation: Invocation, dry_run: bool) -> Answer:
    """Rewrite an envmgr.toml of an older version for this one; comments and order stay."""
    from envmgr.config.migration import migrate as migration
    from envmgr.config.schema import CONFIG_VERSION
    from envmgr.config.source import parse, read
    from envmgr.config.writing import write

    source = parse(*read(invocation.root()))
    found = migration(source)
    is_written = bool(found.diff) and not dry_run
    if is_written:
        write(source.path, found.text)
    data = {
        "file": source.path,
        "from": found.version,
        "to": CONFIG_VERSION,
        "diff": found.diff,
        "written": is_written,
    }
    if not found.diff:
        return Answer(data, f"{CONFIG_NAME} is of version {CONFIG_VERSION}: nothing to migrate")
    words = f"{CONFIG_NAME} is now of version {CONFIG_VERSION}" if is_written else "nothing was written"
    return Answer(data, f"{found.diff}\n\n{words}")


def _with_origins(invocation: Invocation) -> Answer:
    from envmgr.config.assembly import assemble
    from envmgr.config.loading import load_merged
    from envmgr.config.provenance import settings
    from envmgr.config.source import parse, read
    from envmgr.config.toml import toml_key, toml_value

    source = parse(*read(invocation.root()))
    merged, valid = load_merged(source, invocation.layers)
    invocation.warn(assemble(merged, valid))
    data: dict[str, Any] = {"file": source.path, "environment": {}, "library": {}}
    blocks: list[str] = []
    for header, found in settings(merged, valid).items():
        table = {toml_key(s.key): {"value": s.value, "origin": _origin(s.origin, source)} for s in found}
        holder = data[header[0]] if header[1:] else data
        holder[header[-1]] = table
        rows = (
            (f"{key} = {toml_value(v['value'])}", f"# {v['origin']['place']}") for key, v in table.items()
        )
        blocks.append(f"[{toml_key(header)}]\n{columns(rows)}")
    return Answer(data, "\n\n".join(blocks))


def _origin(origin: Origin, source: Source) -> dict[str, Any]:
    return {
        "layer": origin.layer,
        "name": origin.name or None,
        "line": origin.line(source),
        "place": origin.place(source),
    }


def _lines(project: Project) -> list[str]:
    lines = [f"project {project.name} in {project.root}"]
    for environment in project.environments.values():
        lines += ["", f"environment {environment.name}", *_settings(environment)]
        for library in environment.libraries:
            lines += [f"  library {library.name}", *(f"  {line}" for line in _library(library))]
    return lines


def _settings(environment: Environment) -> list[str]:
    settings = {
        "python": environment.python,
        **{
            "workers" if name == "default" else f"workers of pool {name}": _pool(pool)
            for name, pool in environment.pools.items()
        },
        "link-mode": environment.link_mode,
        "constraints": ", ".join(environment.constraints),
        "overrides": ", ".join(environment.overrides),
        "no-build": "true" if environment.no_build else "",
        "platforms": ", ".join(environment.platforms),
        "compression": "" if environment.compression == "none" else environment.compression,
        "adopt": environment.adopt or "",
    }
    return [f"  {key}: {value}" for key, value in settings.items() if value]


def _pool(pool: Pool) -> str:
    said = {
        "": str(pool.max) if pool.min == pool.max else f"{pool.min} to {pool.max}",
        "profile": "" if pool.profile == "process" else pool.profile,
        "threads": str(pool.threads) if pool.profile == "thread" else "",
        "lazy": "true" if pool.lazy else "",
        "queue": "" if pool.queue == 1_000 else str(pool.queue),
        "age": f"{pool.age} ms" if pool.age else "",
        "calls": str(pool.calls or ""),
        "memory": f"{pool.memory} bytes" if pool.memory else "",
        "libraries": " ".join(pool.libraries or ()),
    }
    return ", ".join(f"{key} {value}".strip() for key, value in said.items() if value)


def _library(library: Library) -> list[str]:
    settings = {
        "requirement": library.requirement or "none (a module of the interpreter)",
        "module": library.module or "found in the environment",
        "with": ", ".join(library.extra_requirements),
        "timeout": f"{library.timeout_ms} ms",
        "workers": str(library.workers),
        "init": repr(library.init) if library.init else "",
        "health calls": ", ".join(call.call for call in library.health_calls),
        "serializers": ", ".join(f"{kind} = {strategy}" for kind, strategy in library.serializers.items()),
        "hooks": ", ".join(f"{hook} = {function}" for hook, function in library.hooks.items()),
        "pipelines": ", ".join(library.pipelines),
        "aliases": ", ".join(f"{alias} = {path}" for alias, path in library.aliases.items()),
        "trace": "true" if library.trace else "",
        "fork": "" if library.fork else "false",
        "cache": ", ".join(library.cache),
        "limits": ", ".join(library.limits),
        "recovery": ", ".join(key for key, value in library.recovery.items() if value),
    }
    return [f"  {key}: {value}" for key, value in settings.items() if value]
