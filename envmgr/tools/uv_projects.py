"""What uv is asked to resolve: throwaway projects, for what a project says under `[tool.uv]` no option says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.config.toml import toml_value

_ROOT = "envmgr-environment"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a resolution keeps to. `platforms` are markers, each of which it has to serve (every platform when empty).
    Under `no_build` only wheels count; what is newer than `exclude_newer` does not. `resolution` is uv's:
    "lowest-direct" takes the lowest versions of what is asked for.
    """

    constraints: Sequence[str] = ()
    overrides: Sequence[str] = ()
    no_build: bool = False
    platforms: Sequence[str] = ()
    exclude_newer: str | None = None
    resolution: str = "highest"


def write(
    place: Path,
    requirements: Sequence[str],
    requires: str,
    terms: Terms,
    pins: Iterable[tuple[str, str]],
) -> None:
    """A project of these requirements. A `uv.lock` that names versions alone is enough for uv to prefer them."""
    head = _project(_ROOT, requires, requirements)
    resolution = f"resolution = {toml_value(terms.resolution)}\n"
    (place / "pyproject.toml").write_text(f"{head}{resolution}{_rules(terms)}[tool.uv.workspace]\n", "utf-8")
    if pins:
        (place / "uv.lock").write_text(_preferences(requires, pins, terms.exclude_newer), "utf-8")


def write_workspace(place: Path, asking: Mapping[str, Sequence[str]], requires: str, terms: Terms) -> None:
    """A workspace whose members, of the names in `asking`, have these requirements."""
    for name, requirements in asking.items():
        (place / name).mkdir()
        (place / name / "pyproject.toml").write_text(_project(name, requires, requirements), "utf-8")
    members = f"[tool.uv.workspace]\nmembers = {toml_value(list(asking))}\n"
    (place / "pyproject.toml").write_text(f"{_project(_ROOT, requires, ())}{_rules(terms)}{members}", "utf-8")


def _project(name: str, requires: str, requirements: Sequence[str]) -> str:
    return (
        f'[project]\nname = {toml_value(name)}\nversion = "0"\n'
        f"requires-python = {toml_value(requires)}\ndependencies = {toml_value(list(requirements))}\n"
        "[tool.uv]\npackage = false\n"
    )


def _rules(terms: Terms) -> str:
    served = toml_value(list(terms.platforms))
    return (
        f"no-build = {toml_value(terms.no_build)}\n"
        f"constraint-dependencies = {toml_value(list(terms.constraints))}\n"
        f"override-dependencies = {toml_value(list(terms.overrides))}\n"
        + (f"environments = {served}\nrequired-environments = {served}\n" if terms.platforms else "")
    )


def _preferences(requires: str, pins: Iterable[tuple[str, str]], exclude_newer: str | None) -> str:
    options = "" if exclude_newer is None else f"[options]\nexclude-newer = {toml_value(exclude_newer)}\n"
    packages = (
        f"[[package]]\nname = {toml_value(name)}\nversion = {toml_value(pin)}\n"
        'source = { registry = "https://pypi.org/simple" }\n'
        for name, pin in sorted(pins)
    )
    return f"version = 1\nrequires-python = {toml_value(requires)}\n{options}" + "".join(packages)
