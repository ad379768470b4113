"""The mix tasks, in a Mix project of a user's own that has nothing but the path to ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ELIXIR = Path(__file__).parents[2] / "elixir"
MIX = """
defmodule App.MixProject do
  use Mix.Project
  def project, do: [app: :app, version: "0.1.0", compilers: [:envmgr] ++ Mix.compilers(), deps: [{:envmgr, path: "%s"}]]
end
"""


@pytest.fixture(scope="module")
def mix(tmp_path_factory):
    root = tmp_path_factory.mktemp("app")
    (root / "mix.exs").write_text(MIX % ELIXIR)
    (root / "envmgr.toml").write_text(
        '[library.math]\nstdlib = true\n\n[library.six]\nversion = "==1.16.0"\n'
    )
    beside = str(Path(sys.executable).parent)
    env = {**os.environ, "LC_ALL": "C.UTF-8", "MIX_ENV": "dev", "PATH": f"{beside}:{os.environ['PATH']}"}

    def run(*words, status=0):
        done = subprocess.run(
            ["mix", *words], cwd=root, env=env, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    run.root = root
    run("compile")
    return run


def test_the_first_compilation_locks_and_builds(mix):
    assert sorted(path.name for path in (mix.root / "locks").iterdir()) == [
        "pylock.math.toml",
        "pylock.six.toml",
    ]
    assert "six" in mix("envmgr.status").stdout


def test_call_prints_the_value(mix):
    assert mix("envmgr.call", "math.sqrt", "[16.0]").stdout == "4.0\n"
    assert mix("envmgr.call", "six.ensure_str", '["x"]').stdout == '"x"\n'


def test_errors_go_to_stderr_with_a_status(mix):
    done = mix("envmgr.call", "math.sqr", "[16.0]", status=1)
    assert "did you mean math.sqrt?" in done.stderr
    assert "takes 1 positional argument" in mix("envmgr.call", "math.sqrt", "[1, 2]", status=1).stderr
    mix("envmgr.call", "math.sqrt", "[1", status=2)


def test_a_broken_configuration_ends_with_the_command_lines_status(mix):
    whole = (mix.root / "envmgr.toml").read_text()
    (mix.root / "envmgr.toml").write_text(whole.replace("version", "verison"))
    try:
        for words, status in (("envmgr.install",), 2), (("compile",), 1):
            done = mix(*words, status=status)
            assert "envmgr.toml:5:1" in done.stdout + done.stderr
            assert "did you mean `version`?" in done.stdout + done.stderr
    finally:
        (mix.root / "envmgr.toml").write_text(whole)


def test_rollback(mix):
    whole = (mix.root / "envmgr.toml").read_text()
    (mix.root / "envmgr.toml").write_text(whole.replace("1.16.0", "1.17.0"))
    mix("envmgr.install")
    assert "1.17.0" in mix("envmgr.status").stdout
    mix("envmgr.rollback", "six")
    mix("compile")  # nobody asked for an end of the rollback
    assert "1.16.0" in mix("envmgr.status", status=1).stdout
