"""uv's command line, and the only module that knows it.

Every command runs in a directory of ours, so that no project's `uv.toml` or `pyproject.toml` changes what it
does; the user's own configuration (indexes) holds. Offline is our decision alone: resolving offline silently
picks older versions.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from envmgr.errors import EnvmgrError
from envmgr.tools import process, uv_projects
from envmgr.tools.uv_projects import Terms

_FAIL_FAST = {"UV_HTTP_RETRIES": "2", "UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "30"}
_DOWNLOAD_SECONDS = 300
_NEEDS_PATCH = re.compile(r"requested\s+Python\s+version|requires\s+Python|python_full_version")


# `find_uv_bin` asks sysconfig, whose first answer is not safe among threads.
_finding = threading.Lock()


def executable() -> Path:
    """`$ENVMGR_UV`, the `uv` package of this interpreter, or PATH. Raises E-UV."""
    with _finding:
        return _executable()


@functools.cache
def _executable() -> Path:
    named = os.environ.get("ENVMGR_UV")
    if named:
        if Path(named).is_file():
            return Path(named)
        raise EnvmgrError(
            "E-UV", f"ENVMGR_UV names {named}, which is not there", hint="unset ENVMGR_UV, or correct it"
        )
    found = _packaged() or shutil.which("uv")
    if found is None:
        raise EnvmgrError("E-UV", "uv is not installed", hint="pip install uv")
    return Path(found)


def version() -> str:
    return _uv("--version").stdout.split()[1]


def resolve(
    requirements: Sequence[str],
    terms: Terms,
    *,
    python: Path,
    minor: str,
    patch: str = "",
    pins: Collection[tuple[str, str]] = (),
) -> str:
    """A PEP 751 lock, as text, of these requirements for one Python minor version.

    It serves every platform that the packages serve, or those of the terms. `pins` (name, version) are kept where
    they still fit; a name may have several, for several platforms. The route is `uv export`, which locks first, on
    a throwaway project: `uv pip compile --universal` knows no upper bound for Python and would lock for all later
    ones too.

    Where something needs a later patch than the first of the minor version (`requires-python >=3.8.1`), and nothing
    else will do, the lock is one for `patch`, the interpreter's whole version, and later ones.
    """

    def locked(requires: str) -> str:
        with tempfile.TemporaryDirectory(prefix="envmgr-lock-") as place:
            uv_projects.write(Path(place), requirements, requires, terms, pins)
            how = ("--no-progress", "--no-header", "--format", "pylock.toml", *_newest(terms))
            return _for(python, "export", *how, cwd=Path(place)).stdout

    try:
        lock = locked(_series(minor))
    except EnvmgrError as problem:
        if not patch or not _NEEDS_PATCH.search(str(problem.details.get("uv"))):
            raise
        try:
            lock = locked(f">={patch},{_series(minor)}")
        except EnvmgrError:
            raise problem from None
    return _without_sources(lock) if terms.no_build else lock


def try_together(
    asking: Mapping[str, Sequence[str]], terms: Terms, *, python: Path, minor: str, offline: bool = False
) -> None:
    """Whether the requirements of each of `asking` can be met together: raises as `resolve` when they cannot.

    Under `offline` uv knows what its cache has: that they can be met is certain all the same, that they cannot
    is not, and E-OFFLINE says that it does not know enough.

    The names of `asking` are those of projects in one workspace, so that uv's words and its derivation tree
    (in `details["derivation"]`) say which of them asks for what.
    """
    from envmgr.tools.derivation import SHOW

    with tempfile.TemporaryDirectory(prefix="envmgr-try-") as place:
        uv_projects.write_workspace(Path(place), asking, _series(minor), terms)
        how = ("--no-progress", *_newest(terms), *_offline(offline))
        _for(python, "lock", *how, cwd=Path(place), env=SHOW)


def create_environment(place: Path, python: Path) -> None:
    """An empty, relocatable virtual environment without pip; by virtualenv where uv cannot use `python`."""
    try:
        _uv("venv", "--relocatable", "--no-project", "--python", python, place)
    except EnvmgrError as problem:
        if problem.code != "E-INTERPRETER":
            raise
        from envmgr.tools import virtualenv

        virtualenv.create(place, python)


def install(lock: Path, python: Path, *, link_mode: str, offline: bool, no_build: bool = False) -> None:
    """Install a lock, and nothing else, into the environment of `python`; every file's hash is checked."""
    how = ("--preview-features", "pylock", "--no-progress", "--link-mode", link_mode, *_offline(offline))
    wheels = ("--no-build",) if no_build else ()
    _uv("pip", "sync", *how, *wheels, "--python", python, lock)


def install_into(place: Path, requirement: str, python: Path, *, offline: bool) -> None:
    """Install one requirement without its dependencies into a plain directory, for the ABI of `python`."""
    how = ("--no-progress", "--no-deps", "--link-mode", "copy", *_offline(offline))
    _for(python, "pip", "install", *how, "--target", place, requirement)


def tool(
    package: str,
    program: str,
    *words: str,
    python: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> process.Completed:
    """Run a program of a distribution that uv's own cache holds for `python`, and fetches when it does not.

    Its status is the caller's to judge; so is uv's, when the distribution cannot be had.
    """
    argv = (executable(), "tool", "run", "--isolated", "--no-progress", "--python", python, "--from", package)
    return process.run((*argv, program, *words), cwd=cwd or _nowhere(), env={**_settings(), **(env or {})})


def forget(names: Sequence[str]) -> None:
    """Take these distributions out of uv's cache, whose files may have been changed."""
    _uv("cache", "clean", "--no-progress", *names)


def install_python(wanted: str) -> bool:
    """Fetch a managed interpreter; False when uv or its source has none. Gives up on the first refused
    connection.
    """
    quick = {**_settings(), "UV_HTTP_RETRIES": "0"}
    argv = (executable(), "python", "install", "--no-bin", "--no-progress", wanted)
    return process.run(argv, cwd=_nowhere(), env=quick, timeout=_DOWNLOAD_SECONDS).status == 0


def _uv(
    *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> process.Completed:
    done = process.run((executable(), *words), cwd=cwd or _nowhere(), env={**_settings(), **(env or {})})
    if done.status != 0:
        from envmgr.tools.uv_failures import failure

        raise failure(done.stderr, done.status)
    return done


def _for(
    python: Path, *words: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> process.Completed:
    """A command for this interpreter, or, where uv cannot inspect it, for one that stands in for it."""
    try:
        return _uv(*words, "--python", python, cwd=cwd, env=env)
    except EnvmgrError as problem:
        if problem.code != "E-INTERPRETER":
            raise
    from envmgr.tools import virtualenv

    with virtualenv.stand_in(python) as usable:
        return _uv(*words, "--python", usable, cwd=cwd, env=env)


def _series(minor: str) -> str:
    return f"=={minor.rstrip('t')}.*"


def _newest(terms: Terms) -> Iterable[str]:
    return () if terms.exclude_newer is None else ("--exclude-newer", terms.exclude_newer)


def _offline(offline: bool) -> Iterable[str]:
    return ("--offline",) if offline else ()


def _settings() -> dict[str, str]:
    chosen = {name: os.environ.get(name, value) for name, value in _FAIL_FAST.items()}
    return {**chosen, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_COLOR": "1", "NO_COLOR": "1"}


def _nowhere() -> Path:
    """A directory above which nobody keeps a project."""
    return Path("/")


def _packaged() -> str | None:
    beside = Path(sys.executable).with_name("uv")
    if sys.prefix != sys.base_prefix and beside.is_file():  # where the package puts it; asking it costs 10 ms
        return os.fspath(beside)
    try:
        from uv import find_uv_bin
    except ImportError:
        return None
    try:
        return os.fspath(find_uv_bin())
    except FileNotFoundError:
        return None


def _without_sources(lock: str) -> str:
    """uv lists source distributions under `no-build` too; each stands on a line of its own."""
    return "".join(line for line in lock.splitlines(keepends=True) if not line.startswith("sdist = "))
