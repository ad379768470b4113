"""The walk: everything that a library owns, every path to it, and no door into other code."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from library_files import install
from msgpack import unpackb

from envmgr_runtime.library import importing
from envmgr_runtime.library.catalog import collect
from envmgr_runtime.library.loading import Libraries, Unresolved


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    top = tmp_path_factory.mktemp("site")
    install(top)
    sys.path.insert(0, str(top))
    yield top
    sys.path.remove(str(top))
    for name in [name for name in sys.modules if name.startswith("rt_cat")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def found(site):
    return collect("rt_cat", "rt-cat")


@pytest.fixture(scope="module")
def entries(found):
    return by_path(found)


def by_path(found):
    return {path: found["objects"][number] for path, number in found["paths"]}


KINDS = {
    "top": "function",
    "method": "function",
    "late": "function",
    "sub.late": "function",
    "lazy_function": "function",
    "dump": "function",
    "strange": "function",
    "undocumented": "function",
    "partial_own": "function",
    "cached": "function",
    "column": "function",
    "dispatched": "function",
    "later": "coroutine",
    "many": "async-generator",
    "some": "generator",
    "Base": "class",
    "Base.pull": "method",
    "sub.Base": "class",
    "sub.Base.pull": "method",
    "Table": "class",
    "Table.show": "method",
    "Table.read": "classmethod",
    "Table.zero": "staticmethod",
    "Table.pull": "method",
    "Table.get": "method",
    "Table.wait": "method",
    "Table.bound": "method",
    "Table.size": "property",
    "Table.costly": "property",
    "Table.words": "property",
    "Table.words.upper": "method",
    "Table.limit": "constant",
    "Table.color": "constant",
    "Table.Inner": "class",
    "Table.Inner.deep": "method",
    "Table.Inner.outer": "class",
    "Slots.left": "property",
    "Stamp.year": "property",
    "Estimator.predict": "method",
    "Estimator.fitted": "property",
    "Made.fine": "method",
    "Closed": "class",
    "Closed.in_spite_of_dir": "method",
    "Large.m9999": "method",
    "deep": "module",
    "deep.more.f": "function",
    "plain.inside.without_init": "function",
    "prints.quiet": "function",
    "constant": "constant",
    "again": "constant",
    "LEVELS": "constant",
    "CLASSES": "constant",
    "Alias": "constant",
    "instance": "constant",
    "sub.Color.RED": "constant",
    "sub.Color.paint": "method",
}  # fmt: skip


@pytest.mark.parametrize("path", list(KINDS))
def test_there(entries, path):
    assert entries[path]["kind"] == KINDS[path]


@pytest.mark.parametrize(
    "path",
    [
        "os", "os.system", "sys.exit", "json.dumps", "dumps", "system", "OrderedDict", "HANDLERS", "FOREIGN_CLASSES",
        "log", "T", "Unlisted", "annotations", "partial_other", "_private", "Table._hidden", "Table.update",
        "Table.dumps", "Table.system", "Table.Foreign", "Made.broken", "sub.rt_cat", "sub.rt_cat.top", "_private.x",
        "tests", "conftest", "dump.dump", "deep.other_name.around", "other", "Broken.args", "Broken.with_traceback",
        "Table.Inner.outer.Inner.outer", "Stamp.ctime", "Stamp.now", "datetime.datetime",
    ],
)  # fmt: skip
def test_not_there(entries, path):
    assert path not in entries


def test_no_private_name_at_all(entries):
    assert [path for path in entries if any(part.startswith("_") for part in path.split("."))] == []


def test_every_path_resolves(entries):
    libraries = Libraries()
    libraries.load({"x": ["rt_cat", ""]})
    for path, entry in entries.items():
        found = libraries.resolve(f"x.{path}")
        assert entry["kind"] in ("constant", "module") or callable(found), path
    with pytest.raises(Unresolved):
        libraries.resolve("x.tests_")


def test_modules_that_fail_are_listed(found):
    assert found["errors"] == [
        ["rt_cat.broken", "RuntimeError: not on this machine"],
        ["rt_cat.exits", "SystemExit: 1"],
        ["rt_cat.needs", "ModuleNotFoundError: No module named 'rt_not_there'"],
    ]


def test_an_object_is_there_once_and_its_paths_are_many(found):
    number = dict(found["paths"])
    assert number["late"] == number["sub.late"] == number["lazy_function"]
    assert number["Base.pull"] == number["Table.pull"] == number["sub.Base.pull"]
    assert number["constant"] != number["again"]
    assert number["Estimator.inherit"] != number["Better.inherit"]
    assert [path for path, _ in found["paths"]] == sorted(number)
    assert sorted({*number.values()}) == [*range(len(found["objects"]))]


def rows(entry):
    return [row[:3] for row in entry["parameters"]]


def test_signatures(entries):
    assert rows(entries["top"]) == [
        ["a", 1, None], ["b", 1, "1"], ["args", 2, None], ["c", 3, None], ["d", 3, "'" + "x" * 79],
        ["kwargs", 4, None],
    ]  # fmt: skip
    assert rows(entries["deep.more.f"]) == [["x", 0, None]]
    assert rows(entries["Table"]) == [["rows", 1, None], ["width", 3, "3"]]
    assert rows(entries["Table.read"]) == [["path", 1, None]]
    assert rows(entries["Table.zero"]) == []
    assert rows(entries["Table.size"]) == [["self", 0, None]]
    assert rows(entries["Table.bound"])[0][0] == "self"
    assert rows(entries["Base.pull"]) == [["self", 1, None], ["rope", 1, None]]
    assert rows(entries["Estimator.predict"]) == [["self", 1, None], ["x", 1, None]]
    assert rows(entries["Made"]) == [["size", 1, None]]
    assert rows(entries["Broken"]) == [["args", 2, None]]
    assert rows(entries["strange"]) == [["value", 1, "..."], ["text", 3, "'\\udc80'"]]
    assert entries["constant"]["parameters"] is None


def test_types(entries):
    assert entries["later"]["parameters"] == [["x", 1, None, None, "int", ["bool", "int"]]]
    assert entries["later"]["returns"] == "str"
    assert entries["Table"]["parameters"][1] == ["width", 3, "3", None, "int", ["bool", "int"]]
    assert entries["Table"]["returns"] is None
    assert entries["Table.read"]["returns"] == "Table"
    assert (entries["Table.size"]["returns"], entries["Table.costly"]["returns"]) == ("int", "float")
    assert entries["top"]["origin"] == "runtime"


def test_overloads_of_singledispatch(entries):
    (anything, number) = entries["dispatched"]["overloads"]
    assert anything[0][0] == ["value", 1, None, None, None, None]
    assert number == [
        [["value", 1, None, None, "int", ["bool", "int"]], ["more", 1, "''", None, "str", ["str"]]],
        "str",
    ]


def test_overloads_of_a_method(entries):
    assert [[row[4] for row in parameters] for parameters, _ in entries["Method.kind"]["overloads"]] == [
        [None, None],
        [None, "str"],
    ]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="typing.get_overloads")
def test_overloads_of_typing(entries):
    import typing

    @typing.overload
    def f(x: int) -> int: ...
    @typing.overload
    def f(x: str, y: bool) -> str: ...
    def f(x, y=None): ...

    from envmgr_runtime.library.describing import Describer
    from envmgr_runtime.library.places import Places

    facts = Describer(Places("/")).callable("function", "f", f)
    assert [[row[4] for row in parameters] for parameters, _ in facts["overloads"]] == [
        ["int"],
        ["str", "bool"],
    ]
    assert [returns for _, returns in facts["overloads"]] == ["int", "str"]


def test_words(entries):
    assert entries["top"]["doc"] == "First line.\n\nMore."
    assert entries["strange"]["doc"] == "? summary"
    assert entries["undocumented"]["doc"] is None
    assert entries["Table.size"]["doc"] == "How many."
    assert entries["Better.inherit"]["doc"] == "From above."
    assert entries["constant"]["doc"] is None
    assert entries["deep"]["doc"] is None


def test_places(entries):
    assert (entries["late"]["file"], entries["late"]["line"]) == ("rt_cat/sub.py", 11)
    assert (entries["sub.Color"]["module"], entries["sub.Color"]["qualname"]) == ("rt_cat.sub", "Color")
    assert (entries["sub.Color"]["file"], entries["sub.Color"]["line"]) == ("rt_cat/sub.py", 6)
    assert entries["Table.pull"]["qualname"] == "Base.pull"
    assert entries["Table.size"]["file"] == "rt_cat/__init__.py"
    assert entries["deep.more"]["file"] == "rt_cat/deep/more.py"


def test_what_is_going_away(entries):
    assert entries["old"]["deprecated"] == "1.2: Use :func:`top`."
    assert entries["older"]["deprecated"] == "Use top."
    assert entries["not_old"]["deprecated"] is None
    assert entries["top"]["deprecated"] is None


def test_constants(entries):
    assert (entries["constant"]["value"], entries["constant"]["returns"]) == ("3", "int")
    assert entries["sub.Color.RED"]["value"] == "<Color.RED: 1>"
    assert len(entries["LEVELS"]["value"]) <= 80
    assert entries["constant"]["module"] == "rt_cat"


def test_no_time_for_imports(site, monkeypatch):
    monkeypatch.setattr(importing, "IMPORT_SECONDS", -1.0)
    found = collect("rt_cat", "rt-cat")
    assert ["rt_cat.broken", "not imported: out of time"] in found["errors"]
    assert "top" in by_path(found)


STANDARD = {
    "math": (["sqrt", "floor", "pi"], []),
    "json": (
        ["dumps", "JSONDecodeError", "JSONDecoder.decode", "decoder.JSONDecoder", "scanner.make_scanner"],
        ["codecs.open"],
    ),
    "statistics": (["mean", "NormalDist.from_samples"], ["Fraction", "Decimal", "sqrt", "random", "Counter"]),
    "datetime": (
        ["datetime.now", "date.today", "datetime.isoformat", "timedelta.total_seconds", "datetime.year", "MAXYEAR"],
        ["sys.exit"],
    ),
    "os": (["getpid", "listdir", "sep", "path.join"], ["sys.exit", "abc.ABC", "path.os.system"]),
    "enum": (["Enum.name", "Flag", "auto"], ["types.MappingProxyType"]),
    "collections": (["OrderedDict.fromkeys", "deque.append", "abc.Mapping.get"], ["Counter.keys"]),
}  # fmt: skip


@pytest.mark.parametrize("name", list(STANDARD))
def test_the_standard_library(name):
    there, absent = STANDARD[name]
    found = collect(name, None)
    paths = by_path(found)
    assert [path for path in there if path not in paths] == []
    assert [path for path in absent if path in paths] == []
    libraries = Libraries()
    libraries.load({"x": [name, ""]})
    for path in paths:
        libraries.resolve(f"x.{path}")
    module = sys.modules[name]
    public = {item for item in getattr(module, "__all__", ()) if not item.startswith("_")}
    assert public <= {*paths}, "the module's own list"


def test_numpy():
    numpy = pytest.importorskip("numpy")
    found = collect("numpy", "numpy")
    paths = by_path(found)
    wanted = {
        "mean": "function",
        "linalg.norm": "function",
        "ndarray.reshape": "method",
        "ndarray.shape": "property",
        "array": "function",
        "sin": "ufunc",
        "random.default_rng": "function",
        "random.seed": "function",
        "pi": "constant",
        "s_": "constant",
        "newaxis": "constant",
        "fft": "module",
    }
    assert {path: paths[path]["kind"] for path in wanted} == wanted
    for door in ("os.system", "sys.exit", "warnings.warn", "linalg.os.system", "linalg.functools.partial"):
        assert door not in paths
    assert [row[:2] for row in paths["add"]["parameters"]][:4] == [
        ["x1", 0],
        ["x2", 0],
        ["out", 1],
        ["where", 3],
    ]
    assert {entry["module"].split(".")[0] for entry in paths.values()} == {"numpy"}
    callables = [e for e in found["objects"] if e["kind"] not in ("constant", "module", "property")]
    known = [e for e in callables if e["parameters"] is not None or e["overloads"]]
    assert len(known) / len(callables) > 0.9
    missing = {name for name in numpy.__all__ if not name.startswith("_")} - {*paths}
    assert missing <= {"sctypeDict", "math"}  # a table of classes of every origin; Python's own


def test_in_a_process_of_its_own(layer, tmp_path, site):
    """As the control plane asks for it; a thread that an import left behind does not keep it."""
    into = tmp_path / "out.msgpack"
    request = {"module": "rt_cat", "distribution": "rt-cat", "version": "9", "into": str(into)}
    start = f"import sys, runpy; sys.path.insert(0, {str(site)!r}); sys.argv = ['worker', 'catalog', {json.dumps(request)!r}]"
    start += f"; runpy.run_path({str(layer / 'worker.py')!r}, run_name='__main__')"
    subprocess.run(
        [sys.executable, "-I", "-B", "-c", start], check=True, timeout=60, stdout=subprocess.DEVNULL
    )
    written = unpackb(into.read_bytes())
    assert (written["schema"], written["module"], written["version"]) == ("raw-1", "rt_cat", "9")
    assert written["distribution"] == "rt-cat"
    assert written["python"] == ".".join(map(str, sys.version_info[:3]))
    assert written["root"] == str(site)
    assert by_path(written)["top"]["kind"] == "function"
