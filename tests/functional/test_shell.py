"""`envmgr shell` in the environment of what was synced."""

import os
import subprocess
import sys

import pytest
from projects import library, project

from envmgr.operations.syncing import sync


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    (root / "envmgr.toml").write_text('[library.math]\nstdlib = true\nenvironment = "std"\n')
    libraries = [
        library("math", None, "std", init="import math; math.answer = 42"),
        library("json", None, "std"),
    ]
    assert len(sync(project(root, *libraries))) == 1
    return root


def shell(root, name, lines):
    return subprocess.run(
        [sys.executable, "-c", "from envmgr.cli import main; main()", "shell", name, "--project", str(root)],
        input=lines,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "ENVMGR_CACHE_DIR": str(root / "cache")},
    )


def test_lines_run_with_the_libraries_of_the_environment(root):
    done = shell(root, "math", "math.answer\njson.dumps([math.sqrt(16)])\nmath.sqrt?\n")
    assert (done.returncode, done.stderr) == (0, "")
    value, dumped, signature, summary = done.stdout.splitlines()
    assert (value, dumped) == ("42", "'[4.0]'")
    assert signature.startswith("math.sqrt(x")
    assert "square root" in summary


def test_the_first_error_ends_a_script(root):
    done = shell(root, "json", "json.loads('{')\nprint('on')\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert "JSONDecodeError" in done.stderr


def test_an_unknown_library_is_told_with_the_near_name(root):
    done = shell(root, "maths", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean `math`?" in done.stderr
