import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import interpreters, process, uv


@pytest.fixture(autouse=True)
def _own_notes(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    interpreters._asked.cache_clear()
    yield
    interpreters._asked.cache_clear()


def fake(directory, name, version, *, free_threaded=False):
    """An executable that answers as an interpreter of that version would."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    said = {
        "executable": str(path),
        "version": version,
        "implementation": "cpython",
        "abi": "cpython-xx",
        "platform": "linux-x86_64",
        "free_threaded": free_threaded,
        "markers": {},
    }
    path.write_text(f"#!/bin/sh\necho '{json.dumps(said)}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(monkeypatch, tmp_path):
    home = tmp_path / "home"
    monkeypatch.setenv("PYENV_ROOT", str(home / "pyenv"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(home / "managed"))
    monkeypatch.setenv(
        "PATH", os.pathsep.join(str(home / part) for part in ("pyenv/shims", "venv/bin", "bin"))
    )
    fake(home / "pyenv/versions/3.12.1/bin", "python3.12", "3.12.1")
    fake(home / "pyenv/shims", "python3.12", "3.12.99")
    fake(home / "managed/cpython-3.12.10/bin", "python3.12", "3.12.10")
    fake(home / "managed/cpython-3.13.0t/bin", "python3.13t", "3.13.0", free_threaded=True)
    fake(home / "bin", "python3.13", "3.13.2")
    fake(home / "venv/bin", "python3.13", "3.13.9")
    (home / "venv/pyvenv.cfg").write_text("")
    broken = home / "bin" / "python3.11"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    return home


FOUND = {"3.12": "3.12.10", "3.12.1": "3.12.1", "python3.12": "3.12.10", "3.13": "3.13.2", "3.13t": "3.13.0"}


@pytest.mark.parametrize("spec", FOUND)
def test_the_newest_that_fits_and_no_shim_and_no_environment(machine, spec):
    found = interpreters.find(spec, root=machine)
    assert found.version == FOUND[spec]
    assert found.minor == spec.removeprefix("python").removesuffix(".1")


def test_threads_that_ask_for_one_interpreter_start_it_once(machine, tmp_path):
    (machine / "also").symlink_to(machine / "bin")
    started = tmp_path / "started"
    program = machine / "bin" / "python3.13"
    said = program.read_text().partition("\n")[2]
    program.write_text(f"#!/bin/sh\necho >> {started}\nsleep 0.1\n{said}")
    os.environ["PATH"] += f"{os.pathsep}{machine / 'also'}"  # the same files by another name
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: interpreters.find("3.13", root=machine), range(4)))
    assert [each.version for each in found] == ["3.13.2"] * 4
    assert started.read_text() == "\n"


def test_none_fits_and_the_error_names_what_is_here(machine):
    with pytest.raises(EnvmgrError, match=r"no Python 3\.11 on this machine") as caught:
        interpreters.find("3.11", root=machine)
    assert caught.value.code == "E-INTERPRETER"
    assert "`uv python install 3.11`" in caught.value.hint
    assert [row["version"] for row in caught.value.details["found"]] == [
        "3.12.1",
        "3.12.10",
        "3.13.0",
        "3.13.2",
    ]


def test_nothing_is_here(monkeypatch, tmp_path):
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "PATH"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(EnvmgrError) as caught:
        interpreters.find("3.12", root=tmp_path)
    assert caught.value.hint == "install it with `uv python install 3.12` or `pyenv install 3.12`"


def test_a_missing_one_is_fetched_when_that_is_allowed(machine, monkeypatch):
    def install(wanted):
        assert wanted == "3.14"
        fake(machine / "managed/cpython-3.14.0/bin", "python3.14", "3.14.0")
        return True

    monkeypatch.setattr(uv, "install_python", install)
    assert interpreters.find("3.14", root=machine, download=True).version == "3.14.0"


def test_a_path_relative_to_the_project_and_a_directory(tmp_path):
    program = fake(tmp_path / "mine/bin", "python", "3.12.3")
    assert interpreters.find("mine/bin/python", root=tmp_path).executable == str(program)
    assert interpreters.find(str(tmp_path / "mine"), root=tmp_path).executable == str(program)


@pytest.mark.parametrize("spec", ["nowhere/python", "."])
def test_a_path_that_is_no_interpreter(tmp_path, spec):
    with pytest.raises(EnvmgrError, match="is not a Python interpreter that runs"):
        interpreters.find(spec, root=tmp_path)


def test_a_real_one_knows_its_abi_and_markers():
    found = interpreters.find(sys.executable, root=interpreters.Path("/"))
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert found.markers["sys_platform"] == sys.platform
    assert found.abi


def test_a_second_process_need_not_ask_again_until_the_file_changes(machine, monkeypatch):
    first = interpreters.find("3.12.1", root=machine)
    interpreters._asked.cache_clear()
    with monkeypatch.context() as closed:
        closed.setattr(process, "run", lambda *a, **k: pytest.fail("asked again"))
        assert interpreters.find("3.12.1", root=machine) == first
    interpreters._asked.cache_clear()
    fake(machine / "pyenv/versions/3.12.1/bin", "python3.12", "3.12.2")
    assert interpreters.find("3.12.2", root=machine).version == "3.12.2"


def test_a_damaged_note_is_not_believed(machine):
    interpreters.find("3.12", root=machine)
    for note in interpreters._notes_directory().iterdir():
        note.write_text("{")
    interpreters._asked.cache_clear()
    assert interpreters.find("3.12", root=machine).version == "3.12.10"
