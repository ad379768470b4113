"""Rows `env.*`: whole commands of ours beside the same work by bare uv commands, from a warm cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.rows import Row, compare

EIGHT = ("six", "idna", "attrs", "packaging", "certifi", "charset-normalizer", "urllib3", "click")


# nox points uv at its session's environment, which `uv sync` of a bare project would empty.
VARIABLES = {k: v for k, v in os.environ.items() if k not in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV")}


def run(*command: str | Path, cwd: Path, **variables: str) -> None:
    subprocess.run(
        command,
        cwd=cwd,
        env=VARIABLES | variables,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def envmgr(project: Path, *arguments: str, cache: Path | None = None) -> Callable[[], None]:
    program = Path(sys.executable).with_name("envmgr")
    variables = {} if cache is None else {"ENVMGR_CACHE_DIR": str(cache)}
    return lambda: run(program, "--quiet", *arguments, cwd=project, **variables)


def bare_uv(directory: Path, requirement: str) -> Path:
    """A uv project for one requirement, locked."""
    directory.mkdir(parents=True)
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    (directory / "pyproject.toml").write_text(
        f'[project]\nname = "bare"\nversion = "0"\nrequires-python = "=={version}.*"\n'
        f'dependencies = ["{requirement}"]\n[tool.uv]\npackage = false\n'
    )
    run("uv", "lock", "--python", sys.executable, cwd=directory)
    return directory


def noop(scratch: Path) -> Iterator[Row]:
    """`sync` of eight environments that are up to date; beside it, `uv sync --check` in eight projects."""
    ours = scratch / "noop"
    ours.mkdir()
    (ours / "envmgr.toml").write_text("".join(f"[library.{name}]\n" for name in EIGHT))
    envmgr(ours, "sync")()
    theirs = [bare_uv(scratch / "noop-uv" / name, name) for name in EIGHT]
    for project in theirs:
        run("uv", "sync", "--python", sys.executable, cwd=project)

    def check_all() -> None:
        for project in theirs:
            run("uv", "sync", "--check", "--python", sys.executable, cwd=project)

    yield compare("env.noop8", "uv sync --check, eight times", envmgr(ours, "sync"), check_all, rounds=7)


def fresh(project: Path) -> None:
    """As after a clone: envmgr.toml and locks, and nothing built."""
    shutil.rmtree(project / ".envmgr", ignore_errors=True)


def sync(scratch: Path, library: str, rounds: int) -> Iterator[Row]:
    """From the lock to an active generation, in a fresh clone on a machine that has built the like before;
    beside it, `uv sync` from a warm cache."""
    ours, theirs = pair(scratch, "sync", library)

    def forget() -> None:
        fresh(ours)
        shutil.rmtree(theirs / ".venv", ignore_errors=True)

    yield compare(
        f"env.sync.{library}",
        "uv sync --frozen",
        envmgr(ours, "sync", "--frozen"),
        lambda: run("uv", "sync", "--frozen", "--python", sys.executable, cwd=theirs),
        rounds=rounds,
        before_each=forget,
    )


def sync8(scratch: Path) -> Iterator[Row]:
    """The same for eight libraries in one command; beside it, `uv sync` in eight projects."""
    ours = scratch / "sync8"
    ours.mkdir()
    (ours / "envmgr.toml").write_text("".join(f"[library.{name}]\n" for name in EIGHT))
    envmgr(ours, "sync")()
    theirs = [bare_uv(scratch / "sync8-uv" / name, name) for name in EIGHT]

    def forget() -> None:
        fresh(ours)
        for project in theirs:
            shutil.rmtree(project / ".venv", ignore_errors=True)

    def sync_all() -> None:
        for project in theirs:
            run("uv", "sync", "--frozen", "--python", sys.executable, cwd=project)

    yield compare(
        "env.sync8",
        "uv sync --frozen, eight times",
        envmgr(ours, "sync", "--frozen"),
        sync_all,
        rounds=5,
        before_each=forget,
    )


def first(scratch: Path, library: str, rounds: int) -> Iterator[Row]:
    """The first `sync` of a library on a machine, from uv's warm cache: built, verified, proved, catalogued;
    beside it, `uv sync` and the first import, which ours contains."""
    ours, theirs = pair(scratch, "first", library)
    cache = scratch / f"first-{library}-cache"

    def forget() -> None:
        fresh(ours)
        shutil.rmtree(cache, ignore_errors=True)
        shutil.rmtree(theirs / ".venv", ignore_errors=True)

    def bare() -> None:
        run("uv", "sync", "--frozen", "--python", sys.executable, cwd=theirs)
        run(theirs / ".venv" / "bin" / "python", "-I", "-c", f"import {library}", cwd=theirs)

    yield compare(
        f"env.first.{library}",
        "uv sync --frozen and the first import",
        envmgr(ours, "sync", "--frozen", cache=cache),
        bare,
        rounds=rounds,
        before_each=forget,
    )


def pair(scratch: Path, kind: str, library: str) -> tuple[Path, Path]:
    """A project of ours and one of bare uv for one library, both locked, all that they need in uv's cache."""
    ours = scratch / f"{kind}-{library}"
    ours.mkdir()
    (ours / "envmgr.toml").write_text(f"[library.{library}]\n")
    envmgr(ours, "sync")()
    return ours, bare_uv(scratch / f"{kind}-{library}-uv", library)


def rollback(scratch: Path) -> Iterator[Row]:
    """The whole command, back and forth between two generations."""
    project = scratch / "rollback"
    project.mkdir()
    for version in ("1.16.0", "1.17.0"):
        (project / "envmgr.toml").write_text(f'[library.six]\nversion = "=={version}"\n')
        envmgr(project, "sync")()
    turn = [2]

    def back_or_forth() -> None:
        turn[0] = 3 - turn[0]
        envmgr(project, "rollback", "six", "--to", str(turn[0]))()

    yield compare(
        "env.rollback",
        "python -I -c pass",
        back_or_forth,
        lambda: run(sys.executable, "-I", "-c", "pass", cwd=project),
        rounds=15,
    )


def lock(scratch: Path) -> Iterator[Row]:
    """A first `lock` of eight environments, beside `uv lock` in eight projects, one after the other."""
    ours = scratch / "lock"
    ours.mkdir()
    (ours / "envmgr.toml").write_text("".join(f"[library.{name}]\n" for name in EIGHT))
    theirs = [bare_uv(scratch / "lock-uv" / name, name) for name in EIGHT]

    def forget() -> None:
        shutil.rmtree(ours / "locks", ignore_errors=True)
        for project in theirs:
            (project / "uv.lock").unlink(missing_ok=True)

    def lock_all() -> None:
        for project in theirs:
            run("uv", "lock", "--python", sys.executable, cwd=project)

    yield compare(
        "env.lock8", "uv lock, eight times", envmgr(ours, "lock"), lock_all, rounds=7, before_each=forget
    )
