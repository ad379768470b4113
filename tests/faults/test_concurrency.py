"""Several at once: two builders, gc and a worker, a builder and the one who empties uv's cache."""

import shutil
import signal
import threading

import pytest
from scene import Scene, end, stopped

from envmgr_runtime.worker.client import Client


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("concurrency") / "project")
    scene.configure(six="==1.16.0")
    scene.ok("sync")
    scene.save("one")
    return scene


@pytest.fixture
def scene(prepared):
    prepared.restore("one")
    prepared.configure(six="==1.17.0")
    return prepared


def halted(scene, stage, *words, **variables):
    child = scene.start(*words, fault=f"stop:{stage}", **variables)
    stopped(child)
    return child


def test_the_second_builder_waits_for_the_first(scene):
    first = halted(scene, "build-proved", "sync")
    second = scene.start("sync", json=True)
    assert scene.run("status").status == 1
    assert scene.serving() == {"six": "1.16.0"}
    first.send_signal(signal.SIGCONT)
    assert end(first).status == 0
    done = end(second)
    assert (done.status, done.answer["data"][0]["action"]) == (0, "unchanged"), done.words
    assert scene.serving() == {"six": "1.17.0"}
    scene.sound()


def test_the_second_builder_names_the_first(scene):
    first = halted(scene, "current-swapped", "sync")
    done = scene.run("sync", json=True)
    assert (done.status, done.code) == (7, "E-BUSY")
    assert done.answer["error"]["details"]["pid"] == first.pid
    assert scene.run("history", "six").status == 0
    first.send_signal(signal.SIGCONT)
    assert end(first).status == 0
    scene.sound()


@pytest.mark.parametrize("stage", ["build-staged", "entry-placed", "launch-written", "activation-settled"])
def test_the_second_goes_on_when_the_first_is_killed(scene, stage):
    first = halted(scene, stage, "sync")
    second = scene.start("sync")
    first.kill()
    assert end(second).status == 0
    assert end(first).status == -signal.SIGKILL
    assert scene.serving() == {"six": "1.17.0"}
    scene.sound()


def test_many_at_once(scene):
    commands = [
        ["sync"],
        ["rollback", "six", "--to", "1"],
        ["lock"],
        ["gc"],
        ["sync"],
        ["status"],
        ["history", "six"],
    ]
    for done in [end(child) for child in [scene.start(*words) for words in commands]]:
        assert done.status in (0, 1, 7), done.words
        assert scene.serving()["six"] in ("1.16.0", "1.17.0")
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0"}
    scene.sound()


def test_gc_and_a_worker(scene):
    manifest = scene.active()["six"]
    libraries = {"six": ["six", None]}
    with Client(manifest["command"], libraries, lease=manifest["lease"], cwd=manifest["cwd"]) as worker:
        scene.ok("sync")
        outcome = scene.ok("gc", "--keep", "0", json=True).answer["data"]
        assert (outcome["leased"], outcome["freed"]) == ([f"six-{manifest['key']}"], [])
        done = scene.run("gc", "--keep", "0", fault="kill:gc-begun")
        assert done.status == -signal.SIGKILL
        scene.ok("sync")
        assert worker.call("six.ensure_str", [b"x"]) == "x"
        scene.ok("rollback", "six")
        scene.ok("sync")
    outcome = scene.ok("gc", "--keep", "0", json=True).answer["data"]
    assert [freed["name"] for freed in outcome["freed"]] == [f"six-{manifest['key']}"]
    scene.sound()


@pytest.mark.parametrize("stage", ["build-staged", "build-installed", "build-proved"])
def test_a_cache_that_is_emptied_in_the_middle_of_a_build(scene, tmp_path, stage):
    cache = tmp_path / "uv"
    child = halted(scene, stage, "sync", UV_CACHE_DIR=str(cache))
    shutil.rmtree(cache)
    child.send_signal(signal.SIGCONT)
    assert end(child).status == 0
    assert scene.serving() == {"six": "1.17.0"}
    scene.sound()


def test_a_cache_that_is_emptied_all_the_time(scene, tmp_path):
    cache = tmp_path / "uv"
    over = threading.Event()

    def empty():
        while not over.wait(0.002):
            shutil.rmtree(cache, ignore_errors=True)

    thread = threading.Thread(target=empty)
    thread.start()
    try:
        done = scene.run("sync", json=True, UV_CACHE_DIR=str(cache))
        assert done.status == 0 or done.code.startswith("E-"), (
            done.words
        )  # uv says much of this in its own way
        assert scene.serving()["six"] in ("1.16.0", "1.17.0")
    finally:
        over.set()
        thread.join()
    scene.ok("sync", UV_CACHE_DIR=str(cache))
    assert scene.serving() == {"six": "1.17.0"}
    scene.sound()
