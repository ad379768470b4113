"""The README's own commands, as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()


def test_the_shell_session(tmp_path):
    session = README.partition("without Elixir:")[2].partition("```console")[2].partition("```")[0]
    commands = re.findall(r"^\$ (.+)$", session, re.MULTILINE)
    assert len(commands) > 5
    # With this repository beside it.
    (tmp_path / "envmgr").symlink_to(REPOSITORY)
    project = tmp_path / "project"
    project.mkdir()
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    env.update(UV_TOOL_DIR=str(tmp_path / "tools"), UV_TOOL_BIN_DIR=str(tmp_path / "bin"))
    said = {}
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=project, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        said[command.partition(" ")[2].partition(" ")[0]] = done.stdout
    assert said["call"] == "'called'\n"
    assert "rollback" in said["history"]
