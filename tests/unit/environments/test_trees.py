import hashlib
import os
import threading

import pytest

from envmgr.environments import trees


def test_a_walk_tells_apart_what_there_is_and_follows_no_link(tmp_path):
    (tmp_path / "below" / "deeper").mkdir(parents=True)
    (tmp_path / "below" / "deeper" / "file").write_bytes(b"four")
    (tmp_path / "below" / "up").symlink_to("..")
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    found = trees.walk(tmp_path)
    assert {path: facts.st_size for path, facts in found.files.items()} == {"below/deeper/file": 4}
    assert (found.links, list(found.others), found.closed) == ({"below/up": ".."}, ["pipe"], {})


def test_what_is_gone_cannot_be_walked(tmp_path):
    with pytest.raises(FileNotFoundError):
        trees.walk(tmp_path / "gone")


def test_a_directory_that_cannot_be_listed_is_told(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    (tmp_path / "file").touch()
    scandir = os.scandir

    def refused(path):
        if path.endswith("closed/"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)  # root may list everything
    found = trees.walk(tmp_path)
    assert list(found.files) == ["file"]
    assert found.closed["closed"].strerror == "Permission denied"


@pytest.mark.parametrize("size", [0, 5, trees._AT_ONCE, trees._AT_ONCE + 1])
def test_a_digest_does_not_depend_on_how_it_is_read(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    with (tmp_path / "file").open("rb", buffering=0) as file:
        assert trees.sha256(file, size) == hashlib.sha256(content).digest()


@pytest.mark.parametrize("count", [0, 1, trees.FEW, trees.FEW + 1, trees.FEW + 7])
def test_shared_work_comes_back_in_its_order(count):
    threads = set()

    def work(row):
        threads.add(threading.get_ident())
        return row * row

    assert trees.shared_out(work, range(count)) == [row * row for row in range(count)]
    assert (threads == {threading.get_ident()}) == (0 < count <= trees.FEW)
