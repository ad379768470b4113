"""Rows of large values: measured in Elixir (elixir/bench/values.exs), on environments that `envmgr sync` built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.calls import ELIXIR
from tests.bench.rows import Row

PROJECT = """\
[defaults]
workers = 1
timeout = "2m"

[library.copy]
stdlib = true

[library.numpy]

[library.pandas]
with = ["pyarrow"]

[library.pyarrow]
environment = "pandas"
"""


def rows(scratch: Path, only: str) -> Iterator[Row]:
    (scratch / "envmgr.toml").write_text(PROJECT)
    subprocess.run([sys.executable, "-m", "envmgr", "--quiet", "sync"], cwd=scratch, check=True)
    done = subprocess.run(
        ["mix", "run", "--no-start", "bench/values.exs", "--project", str(scratch), "--only", only],
        cwd=ELIXIR,
        env={**os.environ, "MIX_ENV": "prod"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            yield Row(**json.loads(line))
