"""Comparisons that are kept for all projects of a user."""

import os

from envmgr import caches
from envmgr.changes import keeping
from envmgr.model.changes import ApiDiff, Change, Suppressed

CHANGE = Change("lib.f", "removed", "breaks", "gone", instead="lib.g")
DIFF = ApiDiff(
    "lib",
    "dist",
    "1",
    "2",
    "3.12.1",
    "3.12.1",
    7,
    (CHANGE,),
    (Suppressed(CHANGE, "why"),),
    {"lib.f": ("lib.h",)},
)


def test_what_was_kept_is_read() -> None:
    assert keeping.read("a") is None
    keeping.write("a", DIFF)
    assert keeping.read("a") == DIFF
    assert len(keeping.sources()) == 12


def test_what_is_damaged_or_of_another_version_is_none() -> None:
    keeping.write("a", DIFF)
    place = caches.directory() / "api" / "a.msgpack"
    for content in (b"", b"\x81\xa1a\x01", place.read_bytes()[:-3]):
        place.write_bytes(content)
        assert keeping.read("a") is None


def test_what_nobody_asks_for_is_forgotten() -> None:
    for name in ("old", "new"):
        keeping.write(name, DIFF)
    os.utime(caches.directory() / "api" / "old.msgpack", (0, 0))
    keeping.prune()
    assert keeping.read("old") is None
    assert keeping.read("new") == DIFF


def test_where_nothing_can_be_kept_nothing_is_said(own_cache) -> None:
    (own_cache / "api").write_text("no directory")
    keeping.write("a", DIFF)
    assert keeping.read("a") is None
