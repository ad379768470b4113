"""Rows `worker.*`: measured in Elixir (elixir/bench/workers.exs), on environments that `envmgr sync` built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.calls import ELIXIR
from tests.bench.rows import Row

_LIBRARY = """
[library.frames_{name}]
package = "pandas"
module = "pandas"
environment = "{name}"
workers = {workers}
fork = {fork}
"""


def rows(scratch: Path) -> Iterator[Row]:
    """Linux only: what processes take is asked of /proc."""
    project = scratch / "workers"
    project.mkdir()
    text = ""
    for name, workers, fork in (("forked", 1, "true"), ("afresh", 1, "false")):
        text += _LIBRARY.format(name=name, workers=workers, fork=fork)
        text += _LIBRARY.format(name=f"{name}8", workers=8, fork=fork)
    (project / "envmgr.toml").write_text(text)
    subprocess.run([sys.executable, "-m", "envmgr", "--quiet", "sync"], cwd=project, check=True)
    done = subprocess.run(
        ["mix", "run", "--no-start", "bench/workers.exs", str(project)],
        cwd=ELIXIR,
        env={**os.environ, "MIX_ENV": "prod"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Row(**json.loads(line))
