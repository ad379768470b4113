"""`envmgr detect` as people and machines see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from envmgr.cli import run


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home and a project with one environment; PATH has nothing."""
    for name in ("PYENV_ROOT", "VIRTUAL_ENV", "CONDA_PREFIX", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    tmp_path.chmod(0o755)
    place = tmp_path / "project" / ".venv"
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").symlink_to("/gone/python3.12")
    (place / "pyvenv.cfg").write_text("uv = 0.9.2\nversion_info = 3.12.1\n")
    (place / "lib/python3.12/site-packages/six-1.16.0.dist-info").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def test_a_table_for_people(home, capsys):
    assert run(["detect"]) == 0
    told = capsys.readouterr().out.split("\n")
    place = home / "project" / ".venv"
    assert told[0].split("  ")[:2] == ["not trusted", "uv environment"]
    assert "Python 3.12.1  1 package " in told[0]
    assert str(place) in told[0]
    assert told[0].endswith("its base interpreter is gone (/gone/python3.12)")
    assert told[-2].endswith(" trusted")


def test_data_for_machines(home, capsys):
    assert run(["detect", "--format", "json", str(home / "project" / ".venv")]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data["directory"] == str(home / "project" / ".venv")
    assert data["environments"][0] == {
        "kind": "uv",
        "role": "environment",
        "path": str(home / "project" / ".venv"),
        "python": "3.12.1",
        "distributions": 1,
        "creator": "uv 0.9.2",
        "trusted": False,
        "use": "",
        "why": ["its base interpreter is gone (/gone/python3.12)"],
    }
    assert data["crowded"] == []
    assert data["milliseconds"] > 0


def test_what_is_not_a_directory(home, capsys):
    assert run(["detect", "nowhere"]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_nothing_slow_is_imported(home):
    slow = ("pydantic", "rich", "packaging", "yaml", "sqlite3", "subprocess")
    code = (
        "import sys; from envmgr.cli import run; run(['detect', '-q']);"
        f"print(*(name for name in {slow} if name in sys.modules), file=sys.stderr)"
    )
    # coverage measures in processes too, and imports much for it
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stderr == "\n"
