"""Paths that were probably meant."""

from envmgr.catalog import layout, near
from envmgr.catalog.layout import Item
from envmgr.catalog.reading import Catalog
from envmgr.catalog.words import words


def catalog(*paths):
    items = [Item([path, "function", None, None, "", 0, None], {}, words([path], "")) for path in paths]
    return Catalog(layout.encode({"module": "m"}, {path: at for at, path in enumerate(paths)}, items))


WHERE = catalog(
    "Frame", "Frame.head", "Frame.merge", "core", "core.merge", "core.ops", "core.ops.dispatch", "io", "io.read_csv",
    "median",
)  # fmt: skip


def test_a_slip_in_any_part_of_the_path():
    assert near(WHERE, "Frame.haed") == ["Frame.head"]
    assert near(WHERE, "Frmae.head") == ["Frame.head"]
    assert near(WHERE, "core.opps.dispatch") == ["core.ops.dispatch"]
    assert near(WHERE, "medain") == ["median"]


def test_the_same_name_elsewhere():
    assert near(WHERE, "read_csv") == ["io.read_csv"]
    assert near(WHERE, "Frame.READ_CSV") == ["io.read_csv"]
    assert near(WHERE, "io.merge") == ["core.merge", "Frame.merge"]
    assert near(WHERE, "raed_csv") == ["io.read_csv"]


def test_nothing_like_it():
    assert near(WHERE, "quite.different") == []
    assert near(WHERE, "") == []
    assert near(catalog(), "a") == []


def test_names_right_under_a_path():
    assert WHERE.under("") == ["Frame", "core", "io", "median"]
    assert WHERE.under("core") == ["merge", "ops"]
    assert WHERE.under("core.merge") == WHERE.under("nothing") == []
    assert catalog("a.b.c", "a-x", "a.b/d").under("a") == ["b/d"]
