"""Rows `boot.*`: an application with eight lazy libraries starts, in a VM that has loaded nothing of ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.calls import ELIXIR
from tests.bench.environments import envmgr, run
from tests.bench.rows import Row, seconds

ROUNDS = 7
BASELINE = "start of one interpreter"
PATHS = {
    "math": "math.sqrt",
    "json": "json.loads",
    "statistics": "statistics.fmean",
    "random": "random.uniform",
    "string": "string.capwords",
    "decimal": "decimal.Decimal.sqrt",
    "numpy": "numpy.linalg.norm",
    "pandas": "pandas.DataFrame.merge",
}
"""Two of them have large catalogs."""


def rows(scratch: Path) -> Iterator[Row]:
    project = scratch / "eight"
    project.mkdir()
    tables = (
        f"[library.{name}]\nlazy = true\n" + ("" if name in ("numpy", "pandas") else "stdlib = true\n")
        for name in PATHS
    )
    (project / "envmgr.toml").write_text("".join(tables))
    envmgr(project, "sync")()
    variables = {**os.environ, "MIX_ENV": "prod"}
    subprocess.run(["mix", "compile"], cwd=ELIXIR, env=variables, check=True, stdout=subprocess.DEVNULL)
    rounds = [_round(project) for _ in range(ROUNDS + 1)][1:]
    for name in ("accepted", "answered"):
        ours = [found[name] for found, _ in rounds]
        baseline = [mine for _, mine in rounds]
        ratios = [mine / other for mine, other in zip(ours, baseline, strict=True)]
        yield Row(
            "boot.lazy8" if name == "accepted" else "boot.lazy8.answered",
            round(median(ours), 4),
            "s",
            BASELINE,
            round(median(baseline), 4),
            round(median(ratios), 3),
            round(min(ratios), 3),
            round(max(ratios), 3),
        )


def _round(project: Path) -> tuple[dict[str, float], float]:
    done = subprocess.run(
        ["elixir", "-pa", "_build/prod/lib/envmgr/ebin", "bench/boot.exs", project, *PATHS.values()],
        cwd=ELIXIR,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    baseline = seconds(lambda: run(sys.executable, "-I", "-S", "-c", "pass", cwd=project))
    return {each["name"]: each["seconds"] for each in found}, baseline
