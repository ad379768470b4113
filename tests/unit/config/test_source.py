"""Finding and reading the file, whatever stands in its place."""

from __future__ import annotations

import os

import pytest

from envmgr.config import find_root, load
from envmgr.errors import EnvmgrError


def refused(root):
    with pytest.raises(EnvmgrError) as caught:
        load(root)
    return caught.value


def test_the_nearest_file_above_is_found(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "envmgr.toml").touch()
    assert find_root(inner) == tmp_path
    (inner.parent / "envmgr.toml").touch()
    assert find_root(inner) == inner.parent


def test_no_file_is_no_project(tmp_path):
    with pytest.raises(EnvmgrError) as caught:
        find_root(tmp_path)
    assert caught.value.code == "E-NO-PROJECT"
    assert refused(tmp_path).code == "E-NO-PROJECT"
    assert refused(tmp_path / "missing").code == "E-NO-PROJECT"


def test_a_directory_in_its_place(tmp_path):
    (tmp_path / "envmgr.toml").mkdir()
    error = refused(tmp_path)
    assert (error.code, error.message) == (
        "E-CONFIG",
        f"{tmp_path / 'envmgr.toml'} cannot be read: it is a directory",
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file(tmp_path):
    (tmp_path / "envmgr.toml").touch(mode=0)
    assert "cannot be read: permission denied" in refused(tmp_path).message


def test_a_file_that_is_not_utf_8(tmp_path):
    (tmp_path / "envmgr.toml").write_bytes('# ä\nname = "ü"'.encode() + b"\xe4\n")
    error = refused(tmp_path)
    assert "envmgr.toml:2:11: the file is not UTF-8 (byte 0xe4)" in error.message
    assert "save it in the UTF-8 encoding" in error.message


def test_a_byte_order_mark(tmp_path):
    (tmp_path / "envmgr.toml").write_bytes(b"\xef\xbb\xbf[library]\n")
    assert "envmgr.toml:1:1: the file begins with a byte order mark" in refused(tmp_path).message
