"""Existing environments, used as they are: real ones, whose every byte is watched."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from envmgr.cli import run
from envmgr.tools import uv

UV = uv.executable()
TOML = """\
[library.six]
version = "<2"
environment = "old"

[environment.old]
adopt = "../venv"
"""


def install(place, *requirements):
    """As copies: what a test edits here must not be uv's cache."""
    python = place / "bin" / "python"
    subprocess.run(
        [UV, "pip", "install", "-q", "--link-mode", "copy", "-p", python, *requirements], check=True
    )


@pytest.fixture
def venv(tmp_path):
    tmp_path.chmod(0o755)
    place = tmp_path / "venv"
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info[1]}"
    subprocess.run([base, "-m", "venv", "--without-pip", place], check=True)
    install(place, "six==1.16.0")
    return place


@pytest.fixture
def envmgr(tmp_path, venv, monkeypatch, capsys):
    root = tmp_path / "app"
    root.mkdir()
    (root / "envmgr.toml").write_text(TOML)
    monkeypatch.chdir(root)

    def command(*arguments):
        status = run([*arguments, "--format", "json"])
        told = json.loads(capsys.readouterr().out)
        return told["data"] if told["ok"] else {**told["error"], "status": status}

    command.root = root
    return command


def everything(place):
    """Of every path: what it is, its bytes, mode and times."""
    found = {}
    for directory, folders, names in os.walk(place):
        for name in (*folders, *names):
            path = Path(directory, name)
            facts = path.lstat()
            content = b"" if path.is_symlink() or path.is_dir() else path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            found[str(path)] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, digest)
    return found


def state(envmgr):
    (found,) = envmgr("status")
    return found["state"], found["detail"].partition(";")[0]


def test_it_serves_and_is_not_changed_by_a_byte(envmgr, venv):
    before = everything(venv)
    assert state(envmgr) == ("not-built", f"{venv.parent}/app/../venv is not adopted yet")
    assert envmgr("lock") == []
    (synced,) = envmgr("sync")
    assert (synced["action"], synced["generation"]) == ("adopted", 1)
    assert envmgr("sync")[0]["action"] == "unchanged"
    assert state(envmgr) == ("ready", "")
    assert envmgr("call", "six.ensure_str", '["x"]') == "x"
    (health,) = envmgr("health", "--deep")
    assert health["healthy"], health["findings"]
    assert [one["name"] for one in health["distributions"]] == ["six"]
    assert envmgr("launch", "old")["libraries"]["six"]["version"] == "1.16.0"
    assert [line["action"] for line in envmgr("history", "old")] == ["adopted"]
    assert not (envmgr.root / "locks").exists()
    assert everything(venv) == before


def test_what_its_own_tool_changes_is_a_new_generation(envmgr, venv):
    envmgr("sync")
    install(venv, "six==1.17.0")
    word, detail = state(envmgr)
    assert (word, "changed since generation 1" in detail) == ("not-built", True)
    (health,) = envmgr("health")
    assert not health["healthy"]
    (synced,) = envmgr("sync")
    assert (synced["action"], synced["generation"]) == ("adopted", 2)
    assert envmgr("launch", "old")["libraries"]["six"]["version"] == "1.17.0"
    refused = envmgr("rollback", "old")
    assert refused["code"] == "E-NOT-INSTALLED"
    assert f"generation 1 of old was adopted from {venv}, which has changed since" in refused["message"]

    before = everything(venv)
    freed = envmgr("gc", "--keep", "0")
    assert [(one["kind"], one["generations"]) for one in freed["freed"]] == [("entry", [1])]
    assert everything(venv) == before
    assert state(envmgr) == ("ready", "")


def test_an_edited_file_is_found_and_left_to_its_owner(envmgr, venv):
    envmgr("sync")
    (six,) = venv.glob("lib/*/site-packages/six.py")
    content, facts = six.read_bytes(), six.stat()
    six.write_bytes(content.replace(b"__version__ = ", b"__version__ =\t"))
    (health,) = envmgr("health", "--deep")
    assert {(one["file"].rpartition("/")[2], one["problem"]) for one in health["findings"]} == {
        ("six.py", "changed")
    }
    assert "mend" in health["findings"][0]["advice"]
    refused = envmgr("health", "--deep", "--repair")
    assert (refused["code"], refused["status"]) == ("E-ADOPT", 2)
    (health,) = envmgr("health", "--deep")
    assert len(health["findings"]) == 1

    (venv / "pyvenv.cfg").touch()  # it was meant
    assert envmgr("sync")[0]["generation"] == 2
    assert envmgr("health", "--deep")[0]["healthy"]
    six.write_bytes(content)
    os.utime(six, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_bytecode_that_others_compile_is_no_change(envmgr, venv):
    envmgr("sync")
    compiling = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([venv / "bin" / "python", "-c", "import six"], check=True, env=compiling)
    assert list(venv.glob("lib/*/site-packages/__pycache__/six*.pyc"))
    assert envmgr("health", "--deep")[0]["healthy"]
    assert envmgr("sync")[0]["action"] == "unchanged"


def test_it_must_have_what_is_asked_for(envmgr, venv):
    path = envmgr.root / "envmgr.toml"
    envmgr("sync")
    path.write_text(TOML.replace("<2", "<1.16") + '[library.idna]\nenvironment = "old"\nwith = ["attrs"]\n')
    refused = envmgr("sync")
    assert (refused["code"], refused["status"]) == ("E-ADOPT", 2)
    assert refused["details"]["unmet"] == [
        "library six asks six<1.16, and 1.16.0 is installed",
        "library idna asks idna, which is not installed",
        "library idna asks attrs, which is not installed",
    ]
    path.write_text(TOML)
    assert envmgr("sync")[0]["generation"] == 1


def test_what_cannot_be_trusted_is_not_adopted(envmgr, venv):
    venv.chmod(0o777)
    refused = envmgr("sync")
    assert (refused["code"], refused["details"]["why"]) == ("E-ADOPT", ["it is writable by others"])
    assert not (envmgr.root / ".envmgr/store").exists() or not list((envmgr.root / ".envmgr/store").iterdir())
    venv.chmod(0o755)
    envmgr("sync")
    venv.chmod(0o777)
    (health,) = envmgr("health")
    assert [(one["problem"], one["detail"]) for one in health["findings"]] == [
        ("not trusted", "it is writable by others")
    ]


def test_what_is_no_environment(envmgr, venv):
    (venv / "pyvenv.cfg").unlink()
    refused = envmgr("sync")
    assert refused["details"]["why"] == ["it has neither pyvenv.cfg nor conda-meta"]
    (envmgr.root / "envmgr.toml").write_text(TOML.replace("../venv", "../nowhere"))
    assert "which is no environment" in envmgr("sync")["message"]


def test_what_changes_while_it_is_looked_at_is_not_adopted(envmgr, venv):
    """Its own module touches the environment as it is imported."""
    (six,) = venv.glob("lib/*/site-packages/six.py")
    six.write_text(six.read_text() + f"\nimport os; os.utime({str(venv / 'pyvenv.cfg')!r})\n")
    refused = envmgr("sync")
    assert refused["code"] == "E-ADOPT"
    assert "it was changed while it was being looked at" in refused["message"]
    assert state(envmgr)[0] == "not-built"


def test_it_is_gone_and_comes_back(envmgr, venv):
    envmgr("sync")
    venv.rename(venv.with_name("away"))
    word, detail = state(envmgr)
    assert (word, "which is no environment" in detail) == ("broken", True)
    assert envmgr("sync")["code"] == "E-ADOPT"
    assert envmgr("call", "six.ensure_str", '["x"]')["code"] == "E-NOT-INSTALLED"
    (health,) = envmgr("health")
    assert [one["problem"] for one in health["findings"]] == ["missing"]
    assert envmgr("gc")["freed"] == []
    venv.with_name("away").rename(venv)
    assert envmgr("sync")[0]["action"] == "unchanged"


def test_other_tools_affairs_are_refused(envmgr):
    envmgr("sync")
    for words in (["plan", "six"], ["upgrade", "six"], ["bundle", "old"]):
        refused = envmgr(*words)
        assert refused["code"] in ("E-ADOPT", "E-USAGE"), words
        assert "adopted" in refused["message"]


def test_from_adopted_to_built_and_back(envmgr, venv):
    envmgr("sync")
    before = everything(venv)
    path = envmgr.root / "envmgr.toml"
    path.write_text(TOML.partition("[environment")[0])
    assert envmgr("sync")[0]["action"] == "built"
    assert envmgr("rollback", "old")["to_generation"] == 1
    path.write_text("[library.math]\nstdlib = true\n")
    assert [one["action"] for one in envmgr("sync")] == ["built", "removed"]
    envmgr("gc", "--keep", "0")
    assert everything(venv) == before


def test_the_python_of_an_environment_brings_none_of_its_packages(envmgr, venv):
    (envmgr.root / "envmgr.toml").write_text(
        '[library.idna]\npython = "../venv"\n[library.json]\nstdlib = true\npython = "../venv/bin/python"\n'
    )
    assert [one["action"] for one in envmgr("sync")] == ["built", "built"]
    command = envmgr("launch", "idna")["command"]
    code = (
        "import importlib.util as u; print(u.find_spec('idna') is not None, u.find_spec('six') is not None)"
    )
    done = subprocess.run([command[0], "-I", "-B", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
