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


def run(*command: str | Path, cwd: Path) -> None:
    subprocess.run(
        command, cwd=cwd, env=VARIABLES, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def envmgr(project: Path, *arguments: str) -> Callable[[], None]:
    program = Path(sys.executable).with_name("envmgr")
    return lambda: run(program, "--quiet", *arguments, cwd=project)


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


def sync(scratch: Path, library: str, rounds: int) -> Iterator[Row]:
    """A first `sync` from the lock: built, verified, proved, catalogued, activated; beside it, `uv sync`
    and the first import, which ours contains."""
    ours = scratch / f"sync-{library}"
    ours.mkdir()
    (ours / "envmgr.toml").write_text(f"[library.{library}]\n")
    envmgr(ours, "sync")()
    theirs = bare_uv(scratch / f"sync-{library}-uv", library)

    def forget() -> None:
        shutil.rmtree(ours / ".envmgr" / "store", ignore_errors=True)
        shutil.rmtree(ours / ".envmgr" / "envs", ignore_errors=True)
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            (ours / ".envmgr" / name).unlink(missing_ok=True)
        shutil.rmtree(theirs / ".venv", ignore_errors=True)

    def bare() -> None:
        run("uv", "sync", "--frozen", "--python", sys.executable, cwd=theirs)
        run(theirs / ".venv" / "bin" / "python", "-I", "-c", f"import {library}", cwd=theirs)

    yield compare(
        f"env.sync.{library}",
        "uv sync --frozen and the first import",
        envmgr(ours, "sync", "--frozen"),
        bare,
        rounds=rounds,
        before_each=forget,
    )


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
