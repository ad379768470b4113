"""Commands for bad days start with little: what they import is what they cost."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = ("pydantic", "rich", "packaging", "tomlkit")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["rollback", "x"], ["history", "x"], ["launch", "x"], ["status"]]
)
def test_nothing_slow_is_imported(tmp_path, arguments):
    (tmp_path / "envmgr.toml").write_text("[library.numpy]\n")
    (tmp_path / ".envmgr").mkdir()
    code = (
        "import sys; from envmgr.cli import run; run(sys.argv[1:]);"
        f"print(*(name for name in {SLOW} if name in sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "--quiet", "--format", "json", *arguments]
    for _ in range(2):  # the second `status` finds the project that the first has kept
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stderr == "\n"
