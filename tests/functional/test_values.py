"""Every type of docs/types.md through a real pool, with real libraries: out of Python and back, out of Elixir and back,
and what cannot be sent. `zoo/` has Python's values and compares them, `values.exs` Elixir's, and does the calls."""

import os
import re
import subprocess
import sys
from pathlib import Path

from indexes import wheel
from projects import PYTHON, library

from envmgr.model.project import Environment, Project
from envmgr.operations.syncing import sync

sys.path.insert(0, str(Path(__file__).parents[2] / "ci"))
from interpreters import runtime_matrix

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

ALONGSIDE = {
    "zoo": ("numpy", "pandas", "pyarrow", "polars", "scipy"),
    "lean": ("numpy<2", "pandas<3"),
    "old": (),
}
"""Library, and what is beside it: everything, pandas that cannot use Arrow, nothing."""
LEAST = {"zoo": (3300, 450, 32), "lean": (2600, 420, 32), "old": (1200, 210, 0)}
"""How many values there are at least: out of Python and back, out of Elixir and back, refused."""


def oldest_python():
    """The oldest interpreter that this machine has, of those that workers run on."""
    interpreters, _ = runtime_matrix()
    return interpreters[min(interpreters, key=lambda version: [int(part) for part in version.split(".")])]


def zoo(root):
    """The project: one environment for each library, with the zoo and one worker."""
    environments = {}
    for name, beside in ALONGSIDE.items():
        asked = library(name, "zoo", module="zoo", extra_requirements=beside, workers=1)
        environments[name] = Environment(name, oldest_python() if name == "old" else PYTHON, (asked,))
    return Project(root, "app", environments)


def test_values_are_the_same_when_they_come_back(tmp_path, monkeypatch):
    files = {f"zoo/{path.name}": path.read_text() for path in sorted(HERE.glob("zoo/*.py"))}
    name, content = wheel("zoo", "1.0", files)
    (tmp_path / name).write_bytes(content)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path))
    sync(zoo(tmp_path))
    done = subprocess.run(
        ["mix", "run", "--no-start", HERE / "values.exs", tmp_path, "old", "lean", "zoo"],
        cwd=ROOT / "elixir",
        env={**os.environ, "LC_ALL": "C.UTF-8", "MIX_ENV": "dev"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *problems, refused, old, lean, full = [line for line in done.stdout.splitlines() if _told(line)]
    assert problems == [], "\n".join(problems)
    assert int(refused.removeprefix("refused: ")) >= 50
    for line in (old, lean, full):
        where, _, counts = line.partition(": ")
        assert all(map(int.__ge__, map(int, counts.split()), LEAST[where])), line


def _told(line):
    """What the script itself says; not what mix says, nor the log about the two scalars that stay."""
    return re.match(r"(zoo|lean|old|refused)\b", line)
