"""`envmgr shell` in the environment of what was synced."""

import os
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest
from projects import library, project

from envmgr.errors import EnvmgrError
from envmgr.operations import shelling
from envmgr.operations.syncing import sync
from envmgr.tools import process


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


class Become(BaseException):
    """In place of the process that this one would become."""


def handed(root, name, monkeypatch):
    """Its command, directory, and what is in the file that it is handed."""
    found = []

    def become(command, cwd, env):
        found.extend([command, cwd, msgpack.unpackb(Path(command[-1]).read_bytes(), strict_map_key=False)])
        raise Become

    monkeypatch.setattr(process, "become", become)
    with pytest.raises(Become):
        shelling.shell(root, name)
    return found


def test_what_a_shell_is_handed(root, monkeypatch):
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(root / "cache"))
    command, cwd, request = handed(root, "json", monkeypatch)
    assert command[-2] == "shell"
    assert not Path(command[-1]).exists()
    assert cwd == root
    assert (request["library"], request["environment"]) == ("json", "std")
    assert set(request["libraries"]) == {"json", "math"}
    assert request["history"] == str(root / "cache" / "shell-history")
    numbers = dict(map(tuple, request["paths"]))
    assert request["paths"] == sorted(request["paths"])
    signature, summary = request["objects"][numbers["math.sqrt"]]
    assert signature.startswith("(x")
    assert "square root" in summary
    assert request["objects"][numbers["math.pi"]][0] == ": constant"


def test_a_cache_that_cannot_be_written_remembers_nothing(root, monkeypatch):
    (root / "no-directory").touch()
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(root / "no-directory" / "cache"))
    assert handed(root, "math", monkeypatch)[2]["history"] is None


def test_an_environment_that_does_not_run(root, monkeypatch):
    def become(command, cwd, env):
        raise EnvmgrError("E-BUILD", f"{command[0]} is gone")

    monkeypatch.setattr(process, "become", become)
    with pytest.raises(EnvmgrError, match=r"the environment of math does not run: .* is gone") as raised:
        shelling.shell(root, "math")
    assert raised.value.code == "E-NOT-INSTALLED"
