"""Python interpreters of this machine: where one is, and what it says of itself.

Found by path, or by version among pyenv's versions, uv's managed ones and PATH; pyenv's shims are passed over
(they cost half a second and may refuse to run). An interpreter is asked once: the answer is kept per process
and in the user's cache directory, keyed by the file's identity, so that an unchanged one costs a `stat`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from envmgr import caches
from envmgr.errors import EnvmgrError

_VERSION = re.compile(r"^(?:(?:cpython|python)[-@]?)?(?P<numbers>\d+\.\d+(?:\.\d+)?)(?P<threads>t?)$")
_ASK = """
import json, os, platform, sys, sysconfig
level = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(sys.version_info[3], "")
full = platform.python_version()
print("<envmgr>", json.dumps({
    "executable": sys.executable,
    "version": full,
    "implementation": sys.implementation.name,
    "abi": sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag,
    "platform": sysconfig.get_platform(),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "markers": {
        "implementation_name": sys.implementation.name,
        "implementation_version": full,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": full,
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    },
}))
"""


# A wrapper may greet before it starts Python.
_MARK = "<envmgr>"
_asking: dict[Path, threading.Lock] = {}


@dataclass(frozen=True, slots=True)
class Interpreter:
    """`abi` names what compiled modules need (`cpython-312-x86_64-linux-gnu`); `markers` are PEP 508's
    variables.
    """

    executable: str
    version: str
    implementation: str
    abi: str
    platform: str
    free_threaded: bool
    markers: dict[str, str]

    @property
    def minor(self) -> str:
        """`3.12`, and `3.13t` when it runs without the GIL."""
        major, minor, *_ = self.version.split(".")
        return f"{major}.{minor}{'t' if self.free_threaded else ''}"


def find(spec: str, *, root: Path, download: bool = False) -> Interpreter:
    """The interpreter that `spec` names: a path (relative to `root`), or a version such as `3.12`, `3.12.1`,
    `3.13t`.

    Of several that fit, the newest. One that is missing is fetched through uv when `download` allows it.
    Raises E-INTERPRETER, naming what this machine has.
    """
    parsed = _VERSION.match(spec)
    if parsed is None:
        return _at_path(spec, root)
    wanted, threads = parsed["numbers"], bool(parsed["threads"])
    found = _newest(wanted, threads)
    if found is None and download and _fetched(wanted + parsed["threads"]):
        found = _newest(wanted, threads)
    if found is not None:
        return found
    here = sorted({(_order(found), found.version, found.executable) for found in everything()})
    raise EnvmgrError(
        "E-INTERPRETER",
        f"no Python {spec} on this machine",
        hint=_what_there_is([(version, path) for _, version, path in here], spec),
        details={"wanted": spec, "found": [{"version": version, "path": path} for _, version, path in here]},
    )


def _fetched(wanted: str) -> bool:
    from envmgr.tools import uv

    return uv.install_python(wanted)


def _newest(wanted: str, threads: bool) -> Interpreter | None:
    fitting = [
        interpreter
        for interpreter in available(wanted, threads)
        if interpreter.free_threaded == threads
        and (interpreter.version == wanted or interpreter.version.startswith(wanted + "."))
    ]
    return max(fitting, key=_order, default=None)


def available(version: str, free_threaded: bool) -> Iterator[Interpreter]:
    """Interpreters of one minor version, in the order in which they should be looked at; unusable ones left
    out.
    """
    minor = ".".join(version.split(".")[:2]) + ("t" if free_threaded else "")
    seen: set[str] = set()
    for directory in _directories():
        candidate = directory / f"python{minor}"
        real = os.path.realpath(candidate)
        if real not in seen and candidate.is_file() and os.access(candidate, os.X_OK):
            found = _asked_once(candidate)
            if found is not None:
                seen.add(real)
                yield found


def everything() -> Iterator[Interpreter]:
    for minor in range(8, 20):
        for threads in (False, True):
            yield from available(f"3.{minor}", threads)


def _at_path(spec: str, root: Path) -> Interpreter:
    path = (root / Path(spec).expanduser()).absolute()
    if path.is_dir():
        path = path / "bin" / "python"
    found = _asked_once(path) if path.is_file() and os.access(path, os.X_OK) else None
    if found is None:
        raise EnvmgrError(
            "E-INTERPRETER",
            f"{path} is not a Python interpreter that runs",
            hint='`python` takes a version such as "3.12" or the path of an interpreter',
            details={"wanted": spec},
        )
    return found


def _directories() -> Iterator[Path]:
    home = caches.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    for versions in (pyenv / "versions", managed):
        yield from sorted(versions.glob("*/bin"))
    for word in os.environ.get("PATH", "").split(os.pathsep):
        directory = Path(word)
        if word and directory != pyenv / "shims" and not (directory.parent / "pyvenv.cfg").exists():
            yield directory


def _order(found: Interpreter) -> tuple[tuple[int, ...], bool]:
    return tuple(int(number) for number in re.findall(r"\d+", found.version)), "rc" not in found.version


def _what_there_is(found: list[tuple[str, str]], spec: str) -> str:
    install = f"install it with `uv python install {spec}` or `pyenv install {spec}`"
    if not found:
        return install
    listed = ", ".join(f"{version} ({path})" for version, path in found)
    return f"{install}, or choose one that is here: {listed}"


def _asked_once(path: Path) -> Interpreter | None:
    """Who asks for an interpreter that another thread is asking waits for its answer."""
    with _asking.setdefault(path, threading.Lock()):
        return _asked(path)


@functools.cache
def _asked(path: Path) -> Interpreter | None:
    """What the interpreter says of itself, or None when it does not run. A virtual environment's is asked
    like any other.
    """
    try:
        real = path.resolve(strict=True)
        stat = real.stat()
    except OSError:
        return None
    identity = [str(path), str(real), stat.st_mtime_ns, stat.st_size, stat.st_ino]
    notes = _notes_directory() / f"{zlib.crc32(str(path).encode()):08x}-{stat.st_ino:x}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        noted = json.loads(notes.read_text("utf-8"))
        if noted["identity"] == identity:
            return Interpreter(**noted["interpreter"])
    try:
        from envmgr.tools import process

        answer = process.run([path, "-I", "-S", "-c", _ASK], timeout=20)
        said = json.loads(answer.stdout.rpartition(_MARK)[2].partition("\n")[0])
        found = Interpreter(**{field.name: said[field.name] for field in fields(Interpreter)})
    except (EnvmgrError, ValueError, KeyError, TypeError):
        return None
    with contextlib.suppress(OSError):
        _write_note(notes, {"identity": identity, "interpreter": asdict(found)})
    return found


def _notes_directory() -> Path:
    return caches.directory() / "interpreters"


def _write_note(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
        json.dump(content, file)
    Path(file.name).replace(path)
