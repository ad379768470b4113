"""Files that are torn, changed or gone: which it is is said, what serves goes on, and the next command mends it."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from scene import Scene

READING = (["status"], ["history", "six"], ["health"], ["diff", "six"])
MENDING = (
    ["sync"],
    ["rollback", "six", "--to", "1"],
    ["gc", "--keep", "3"],
    ["lock"],
    ["health", "--repair"],
)


def both(scene, six="==1.17.0"):
    scene.configure(six=six, idna="==3.7")


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """six 1.16.0 and 1.17.0 upon it, idna; every generation is in state.db's log alone, as it is after a kill."""
    scene = Scene(tmp_path_factory.mktemp("damage") / "project")
    both(scene, "==1.16.0")
    scene.ok("sync")
    both(scene)
    scene.ok("sync")
    scene.save("two")
    return scene


@pytest.fixture(autouse=True)
def restored(scene):
    scene.restore("two")


def settled(scene):
    """All of state.db in its one file."""
    with contextlib.closing(sqlite3.connect(scene.layout.state)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def truncated(scene):
    settled(scene)
    with scene.layout.state.open("r+b") as file:
        file.truncate(scene.layout.state.stat().st_size // 2)


def over(offset, size):
    def scramble(scene):
        settled(scene)
        with scene.layout.state.open("r+b") as file:
            file.seek(offset)
            file.write(os.urandom(size))

    return scramble


def in_a_manifest(scene):
    """A byte of a launch manifest, of which SQLite knows nothing."""
    settled(scene)
    content = scene.layout.state.read_bytes()
    place = content.index(scene.layout.launch("six").read_bytes()[:100]) + 60
    scene.layout.state.write_bytes(content[:place] + b"\0" + content[place + 1 :])


def emptied(scene):
    settled(scene)
    scene.layout.state.write_bytes(b"")


def without_log(scene):
    log = scene.layout.state.with_name("state.db-wal")
    assert log.stat().st_size > 0
    log.unlink()


def gone(scene):
    for path in scene.layout.home.glob("state.db*"):
        path.unlink()


def other_database(scene):
    gone(scene)
    with contextlib.closing(sqlite3.connect(scene.layout.state)) as connection:
        connection.executescript("CREATE TABLE other (x); PRAGMA user_version = 3;")


DAMAGE = [truncated, over(0, 100), over(100, 3000), emptied, without_log, gone, other_database]
NAMES = ["truncated", "no-header", "random", "emptied", "without-log", "gone", "another"]


@pytest.mark.parametrize("damage", DAMAGE, ids=NAMES)
def test_state_is_told_and_rebuilt(scene, damage):
    damage(scene)
    before = scene.active()
    for words in READING:
        told = scene.run(*words, json=True)
        assert (told.status, told.code) == (1, "E-STATE"), told.words
        assert "envmgr sync" in told.answer["error"]["hint"]
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    scene.ok("sync")
    assert {name: found["generation"] for name, found in scene.active().items()} == {"six": 2, "idna": 1}
    assert scene.active() == before
    lines = scene.ok("history", "six", json=True).answer["data"]
    (active,) = [line for line in lines if line["active"]]
    assert (active["generation"], active["action"]) == (2, "recovered")
    assert "rebuilt" in active["reason"]
    assert {line["generation"] for line in lines} == {1, 2}
    scene.ok("rollback", "six")
    assert scene.serving()["six"] == "1.16.0"
    both(scene, 'version = "==1.17.0"\ntimeout = "7s"')
    scene.ok("sync")
    assert scene.active()["six"]["generation"] == 3
    scene.sound()
    kept = list(scene.layout.home.glob("state.db.broken-*"))
    assert bool(kept) == (damage not in (gone, emptied, without_log))


def test_damage_that_shows_late_is_told_by_the_command_that_meets_it(scene):
    in_a_manifest(scene)
    for words in (["status"], ["sync"]):
        told = scene.run(*words, json=True)
        assert (told.status, told.code) == (1, "E-STATE")
        assert "generation 2 of six" in told.answer["error"]["message"]
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    scene.sound()


@pytest.mark.parametrize("words", MENDING, ids=" ".join)
def test_every_changing_command_rebuilds_it(scene, words):
    over(0, 4000)(scene)
    scene.ok(*words)
    assert scene.serving() == {"six": "1.16.0" if "rollback" in words else "1.17.0", "idna": "3.7"}
    if "rollback" in words:
        scene.ok("rollback", "six", "--to", "2")
    scene.sound()


def test_what_was_rolled_back_stays_so(scene):
    scene.ok("rollback", "six")
    gone(scene)
    scene.ok("lock")
    assert scene.serving()["six"] == "1.16.0"
    scene.sound()
    scene.ok("rollback", "six", "--to", "2")


def test_what_was_removed_stays_so(scene):
    scene.configure(idna="==3.7")
    scene.ok("sync")
    gone(scene)
    scene.ok("sync")
    assert scene.serving() == {"idna": "3.7"}
    scene.ok("rollback", "six", "--to", "2")
    assert scene.serving()["six"] == "1.17.0"


def test_without_records_the_active_generation_is_known_by_its_manifest(scene):
    gone(scene)
    shutil.rmtree(scene.layout.records)
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    assert {name: found["generation"] for name, found in scene.active().items()} == {"six": 2, "idna": 1}
    pins = scene.ok("history", "six", json=True).answer["data"][0]["pins"]
    assert [[pin["name"], pin["version"]] for pin in pins] == [["six", "1.17.0"]]
    scene.sound()


def test_damaged_records_cost_their_generations_alone(scene):
    gone(scene)
    scene.layout.record("six", 1).write_bytes(b'{"environment": "six", "generation": 1')
    record = json.loads(scene.layout.record("idna", 1).read_bytes())
    scene.layout.record("idna", 1).write_text(json.dumps({**record, "key": "other"}))
    scene.ok("sync")
    assert scene.active()["idna"]["generation"] == 1
    assert scene.run("rollback", "six", json=True).code == "E-UNKNOWN-GENERATION"
    scene.sound()


def test_without_manifest_current_tells_what_is_active(scene):
    gone(scene)
    scene.layout.launch("six").write_bytes(b"\xc1torn")
    scene.ok("lock")
    scene.ok("sync")
    assert scene.serving()["six"] == "1.17.0"
    scene.sound()


def torn_launch(scene):
    path = scene.layout.launch("six")
    path.write_bytes(path.read_bytes()[:50])


def no_launch(scene):
    scene.layout.launch("six").unlink()


def launch_directory(scene):
    no_launch(scene)
    scene.layout.launch("six").mkdir()


def dangling(scene):
    scene.layout.current("six").unlink()
    scene.layout.current("six").symlink_to("/nowhere")


def current_directory(scene):
    scene.layout.current("six").unlink()
    (scene.layout.current("six") / "bin").mkdir(parents=True)


def no_lease(scene):
    shutil.rmtree(scene.layout.lease("x").parent)


def no_entry(scene):
    shutil.rmtree(scene.layout.current("six").resolve())


def no_layers(scene):
    shutil.rmtree(scene.layout.layers)


SPOILED = [
    torn_launch, no_launch, launch_directory, dangling, current_directory, no_lease, no_entry, no_layers,
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda spoil: spoil.__name__)
def test_what_is_around_an_environment(scene, spoil):
    spoil(scene)
    told = scene.run("status")
    assert told.status == 1
    assert "envmgr sync" in told.stdout
    assert scene.run("health").status == 1
    scene.run("launch", "six")
    scene.ok("gc")
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    scene.sound()


def test_a_torn_manifest_of_an_entry_is_found_and_built_afresh(scene):
    manifest = scene.layout.manifest(scene.layout.current("six").resolve().name)
    manifest.write_bytes(manifest.read_bytes()[:100])
    told = scene.run("health")
    assert told.status == 1
    assert "our own manifest" in told.stdout
    scene.ok("health", "--repair")
    scene.ok("gc", "--keep", "0")
    scene.sound()


@pytest.mark.parametrize("content", [b"", b"\x00\xff", b'lock-version = "1.0"\n[[packages]]\nname = "si'])
def test_a_torn_lock(scene, content):
    lock = scene.layout.lock("six")
    whole = lock.read_bytes()
    lock.write_bytes(content)
    told = scene.run("sync", json=True)
    if content:
        assert (told.status, told.code) == (4, "E-LOCK")
        assert str(lock) in told.answer["error"]["message"]
        assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
        lock.unlink()
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    lock.write_bytes(whole)
    scene.ok("sync")
    scene.sound()


@pytest.mark.parametrize("content", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\x81\xa3key\xa1x"])
def test_a_torn_memory_of_the_configuration(scene, content):
    (scene.layout.home / "project.msgpack").write_bytes(content)
    scene.ok("status")
    scene.ok("sync")
    scene.sound()


def test_a_base_interpreter_that_was_removed(scene, tmp_path):
    python = tmp_path / "python-of-six"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", python], check=True)
    base = Path(os.path.realpath(sys.executable)).parents[1]
    moved = tmp_path / "base"
    moved.symlink_to(base)
    interpreter = moved / "bin" / Path(os.path.realpath(sys.executable)).name
    scene.configure(
        f'[environment.six]\npython = "{interpreter}"',
        six="==1.17.0",
        idna="==3.7",
    )
    scene.ok("sync")
    moved.unlink()
    told = scene.run("status")
    assert told.status == 1
    assert str(interpreter) in told.stdout
    health = scene.run("health", json=True)
    assert health.status == 1
    assert "the interpreter is gone" in health.stdout
    failed = scene.run("sync", json=True)
    assert failed.code == "E-INTERPRETER", failed.words
    assert str(interpreter) in failed.answer["error"]["message"]
    both(scene)
    scene.ok("sync", "idna")
    moved.symlink_to(base)
    scene.ok("sync")
    assert scene.serving() == {"six": "1.17.0", "idna": "3.7"}
    scene.sound()
