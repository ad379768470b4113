"""Discovery over real libraries: what the catalogs know, and what the commands say."""

import ast
import importlib
import json
import re
import shutil
import subprocess
import time

import pytest
from projects import library, project

from envmgr.catalog import Filters, complete, examples, read
from envmgr.cli import run
from envmgr.environments.layout import Layout
from envmgr.errors import EnvmgrError
from envmgr.model.discovery import Description, LibraryDescription
from envmgr.operations import discovering, ground
from envmgr.operations.syncing import sync

STANDARD = ("math", "json", "statistics")
CALLABLE = {
    "function",
    "coroutine",
    "generator",
    "async-generator",
    "ufunc",
    "class",
    "method",
    "classmethod",
    "staticmethod",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    found = project(
        root,
        library("numpy", "numpy>=2"),
        library("pandas", "pandas>=2.2"),
        *(library(name, None) for name in STANDARD),
    )
    sync(found)
    names = "".join(
        f"[library.{name}]\n" + "stdlib = true\n" * (name in STANDARD)
        for name in ("numpy", "pandas", *STANDARD)
    )
    (root / "envmgr.toml").write_text(names)
    return root


@pytest.fixture(scope="module")
def catalogs(root):
    paths = Layout(root).store.glob("*.catalog/*.catalog")
    return {path.stem: read(path) for path in paths}


def share(rows, known):
    return sum(bool(known(row)) for row in rows) / len(rows)


def test_signatures_and_types_are_known(catalogs):
    rows = {name: [row for row in known.rows() if row.kind in CALLABLE] for name, known in catalogs.items()}
    assert {name: len(found) > 20 for name, found in rows.items()} == dict.fromkeys(
        ["numpy", "pandas", *STANDARD], True
    )
    for name, found in rows.items():
        assert share(found, lambda row: row.parameters is not None) >= 0.95, name
        typed = share(
            found,
            lambda row: (
                bool(row.returns) or any(each[4:5] != [None] for each in row.parameters or () if each[4:])
            ),
        )
        assert typed >= 0.6, name


def test_the_facts_of_one_function(catalogs):
    known = catalogs["numpy"]
    row = known.get("mean")
    assert (row.path, row.kind, row.summary) == (
        "mean",
        "function",
        "Compute the arithmetic mean along the specified axis.",
    )
    assert [each[0] for each in row.parameters][:3] == ["a", "axis", "dtype"]
    assert len(row.overloads) > 5
    detail = known.detail(known.find("mean"))
    assert detail["origins"] == {
        "doc": "runtime", "overloads": "stub", "returns": "stub", "signature": "runtime", "types": "stub",
    }  # fmt: skip
    assert (detail["module"], detail["file"]) == ("numpy", "numpy/_core/fromnumeric.py")
    assert detail["parsed"]["parameters"][0][:2] == ["a", "array_like"]
    assert "np.mean(a)" in detail["parsed"]["examples"]
    added = known.get("add")
    assert (added.kind, [each[0] for each in added.parameters][:2]) == ("ufunc", ["x1", "x2"])
    assert "NDArray[Any]" in added.returns
    assert catalogs["math"].get("sqrt").parameters[0][5] == ["bool", "int", "float"]
    assert catalogs["pandas"].get("Timestamp.floor").returns == "Self | NaTType" or "Timestamp" in str(
        catalogs["pandas"].get("Timestamp.floor").returns
    )


def test_no_path_leads_into_other_code(catalogs):
    for name, path in (
        ("numpy", "os.system"),
        ("pandas", "np.mean"),
        ("json", "decoder.re.compile"),
        ("pandas", "compat.sys.exit"),
    ):
        assert catalogs[name].find(path) is None


def test_what_is_asked_for_is_found(root):
    def first(words, **filters):
        return discovering.search(root, words, None, Filters(**filters), 1)[0].path

    assert first("read csv") == first("raed_csv") == first("pandas.read_csv") == "pandas.read_csv"
    assert first("datafarme") == "pandas.DataFrame"
    assert (first("add", kind="ufunc"), first("mean", kind="function")) == ("numpy.add", "numpy.mean")
    assert first("stdev") == "statistics.stdev"
    found = discovering.search(root, "mean", "numpy", Filters(module="numpy.ma"), 50)
    assert len(found) > 3
    assert all(each.path.startswith("numpy.ma.") for each in found)


def test_a_search_is_quick(catalogs):
    from envmgr.catalog import search

    search(catalogs, "warm up", limit=5)
    begun = time.perf_counter()
    search(catalogs, "rolling avreage window", limit=20)
    assert time.perf_counter() - begun < 20  # measured by the benchmarks; this is against hangs


def test_every_example_is_written_as_its_language_wants(catalogs, tmp_path):
    elixir = []
    for name, known in catalogs.items():
        for row in known.rows():
            ast.parse(examples.python(known, row, row.path, {}).removeprefix("await "))
            elixir.append(examples.elixir(known, row, name, row.path, {}))
    if shutil.which("elixir") is None:
        pytest.skip("no elixir here")
    (tmp_path / "examples.exs").write_text("\n\n".join(elixir))
    check = f'Code.string_to_quoted!(File.read!("{tmp_path / "examples.exs"}"))'
    done = subprocess.run(["elixir", "-e", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]


@pytest.mark.parametrize("name", STANDARD)
def test_examples_of_what_has_types_can_be_called(catalogs, name):
    """What they answer, or whether text is JSON, is not for a signature to know."""
    known = catalogs[name]
    scope = {name: importlib.import_module(name)}
    called = 0
    for row in known.rows():
        if row.kind == "function" and "." not in row.path:
            code = examples.python(known, row, row.path, {})
            try:
                exec(code, scope)
            except (
                ValueError,
                NameError,
                AttributeError,
                scope[name].__dict__.get("StatisticsError", ValueError),
            ):
                continue  # outside of its domain; or a variable that the reader has
            called += 1
    assert called > {"math": 40, "json": 1, "statistics": 10}[name]


def test_describe_explains_objects_of_every_kind(root):
    found = discovering.describe(root, "pandas.DataFrame.head")
    assert isinstance(found, Description)
    assert (found.kind, found.home.environment, found.plain) == (
        "method",
        "pandas",
        "pandas.DataFrame.head(self, n=5)",
    )
    assert [(each.name, each.type, each.default) for each in found.parameters] == [
        ("self", None, None),
        ("n", "int", "5"),
    ]
    assert found.parameters[1].text == "Number of rows to select."
    assert "pandas.Series.head" in (*found.aliases, found.canonical)
    assert found.file == "pandas/core/generic.py"
    assert found.line > 100
    assert found.examples.elixir.endswith('Envmgr.method(dataframe, "head")')
    assert ">>> df.head()" in found.examples.library
    module = discovering.describe(root, "numpy.linalg")
    assert (module.kind, "numpy.linalg.norm" in [each.path for each in module.members]) == ("module", True)
    frame = discovering.describe(root, "pandas.DataFrame")
    assert {"pandas.DataFrame.head", "pandas.DataFrame.shape"} <= {each.path for each in frame.members}
    assert discovering.describe(root, "pandas.DataFrame.shape").kind == "property"
    assert discovering.describe(root, "math.pi").value == "3.141592653589793"


def test_describe_explains_a_library(root):
    found = discovering.describe(root, "pandas")
    assert isinstance(found, LibraryDescription)
    assert (found.home.distribution, found.home.version[0].isdigit()) == ("pandas", True)
    assert any(text.startswith("numpy") for text in found.requires)
    assert found.requires_python.startswith(">=3")
    assert found.counts["class"] > 100
    assert "pandas.io" in found.submodules
    assert found.paths > sum(found.counts.values())
    assert discovering.describe(root, "math").requires == ()


def test_what_is_not_there_is_answered_with_near_names(root):
    for path, code, near in (
        ("numpy.maen", "E-UNKNOWN-FUNCTION", "numpy.mean"),
        ("pandas.DataFrame.haed", "E-UNKNOWN-FUNCTION", "pandas.DataFrame.head"),
        ("nunpy.mean", "E-UNKNOWN-LIBRARY", "numpy"),
    ):
        with pytest.raises(EnvmgrError) as caught:
            discovering.describe(root, path)
        assert caught.value.code == code
        assert f"`{near}`" in caught.value.hint


def test_the_commands(root, capsys, monkeypatch):
    monkeypatch.chdir(root)

    def says(*arguments):
        status = run(arguments)
        out, err = capsys.readouterr()
        assert (status, err) == (0, ""), err
        return out

    table = says("functions", "math", "--kind", "function")
    assert re.search(r"^function  math\.sqrt\(x, /\) +Return the square root of x\.$", table, re.M)
    assert "math.pi" not in table
    assert says("functions", "math", "--deprecated") == "nothing is of that kind\n"
    assert says("search", "xyzzyxyzzy").startswith("nothing was found")
    assert (
        says("search", "square", "root", "--limit", "1", "--library", "math").split()[1].startswith("math.")
    )
    page = says("describe", "math.sqrt")
    assert page.startswith("math.sqrt(x, /) -> float\nfunction of math, environment math, Python 3.")
    for part in (
        'in Elixir\n  Envmgr.execute("math.sqrt", [0.5])',
        "in Python\n  math.sqrt(0.5)",
        "from stubs",
        "from run time",
    ):
        assert part in page
    assert says("describe", "math.pi").startswith("math.pi: float\nconstant of math")
    assert "parameters" not in says("describe", "pandas.DataFrame.shape")
    assert "overloads\n  numpy.mean(a: " in says("describe", "numpy.mean")
    assert re.search(r"^distribution +pandas ", says("describe", "pandas"), re.M)
    for arguments in (
        ["functions", "json"],
        ["search", "dumps"],
        ["describe", "json.dumps"],
        ["describe", "json"],
    ):
        told = json.loads(says(*arguments, "--format", "json"))
        assert told["ok"] is True
        assert told["data"]
    assert run(["describe", "math.sqr"]) == 2
    assert "did you mean `math.sqrt`" in capsys.readouterr().err
    assert run(["search"]) == 2
    assert run(["functions", "math", "--kind", "nonsense"]) == 2


def test_a_module_has_all_that_leads_through_it(root):
    inside = discovering.functions(root, "json", Filters("class", "json.decoder"))
    assert "json.decoder.JSONDecoder" in [found.path for found in inside]
    assert all(found.path.startswith("json.decoder.") for found in inside)
    anywhere = discovering.functions(root, "json", Filters())
    assert "json.JSONDecoder" in [found.path for found in anywhere]


def test_what_failed_to_import_is_told(root, monkeypatch, capsys, tmp_path):
    import msgpack

    raw = {
        "schema": "raw-1", "module": "m", "distribution": None, "version": None, "python": "3.12.0", "root": "/",
        "errors": [["m.broken", "ImportError: no module named x"]], "objects": [], "paths": [],
    }  # fmt: skip
    (place,) = Layout(root).store.glob("json-*.catalog/json.catalog")
    whole = place.read_bytes()
    try:
        place.write_bytes(complete(msgpack.packb(raw)))
        monkeypatch.chdir(root)
        assert run(["describe", "json"]) == 0
        assert "could not be imported\n  m.broken: ImportError" in capsys.readouterr().out
        place.write_bytes(b"not one")
        assert run(["describe", "json.dumps"]) == 1
        assert "run `envmgr sync json`" in capsys.readouterr().err
    finally:
        place.write_bytes(whole)


def test_catalogs_of_another_control_plane_are_written_again(tmp_path, monkeypatch):
    found = project(tmp_path, library("json", None))
    (first,) = sync(found)
    (place,) = Layout(tmp_path).store.glob("json-*.catalog/json.catalog")
    whole = place.read_bytes()
    place.write_bytes(b"as it was then")
    assert sync(found)[0].action == "unchanged"
    monkeypatch.setattr(ground, "catalogs", lambda: "another")
    (second,) = sync(found)
    assert (second.key, second.generation) == (first.key, first.generation)
    assert place.read_bytes() == whole
