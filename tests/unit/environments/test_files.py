import errno
import os
from pathlib import Path

import pytest

from envmgr.environments import files
from envmgr.errors import EnvmgrError


def names(directory):
    return [found.name for found in directory.iterdir()]


def test_write_replaces_whole_files_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "f"
    files.write(path, b"one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["f"]


def test_point_replaces_a_link_and_survives_its_own_leftover(tmp_path):
    link = tmp_path / "current"
    (tmp_path / f".current.{os.getpid()}.new").symlink_to("leftover")
    files.point(link, "a")
    files.point(link, "b")
    assert link.readlink() == Path("b")
    assert names(tmp_path) == ["current"]


def test_remove_takes_trees_files_links_and_nothing(tmp_path):
    (tmp_path / "tree" / "in").mkdir(parents=True)
    (tmp_path / "file").write_text("")
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    for name in ("tree", "file", "link", "nothing"):
        files.remove(tmp_path / name)
    assert names(tmp_path) == ["kept"]


def test_flushing(tmp_path):
    files.flush_directory(tmp_path)
    files.flush_filesystem(tmp_path)


def test_what_the_disk_refuses_is_told():
    with (
        pytest.raises(EnvmgrError, match="building failed: /x: No space left") as caught,
        files.disk_problems("building"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device", "/x")
    assert caught.value.code == "E-DISK"
    assert "free some space" in caught.value.hint
    with pytest.raises(EnvmgrError) as caught, files.disk_problems("building"):
        raise PermissionError(errno.EACCES, "Permission denied", "/x")
    assert "make /x writable" in caught.value.hint


def test_link(tmp_path):
    source, place = tmp_path / "source", tmp_path / "place"
    source.write_bytes(b"new")
    place.write_bytes(b"old")
    for _ in range(2):  # the second time they are one file already
        files.link(place, source)
        assert place.read_bytes() == b"new"
        assert sorted(path.name for path in tmp_path.iterdir()) == ["place", "source"]
    assert place.samefile(source)


def test_link_where_there_are_none(tmp_path, monkeypatch):
    def refuse(*names):
        raise PermissionError

    source, place = tmp_path / "source", tmp_path / "place"
    source.write_bytes(b"new")
    monkeypatch.setattr(files.os, "link", refuse)
    files.link(place, source)
    assert place.read_bytes() == b"new"
    assert not place.samefile(source)


def test_a_directory_in_the_place_of_a_file_or_a_link_goes(tmp_path):
    for name in ("file", "link"):
        (tmp_path / name / "inside").mkdir(parents=True)
    files.write(tmp_path / "file", b"x")
    files.point(tmp_path / "link", "file")
    assert (tmp_path / "link").read_bytes() == b"x"
