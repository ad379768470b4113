"""Worlds of other tools, made of files alone, and what is said of them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from envmgr.operations.detecting import Surroundings, detect
from envmgr.tools.foreign import places


@pytest.fixture
def world(tmp_path):
    """A file system with a home and a project, that nobody else can write."""
    for name in ("home/.local/share", "project", "usr/bin", "proc/1"):
        (tmp_path / name).mkdir(parents=True)
    tmp_path.chmod(0o755)
    return tmp_path


def surroundings(world, **variables):
    return Surroundings(world / "project", world / "home", variables, world)


def interpreter(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\nexit 1\n")
    path.chmod(0o755)
    return path


def virtual(path: Path, *settings: str, version="3.12.1", base: Path | None = None, packages=()) -> Path:
    (path / "bin").mkdir(parents=True)
    (path / "pyvenv.cfg").write_text("\n".join(["home = /usr/bin", f"version_info = {version}", *settings]))
    if base is None:
        interpreter(path / "bin" / "python")
    else:
        (path / "bin" / "python").symlink_to(base)
    minor = ".".join(version.split(".")[:2])
    for package in ("six-1.16.0.dist-info", *packages):
        (path / "lib" / f"python{minor}" / "site-packages" / package).mkdir(parents=True)
    return path


def conda(path: Path, *records: str) -> Path:
    interpreter(path / "bin" / "python")
    (path / "conda-meta").mkdir()
    for record in ("python-3.11.5-h955ad1f_0.json", *records):
        (path / "conda-meta" / record).write_text("{}")
    (path / "lib/python3.11/site-packages/numpy-1.26.4.dist-info").mkdir(parents=True)
    return path


def found(world, **variables):
    outcome = detect(surroundings(world, **variables))
    return {os.path.relpath(one.path, world): one for one in outcome.environments}


def test_each_tool_is_told_by_its_places_and_its_files(world):
    home, data, project = world / "home", world / "home/.local/share", world / "project"
    virtual(project / ".venv", "uv = 0.9.2")
    (project / "pdm.lock").touch()
    virtual(project / "other", "virtualenv = 20.31")
    virtual(project / ".tox" / "py312", "virtualenv = 20.31")
    (project / "__pypackages__" / "3.11" / "lib" / "idna-3.1.dist-info").mkdir(parents=True)
    virtual(data / "uv/tools/ruff", "uv = 0.9.2")
    interpreter(data / "uv/python/cpython-3.13.1-linux-x86_64-gnu/bin/python3")
    virtual(home / ".cache/pypoetry/virtualenvs/shop-AV2s7I_D-py3.12", "virtualenv = 20.31")
    virtual(data / "virtualenvs/shop-HnjfuMi8", "virtualenv = 20.31")
    virtual(data / "pdm/venvs/shop-HnjfuMi8-3.12")
    virtual(data / "pipx/venvs/black")
    virtual(home / ".virtualenvs/plain", "virtualenv = 20.31")
    (virtual(home / ".virtualenvs/shop-abcdefgh", "virtualenv = 20.31") / ".project").touch()
    pyenv = home / ".pyenv/versions"
    interpreter(pyenv / "3.12.1/bin/python3")
    virtual(pyenv / "3.12.1/envs/work", "virtualenv = 20.31")
    (pyenv / "work").symlink_to(pyenv / "3.12.1/envs/work")
    conda(home / "miniconda3", "openssl-3.0.1-h_0.json")
    conda(home / "miniconda3/envs/ml")
    conda(world / "elsewhere")
    (home / ".conda").mkdir()
    (home / ".conda/environments.txt").write_text(f"{world}/elsewhere\n{world}/gone\n{home}/miniconda3\n")
    interpreter(world / "usr/bin/python3.11")
    (world / "usr/bin/python3").symlink_to("python3.11")
    (world / "usr/lib/python3.11").mkdir(parents=True)
    (world / "usr/lib/python3.11/EXTERNALLY-MANAGED").touch()
    (world / "usr/lib/python3/dist-packages/apt-2.6.egg-info").mkdir(parents=True)
    (world / "usr/include/python3.11").mkdir(parents=True)
    (world / "usr/include/python3.11/patchlevel.h").write_text('#define PY_VERSION      "3.11.2+"\n')
    (world / ".dockerenv").touch()

    told = found(world)
    assert {path: (one.kind, one.role, one.python) for path, one in told.items()} == {
        "project/.venv": ("pdm", "environment", "3.12.1"),
        "project/other": ("virtualenv", "environment", "3.12.1"),
        "project/.tox/py312": ("tox", "environment", "3.12.1"),
        "project/__pypackages__/3.11": ("pdm", "packages", "3.11"),
        "home/.local/share/uv/tools/ruff": ("uv", "tool", "3.12.1"),
        "home/.local/share/uv/python/cpython-3.13.1-linux-x86_64-gnu": ("uv", "interpreter", "3.13.1"),
        "home/.cache/pypoetry/virtualenvs/shop-AV2s7I_D-py3.12": ("poetry", "environment", "3.12.1"),
        "home/.local/share/virtualenvs/shop-HnjfuMi8": ("pipenv", "environment", "3.12.1"),
        "home/.local/share/pdm/venvs/shop-HnjfuMi8-3.12": ("pdm", "environment", "3.12.1"),
        "home/.local/share/pipx/venvs/black": ("pipx", "tool", "3.12.1"),
        "home/.virtualenvs/plain": ("virtualenv", "environment", "3.12.1"),
        "home/.virtualenvs/shop-abcdefgh": ("pipenv", "environment", "3.12.1"),
        "home/.pyenv/versions/3.12.1": ("pyenv", "interpreter", "3.12.1"),
        "home/.pyenv/versions/3.12.1/envs/work": ("pyenv", "environment", "3.12.1"),
        "home/miniconda3": ("conda", "environment", "3.11.5"),
        "home/miniconda3/envs/ml": ("conda", "environment", "3.11.5"),
        "elsewhere": ("conda", "environment", "3.11.5"),
        "usr/bin/python3.11": ("system", "interpreter", "3.11.2"),
        ".dockerenv": ("container", "container", None),
    }
    assert told["project/.venv"].creator == "uv 0.9.2"
    assert told["usr/bin/python3.11"].distributions == 1
    assert told["usr/bin/python3.11"].why == ("externally managed: build on it, never install into it",)
    assert {one.use for one in told.values() if one.role == "environment"} == {"adopt"}
    assert {one.use for one in told.values() if one.role == "interpreter"} == {"python"}
    assert {path for path, one in told.items() if not one.trusted} == {
        "project/__pypackages__/3.11",
        "home/.local/share/uv/tools/ruff",
        "home/.local/share/pipx/venvs/black",
    }


def test_places_that_variables_and_settings_name(world):
    virtual(world / "a" / "one")
    virtual(world / "b" / "virtualenvs" / "two")
    virtual(world / "c" / "three")
    virtual(world / "d")
    virtual(world / "e")
    conda(world / "f")
    conda(world / "g" / "envs" / "four")
    conda(world / "h" / "five")
    interpreter(world / "i/versions/3.9.18/bin/python3")
    (world / "home/.config/pypoetry").mkdir(parents=True)
    (world / "home/.config/pypoetry/config.toml").write_text(f'[virtualenvs]\npath = "{world}/c"\n')
    (world / "project/.pdm-python").write_text(f"{world}/d/bin/python\n")
    interpreter(world / "j/python3.10")
    (world / "j/shims").mkdir()
    interpreter(world / "j/shims/python3.10")
    told = found(
        world,
        WORKON_HOME=str(world / "a"),
        POETRY_CACHE_DIR=str(world / "b"),
        VIRTUAL_ENV=str(world / "e"),
        CONDA_PREFIX=str(world / "f"),
        MAMBA_ROOT_PREFIX=str(world / "g"),
        CONDA_ENVS_PATH=f":{world / 'h'}",
        PYENV_ROOT=str(world / "i"),
        PATH=f"relative:{world / 'j'}:{world / 'j/shims'}",
    )
    assert {path: one.kind for path, one in told.items()} == {
        "a/one": "virtualenv",
        "b/virtualenvs/two": "poetry",
        "c/three": "poetry",
        "d": "pdm",
        "e": "venv",
        "f": "conda",
        "g/envs/four": "conda",
        "h/five": "conda",
        "i/versions/3.9.18": "pyenv",
        "j/python3.10": "system",
    }


@pytest.mark.parametrize(
    ("lock", "kind"), [("uv.lock", "uv"), ("poetry.toml", "poetry"), ("Pipfile", "pipenv"), (None, "venv")]
)
def test_whose_an_environment_inside_a_project_is(world, lock, kind):
    virtual(world / "project/.venv", "command = python -m venv .venv")
    if lock:
        (world / "project" / lock).touch()
    assert found(world)["project/.venv"].kind == kind


def reasons(world):
    one = found(world)["project/.venv"]
    assert one.trusted is (not one.why[0].startswith(("it ", "its ", "Python", "site-", "/")))
    return "; ".join(one.why)


def test_what_speaks_against_an_environment(world):
    place = virtual(world / "project/.venv", base=world / "base/python")
    assert f"its base interpreter is gone ({world}/base/python)" in reasons(world)
    (world / "base").mkdir()
    (world / "base/python").touch(0o644)
    assert "its interpreter cannot be run" in reasons(world)
    (world / "base/python").chmod(0o755)
    assert reasons(world) == "nobody else can change it; its interpreter is there"

    site = place / "lib/python3.12/site-packages"
    (site / "SIX-1.17.0.dist-info").mkdir()
    (site / "~umpy").mkdir()
    assert reasons(world) == (
        "site-packages is broken: six installed in two versions; "
        "site-packages is broken: ~umpy left by an interrupted uninstallation"
    )
    (site / "SIX-1.17.0.dist-info").rmdir()
    (site / "~umpy").rmdir()

    (place / "pyvenv.cfg").write_text("version = 3.7.9\ninclude-system-site-packages = TRUE\n")
    assert reasons(world) == (
        "Python 3.7.9 is older than 3.8, the oldest that workers run on; "
        "it also sees the system's packages (include-system-site-packages = true)"
    )
    (place / "pyvenv.cfg").write_text("home = /x\n")
    (place / "lib").rename(place / "gone")
    (place / "bin/python").unlink()
    assert reasons(world) == (
        f"it has no interpreter ({place}/bin/python is missing); its Python version cannot be told; "
        "it has no site-packages that can be read"
    )


def test_who_else_may_change_it(world):
    place = virtual(world / "project/.venv")
    (place / "lib/python3.12/site-packages").chmod(0o777)
    assert reasons(world) == f"{place}/lib/python3.12/site-packages is writable by others"
    (place / "lib/python3.12/site-packages").chmod(0o755)
    (world / "project").chmod(0o777)
    assert reasons(world) == f"{world}/project, above it, is writable by others"
    (world / "project").chmod(0o1777)
    assert found(world)["project/.venv"].trusted


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_what_belongs_to_others(world):
    place = virtual(world / "project/.venv")
    os.chown(place, 54321, 0)
    assert reasons(world) == "it belongs to another user (54321)"
    os.chown(place, 0, 54321)
    place.chmod(0o775)
    assert reasons(world) == "it is writable by others"
    os.chown(place, 0, 0)
    assert found(world)["project/.venv"].trusted


@pytest.mark.parametrize(
    ("marker", "content", "runtime"),
    [
        ("run/.containerenv", "", "podman"),
        ("proc/1/cgroup", "0::/kubepods.slice/x", "kubepods"),
        ("proc/1/cgroup", "0::/init.scope", None),
    ],
)
def test_containers(world, marker, content, runtime):
    (world / marker).parent.mkdir(parents=True, exist_ok=True)
    (world / marker).write_text(content)
    assert [one.creator for one in found(world).values()] == ([runtime] if runtime else [])
    inside = found(world, KUBERNETES_SERVICE_HOST="10.0.0.1")
    assert [one.creator for one in inside.values()] == ["kubernetes"]


def test_files_that_say_nothing_useful_stop_nobody(world):
    (world / "home/.config/pypoetry").mkdir(parents=True)
    (world / "home/.config/pypoetry/config.toml").write_text('virtualenvs.path = "\\u0000"')
    (world / "home/.conda").mkdir()
    (world / "home/.conda/environments.txt").write_bytes(b"\xff\xfe\n")
    (world / "project/.pdm-python").write_bytes(b"/a\0b/bin/python")
    place = virtual(world / "project/.venv")
    (place / "pyvenv.cfg").write_bytes(b"\xff\xff = 3\nversion = banana\n")
    (world / "project/loop").symlink_to("loop")
    (world / "home/.pyenv/versions/.partial").mkdir(parents=True)
    (world / "home/.pyenv/versions/3.9.1").mkdir(parents=True)
    interpreter(world / "home/.pyenv/versions/pypy3.10-7.3.15/bin/python3")
    (world / "home/.pyenv/versions/pypy3.10-7.3.15/lib/pypy3.10/site-packages").mkdir(parents=True)
    told = found(world)
    assert {path: one.python for path, one in told.items()} == {
        "project/.venv": "3.12",  # from its library's directory
        "home/.pyenv/versions/pypy3.10-7.3.15": "3.10",
    }


def test_a_directory_with_too_many_children_is_named(world, monkeypatch):
    monkeypatch.setattr(places, "MOST_CHILDREN", 3)
    for number in range(5):
        virtual(world / "home/.virtualenvs" / str(number))
    outcome = detect(surroundings(world))
    assert len(outcome.environments) == 3
    assert outcome.crowded == (str(world / "home/.virtualenvs"),)


_watched: list[tuple[str, str]] | None = None


def _watch(event, arguments):
    if _watched is not None and event in ("open", "os.listdir", "os.scandir", "subprocess.Popen", "os.exec"):
        _watched.append((event, str(arguments[0])))


sys.addaudithook(_watch)


def test_a_large_home_costs_by_its_environments_and_starts_nothing(world):
    """20,000 files in a hundred environments and as many projects: looked at are a few names of each."""
    global _watched
    home = world / "home"
    for number in range(100):
        place = virtual(home / ".virtualenvs" / f"env{number}", "virtualenv = 20.31")
        site = place / "lib/python3.12/site-packages"
        for package in range(20):
            (site / f"package{package}-1.0.dist-info").mkdir()
        deep = site / "package"
        deep.mkdir()
        for module in range(70):
            (deep / f"module{module}.py").touch()
        project = home / "projects" / f"project{number}" / "src"
        project.mkdir(parents=True)
        for module in range(100):
            (project / f"file{module}.txt").touch()
    _watched = []
    try:
        outcome = detect(surroundings(world))
    finally:
        seen, _watched = _watched, None
    assert len(outcome.environments) == 100
    assert {one.distributions for one in outcome.environments} == {21}
    listed = [path for event, path in seen if event in ("os.listdir", "os.scandir")]
    opened = [path for event, path in seen if event == "open"]
    assert {event for event, _ in seen} <= {"open", "os.listdir", "os.scandir"}
    assert len(listed) <= 100 + 100
    assert len(opened) <= 100 + 100
    assert not [path for path in (*listed, *opened) if "projects" in path or path.endswith("/package")]
