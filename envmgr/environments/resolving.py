"""Making locks: what uv resolves, with what it was asked, each file's hash and nobody's password."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from envmgr.config.toml import toml_value
from envmgr.environments import files, stages
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Inputs, Lock, hashes, inputs, parse, same
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.uv_projects import Terms

_HEADER = "# Written by envmgr. Change envmgr.toml and run `envmgr lock` instead of editing this file.\n"
_WITH_CREDENTIALS = re.compile(r"://[^/\s\"'@]+@([^/\s\"']+)")


def resolve(
    path: Path,
    environment: Environment,
    interpreter: Interpreter,
    *,
    pins: Iterable[Pin],
    exclude_newer: str | None,
    asked: Sequence[str] = (),
) -> tuple[Lock, bytes]:
    """A lock that is not written yet, to stand at `path`, and its bytes. Pins are kept where they fit.

    `asked` are requirements of this one resolution: constraints that the lock does not note, so that it
    fits envmgr.toml as it is. Needs the network; blocks while uv resolves. Raises E-CONFLICT in the words of
    the libraries, E-LOCK, E-NETWORK.
    """
    wanted = inputs(environment, interpreter)
    constraints = (*wanted.constraints, *asked)
    try:
        return solve(
            path,
            environment.name,
            wanted,
            interpreter,
            pins=pins,
            exclude_newer=exclude_newer,
            constraints=constraints,
        )
    except EnvmgrError as problem:
        if problem.code == "E-LOCK" and "uv" not in problem.details:
            raise  # it was resolved
        from envmgr.environments import conflicts

        here = replace(environment, constraints=constraints)
        core = conflicts.reason(problem, here, interpreter, exclude_newer)
        raise _dated(conflicts.in_words(problem, here, core), exclude_newer) from None


def solve(
    path: Path,
    name: str,
    wanted: Inputs,
    interpreter: Interpreter,
    *,
    pins: Iterable[Pin] = (),
    exclude_newer: str | None = None,
    constraints: Sequence[str] | None = None,
) -> tuple[Lock, bytes]:
    """As `resolve`, of `wanted`, with uv's own words for what cannot be. `name` is for errors; `constraints` are
    those of this one resolution, if they differ from what the lock is to note."""
    from envmgr.tools import uv

    if wanted.requirements:
        terms = Terms(
            constraints=wanted.constraints if constraints is None else constraints,
            overrides=wanted.overrides,
            no_build=wanted.no_build,
            platforms=[pypa.PLATFORMS[name] for name in wanted.platforms],
            exclude_newer=exclude_newer,
            resolution=wanted.resolution or "highest",
        )
        resolved = uv.resolve(
            wanted.requirements,
            terms,
            python=Path(interpreter.executable),
            minor=wanted.python,
            patch=interpreter.version,
            pins=[(pin.name, pin.version) for pin in pins if pin.version],
        )
    else:
        resolved = 'lock-version = "1.0"\ncreated-by = "envmgr"\npackages = []\n'
    text = _HEADER + resolved.rstrip() + "\n" + _table(wanted, exclude_newer)
    _no_credentials(text, name)
    content = text.encode()
    lock = parse(path, content)
    _every_file_has_a_hash(lock, name)
    return lock, content


def write(
    layout: Layout,
    environment: Environment,
    interpreter: Interpreter,
    *,
    previous: Lock | None,
    upgrade: bool,
    exclude_newer: str | None,
) -> tuple[Lock, bool]:
    """Resolve, and write the lock unless it says the same already; the lock, and whether its bytes changed.

    Pins of `previous` are kept where they fit, unless `upgrade`. Needs the network; blocks while uv resolves.
    Raises E-CONFLICT in the words of the libraries, E-LOCK, E-NETWORK.
    """
    path = layout.lock(environment.name)
    pins = () if previous is None or upgrade else previous.pins
    lock, content = resolve(path, environment, interpreter, pins=pins, exclude_newer=exclude_newer)
    if previous is not None and same(previous, lock):
        return previous, False
    path.parent.mkdir(parents=True, exist_ok=True)
    stages.reached("lock-resolved")
    files.write(path, content)
    stages.reached("lock-written")
    return lock, True


def _table(wanted: Inputs, exclude_newer: str | None) -> str:
    noted = {"inputs": wanted.digest, **wanted.table}
    if exclude_newer is not None:
        noted["exclude-newer"] = exclude_newer
    lines = ["\n[tool.envmgr]", *(f"{key} = {toml_value(value)}" for key, value in noted.items())]
    return "\n".join(lines) + "\n"


def _dated(problem: EnvmgrError, exclude_newer: str | None) -> EnvmgrError:
    if exclude_newer is not None and problem.code in ("E-CONFLICT", "E-LOCK"):
        problem.hint += (
            f"\nonly what its index dates before {exclude_newer} counts; `envmgr lock --upgrade` lifts that"
        )
    return problem


def _every_file_has_a_hash(lock: Lock, name: str) -> None:
    loose = [package["name"] for package in lock.document.get("packages", []) if not hashes(package)]
    if loose:
        raise EnvmgrError(
            "E-LOCK",
            f"environment {name}: {', '.join(loose)} cannot be locked: it comes from a directory"
            " or a repository, whose content has no hash",
            hint="build a wheel of it and ask for that file, or publish it to an index",
        )


def _no_credentials(text: str, name: str) -> None:
    hosts = sorted(set(_WITH_CREDENTIALS.findall(text)))
    if hosts:
        raise EnvmgrError(
            "E-LOCK",
            f"environment {name}: an address on {', '.join(hosts)} holds a user or a password, which"
            " a lock must not",
            hint="ask for it without; uv finds them in UV_INDEX_…_USERNAME and …_PASSWORD, in ~/.netrc or in the"
            " keyring",
        )
