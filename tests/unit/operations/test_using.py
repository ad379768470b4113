"""What is called, told by paths of a catalog."""

import pytest

from envmgr.catalog import layout
from envmgr.catalog.layout import Item
from envmgr.catalog.reading import Catalog
from envmgr.environments.compiled import Compiled, Function, Method, Unknown
from envmgr.environments.layout import Layout
from envmgr.model.changes import ANYTHING, Shape
from envmgr.model.discovery import Called
from envmgr.operations import using
from envmgr.operations.using import Told

# path, kind, what it returns, the module that defines it
OBJECTS = (
    ("read_csv", "function", "DataFrame | TextReader", "frames.io"),
    ("table", "function", "frames.DataFrame", "frames"),
    ("series", "function", "'Series'", "frames"),
    ("either", "function", "DataFrame[int] | Series[Any]", "frames"),
    ("nothing", "function", None, "frames"),
    ("DataFrame", "class", None, "frames.core._frame"),
    ("DataFrame.head", "method", None, "frames.core._frame"),
    ("DataFrame.shape", "property", None, "frames.core._frame"),
    ("Series", "class", None, "frames.core.series"),
    ("Series.head", "method", None, "frames.core.series"),
    ("io.TextReader", "class", None, "frames.io"),
    ("io.TextReader.rows", "method", None, "frames.io"),
)
ALIASES = {"read": "frames.read_csv", "f": "frames", "f.io": "frames.io"}


def catalog():
    items = [
        Item([path, kind, None, returns, "", 0, None], {"module": module}, frozenset())
        for path, kind, returns, module in OBJECTS
    ]
    paths = {path: at for at, (path, *_) in enumerate(OBJECTS)} | {
        "core.series.Series": 8,
        "core.series.Series.head": 9,
    }
    return Catalog(layout.encode({"module": "frames"}, paths, items))


def counted(path, count=1, library="frames"):
    return Called(path, library, count, {}, 0, 1, 1, 1, 1, "", "")


def compiled(functions=None, methods=(), unknown=(), unread=(), stale=()):
    written = tuple(Function(path, places, ()) for path, places in (functions or {}).items())
    return Compiled("2026-11-20T10:00:00Z", written, methods, unknown, unread, stale)


def used(*counts, code=None, modules=None):
    told = Told(counts, code, ALIASES, ())
    uses = using.of(told, "frames", modules or {"frames": "frames"})
    return {
        each.path: (each.calls, each.places)
        for each in using.functions(uses, using.Finder("frames", catalog()))
    }


def test_paths_aliases_and_places_of_both_sources_come_together():
    code = compiled(
        {"frames.table": ("a:1",), "f.table": ("b:2", "a:1"), "read": ("a:3",), "other.f": ("a:4",)}
    )
    assert used(
        counted("frames.table", 5),
        counted("frames.series", 7),
        counted("other.f", library="other"),
        code=code,
    ) == {
        "frames.series": (7, ()),
        "frames.table": (5, ("a:1", "b:2")),
        "frames.read_csv": (None, ("a:3",)),
    }


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (
            "frames.core._frame.DataFrame.head",
            "frames.DataFrame.head",
        ),  # no public path leads to where it is defined
        ("frames.core.series.Series.head", "frames.Series.head"),
        ("frames.DataFrame.shape", "frames.DataFrame.shape"),
        ("frames.core._frame.DataFrame.lost", "frames.core._frame.DataFrame.lost"),
        ("frames.elsewhere.Series.head", "frames.elsewhere.Series.head"),
        ("frames.gone", "frames.gone"),
    ],
)
def test_a_method_is_counted_under_where_its_class_is_defined(written, path):
    assert used(counted(written, 3)) == {path: (3, ())}


def test_objects_of_another_library_are_that_ones():
    modules = {"frames": "frames", "arrays": "arrays"}
    assert used(counted("frames.Series.head"), counted("arrays.Array.sum"), modules=modules) == {
        "frames.Series.head": (1, ())
    }
    assert used(counted("frames.Series.head", 2, "arrays"), modules=modules) == {
        "frames.Series.head": (2, ())
    }
    assert used(counted("lists.List.sum")) == {"lists.List.sum": (1, ())}
    assert used(counted("frames.Series.head", 2, "unknown"), counted("frames.x", 2, None)) == {}


def test_what_a_chain_makes_tells_the_class_of_a_method():
    methods = (
        Method("head", "f.table", ("a:1",)),
        Method("head", "frames.series", ("a:2",)),
        Method("rows", "frames.io.TextReader", ("a:3",)),
        Method("missing", "frames.table", ("a:4",)),
        Method("rows", "frames.nothing", ("a:5",)),
        Method("rows", "frames.gone", ("a:6",)),
        Method("shape", "frames.read_csv", ("a:7",)),
        Method("head", "frames.either", ("a:9",)),
        Method("nowhere", None, ("a:8",)),
    )
    found = used(code=compiled({"frames.table": ("a:1",)}, methods))
    assert found == {
        "frames.table": (None, ("a:1",)),
        "frames.DataFrame.head": (None, ("a:1",)),
        "frames.Series.head": (None, ("a:2",)),
        "frames.io.TextReader.rows": (None, ("a:3",)),
        "frames.DataFrame.shape": (None, ("a:7",)),
        ".rows": (None, ("a:5", "a:6")),
        ".head": (None, ("a:9",)),
    }
    assert list(found)[-2:] == [".head", ".rows"]


def test_a_method_of_an_unknown_class_is_that_which_was_counted():
    code = compiled({"frames.table": ("a:1",)}, (Method("head", None, ("a:2",)),))
    assert used(counted("frames.Series.head", 4), code=code)["frames.Series.head"] == (4, ("a:2",))


def test_who_knows_of_it_and_how_it_is_called():
    one, more = Shape(1, (), (), ("a:1",)), Shape(more=ANYTHING, places=("a:9",))
    code = Compiled(
        "",
        (
            Function("frames.table", ("a:1",), (one,)),
            Function("f.table", ("b:2",), (Shape(1, (), (), ("b:2", "a:1")), Shape(2, ("x",), (), ("b:2",)))),
            Function(
                "frames.Series.head", ("a:5",), (Shape(2, ("n",), (), ("a:5",)), Shape(places=("a:6",)))
            ),
        ),
        (Method("head", "frames.series", ("a:9",), (more,)), Method("nobody", None, ("a:8",), (one,))),
        (),
        (),
        (),
    )
    told = Told((counted("frames.table", 5), counted("frames.series", 2)), code, ALIASES, ())
    found = using.functions(using.of(told, "frames", {"frames": "frames"}), using.Finder("frames", catalog()))
    assert {each.path: (each.origin, each.shapes) for each in found} == {
        "frames.table": ("both", (Shape(1, (), (), ("a:1", "b:2")), Shape(2, ("x",), (), ("b:2",)))),
        "frames.series": ("statistics", ()),
        # By its path, a method is given its object, too.
        "frames.Series.head": ("code", (Shape(1, ("n",), (), ("a:5",)), Shape(places=("a:6",)), more)),
    }


@pytest.mark.parametrize(
    ("begins", "told"),
    [("", True), ("fra", True), ("frames.io.", True), ("f.", True), ("lists.", False), ("frameset.", False)],
)
def test_a_path_that_a_run_makes_may_be_one_of_a_library(tmp_path, monkeypatch, begins, told):
    code = compiled(unknown=(Unknown("a:1", "execute/2", begins),))
    monkeypatch.setattr(using.compiled, "read", lambda _: code)
    found = using.tell(Layout(tmp_path), {"f": "frames.io", "g": "lists"}, ["frames"])
    assert [("a:1" in words) for words in found.unknown] == [True] * told


def test_methods_alone_say_nothing_of_a_library():
    code = compiled(methods=(Method("head", None, ("a:2",)),))
    assert using.of(Told((), code, {}, ()), "frames", {"frames": "frames"}).is_nothing


def test_what_is_not_known_is_told(tmp_path, monkeypatch):
    place = Layout(tmp_path)
    place.home.mkdir()
    told = using.tell(place, {}, ["frames"])
    assert told.is_nothing
    assert told.unknown == ()
    place.compiled.write_text("[]")
    (unknown,) = using.tell(place, {}, ["frames"]).unknown
    assert "calls.json cannot be read: it is not as `mix envmgr.calls` writes it" in unknown
    place.compiled.unlink()
    monkeypatch.setattr(using.called, "read", lambda _: (counted("frames.table"), counted("frames.*", 9)))
    told = using.tell(place, {}, ["frames"])
    assert [each.path for each in told.counted] == ["frames.table"]
    assert told.unknown[0].startswith("what is called and has not run yet: there are no compiled calls")
    assert told.unknown[1].startswith("which others are called: frames.* stands for those")
    code = compiled(
        unknown=tuple(Unknown(f"a:{n}", "execute/2", "frames." if n == 1 else "") for n in range(7)),
        unread=("Stripped",),
        stale=("/app/ebin",),
    )
    assert list(using._doubts(code, ["frames"])) == [
        "whether compiled calls are as of 2026-11-20T10:00:00Z: /app/ebin was compiled since; run `mix envmgr.calls` again",
        "what is called where the path is made when it runs: a:0, a:1 (frames.…), a:2, a:3, a:4 and 2 more; only"
        " statistics tell",
        "what modules without debug information call: Stripped",
    ]
