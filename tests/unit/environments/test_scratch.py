"""Directories for what is built to be looked at."""

import os

from envmgr import caches
from envmgr.environments import scratch


def test_it_is_in_the_cache_and_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path / "cache"))
    with scratch.directory() as place:
        assert place.parent == tmp_path / "cache"
        (place / "file").write_text("")
    assert list(caches.directory().iterdir()) == []


def test_it_is_elsewhere_where_there_can_be_no_cache(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with scratch.directory() as place:
        assert place.is_dir()
        assert tmp_path not in place.parents
    assert not place.exists()


def test_what_a_killed_process_left_goes_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(tmp_path))
    for name in ("scratch-old", "scratch-new", "other-old"):
        (tmp_path / name).mkdir()
    for name in ("scratch-old", "other-old"):
        os.utime(tmp_path / name, (0, 0))
    scratch.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other-old", "scratch-new"]
