"""What one project has built is lent to another whole and verified, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from envmgr.environments import contents, shared


@pytest.fixture
def tree(tmp_path):
    tree = tmp_path / "tree"
    (tree / "lib" / "deep").mkdir(parents=True)
    (tree / "lib" / "deep" / "a.py").write_text("a = 1\n")
    (tree / "run").write_text("#!/bin/sh\n")
    (tree / "run").chmod(0o755)
    (tree / "lib64").symlink_to("lib")
    return tree


@pytest.fixture
def kept(tree, tmp_path):
    shared.keep("builds", "k1", tree, contents.take(tree, {}), tmp_path / "staged")
    return tree


def test_what_is_kept_is_lent_to_the_byte(kept, tmp_path):
    into = tmp_path / "other" / "environment"
    noted = shared.lend("builds", "k1", into)
    assert noted == contents.take(kept, {}) == contents.take(into, {})
    assert (into / "lib64").readlink() == Path("lib")
    assert (into / "run").stat().st_mode & 0o777 == 0o755
    assert (into / "run").samefile(kept / "run")
    assert not (tmp_path / "staged").exists()


def test_nothing_is_lent_that_was_not_kept(tmp_path):
    assert shared.lend("builds", "k1", tmp_path / "into") is None
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("harm", ["edit", "remove", "manifest", "no tree"])
def test_what_is_harmed_is_forgotten(kept, tmp_path, own_cache, harm):
    place = own_cache / "shared" / "builds" / "k1"
    if harm == "edit":
        (kept / "lib" / "deep" / "a.py").write_text("a = 2\n")  # through the hard link
    elif harm == "remove":
        (place / "tree" / "run").unlink()
    elif harm == "manifest":
        (place / "manifest").write_text("{")
    else:
        (place / "tree").rename(place / "elsewhere")
    assert shared.lend("builds", "k1", tmp_path / "into") is None
    assert not (tmp_path / "into").exists()
    assert not place.exists()


def test_another_cache_of_uv_has_its_own(kept, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    assert shared.lend("builds", "k1", tmp_path / "into") is None
    monkeypatch.delenv("UV_CACHE_DIR")
    assert shared.lend("builds", "k1", tmp_path / "into") is not None


def test_what_is_kept_first_stays(kept, tree, tmp_path, own_cache):
    other = tmp_path / "second"
    other.mkdir()
    shared.keep("builds", "k1", other, contents.take(other, {}), tmp_path / "staged")
    assert (own_cache / "shared" / "builds" / "k1" / "tree" / "run").exists()


def test_another_file_system_keeps_and_lends_nothing_and_forgets_nothing(kept, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    with monkeypatch.context() as away:
        away.setattr(os, "link", refuse)
        assert shared.lend("builds", "k1", tmp_path / "into") is None
        shared.keep("builds", "k2", kept, contents.take(kept, {}), tmp_path / "staged")
        assert not (tmp_path / "staged").exists()
    assert shared.lend("builds", "k2", tmp_path / "into") is None
    assert shared.lend("builds", "k1", tmp_path / "into") is not None


def test_what_nobody_used_for_long_is_pruned(kept, tmp_path, own_cache):
    shared.prune()
    place = own_cache / "shared" / "builds" / "k1"
    assert place.exists()
    os.utime(place / "manifest", (0, 0))
    shared.lend("builds", "k1", tmp_path / "into")
    shared.prune()
    assert place.exists()
    os.utime(place / "manifest", (0, 0))
    shared.prune()
    assert not place.exists()
