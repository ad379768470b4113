import sys

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import uv


@pytest.fixture(autouse=True)
def _look_again():
    uv._executable.cache_clear()
    yield
    uv._executable.cache_clear()


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """An interpreter with nothing beside it."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "alone" / "python"))
    monkeypatch.delenv("ENVMGR_UV", raising=False)


def test_the_one_beside_the_interpreter_is_the_packaged_one(monkeypatch, alone):
    import uv as package

    packaged = uv._packaged()
    assert packaged == package.find_uv_bin()
    monkeypatch.undo()
    assert uv._packaged() == packaged


def test_version_of_the_packaged_uv():
    assert uv.executable().name.startswith("uv")
    assert uv.version().split(".")[0].isdigit()


def test_named_by_variable(monkeypatch, tmp_path):
    named = tmp_path / "my-uv"
    named.write_text("#!/bin/sh\necho uv 9.9.9\n")
    named.chmod(0o755)
    monkeypatch.setenv("ENVMGR_UV", str(named))
    assert uv.executable() == named
    assert uv.version() == "9.9.9"


def test_variable_that_names_nothing(monkeypatch):
    monkeypatch.setenv("ENVMGR_UV", "/nowhere/uv")
    with pytest.raises(EnvmgrError, match="/nowhere/uv") as caught:
        uv.executable()
    assert caught.value.code == "E-UV"


def test_missing(monkeypatch, alone):
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvmgrError) as caught:
        uv.executable()
    assert (caught.value.code, caught.value.hint) == ("E-UV", "pip install uv")


def test_package_without_its_program_falls_back_to_path(monkeypatch, tmp_path, alone):
    import uv as package

    def lost():
        raise FileNotFoundError

    (tmp_path / "uv").write_text("")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setattr(package, "find_uv_bin", lost)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert uv.executable() == tmp_path / "uv"


def test_an_interpreter_that_nobody_has_cannot_be_fetched():
    assert uv.install_python("3.99") is False
