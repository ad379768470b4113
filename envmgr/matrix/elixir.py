"""Checks in Elixir: `mix test`, with the pools of a project that has nothing but the cell.

The Mix project is the one whose tests are named; it is compiled in its own `_build`, once a run. The project that its
Envmgr serves is one of our own making, in the check's home: the library of the matrix, and those libraries of
envmgr.toml that the cell has too, start their workers in the cell's environment.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack

from envmgr.environments import launch, modules
from envmgr.environments.layers import worker_of
from envmgr.environments.layout import Layout, python_of, site_packages
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.matrix import attempts
from envmgr.matrix.attempts import Attempt, Ground
from envmgr.matrix.limits import Ended
from envmgr.model.matrix import FAILED, PASSED, Check
from envmgr.model.project import Environment
from envmgr.tools import pypa

VARIABLE = "ENVMGR_CELL_PROJECT"
"""Tells the Elixir library which project its instances serve, whatever else is configured."""
_OWN = {"MIX_HOME": ".mix", "HEX_HOME": ".hex", "REBAR_CACHE_DIR": ".cache/rebar3"}
"""What Mix has in the user's home, and looks for in the check's: where it is not told."""

_FAILED = re.compile(r"^ +\d+\) (\S.*)$", re.MULTILINE)
_COUNT = re.compile(r"^(?:\d+ \w+, )?\d+ tests?, \d+ failures?.*$", re.MULTILINE)
_NAMED = 3

_compiling = threading.Lock()
_compiled: set[Path] = set()


def attempt(check: Check, ground: Ground, place: Path, variables: Mapping[str, str]) -> Attempt:
    if isinstance(ground.library, str):
        return Attempt(FAILED, ground.library)
    mix = shutil.which("mix")
    if mix is None:
        return Attempt(FAILED, "there is no `mix` on PATH")
    project = _mix_project(ground.root, check.arguments)
    if isinstance(project, str):
        return Attempt(FAILED, project)
    told = {**variables, **_homes(), "MIX_ENV": "test"}
    problem = _compile(mix, project, check, ground, told)
    if problem is not None:
        return problem
    serving = place / "project"
    _lay_out(serving, ground, ground.library)
    words = [_from(project, ground.root, word) for word in check.arguments]
    argv = (mix, "test", "--no-compile", "--no-deps-check", *words)
    ended = attempts.run(argv, check, ground, {**told, VARIABLE: str(serving)}, cwd=project)
    return attempts.limited(ended, check) or _judged(ended)


def _judged(ended: Ended) -> Attempt:
    if ended.status == 0:
        return Attempt(PASSED)
    failed = tuple(dict.fromkeys(_FAILED.findall(ended.output)))
    count = _COUNT.findall(ended.output)
    what = count[-1] if count else f"`mix test` {attempts.how(ended.status)}"
    return Attempt(FAILED, "; ".join([what, *failed[:_NAMED]]), ended.output, failed)


def _mix_project(root: Path, words: tuple[str, ...]) -> Path | str:
    """The nearest directory with a mix.exs, from the first file that is named upwards, in the project."""
    paths = [word.partition(":")[0] for word in words if not word.startswith("-")]
    named = next((path for path in paths if (root / path).exists()), paths[0] if paths else ".")
    for directory in (root / named, *(root / named).parents):
        if (directory / "mix.exs").is_file():
            return directory
        if directory == root:
            break
    return f"there is no mix.exs for {named}, in {root} or below"


def _from(project: Path, root: Path, word: str) -> str:
    """A path as `mix test` wants it, with the line that may follow."""
    path, colon, line = word.partition(":")
    inside = not word.startswith("-") and (root / path).exists()
    return f"{os.path.relpath(root / path, project)}{colon}{line}" if inside else word


def _homes() -> dict[str, str]:
    return {
        name: os.environ.get(name, str(Path.home() / folder))
        for name, folder in _OWN.items()
        if name in os.environ or (Path.home() / folder).is_dir()
    }


def _compile(
    mix: str, project: Path, check: Check, ground: Ground, variables: Mapping[str, str]
) -> Attempt | None:
    """Once a run: cells that compile at once would write the same files."""
    with _compiling:
        if project not in _compiled:
            ended = attempts.run((mix, "compile"), check, ground, variables, cwd=project)
            found = attempts.limited(ended, check)
            if found is None and ended.status != 0:
                found = Attempt(FAILED, f"`mix compile` {attempts.how(ended.status)}", ended.output)
            if found is not None:
                return found
            _compiled.add(project)
    return None


def _lay_out(serving: Path, ground: Ground, found: Resolved) -> None:
    """A project of one active environment, as a `sync` would leave it. Costs a walk of the libraries."""
    from envmgr import catalog

    assert ground.layer is not None  # noqa: S101 - the caller has had it built for these checks
    layout = Layout(serving)
    home = ground.project.environments.get(found.library.environment)
    name = found.library.name if home is None else home.name
    libraries = _libraries(ground, found)
    catalogs = layout.catalog(ground.store.name)
    catalogs.mkdir(parents=True)
    command = [str(python_of(ground.store)), "-I", "-B", str(worker_of(ground.layer))]
    catalog.write(command, libraries, catalogs)
    document: dict[str, Any] = launch.decode(
        launch.manifest(
            ground.project,
            replace(home or Environment(name, ground.interpreter.minor, ()), libraries=()),
            generation=1,
            key=ground.store.name.rpartition("-")[2],
            interpreter=ground.interpreter,
            layer=ground.layer,
            libraries=libraries,
        )
    )
    lease = Layout(ground.root).lease(ground.store.name)
    document |= {"store": str(ground.store), "command": command, "lease": str(lease)}
    document["env"] = launch.variables(ground.store)
    for facts in document["libraries"].values():
        facts["catalog"] = str(layout.catalog_of(ground.store.name, facts["module"]))
    layout.launch(name).parent.mkdir(parents=True)
    layout.launch(name).write_bytes(msgpack.packb(document))
    layout.current(name).symlink_to(ground.store)
    layout.config.write_text("# Of a cell of a compatibility matrix.\nconfig-version = 1\n", "utf-8")


def _libraries(ground: Ground, found: Resolved) -> tuple[Resolved, ...]:
    """The library, and those of envmgr.toml whose distribution the cell has."""
    installed = pypa.installed(site_packages(ground.store))
    there = {distribution.name for distribution in installed}
    libraries = [found]
    for environment in ground.project.environments.values():
        for library in environment.libraries:
            if library.name == found.library.name:
                continue
            alone = replace(environment, libraries=(library,))
            try:
                resolved = modules.resolve(alone, installed)[0]
            except EnvmgrError:
                continue
            if resolved.distribution is None or resolved.distribution in there:
                libraries.append(resolved)
    return tuple(libraries)
