"""Every gate of `./ci/test`, one session each, and what runs longer: `nox -l` lists them.

Sessions install with uv from uv.lock, so that two machines check with the same tools.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).parent / "ci"))
from interpreters import frames_matrix, runtime_matrix

nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "architecture", "unit", "faults", "functional"]
nox.options.sessions += ["runtime", "frames", "elixir"]
nox.options.reuse_existing_virtualenvs = True

# A file's tests stay together, for they share workers and environments. Both processes must name them alike, and sets
# are in the names of some.
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")
ALIKE = {"PYTHONHASHSEED": "0"}
PYTHON = ["envmgr", "runtime", "tests", "matrices", "noxfile.py", "ci", "examples"]


def install(session: nox.Session) -> None:
    """The project, editable, with the locked development tools."""
    session.run_install(
        "uv",
        "sync",
        "--locked",
        "--quiet",
        "--compile-bytecode",
        env={"UV_PROJECT_ENVIRONMENT": session.virtualenv.location},
        external=True,
    )


def _venv(session: nox.Session, name: str, python: str, requirements: list[str]) -> Path:
    """The interpreter of an environment with these requirements."""
    venv = Path(".nox", name)
    if not venv.exists():
        session.run("uv", "venv", "--quiet", "--python", python, str(venv), external=True)
    install = ("uv", "pip", "install", "--quiet", "--python", str(venv), "--only-binary=:all:")
    session.run(*install, *requirements, external=True)
    return venv / "bin" / "python"


def _runtime_tests(session: nox.Session, python: Path, *options: str) -> None:
    """tests/runtime with another interpreter than the project's own."""
    session.run(
        *(str(python), "-m", "pytest", "tests/runtime", "-p", "no:cacheprovider"),
        *(*SIDE_BY_SIDE, *options, *session.posargs),
        env={"PYTHONPATH": "tests/typing", "PYTHONDONTWRITEBYTECODE": "1", **ALIKE},
        external=True,
    )


@nox.session
def lint(session: nox.Session) -> None:
    """ruff: lint and format."""
    install(session)
    session.run("ruff", "check", *PYTHON)
    session.run("ruff", "format", "--check", *PYTHON)


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict on envmgr/ and runtime/ (under its import name)."""
    install(session)
    session.run("mypy", "--strict", "-p", "envmgr", "-p", "envmgr_runtime")


@nox.session
def architecture(session: nox.Session) -> None:
    """Import arrows, circles, and documents held against the code."""
    install(session)
    session.run("pytest", "tests/architecture", *session.posargs)


@nox.session
def unit(session: nox.Session) -> None:
    """Unit tests with coverage data."""
    install(session)
    session.run("coverage", "erase")
    session.run(
        "pytest",
        "tests/unit",
        "tests/runtime",
        *SIDE_BY_SIDE,
        "--cov",
        "--cov-report=",
        *session.posargs,
        env=ALIKE,
    )


@nox.session
def faults(session: nox.Session) -> None:
    """`kill -9` at every stage, full disks, torn files; all of it: `-- -m ""`.

    Campaigns: `-- --kills N` at random moments of `sync`, `-- --edits N` of single bytes.
    """
    install(session)
    campaigns = {"--kills": "campaign", "--edits": "edits"}
    for option, campaign in campaigns.items():
        if any(word.startswith(option) for word in session.posargs):
            session.run("python", f"tests/faults/{campaign}.py", *session.posargs)
            break
    else:
        words = ("--cov", "--cov-append", "--cov-report=", "-m", "not long", *SIDE_BY_SIDE, *session.posargs)
        session.run("pytest", "tests/faults", *words, env=ALIKE)


@nox.session
def functional(session: nox.Session) -> None:
    """The real things: uv, PyPI, processes, kill -9, a browser. Adds to the coverage of `unit` and judges the sum.

    Without real pairs of releases, which are built twice each: `-- -m long tests/functional/test_known_changes.py`.
    """
    install(session)
    session.run(
        "pytest",
        "tests/functional",
        "tests/browser",
        *SIDE_BY_SIDE,
        "-m",
        "not long",
        "--cov",
        "--cov-append",
        "--cov-report=term:skip-covered",
        "--cov-fail-under=95",
        *session.posargs,
        env=ALIKE,
    )


@nox.session(venv_backend="none")
def runtime(session: nox.Session) -> None:
    """The runtime's tests on every interpreter of matrices/runtime.toml that this machine has, but for the one of
    `unit`, which runs them too.
    """
    interpreters, requirements = runtime_matrix()
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version, python in interpreters.items():
        if version == own:
            continue
        session.log(f"runtime on Python {version}")
        _runtime_tests(session, _venv(session, f"runtime-{version}", python, requirements))


@nox.session(venv_backend="none")
def frames(session: nox.Session) -> None:
    """The tests of frames with each set of libraries in matrices/frames.toml whose interpreter is there."""
    interpreters, _ = runtime_matrix()
    for name, cell in frames_matrix().items():
        if cell["python"] in interpreters:
            session.log(f"frames with {name}")
            python = _venv(session, f"frames-{name}", interpreters[cell["python"]], cell["requirements"])
            _runtime_tests(session, python, "-k", "values_frames")


@nox.session
def matrix(session: nox.Session) -> None:
    """Our own compatibility matrices, or some: `-- numpy --jobs 2`, with the options of `envmgr matrix run`."""
    install(session)
    words = list(session.posargs)
    known = sorted(path.stem for path in Path("matrices").glob("*.toml"))
    names = [word for word in words if word in known] or known
    options = [word for word in words if word not in known]
    for name in names:
        session.run("envmgr", "matrix", "run", name, *options)


@nox.session
def elixir(session: nox.Session) -> None:
    """mix format, compile with warnings as errors, test."""
    install(session)
    session.chdir("elixir")
    environment = {"MIX_ENV": "test", "LC_ALL": "C.UTF-8"}
    session.run("mix", "format", "--check-formatted", external=True, env=environment)
    session.run("mix", "compile", "--all-warnings", "--warnings-as-errors", external=True, env=environment)
    session.run("mix", "test", *session.posargs, external=True, env=environment)


@nox.session
def kills(session: nox.Session) -> None:
    """`kill -9` of VMs, zygotes and workers: who ends with whom. `-- --rounds N` (200), `--seed N`."""
    install(session)
    session.run("python", "tests/faults/kills.py", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Everything at once, for minutes: `-- --minutes N` (3), `--seed N`, `--cpus N`. See docs/faults.md."""
    install(session)
    session.run("python", "-m", "tests.soak", *session.posargs)


@nox.session(venv_backend="none")
def demo(session: nox.Session) -> None:
    """The main job, shown: see examples/quickstart."""
    session.run("./ci/demo", external=True)


@nox.session
def bench(session: nox.Session) -> None:
    """Ratios against the named baselines: `nox -s bench -- --json FILE --only PREFIX`."""
    install(session)
    session.run("python", "-m", "compileall", "-q", "envmgr", "runtime")  # as an installation has it
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Both decoders on random and mutated frames: `nox -s fuzz -- [COUNT [SEED]]`, 1 million each by default."""
    install(session)
    count, *seed = session.posargs or ["1000000"]
    session.run("python", "tests/fuzz/decode.py", count, *seed)
    with session.chdir("elixir"):
        session.run(
            "mix",
            "run",
            "--no-start",
            "test/fuzz/decode.exs",
            count,
            *seed,
            external=True,
            env={"MIX_ENV": "test"},
        )
