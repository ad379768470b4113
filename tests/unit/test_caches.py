"""Where the user's cache is, and how long what is in it stays."""

from __future__ import annotations

import os
from pathlib import Path

from envmgr import caches


def test_the_place(monkeypatch, tmp_path, own_cache):
    assert caches.directory() == own_cache
    monkeypatch.delenv("ENVMGR_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert caches.directory() == tmp_path / "envmgr"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert caches.directory() == tmp_path / "home" / ".cache" / "envmgr"


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    def nobody(cls):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("ENVMGR_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", classmethod(nobody))
    assert not caches.directory().exists()
    assert list(caches.directory().glob("*")) == []


def test_what_is_not_used_may_go(tmp_path):
    kept = tmp_path / "kept"
    assert not caches.unused(kept)
    kept.write_text("")
    assert not caches.unused(kept)
    os.utime(kept, (0, 0))
    assert caches.unused(kept)
    caches.use(kept)
    assert not caches.unused(kept)
