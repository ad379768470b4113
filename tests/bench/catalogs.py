"""Rows `catalog.*`: pandas's catalog built, loaded and searched; beside it, what an import of pandas costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from envmgr.catalog import read, search
from tests.bench.calls import ELIXIR
from tests.bench.environments import envmgr, run
from tests.bench.rows import Row, compare, seconds

ROUNDS = 7
BASELINE = "import pandas"
_BUILD = """
import sys
from pathlib import Path
from envmgr import catalog
from envmgr.environments.launch import decode
from envmgr.environments.modules import Resolved
from envmgr.model.project import Library

launch = decode(Path(sys.argv[1]).read_bytes())
facts = launch["libraries"]["pandas"]
library = Library("pandas", "pandas", None, "pandas")
found = Resolved(library, "pandas", facts["distribution"], facts["version"])
catalog.write(launch["command"], [found], Path(sys.argv[2]))
"""
"""As a sync does it when pandas is in the store: walked in pandas's own interpreter, completed, written."""


def rows(scratch: Path) -> Iterator[Row]:
    project, into = scratch / "pandas", scratch / "built"
    project.mkdir()
    into.mkdir()
    (project / "envmgr.toml").write_text("[library.pandas]\n")
    envmgr(project, "sync")()
    launch = project / ".envmgr/envs/pandas/launch.msgpack"
    python = project / ".envmgr/envs/pandas/current/bin/python"

    def imported() -> None:
        run(python, "-I", "-B", "-c", "import pandas", cwd=scratch)

    def built() -> None:
        run(sys.executable, "-c", _BUILD, launch, into, cwd=scratch)

    yield compare("catalog.build.pandas", BASELINE, built, imported, rounds=5)
    (catalog,) = project.glob(".envmgr/store/*.catalog/pandas.catalog")
    yield from _elixir(catalog, imported)
    known = {"pandas": read(catalog)}
    yield compare(
        "catalog.search.cli",
        BASELINE,
        lambda: search(known, "rolling avreage window", limit=20),
        imported,
        rounds=ROUNDS,
    )


def _elixir(catalog: Path, imported: Callable[[], None]) -> Iterator[Row]:
    """Opening the file and decoding the first row, as a pool does before it answers; and a search with a slip in it."""
    done = subprocess.run(
        ["mix", "run", "--no-start", "bench/catalogs.exs", catalog, str(ROUNDS)],
        cwd=ELIXIR,
        env={**os.environ, "MIX_ENV": "prod"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    imported()
    baseline = [seconds(imported) for _ in range(ROUNDS)]
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            found = json.loads(line)
            ratios = [mine / other for mine, other in zip(found["seconds"], baseline, strict=True)]
            name = "catalog.load.pandas" if found["name"] == "load" else "catalog.search"
            yield Row(
                name,
                round(median(found["seconds"]), 4),
                "s",
                BASELINE,
                round(median(baseline), 4),
                round(median(ratios), 4),
                round(min(ratios), 4),
                round(max(ratios), 4),
            )
