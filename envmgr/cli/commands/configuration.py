"""`config check`, `config show`: what envmgr.toml says."""

from __future__ import annotations

import click

from envmgr.cli.answers import Answer
from envmgr.cli.application import Group
from envmgr.cli.invocation import Invocation
from envmgr.config import CONFIG_NAME
from envmgr.model.project import Environment, Library, Project


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
@click.pass_obj
def show(invocation: Invocation) -> Answer:
    """Print the configuration with every default filled in."""
    project = invocation.project()
    return Answer(project, "\n".join(_lines(project)))


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
        "workers": str(environment.workers),
        "link-mode": environment.link_mode,
        "constraints": ", ".join(environment.constraints),
    }
    return [f"  {key}: {value}" for key, value in settings.items() if value]


def _library(library: Library) -> list[str]:
    settings = {
        "requirement": library.requirement or "none (a module of the interpreter)",
        "module": library.module or "found in the environment",
        "with": ", ".join(library.extra_requirements),
        "timeout": f"{library.timeout_ms} ms",
        "workers": str(library.workers),
        "init": repr(library.init) if library.init else "",
        "health calls": ", ".join(call.call for call in library.health_calls),
    }
    return [f"  {key}: {value}" for key, value in settings.items() if value]
