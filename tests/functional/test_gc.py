"""gc over real generations, real workers and kill -9; diff between real generations."""

import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from projects import imported, library, project

from envmgr.environments.layers import worker_of
from envmgr.environments.layout import Layout
from envmgr.environments.state import open_state
from envmgr.errors import EnvmgrError
from envmgr.model.differences import PinChange, SettingChange
from envmgr.operations.diff import diff
from envmgr.operations.gc import gc
from envmgr.operations.history import history
from envmgr.operations.launching import launch
from envmgr.operations.rollback import rollback
from envmgr.operations.status import status
from envmgr.operations.syncing import sync
from envmgr_runtime.worker.client import Client, WorkerError, WorkerLost

VERSIONS = ("1.15.0", "1.16.0", "1.17.0")
GC = (
    "import sys; from pathlib import Path; from envmgr.operations.gc import gc\n"
    "print('go', flush=True); gc(Path(sys.argv[1]), keep=0)"
)


def six(root, version, **settings):
    return project(root, library("six", f"six=={version}", **settings))


@pytest.fixture
def three(tmp_path):
    """Three generations; their entries' names."""
    return [f"six-{sync(six(tmp_path, version))[0].key}" for version in VERSIONS]


def stored(root):
    layout = Layout(root)
    beside = (".manifest", ".catalog", ".proofs")
    names = {path.name for path in layout.store.iterdir()}
    leases = {path.name for path in layout.lease("x").parent.iterdir()}
    entries = {name for name in names if not name.endswith(beside)}
    assert names == {f"{name}{suffix}" for name in entries for suffix in ("", *beside)}
    assert leases == entries
    assert not layout.staging.exists()
    return entries


def running(root, number):
    """A worker of generation `number`, as the pool starts it."""
    from envmgr.environments.launch import decode

    with open_state(Layout(root)) as state:
        manifest = decode(state.generation("six", number).launch)
    return Client(manifest["command"], {"six": ["six", None]}, lease=manifest["lease"], cwd=manifest["cwd"])


def test_what_rollback_reaches_stays_and_the_rest_goes(tmp_path, three):
    assert gc(tmp_path, keep=3).freed == ()
    assert stored(tmp_path) == set(three)
    outcome = gc(tmp_path, keep=1)
    (freed,) = outcome.freed
    assert (freed.kind, freed.name, freed.generations) == ("entry", three[0], (1,))
    assert 0 < freed.bytes <= freed.total_bytes
    assert (outcome.bytes, outcome.kept) == (freed.bytes, tuple(sorted(three[1:])))
    assert stored(tmp_path) == set(three[1:])
    assert [(line.generation, line.freed) for line in history(tmp_path, "six")] == [
        (3, False), (2, False), (1, True),
    ]  # fmt: skip
    with pytest.raises(EnvmgrError) as caught:
        rollback(tmp_path, "six", to=1)
    assert (caught.value.code, "generation 1 of six" in caught.value.message) == ("E-NOT-INSTALLED", True)

    assert rollback(tmp_path, "six").to_generation == 2
    assert gc(tmp_path, keep=1).freed == ()
    assert rollback(tmp_path, "six", to=3).to_generation == 3
    assert imported(launch(tmp_path, "six"), "import six; print(six.__version__)") == "1.17.0"

    sync(six(tmp_path, "1.15.0"))
    assert rollback(tmp_path, "six", to=1).to_generation == 1
    assert not any(line.freed for line in history(tmp_path, "six"))


def test_a_live_worker_keeps_its_entry_and_layer(tmp_path, three):
    with running(tmp_path, 1) as worker:
        outcome = gc(tmp_path, keep=0)
        assert [freed.name for freed in outcome.freed] == [three[1]]
        assert outcome.leased == (three[0],)
        assert stored(tmp_path) == {three[0], three[2]}
        assert worker.call("six.ensure_str", [b"x"]) == "x"
    assert [freed.name for freed in gc(tmp_path, keep=0).freed] == [three[0]]
    assert stored(tmp_path) == {three[2]}
    with pytest.raises((OSError, WorkerError, WorkerLost)):
        running(tmp_path, 1)
    assert status(six(tmp_path, "1.17.0"))[0].state == "ready"


def test_layers(tmp_path, three):
    layout = Layout(tmp_path)
    (used,) = (path for path in layout.layers.iterdir() if path.is_dir())
    old = layout.layers / "cp311-old"
    shutil.copytree(used, old)
    with open_state(layout) as state:  # generation 1 was made by an older envmgr
        first = state.generation("six", 1)
        state._connection.execute("DELETE FROM generations WHERE generation = 1")
        state.add(replace(first, launch=repacked(first.launch, worker_of(old))))
    assert gc(tmp_path, keep=2).freed == ()
    with running(tmp_path, 1) as worker:
        gc(tmp_path, keep=0)
        assert old.is_dir()
        assert worker.call("six.ensure_str", [b"x"]) == "x"
    outcome = gc(tmp_path, keep=0)
    assert [(freed.kind, freed.name) for freed in outcome.freed] == [("entry", three[0]), ("layer", old.name)]
    assert set(layout.layers.iterdir()) == {used, layout.layer_manifest(used)}


def repacked(content, worker):
    import msgpack

    document = msgpack.unpackb(content)
    document["command"][-1] = str(worker)
    return msgpack.packb(document)


def test_a_layer_stays_while_a_worker_runs_that_no_generation_knows(tmp_path, three):
    layout = Layout(tmp_path)
    unused = layout.layers / "cp311-unknown"
    unused.mkdir()
    with running(tmp_path, 1):
        with open_state(layout) as state:
            state._connection.execute("DELETE FROM generations WHERE generation = 1")
            state._connection.commit()
        layout.record("six", 1).unlink()
        assert gc(tmp_path, keep=0).leased == (three[0],)
        assert unused.is_dir()
    gc(tmp_path, keep=0)
    assert not unused.exists()


def test_settings_alone_share_an_entry(tmp_path):
    for workers in (1, 2, 3):
        sync(six(tmp_path, "1.17.0", workers=workers))
    assert gc(tmp_path, keep=0).freed == ()
    assert rollback(tmp_path, "six", to=1).to_generation == 1
    found = diff(tmp_path, "six", 1, 3)
    assert (found.from_key, found.packages) == (found.to_key, ())
    assert found.settings == (SettingChange("workers", 1, 3),)


def test_leftovers_and_dead_environments(tmp_path, three):
    layout = Layout(tmp_path)
    shutil.rmtree(layout.entry(three[0]))
    layout.lease("gone-1").touch()
    (layout.store / "gone-2.catalog").mkdir()
    (layout.store / "gone-3.manifest").write_text("{}")
    dead = layout.current("dead")
    dead.parent.mkdir()
    dead.symlink_to(layout.entry("gone-1"))
    freed = {(found.kind, found.name) for found in gc(tmp_path, keep=3).freed}
    leftovers = {("leftover", name) for name in (three[0], "gone-1", "gone-2", "gone-3")}
    assert freed == {*leftovers, ("environment", "dead")}
    assert stored(tmp_path) == set(three[1:])
    assert [path.name for path in layout.environments.iterdir()] == ["six"]


def test_an_environment_that_is_configured_no_more(tmp_path, three):
    sync(project(tmp_path, library("math", None)))
    assert gc(tmp_path, keep=1).kept == tuple(sorted([three[2], *keys(tmp_path, "math")]))
    assert rollback(tmp_path, "six", to=3).to_generation == 3
    sync(project(tmp_path, library("math", None)))
    assert gc(tmp_path, keep=0).kept == tuple(keys(tmp_path, "math"))
    assert all(line.freed for line in history(tmp_path, "six"))


def keys(root, environment):
    return [f"{environment}-{launch(root, environment)['key']}"]


def lose_state(root):
    for path in Layout(root).home.glob("state.db*"):
        path.unlink()


def test_what_a_lost_state_listed_stays(tmp_path, three):
    lose_state(tmp_path)
    assert gc(tmp_path, keep=3).kept == tuple(sorted(three))
    assert gc(tmp_path, keep=1).kept == tuple(sorted(three[1:]))


def test_without_state_and_records_what_is_current_stays(tmp_path, three):
    lose_state(tmp_path)
    shutil.rmtree(Layout(tmp_path).records)
    assert gc(tmp_path, keep=3).kept == (three[2],)
    assert imported(launch(tmp_path, "six"), "import six; print(six.__version__)") == "1.17.0"
    assert sync(six(tmp_path, "1.17.0"))[0].action == "unchanged"


def test_a_project_that_was_never_synced(tmp_path):
    assert gc(tmp_path, keep=3).kept == ()
    assert list(tmp_path.iterdir()) == []


def test_kill_at_random_moments(tmp_path):
    chance = random.Random(1)  # every stage has its turn in tests/faults
    layout = Layout(tmp_path)
    whole = 0.05
    for number in range(6):
        for version in VERSIONS:
            sync(six(tmp_path, version))
        child = subprocess.Popen([sys.executable, "-c", GC, str(tmp_path)], stdout=subprocess.PIPE)
        child.stdout.readline()
        begun = time.perf_counter()
        if number == 0:  # one to the end, to know how long
            child.wait()
            whole = time.perf_counter() - begun
        else:
            time.sleep(chance.uniform(0, whole))
            child.send_signal(signal.SIGKILL)
            child.wait()
        child.stdout.close()
        manifest = launch(tmp_path, "six")
        assert imported(manifest, "import six; print(six.__version__)") == "1.17.0"
        assert layout.current("six").resolve().name == f"six-{manifest['key']}"
        if number % 2:
            assert (
                rollback(tmp_path, "six", to=manifest["generation"]).to_generation == manifest["generation"]
            )
            assert not layout.staging.exists()
        assert status(six(tmp_path, "1.17.0"))[0].state == "ready"
    gc(tmp_path, keep=0)
    assert len(stored(tmp_path)) == 1


def test_diff(tmp_path):
    sync(project(tmp_path, library("six", "six==1.15.0")))
    sync(project(tmp_path, library("six", "six==1.17.0", timeout_ms=7, extra_requirements=("idna==3.7",))))
    found = diff(tmp_path, "six")
    assert (found.from_generation, found.to_generation) == (1, 2)
    assert found.from_key != found.to_key
    assert found.packages == (
        PinChange("idna", "added", None, "3.7"),
        PinChange("six", "upgraded", "1.15.0", "1.17.0"),
    )
    assert [(change.name, change.after) for change in found.settings] == [("library.six.timeout", 7)]
    gc(tmp_path, keep=0)
    back = diff(tmp_path, "six", 2, 1)
    assert [change.change for change in back.packages] == ["removed", "downgraded"]
