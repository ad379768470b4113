import fcntl
import os

import pytest

from envmgr.environments import freeing
from envmgr.environments.freeing import Leased, Size


@pytest.fixture
def stored(layout, entry):
    """A store entry with all that belongs to it; its name."""
    entry()
    (layout.catalog("web-k1")).mkdir()
    (layout.catalog("web-k1") / "six.catalog").write_bytes(b"12345")
    layout.proofs("web-k1").write_text("proof\n")
    layout.lease("web-k1").parent.mkdir(parents=True)
    layout.lease("web-k1").touch()
    layout.staging.mkdir(parents=True)
    return "web-k1"


def on_disk(layout):
    return {path.name for path in (*layout.store.iterdir(), *layout.lease("x").parent.iterdir())}


def test_an_entry_goes_with_all_that_belongs_to_it(layout, stored):
    assert freeing.entries(layout) == (stored,)
    assert freeing.orphans(layout) == ()
    assert freeing.free_entry(layout, stored) == Size(2 + 5 + 6, 2 + 5 + 6)
    assert on_disk(layout) == set()
    assert list(layout.staging.iterdir()) == []


def test_what_is_linked_elsewhere_does_not_come_free(layout, stored, tmp_path):
    inside = layout.entry(stored) / "big"
    inside.write_bytes(b"x" * 1000)
    os.link(inside, tmp_path / "cache")
    twice = layout.entry(stored) / "twice"
    twice.write_bytes(b"y" * 100)
    os.link(twice, layout.entry(stored) / "again")
    (layout.entry(stored) / "link").symlink_to(tmp_path / "cache")
    assert freeing.free_entry(layout, stored) == Size(100 + 13, 1100 + 13)
    assert (tmp_path / "cache").stat().st_size == 1000


def test_a_leased_entry_is_not_touched(layout, stored):
    before = on_disk(layout)
    with layout.lease(stored).open("r+") as worker:
        fcntl.flock(worker, fcntl.LOCK_SH)
        assert freeing.leased(layout, stored)
        with pytest.raises(Leased):
            freeing.free_entry(layout, stored)
        assert on_disk(layout) == before
    assert not freeing.leased(layout, stored)


def test_the_lease_is_held_while_an_entry_goes(layout, stored, monkeypatch):
    tried = []

    def remove(path):
        with layout.lease(stored).open("r+") as worker, pytest.raises(BlockingIOError):
            fcntl.flock(worker, fcntl.LOCK_SH | fcntl.LOCK_NB)
        tried.append(path.name)

    monkeypatch.setattr(freeing.files, "remove", remove)
    freeing.free_entry(layout, stored)
    assert len(tried) == 4


@pytest.mark.parametrize("deaths", range(5))
def test_a_kill_leaves_the_whole_entry_or_leftovers_that_are_found(layout, stored, monkeypatch, deaths):
    rename, left = type(layout.store).rename, [deaths]

    def dying(path, target):
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(type(layout.store), "rename", dying)
        if deaths < 4:
            with pytest.raises(KeyboardInterrupt):
                freeing.free_entry(layout, stored)
        else:
            freeing.free_entry(layout, stored)
    whole = deaths == 0
    assert freeing.entries(layout) == ((stored,) if whole else ())
    assert freeing.orphans(layout) == (() if whole or deaths == 4 else (stored,))
    freeing.free_entry(layout, stored)
    assert on_disk(layout) == set()


def test_an_empty_project(layout):
    assert (freeing.entries(layout), freeing.orphans(layout), freeing.pointed_at(layout)) == ((), (), set())
    assert not freeing.leased(layout, "web-k1")
