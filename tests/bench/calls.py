"""Rows `call.*`: measured in Elixir (elixir/bench/calls.exs), on environments that `envmgr sync` built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import Row

ELIXIR = Path(__file__).parents[2] / "elixir"


def rows(scratch: Path, erlport: list[str]) -> Iterator[Row]:
    for workers in (1, 2):
        project = scratch / f"workers{workers}"
        project.mkdir()
        (project / "envmgr.toml").write_text(f"[library.math]\nstdlib = true\nworkers = {workers}\n")
        subprocess.run([sys.executable, "-m", "envmgr", "--quiet", "sync"], cwd=project, check=True)
    done = subprocess.run(
        ["mix", "run", "--no-start", "bench/calls.exs", "--project", str(scratch), *erlport],
        cwd=ELIXIR,
        env={**os.environ, "MIX_ENV": "prod", "ENVMGR_BENCH_PYTHON": sys.executable},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Row(**json.loads(line))
