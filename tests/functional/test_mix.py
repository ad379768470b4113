"""The mix tasks, in a Mix project of a user's own that has nothing but the path to ours."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import indexes
import msgpack
import pytest

from envmgr.cli import run

ELIXIR = Path(__file__).parents[2] / "elixir"
DOCS = Path(__file__).parents[2] / "docs"
MIX = """
defmodule App.MixProject do
  use Mix.Project

  def project do
    [
      app: :app,
      version: "0.1.0",
      compilers: [:envmgr] ++ Mix.compilers(),
      deps: [{:envmgr, path: "%s"}],
      releases: [app: [steps: [:assemble, &Envmgr.Release.assemble/1], include_erts: false]]
    ]
  end
end
"""
CONFIG = """
import Config
config :logger, level: :warning
if System.get_env("WITHOUT_PROJECT"), do: config(:envmgr, project: false)
"""


@pytest.fixture(scope="module")
def mix(tmp_path_factory):
    root = tmp_path_factory.mktemp("app")
    (root / "mix.exs").write_text(MIX % ELIXIR)
    (root / "config").mkdir()
    (root / "config" / "config.exs").write_text(CONFIG)
    (root / "envmgr.toml").write_text(
        '[library.math]\nstdlib = true\n\n[library.six]\nversion = "==1.16.0"\n'
    )
    beside = str(Path(sys.executable).parent)
    outside = {name: value for name, value in os.environ.items() if name != "CI"}  # there nothing is locked
    env = {**outside, "LC_ALL": "C.UTF-8", "MIX_ENV": "dev", "PATH": f"{beside}:{os.environ['PATH']}"}

    def run(*words, status=0, program="mix", **more):
        done = subprocess.run(
            [program, *words],
            cwd=root,
            env={**env, **more},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
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


def test_a_release_runs_where_it_is_put_and_says_what_keeps_it_from_running(mix, tmp_path):
    mix("release", "--quiet", "--overwrite")
    built, moved = mix.root / "_build" / "dev" / "rel" / "app", tmp_path / "moved"
    call = 'Application.ensure_all_started(:envmgr); IO.inspect(Envmgr.execute("six.ensure_str", ["called"]))'
    assert mix("eval", call, program=str(built / "bin" / "app")).stdout == '{:ok, "called"}\n'

    shutil.move(built, moved)
    away = mix.root.with_name("away")
    (mix.root / ".envmgr").rename(away)
    try:
        assert mix("eval", call, program=str(moved / "bin" / "app")).stdout == '{:ok, "called"}\n'
        store = moved / "releases" / "0.1.0" / "envmgr" / ".envmgr" / "store"
        next(store.glob("six-*/lib/python*/site-packages/six.py")).unlink()
        done = mix("start", program=str(moved / "bin" / "app"), status=1)
    finally:
        away.rename(mix.root / ".envmgr")
    said = done.stdout + done.stderr
    assert re.search(
        r"\[error\] envmgr: environments of \S+ cannot run here:\n  six: the store entry \S+ is not whole: lib/python\S+/six.py\n",
        said,
    )
    (mix.root / "erl_crash.dump").unlink(missing_ok=True)


def test_the_guide_to_tests(mix):
    """docs/testing.md: its test passes as it stands there, without Python."""
    for block in re.findall(r"```elixir\n# (\S+)\n(.*?)```", (DOCS / "testing.md").read_text(), re.DOTALL):
        file = mix.root / block[0]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block[1])
    (mix.root / "test" / "test_helper.exs").write_text("ExUnit.start()\n")
    done = mix("test", "--no-color", WITHOUT_PROJECT="1")
    assert re.search(r"\n6 tests, 0 failures", done.stdout)


def shortened(text):
    """Without what differs from run to run."""
    text = re.sub(r"Python 3\.\d+\.\d+", "Python 3.x", text)
    text = re.sub(r"\d[\d.]* (?:Ki)?B (on disk|to download)", r"… \1", text)
    return re.sub(r"[1-9]\d* days? old", "… days old", text)


def test_the_guide_to_impact(mix, tmp_path, monkeypatch, capsys):
    """docs/impact.md: what its code calls is read by mix, told by a plan, and keeps an upgrade from harm."""
    guide = (DOCS / "impact.md").read_text()
    releases = dict(re.findall(r"```python\n# postage.py of (\S+)\n(.*?)```", guide, re.DOTALL))
    (code,) = re.findall(r"```elixir\n(# (\S+)\n.*?)```", guide, re.DOTALL)
    (configuration,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    said = re.findall(r"```console\n\$ ([^\n]*)\n(.*?)```", guide, re.DOTALL)
    assert len(said) == 4
    wheels = [indexes.wheel("postage", version, {"postage.py": releases[version]}) for version in releases]
    monkeypatch.chdir(tmp_path)
    with indexes.serve(*wheels) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple/")
        (tmp_path / "envmgr.toml").write_text(configuration.replace(">=1", "==1.0"))
        assert run(["sync", "-q"]) == 0
        (tmp_path / "envmgr.toml").write_text(configuration)
        as_it_stands(mix, tmp_path, code, said, capsys)


def as_it_stands(mix, tmp_path, code, said, capsys):
    lib, aside = mix.root / "lib", mix.root / "lib.aside"
    if lib.exists():  # another guide's
        lib.rename(aside)
    lib.mkdir()
    (mix.root / code[1]).write_text(code[0])
    try:
        done = mix("envmgr.calls", "--project", str(tmp_path), "--quiet")
    finally:
        shutil.rmtree(lib)
        if aside.exists():
            aside.rename(lib)
    assert done.stdout.endswith(said[0][1])
    calls = tmp_path / ".envmgr" / "run" / "calls"
    calls.mkdir(parents=True)
    counted = [[f"postage.{name}", "postage", 0, 0, 0, {}, [[100, 12]]] for name in ("label",)]
    file = {"schema": 1, "id": "vm", "process": None, "closed": True, "includes": [], "calls": counted}
    (calls / "vm.msgpack").write_bytes(msgpack.packb(file))
    advisory = {
        "id": "GHSA-aaaa-bbbb-cccc",
        "aliases": ["CVE-2026-1"],
        "modified": "2026-01-01T00:00:00Z",
        "summary": "Negative weights are refunded",
        "database_specific": {"severity": "HIGH"},
        "affected": [{"package": {"ecosystem": "PyPI", "name": "postage"}, "versions": ["1.0"]}],
    }
    (tmp_path / "osv.json").write_text(json.dumps(advisory))
    for command, expected in said[1:]:
        capsys.readouterr()
        status = run([*command.split()[1:], "-q"])
        told = shortened("".join(capsys.readouterr()))
        assert status == (1 if "upgrade" in command else 0)
        for part in expected.split("…\n"):
            assert part in told
    assert run(["upgrade", "postage==2.0", "-q", "--accept-impact"]) == 0


def test_rollback(mix):
    whole = (mix.root / "envmgr.toml").read_text()
    (mix.root / "envmgr.toml").write_text(whole.replace("1.16.0", "1.17.0"))
    mix("envmgr.install")
    assert "1.17.0" in mix("envmgr.status").stdout
    mix("envmgr.rollback", "six")
    mix("compile")  # nobody asked for an end of the rollback
    assert "1.16.0" in mix("envmgr.status", status=1).stdout
