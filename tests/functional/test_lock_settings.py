"""What an environment's settings do to its lock and to what is built from it, by the real uv."""

import tomllib

import pytest
from indexes import serve, wheel
from projects import PYTHON, imported, library

from envmgr.environments.layout import Layout
from envmgr.environments.locks import read
from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Project
from envmgr.operations.launching import launch
from envmgr.operations.locking import lock
from envmgr.operations.status import status
from envmgr.operations.syncing import sync

CPYTHON = "cp" + PYTHON.replace(".", "")
EVERYWHERE = (
    "linux-aarch64",
    "linux-x86_64",
    "macos-arm64",
    "macos-x86_64",
    "windows-arm64",
    "windows-x86_64",
)


def environment(root, *libraries, name="web", **settings):
    return Project(root, "app", {name: Environment(name, PYTHON, libraries, **settings)})


def versions(outcomes):
    return {pin.name: pin.version for outcome in outcomes for pin in outcome.pins}


def fails(code, operation, *arguments):
    with pytest.raises(EnvmgrError) as caught:
        operation(*arguments)
    assert caught.value.code == code, caught.value.message
    return caught.value


def compiled(version, *platforms):
    tags = [f"{CPYTHON}-{CPYTHON}-{platform}" for platform in platforms]
    return dict(wheel("zqfast", version, {"zqfast.py": ""}, tag=tag) for tag in tags)


@pytest.fixture
def index(monkeypatch):
    with serve() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple")
        yield index


def test_an_override_wins_and_its_end_makes_the_lock_stale(tmp_path):
    requests = library("requests", "requests==2.32.3", "web")  # which asks idna>=2.5
    found = environment(tmp_path, requests, overrides=("idna==2.4",))
    assert versions(lock(found))["idna"] == "2.4"
    assert sync(found)[0].action == "built"
    assert (
        imported(launch(tmp_path, "web"), "import importlib.metadata as m; print(m.version('idna'))") == "2.4"
    )
    plain = environment(tmp_path, requests)
    assert status(plain)[0].state == "stale-lock"
    assert "no longer overrides idna==2.4" in status(plain)[0].detail
    assert sync(plain)[0].action == "built"
    assert status(plain)[0].state == "ready"


def test_without_builds_a_source_is_neither_locked_nor_run(tmp_path):
    found = environment(tmp_path, library("six", "six", "web"), no_build=True)
    lock(found)
    (package,) = tomllib.loads(Layout(tmp_path).lock("web").read_text())["packages"]
    assert "sdist" not in package
    assert [file["url"].rpartition("-")[2] for file in package["wheels"]] == ["any.whl"]
    before = Layout(tmp_path).lock("web").read_bytes()
    sync(found)
    assert not lock(found)[0].changed
    assert Layout(tmp_path).lock("web").read_bytes() == before
    buildable = environment(tmp_path, library("six", "six", "web"))
    assert "now may build from source" in status(buildable)[0].detail
    problem = fails("E-LOCK", lock, environment(tmp_path, library("docopt", "docopt", "web"), no_build=True))
    assert problem.message == "environment web: all versions of docopt have no usable wheels"


def test_a_wheel_for_other_platforms_alone_is_told_when_it_is_installed(tmp_path, index):
    index.wheels.update(compiled("1.0", "win_amd64"))
    found = environment(tmp_path, library("zqfast", "zqfast", "web"), no_build=True)
    problem = fails("E-BUILD", sync, found)
    assert "zqfast" in problem.message
    assert "has a wheel for this interpreter and platform" in problem.hint


def test_a_lock_serves_every_platform_that_is_asked_for(tmp_path, index):
    tags = (
        "manylinux_2_17_x86_64",
        "manylinux_2_17_aarch64",
        "macosx_11_0_arm64",
        "macosx_10_9_x86_64",
        "win_amd64",
        "win_arm64",
    )
    index.wheels.update(compiled("1.0", *tags) | compiled("2.0", tags[0], tags[4]))
    fast = library("zqfast", "zqfast", "web")

    def locked(*platforms, upgrade=False, constraints=()):
        found = environment(tmp_path, fast, platforms=platforms, constraints=constraints)
        lock(found, upgrade=upgrade)
        packages = read(Layout(tmp_path), "web").document["packages"]
        files = [file for package in packages for file in package["wheels"]]
        assert all(file["hashes"]["sha256"] for file in files)
        names = " ".join(file["url"] for file in files)
        return sorted(package["version"] for package in packages), [tag in names for tag in tags]

    assert locked("linux-x86_64", "windows-x86_64") == (["2.0"], [True, False, False, False, True, False])
    assert "now for every platform" in status(environment(tmp_path, fast))[0].detail
    everywhere = (["1.0", "2.0"], [True] * 6)
    assert locked(*EVERYWHERE) == everywhere
    index.wheels.update(compiled("3.0", *tags))
    assert locked(*EVERYWHERE, constraints=("zqfast<9",)) == everywhere  # pins are kept, both of them
    assert locked(*EVERYWHERE, upgrade=True) == (["3.0"], [True] * 6)
    assert not lock(environment(tmp_path, fast, platforms=EVERYWHERE[::-1]))[0].changed
    exact = library("zqfast", "zqfast==2.0", "web")
    problem = fails("E-LOCK", lock, environment(tmp_path, exact, platforms=("macos-arm64", "linux-x86_64")))
    assert problem.message == "environment web: zqfast==2.0 has no macos-arm64-compatible wheels"
    assert "`platforms`" in problem.hint


def test_a_lock_for_other_platforms_is_made_here_and_not_built_here(tmp_path, index):
    index.wheels.update([wheel("zqpure", "1.0", {"zqpure.py": ""})])
    found = environment(tmp_path, library("zqpure", "zqpure", "web"), platforms=("windows-arm64",))
    assert lock(found)[0].changed
    problem = fails("E-LOCK", sync, found)
    assert "is not for this machine" in problem.message
    assert "it is locked for windows-arm64" in problem.message


def test_a_date_holds_until_an_upgrade(tmp_path):
    found = environment(tmp_path, library("idna", "idna", "web"))
    assert versions(lock(found, exclude_newer="2023-01-01")) == {"idna": "3.4"}
    path = Layout(tmp_path).lock("web")
    before = path.read_bytes()
    assert b'exclude-newer = "2023-01-02T00:00:00Z"' in before
    assert not lock(found)[0].changed
    sync(found)
    assert path.read_bytes() == before
    more = environment(tmp_path, library("idna", "idna", "web"), library("six", "six", "web"))
    sync(more)
    assert versions(lock(more)) == {"idna": "3.4", "six": "1.16.0"}
    newer = environment(tmp_path, library("six", "six>=1.17", "web"))
    assert "only what its index dates before 2023-01-02T00:00:00Z counts" in fails("E-LOCK", lock, newer).hint
    assert versions(lock(newer, upgrade=True))["six"] >= "1.17"
    assert b"exclude-newer" not in path.read_bytes()
