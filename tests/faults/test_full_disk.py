"""No space left: told as E-DISK, nothing active is lost, and the command ends well when there is room again."""

import contextlib
import os
import subprocess
import sys

import pytest
from scene import Scene

FAULTS = [
    (["lock"], "lock-resolved"),
    (["lock"], "file-written"),
    (["sync"], "build-staged"),
    (["sync"], "build-installed"),
    (["sync"], "manifest-written"),
    (["sync"], "entry-flushed"),
    (["sync"], "entry-placed"),
    (["sync"], "activation-begun"),
    (["sync"], "generation-recorded"),
    (["sync"], "launch-written"),
    (["sync"], "activation-settled"),
    (["rollback", "six", "--to", "1"], "link-written"),
    (["gc", "--keep", "0"], "freed-aside"),
    (["gc", "--keep", "0"], "freed-deleted:2"),
]
AFTER = {"lock": "1.17.0", "sync": "1.15.0", "rollback": "1.16.0", "gc": "1.17.0"}


def both(scene, six):
    scene.configure(six=six, idna="==3.7")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    scene = Scene(tmp_path_factory.mktemp("full") / "project")
    for version in ("==1.16.0", "==1.17.0"):
        both(scene, version)
        scene.ok("sync")
    scene.save("two")
    return scene


@pytest.mark.parametrize(
    ("words", "stage"), FAULTS, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_at_a_stage(prepared, words, stage):
    scene = prepared
    scene.restore("two")
    if words[0] in ("lock", "sync"):
        both(scene, "==1.15.0")
    told = scene.run(*words, fault=f"enospc:{stage}", json=True)
    assert (told.status, told.code) == (4, "E-DISK"), told.words
    assert "No space left on device" in told.answer["error"]["message"]
    assert "free some space" in told.answer["error"]["hint"]
    assert scene.serving()["six"] in ("1.17.0", AFTER[words[0]])
    assert scene.run("status").status in (0, 1)
    scene.ok(*words)
    assert scene.serving() == {"six": AFTER[words[0]], "idna": "3.7"}
    if words == ["lock"]:
        scene.ok("sync")
    scene.sound("--deep")


class Disk:
    """A small file system."""

    def __init__(self, place):
        self.place = place

    def size(self, kilobytes, *, again=True):
        options = f"{'remount,' if again else ''}size={kilobytes}k"
        argv = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.place]
        return subprocess.run(argv, capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    found = Disk(place)
    if not (sys.platform.startswith("linux") and os.getuid() == 0 and found.size(100, again=False)):
        pytest.skip("only root may mount a file system")
    yield found
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_disk_that_is_too_small(disk):
    scene = Scene(disk.place / "project")
    both(scene, "==1.16.0")
    told = []
    for kilobytes in (120, 250, 400, 700, 1100, 1600):
        assert disk.size(kilobytes)
        done = scene.run("sync", json=True)
        if done.status:
            assert done.code == "E-DISK", done.words
            told.append(kilobytes)
        scene.serving()
    assert len(told) >= 3
    assert disk.size(60_000)
    scene.ok("sync")
    assert scene.serving() == {"six": "1.16.0", "idna": "3.7"}
    scene.sound()


def fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_disk_that_others_fill(disk):
    assert disk.size(12_000)
    scene = Scene(disk.place / "project")
    for version in ("==1.16.0", "==1.17.0"):
        both(scene, version)
        scene.ok("sync")
    filler = disk.place / "filler"
    both(scene, "==1.15.0")
    fill(filler)
    for words in (["sync"], ["lock"], ["rollback", "six", "--to", "1"], ["rollback", "six", "--to", "2"]):
        done = scene.run(*words, json=True)
        assert done.status == 0 or done.code == "E-DISK", done.words
        assert scene.serving()["six"] in ("1.16.0", "1.17.0")
        assert scene.run("status").status in (0, 1)
    scene.ok("gc", "--keep", "1")
    filler.unlink()
    scene.ok("sync")
    assert scene.serving() == {"six": "1.15.0", "idna": "3.7"}
    scene.sound()
