"""`envmgr doctor`, by what it says of machines and projects that lack something."""

from __future__ import annotations

import errno
import shutil
from collections import namedtuple

import click
import pytest

from envmgr import __version__
from envmgr.cli import run
from envmgr.cli.commands.doctoring import text
from envmgr.config import Layers
from envmgr.environments import projectlock
from envmgr.errors import EnvmgrError
from envmgr.model.machine import Check
from envmgr.operations import doctoring
from envmgr.operations.doctoring import ElixirLibrary, doctor
from envmgr.tools import uv
from envmgr_runtime.wire.messages import PROTOCOL

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(uv, "version", lambda: "0.13.9")
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "envmgr.toml").write_text("[library.math]\nstdlib = true\n")
    return tmp_path


def found(place, library=None):
    """Each check by its name; the last of a name counts."""
    return {check.name: check for check in doctor(place, Layers(), library)}


def test_a_sound_machine_has_nothing_that_fails(project):
    checks = found(project, ElixirLibrary(__version__, PROTOCOL))
    assert {check.state for name, check in checks.items() if name != "environment math"} == {"ok"}
    assert all(check.advice == "" for check in checks.values() if check.state == "ok")
    assert checks["environment math"] == Check(
        "environment math",
        "warning",
        "not-locked: it has no lock",
        "run `envmgr lock` or `envmgr sync`",
    )


def test_a_library_of_another_protocol_fails_one_of_another_version_is_told(project):
    other = found(project, ElixirLibrary(__version__, PROTOCOL + 1))["elixir library"]
    assert (other.state, "mix envmgr.install" in other.advice) == ("failed", True)
    assert found(project, ElixirLibrary("99.0.0", PROTOCOL))["elixir library"].state == "warning"
    assert "elixir library" not in found(project)


def test_uv_that_is_old_or_missing(project, monkeypatch):
    monkeypatch.setattr(uv, "version", lambda: "0.4.2")
    assert found(project)["uv"].state == "failed"

    def gone():
        raise EnvmgrError("E-UV", "uv is not installed", hint="pip install uv")

    monkeypatch.setattr(uv, "executable", gone)
    assert found(project)["uv"] == Check("uv", "failed", "uv is not installed", "pip install uv")


@pytest.mark.parametrize(("free", "state"), [(10 * 2**30, "ok"), (2**30, "warning"), (100 * 2**20, "failed")])
def test_room_on_the_disk(project, monkeypatch, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(2**40, 0, free))
    disk = found(project)["disk"]
    assert (disk.state, disk.advice != "") == (state, state != "ok")


def test_what_cannot_be_written_or_asked(project, monkeypatch):
    monkeypatch.setattr(doctoring.os, "access", lambda place, mode: False)
    states = [check.state for check in doctor(project, Layers()) if check.name in ("disk", "cache")]
    assert states == ["failed", "ok", "warning"]

    def refuse(place):
        raise OSError(errno.EIO, "Input/output error", str(place))

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    assert found(project)["disk"].found == f"Input/output error ({project})"


def test_a_cache_elsewhere_is_told(project, monkeypatch):
    monkeypatch.setenv("ENVMGR_CACHE_DIR", "/proc/envmgr")
    assert "another file system" in found(project)["cache"].found


def test_a_file_system_without_locks(project, monkeypatch):
    def refuse(descriptor, how):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(projectlock.fcntl, "flock", refuse)
    assert found(project)["file locks"].state == "failed"


def test_a_lock_that_another_process_holds_is_one(project, monkeypatch):
    def held(descriptor, how):
        raise BlockingIOError

    monkeypatch.setattr(projectlock.fcntl, "flock", held)
    assert found(project)["file locks"].state == "ok"


def test_a_broken_configuration_is_told_whole(project):
    (project / "envmgr.toml").write_text("[library.math]\nstdlip = true\n")
    check = found(project)["project"]
    assert check.state == "failed"
    assert ":2:1" in check.found
    assert "did you mean `stdlib`?" in check.found


def test_an_interpreter_that_is_not_there(project):
    (project / "envmgr.toml").write_text(
        '[library.math]\nstdlib = true\n[environment.math]\npython = "3.99"\n'
    )
    checks = found(project)
    assert checks["python 3.99"].state == "failed"
    assert "uv python install 3.99" in checks["python 3.99"].advice
    assert checks["environment math"].state == "failed"
    assert "no Python 3.99" in checks["environment math"].found


def test_what_is_active_and_not_configured(project):
    (project / ".envmgr" / "envs" / "old").mkdir(parents=True)
    assert "old: active" in found(project)["environments"].found


def test_without_a_project_the_machine_alone(project):
    (project / "envmgr.toml").unlink()
    checks = found(project)
    assert checks["project"].state == "warning"
    assert "file locks" not in checks


def test_words_and_exit_status(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert run(["doctor"]) == 0
    assert "to know  environment math  not-locked: it has no lock\n    -> run" in capsys.readouterr().out
    assert run(["doctor", "--library", f"{__version__}/{PROTOCOL + 1}"]) == 1
    assert run(["doctor", "--library", "new"]) == 2
    several = text((Check("project", "failed", "one\n\ntwo", "do it"), Check("uv", "ok", "0.13")))
    assert click.unstyle(several) == "failed  project  one\n\n    two\n    -> do it\nok      uv       0.13"
