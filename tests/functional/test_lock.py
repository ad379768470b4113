import platform
import sys
import tomllib
from pathlib import Path

import pytest
from indexes import wheel
from packaging.pylock import Pylock
from projects import PYTHON, library, project

from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.operations.locking import lock
from envmgr.tools import uv
from envmgr.tools.uv_projects import Terms

NUMPY = (library("numpy", "numpy<2.3"), library("six"))


def versions(outcomes):
    return {pin.name: pin.version for outcome in outcomes for pin in outcome.pins}


def test_locks_are_valid_universal_hashed_and_stable(tmp_path):
    found = project(tmp_path, *NUMPY)
    first = lock(found)
    assert [outcome.changed for outcome in first] == [True, True]
    path = Layout(tmp_path).lock("numpy")
    document = Pylock.from_dict(tomllib.loads(path.read_text()))
    (numpy,) = document.packages
    names = " ".join(wheel.filename for wheel in numpy.wheels)
    mine = "cp" + PYTHON.replace(".", "")
    assert all(word in names for word in ("macosx", "win_amd64", "manylinux", mine))
    assert all(wheel.filename.split("-")[2] == mine for wheel in numpy.wheels)
    assert all(wheel.hashes["sha256"] for wheel in numpy.wheels)
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert [outcome.changed for outcome in lock(found)] == [False, False]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_pins_are_kept_until_an_upgrade(tmp_path):
    old = lock(project(tmp_path, library("six", "six<1.17")))
    wider = project(tmp_path, library("six", "six"))
    assert versions(lock(wider)) == versions(old)
    upgraded = lock(wider, upgrade=True)
    assert versions(upgraded) != versions(old)
    assert upgraded[0].changed


def test_the_past(tmp_path):
    found = project(tmp_path, library("idna"))
    assert versions(lock(found, exclude_newer="2023-01-01T00:00:00Z")) == {"idna": "3.4"}
    assert versions(lock(found, exclude_newer="2023-01-01T00:00:00Z")) == {"idna": "3.4"}
    assert versions(lock(found)) == {"idna": "3.4"}


def test_constraints_and_extras(tmp_path):
    found = project(tmp_path, library("requests", "requests[socks]"), constraints=("idna<3",))
    pins = versions(lock(found, ["requests"]))
    assert pins["idna"].startswith("2.")
    assert "pysocks" in pins


def test_credentials_of_an_index_are_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://user:s3cret@pypi.org/simple")
    lock(project(tmp_path, library("six")))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]


def test_conflicts_in_the_words_of_the_libraries(tmp_path):
    found = project(
        tmp_path, library("numba", "numba==0.60.0", "data"), library("numpy", "numpy>=2.1", "data")
    )
    with pytest.raises(EnvmgrError) as caught:
        lock(found)
    problem = caught.value
    assert (problem.code, problem.exit_status) == ("E-CONFLICT", 3)
    assert "library numba asks numba==0.60.0" in problem.message
    assert "library numpy asks numpy>=2.1" in problem.message
    assert "because it asks numba==0.60.0 and numba 0.60.0 requires numpy>=1.22,<2.1" in problem.message
    assert "`envmgr explain`" in problem.hint
    assert "your project" not in problem.message
    assert "No solution found" in problem.details["uv"]
    assert not Layout(tmp_path).lock("data").exists()


def test_a_package_that_does_not_exist(tmp_path):
    with pytest.raises(EnvmgrError, match="no distribution called cv2") as caught:
        lock(project(tmp_path, library("cv2")))
    assert "opencv-python" in caught.value.hint


def test_what_needs_a_later_patch_of_python_is_locked_for_the_one_there_is(tmp_path, monkeypatch):
    """As flake8 7 asks for >=3.8.1: not every 3.8 will do, and this one does."""
    (tmp_path / "wheels").mkdir()
    minor, version = f"{sys.version_info[0]}.{sys.version_info[1]}", platform.python_version()
    for number, needs in (("1.0", f">={minor}"), ("2.0", f">={minor}.1"), ("3.0", f">={minor}.99")):
        name, content = wheel("envmgr_late", number, {"envmgr_late.py": ""}, python=needs)
        (tmp_path / "wheels" / name).write_bytes(content)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))

    def locked(requirement):
        lock = uv.resolve([requirement], Terms(), python=Path(sys.executable), minor=minor, patch=version)
        document = tomllib.loads(lock)
        return document["requires-python"], document["packages"][0]["version"]

    assert locked("envmgr-late") == (f"=={minor}.*", "1.0")
    requires, found = locked("envmgr-late==2.0")
    assert found == "2.0"
    assert set(requires.replace(" ", "").split(",")) >= {f">={version}"}
    with pytest.raises(EnvmgrError, match="cannot be satisfied"):
        locked("envmgr-late==3.0")
