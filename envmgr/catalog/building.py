"""Proof and catalog: a real worker imports every library and answers its health calls, then modules are walked.

Metadata is not proof: pandas 1.5 with NumPy 2 locks, passes `pip check` and fails on import.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from envmgr.catalog.completing import complete
from envmgr.catalog.hints import hint_for
from envmgr.catalog.layout import SUFFIX
from envmgr.environments.modules import Resolved
from envmgr.errors import EnvmgrError
from envmgr.tools import process
from envmgr_runtime.values.errors import ConversionError
from envmgr_runtime.worker.client import Client, Process, WorkerError, WorkerLost
from envmgr_runtime.worker.forking import Zygote

_SILENCE_SECONDS = 300.0


def write(
    command: Sequence[str],
    libraries: Sequence[Resolved],
    into: Path,
) -> None:
    """Writes what `libraries` have into `<module>.catalog`, in the directory `into`.

    `command` starts a worker. Costs one import of the libraries, and of their public submodules. Raises E-PROOF
    for a library that cannot be walked.
    """
    for found in {found.module: found for found in libraries}.values():
        (into / f"{found.module}{SUFFIX}").write_bytes(_walk(command, found, into))


def prove(
    root: Path,
    command: Sequence[str] | Callable[[int, int], Process],
    libraries: Sequence[Resolved],
    *,
    env: Mapping[str, str] | None = None,
    lease: str | None = None,
) -> None:
    """A worker started by `command` in `root` imports the libraries, of one environment, and answers their
    health calls. A function makes one of the descriptors that it reads from and writes to: then all the rest is its
    affair.

    `env` is its whole environment (default: a clean one); it holds `lease` while it runs. Raises E-PROOF.
    """
    with worker(root, command, libraries, env=env, lease=lease) as client:
        for found in libraries:
            _health_calls(client, found)


@contextlib.contextmanager
def worker(
    root: Path,
    command: Sequence[str] | Callable[[int, int], Process],
    libraries: Sequence[Resolved],
    *,
    env: Mapping[str, str] | None = None,
    lease: str | None = None,
) -> Iterator[Client]:
    """The worker of `prove`, which has imported the libraries, for calls. Raises E-PROOF."""
    settings = {found.library.name: _settings(found) for found in libraries}
    with (
        tempfile.TemporaryFile() as stderr,
        _proving(libraries, stderr),
        Client(
            command,
            settings,
            lease=lease,
            env=process.clean_environment() if env is None else env,
            cwd=str(root),
            stderr=stderr,
            timeout=_SILENCE_SECONDS,
        ) as client,
    ):
        yield client


def prove_forking(root: Path, command: Sequence[str], libraries: Sequence[Resolved]) -> bool | str:
    """As `prove`, by a worker that is forked from a process that has imported the libraries: True. Where that cannot
    be done, or envmgr.toml forbids it, the worker starts afresh, and this says why."""
    why = _forked(root, command, libraries)
    if why is None:
        return True
    prove(root, command, libraries)
    return why


def _forked(root: Path, command: Sequence[str], libraries: Sequence[Resolved]) -> str | None:
    refused = [found.library.name for found in libraries if not found.library.fork]
    if refused:
        return f"library {refused[0]} has `fork = false`"
    settings = {found.library.name: _settings(found) for found in libraries}
    with tempfile.TemporaryFile() as stderr:
        try:
            with contextlib.ExitStack() as open_ones:
                with _proving(libraries, stderr):
                    zygote = open_ones.enter_context(
                        Zygote(
                            command,
                            settings,
                            env=process.clean_environment(),
                            cwd=str(root),
                            stderr=stderr,
                            timeout=_SILENCE_SECONDS,
                        )
                    )
                if zygote.refusal is not None:
                    return zygote.refusal
                with zygote.worker() as client:
                    for found in libraries:
                        _health_calls(client, found)
        except WorkerLost as problem:
            return f"when it is forked, {problem}"
        except (WorkerError, EnvmgrError) as problem:
            if isinstance(problem, EnvmgrError) and "call" not in problem.details:
                raise
            return f"when it is forked, {str(problem).splitlines()[0]}"
    return None


@contextlib.contextmanager
def _proving(libraries: Sequence[Resolved], stderr: IO[bytes]) -> Iterator[None]:
    """What a worker says of its start, or its end, as E-PROOF."""
    environment = libraries[0].library.environment
    try:
        yield
    except WorkerError as problem:
        error = problem.error
        evidence = f"{error['message']}\n{error['traceback']}\n{_text(stderr)}"
        raise EnvmgrError(
            "E-PROOF",
            f"library {error['library']} cannot be loaded in environment {environment}: {_step(error)}"
            f"{error['type']}: {error['message'].strip()}",
            hint=hint_for(evidence, environment),
            details={"python": error, "stderr": _text(stderr)},
        ) from None
    except WorkerLost as problem:
        names = ", ".join(found.library.name for found in libraries)
        raise EnvmgrError(
            "E-PROOF",
            f"the import of {names} in environment {environment} ended Python: {problem}",
            hint=hint_for(_text(stderr), environment),
            details={"stderr": _text(stderr)},
        ) from None


def _settings(found: Resolved) -> list[Any]:
    """As a hello has them, without what only values need."""
    around = {"hooks": dict(found.library.hooks), "pipelines": dict(found.library.pipelines)}
    return [found.module, found.library.init, {}, around]


def _health_calls(client: Client, found: Resolved) -> None:
    for health in found.library.health_calls:
        try:
            client.call(health.call, health.args, health.kwargs)
        except (WorkerError, ConversionError) as problem:
            details: dict[str, Any] = {"call": health.call}
            if isinstance(problem, WorkerError):
                details["python"] = problem.error
            raise EnvmgrError(
                "E-PROOF",
                f"the health call {health.call} of library {found.library.name} failed: {problem}",
                hint="nothing was activated; correct the call, or the library's version, in envmgr.toml",
                details=details,
            ) from None


def _step(error: Mapping[str, Any]) -> str:
    return f"{error['step']}: " if error.get("step") else ""


def _walk(command: Sequence[str], found: Resolved, into: Path) -> bytes:
    # Beside the catalogs, so in staging: what a killed walk leaves there is swept by the next command.
    with tempfile.TemporaryDirectory(prefix="walk-", dir=into.parent) as elsewhere:
        raw = Path(elsewhere).absolute() / "raw.msgpack"
        request = {
            "module": found.module,
            "distribution": found.distribution,
            "version": found.version,
            "into": str(raw),
        }
        done = process.run(
            [*command, "catalog", json.dumps(request)], cwd=Path(elsewhere), timeout=_SILENCE_SECONDS
        )
        try:
            if not done.status:
                return complete(raw.read_bytes())
        except (OSError, ValueError):
            pass
    raise EnvmgrError(
        "E-PROOF",
        f"the functions of library {found.library.name} could not be listed "
        f"(status {done.status}): {_last_line(done.stderr)}",
        hint=hint_for(done.stderr, found.library.environment),
        details={"stderr": done.stderr[-10_000:]},
    )


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "nothing was said"


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read()[-10_000:].decode("utf-8", "backslashreplace")
