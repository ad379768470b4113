"""Rows `matrix.*`: six cells of NumPy and one pytest file, beside the same cells by bare uv, nox and tox-uv, as many
at a time, from warm caches."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envmgr.tools import interpreters
from tests.bench.environments import envmgr, run
from tests.bench.rows import Row, compare

NUMPY = ("1.26", "2.0", "latest")
PYTHONS = ("3.11", "3.12")
JOBS = os.cpu_count() or 1
TEST = """
import numpy as np
import pytest

@pytest.mark.parametrize("count", [1, 10, 1000])
def test_sum(count):
    assert np.arange(count).sum() == count * (count - 1) // 2

def test_linear_algebra():
    assert np.allclose(np.linalg.inv(np.eye(3) * 2), np.eye(3) / 2)
"""
MATRIX = f"""
library = "numpy"
with = ["pytest>=8"]
[axes]
numpy = {json.dumps(NUMPY)}
python = {json.dumps(PYTHONS)}
[[check]]
pytest = ["test_arrays.py"]
"""
NOXFILE = """
import json, nox
nox.options.default_venv_backend = "uv"
CELLS = json.load(open("cells.json"))
for name, (python, pins) in CELLS.items():
    def session(session, pins=pins):
        session.install(*pins)
        session.run("pytest", "-q", "-p", "no:cacheprovider", "test_arrays.py")
    nox.session(session, python=python, name=name)
"""


def rows(scratch: Path) -> Iterator[Row]:
    project = _project(scratch / "ours")
    run_matrix = envmgr(project, "matrix", "run", "numpy", "--jobs", str(JOBS))
    run_matrix()
    cells = _cells(project)
    bare = _bare(scratch / "bare", cells)
    cache = scratch / "own-cache"
    first = envmgr(project, "matrix", "run", "numpy", "--jobs", str(JOBS), cache=cache)

    def fresh() -> None:
        """As after a clone, on a machine that has run the like before."""
        shutil.rmtree(project / ".envmgr", ignore_errors=True)

    def never() -> None:
        """As on a machine that has uv's cache, and nothing of ours."""
        fresh()
        shutil.rmtree(cache, ignore_errors=True)

    name = f"uv venv, uv pip install, pytest; {JOBS} at a time"
    yield compare("matrix.cells6", name, run_matrix, bare, rounds=3, before_each=fresh)
    yield compare("matrix.cells6.first", name, first, bare, rounds=2, before_each=never)
    again = envmgr(project, "matrix", "run", "numpy", "--jobs", str(JOBS), "--again")
    yield compare("matrix.cells6.again", name, again, bare, rounds=2)
    run_matrix()
    nothing = lambda: run(sys.executable, "-I", "-c", "pass", cwd=project)  # noqa: E731
    yield compare("matrix.unchanged", "python -I -c pass", run_matrix, nothing, rounds=7)
    yield from _others(scratch / "others", cells, run_matrix, fresh)


def _project(place: Path) -> Path:
    (place / "matrices").mkdir(parents=True)
    (place / "matrices" / "numpy.toml").write_text(MATRIX)
    (place / "test_arrays.py").write_text(TEST)
    return place


def _cells(project: Path) -> dict[str, tuple[str, list[str]]]:
    """Name → Python version and pins, as our locks have them."""
    found = json.loads((project / "matrices" / "numpy.results.json").read_text())["results"]
    return {
        f"c{number}": (
            result["values"]["python"],
            [f"{name}=={version}" for name, version in result["pins"].items()],
        )
        for number, result in enumerate(found)
    }


def _interpreter(version: str) -> str:
    return interpreters.find(version, root=Path.cwd()).executable


def _bare(place: Path, cells: dict[str, tuple[str, list[str]]]) -> Callable[[], None]:
    place.mkdir()
    (place / "test_arrays.py").write_text(TEST)

    def one(name: str) -> None:
        python, pins = cells[name]
        venv = place / name
        run("uv", "venv", "--python", _interpreter(python), venv, cwd=place)
        run("uv", "pip", "install", "--python", venv / "bin" / "python", *pins, cwd=place)
        run(venv / "bin" / "pytest", "-q", "-p", "no:cacheprovider", "test_arrays.py", cwd=place)

    return _all(place, cells, one)


def _all(
    place: Path, cells: dict[str, tuple[str, list[str]]], one: Callable[[str], None]
) -> Callable[[], None]:
    def every() -> None:
        for left in (
            *(place / name for name in cells),
            place / ".nox",
            place / ".tox",
            place / "__pycache__",
        ):
            shutil.rmtree(left, ignore_errors=True)
        with ThreadPoolExecutor(JOBS) as pool:
            list(pool.map(one, cells))

    return every


def _others(
    place: Path, cells: dict[str, tuple[str, list[str]]], ours: Callable[[], None], fresh: Callable[[], None]
) -> Iterator[Row]:
    """Where nox and tox can be had."""
    place.mkdir()
    tools = place / "tools"
    try:
        run("uv", "venv", "--python", sys.executable, tools, cwd=place)
        run(
            "uv",
            "pip",
            "install",
            "--python",
            tools / "bin" / "python",
            "nox",
            "tox",
            "tox-uv",
            "uv",
            cwd=place,
        )
    except subprocess.CalledProcessError:
        return
    (place / "test_arrays.py").write_text(TEST)
    (place / "cells.json").write_text(json.dumps(cells))
    (place / "noxfile.py").write_text(NOXFILE)
    (place / "tox.ini").write_text(_tox(cells))
    directories = [str(Path(_interpreter(python)).parent) for python in PYTHONS]
    path = os.pathsep.join([str(tools / "bin"), *directories, os.environ["PATH"]])

    def nox(name: str) -> None:
        run(tools / "bin" / "nox", "-s", name, cwd=place, PATH=path)

    def tox() -> None:
        run(tools / "bin" / "tox", "run-parallel", "-p", str(JOBS), cwd=place, PATH=path)

    def tox_all() -> None:
        _all(place, {}, nox)()
        tox()

    by_nox = _all(place, cells, nox)
    yield compare("matrix.cells6.vs_nox", f"nox, {JOBS} at a time", ours, by_nox, rounds=2, before_each=fresh)
    yield compare(
        "matrix.cells6.vs_tox", f"tox-uv, {JOBS} at a time", ours, tox_all, rounds=2, before_each=fresh
    )


def _tox(cells: dict[str, tuple[str, list[str]]]) -> str:
    lines = ["[tox]", f"env_list = {','.join(cells)}", "requires = tox-uv"]
    for name, (python, pins) in cells.items():
        deps = "".join(f"\n    {pin}" for pin in pins)
        lines += [
            f"[testenv:{name}]",
            "skip_install = true",
            f"base_python = python{python}",
            f"deps ={deps}",
        ]
        lines.append("commands = pytest -q -p no:cacheprovider test_arrays.py")
    return "\n".join(lines) + "\n"
