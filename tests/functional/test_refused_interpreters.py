"""Interpreters that uv refuses: one that greets on stdout, which uv takes for its answer."""

import shutil
import subprocess
import sys

import pytest
from projects import imported, library, project

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.health import health
from envmgr.operations.launching import launch
from envmgr.operations.status import status
from envmgr.operations.syncing import sync
from envmgr.tools import interpreters, uv, virtualenv


@pytest.fixture
def greeting(tmp_path):
    """A virtual environment whose site-packages greet at every start."""
    home = tmp_path / "greeting"
    uv.create_environment(home, interpreters.find(sys.executable, root=tmp_path).executable)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "banner.pth").write_text('import sys; print("Welcome to the cluster", flush=True)\n')
    return home / "bin" / "python"


def test_virtualenv_serves_what_uv_refuses(tmp_path, greeting):
    with pytest.raises(EnvmgrError, match="Failed to inspect Python interpreter") as caught:
        uv._uv("venv", "--python", greeting, tmp_path / "refused")
    assert caught.value.code == "E-INTERPRETER"

    root = tmp_path / "project"
    root.mkdir()
    found = project(root, library("pygments"), python=str(greeting))
    (outcome,) = sync(found)
    assert outcome.action == "built"
    assert status(found)[0].state == "ready"
    assert sync(found)[0].action == "unchanged"
    assert health(found, deep=True)[0].healthy
    manifest = launch(root, "pygments")
    assert imported(manifest, "import pygments; print(pygments.__name__)") == "pygments"
    store = Layout(root).entry(f"pygments-{outcome.key}")
    script = subprocess.run([store / "bin/pygmentize", "-V"], check=True, capture_output=True, text=True)
    assert script.stdout.startswith("Pygments version")
    assert "virtualenv" in (store / "pyvenv.cfg").read_text()
    held = [path for path in store.rglob("*") if path.is_file() and b"/staging/" in path.read_bytes()]
    assert [path for path in held if path.suffix != ".pyc"] == []


def test_a_wrapper_that_greets_is_asked_all_the_same(tmp_path):
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nprintf Welcome\n{sys.executable} "$@"\necho Bye\n')
    wrapper.chmod(0o755)
    assert (
        interpreters.find(str(wrapper), root=tmp_path).version
        == interpreters.find(sys.executable, root=tmp_path).version
    )


def test_what_neither_can_use(tmp_path):
    program = tmp_path / "python"
    shutil.copy("/bin/false", program)
    with pytest.raises(EnvmgrError, match="neither uv nor virtualenv can use the interpreter") as caught:
        uv.create_environment(tmp_path / "environment", program)
    assert caught.value.code == "E-INTERPRETER"


def test_settings_of_the_user_play_no_part(tmp_path, monkeypatch):
    monkeypatch.setenv("VIRTUALENV_SYSTEM_SITE_PACKAGES", "true")
    virtualenv.create(tmp_path / "made", sys.executable)
    settings = (tmp_path / "made/pyvenv.cfg").read_text()
    assert "include-system-site-packages = false" in settings
    assert "relocatable = true" in settings
    assert str(tmp_path) not in settings
