"""Everything at once, for minutes: python -m tests.soak --minutes N. docs/faults.md says what is mixed, and what it proves.

This part makes the project, starts the VM, which does the rest (elixir/test/soak/), and looks at what is left when that has ended.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.kills import alive, compiled, marked
from tests.functional.indexes import wheel

HERE = Path(__file__).parent
SCRIPT = HERE.parents[1] / "elixir" / "test" / "soak" / "soak.exs"

# In `calm` nothing is killed and nothing switched: it has no excuse.
PROBE = """
[library.{name}]
package = "soakprobe @ {wheel}"
module = "soakprobe"
environment = "{name}"
workers = {workers}
min-workers = 2
fork = {fork}
{more}

[library.{name}_math]
module = "math"
stdlib = true
environment = "{name}"

[library.{name}_json]
module = "json"
stdlib = true
environment = "{name}"

[library.{name}.recovery]
idempotent = ["{name}.again", "{name}.tagged"]
retries = 5
backoff = "50ms"

[library.{name}.cache.functions."{name}.kept"]
ttl = "5s"
max-entries = 40

[library.{name}.limits.functions."{name}.few"]
concurrency = 2
"""
IDNA = """
[library.idna]
version = ">=3.7,<4"
environment = "shift"
"""
ONCE = """
[environment.storm.pools.once]
worker-profile = "call"
workers = 2
min-workers = 1
lazy = true
"""


def project(root: Path) -> Path:
    """Synced, with idna at 3.10."""
    root.mkdir()
    name, content = wheel("soakprobe", "1.0", {"soakprobe.py": (HERE / "soakprobe.py").read_text()})
    (root / name).write_bytes(content)
    fields = {"wheel": (root / name).as_uri(), "workers": 2, "fork": "true", "more": ""}
    text = PROBE.format(**{**fields, "name": "calm"})
    text += PROBE.format(**{**fields, "name": "storm", "workers": 3, "more": "recycle = { calls = 3000 }"})
    text += PROBE.format(**{**fields, "name": "shift", "fork": "false"}) + IDNA
    text += PROBE.format(**{**fields, "name": "threads", "more": 'worker-profile = "thread"'}) + ONCE
    (root / "envmgr.toml").write_text(text)
    for command in (["sync"], ["upgrade", "idna==3.7"], ["upgrade", "idna==3.10"]):
        subprocess.run([sys.executable, "-m", "envmgr", "--quiet", *command], cwd=root, check=True)
    return root


def left(mark: str) -> list[str]:
    """What an instance that has ended should not have left."""
    processes = {pid for pid in marked(mark) if alive(pid)}
    places = list(Path(tempfile.gettempdir()).glob(f"{mark}*"))
    return [f"left over: process {pid}" for pid in processes] + [f"left over: {path}" for path in places]


def run(minutes: float, seed: int, root: Path, ebin: Path, schedulers: int) -> int:
    command = ["elixir", "--erl", f"+S {schedulers}:{schedulers}", "-pa", str(ebin), str(SCRIPT)]
    command += [str(root), f"{sys.executable} -m envmgr", str(minutes), str(seed)]
    vm = subprocess.Popen(command, env={**os.environ, "LC_ALL": "C.UTF-8"})
    try:
        status = vm.wait(timeout=minutes * 60 * 3 + 600)
    except subprocess.TimeoutExpired:
        vm.kill()
        print("FAILED: the VM does not come to an end", file=sys.stderr)
        status = 1
    problems = left(f"envmgr-{vm.pid}-")
    for problem in problems:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if problems else status


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s soak --")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--cpus", type=int, help="how many CPUs it may use; default: all")
    asked = parser.parse_args()
    if asked.cpus:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-asked.cpus :])
    print(f"soak: {asked.minutes:g} minutes, seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="envmgr-soak-") as place:
        own = Path(place) / "ebin"  # whoever compiles meanwhile disturbs nothing
        shutil.copytree(compiled(), own)
        return run(asked.minutes, asked.seed, project(Path(place) / "project"), own, 2)


if __name__ == "__main__":
    sys.exit(main())
