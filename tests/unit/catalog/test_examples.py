"""Calls made from signatures."""

import ast

import pytest

from envmgr.catalog import examples, layout
from envmgr.catalog.layout import Item
from envmgr.catalog.literals import Function, Name, argument, variable
from envmgr.catalog.reading import Catalog, Row
from envmgr.catalog.spelling import signature


def row(name, kind, default=None, text=None, accepts=None, into=None):
    return [name, kind, default, into, text, accepts]


def catalog(**objects):
    items, paths = [], {}
    for number, (path, (kind, parameters)) in enumerate(sorted(objects.items())):
        path = path.replace("__", ".")
        paths[path] = number
        items.append(Item([path, kind, parameters, None, "", 0, None], {}, frozenset()))
    return Catalog(layout.encode({"module": "mod"}, paths, items))


def made(known, path, said=None):
    found = known.get(path)
    python = examples.python(known, found, path, said or {})
    ast.parse(python.removeprefix("await "))
    return examples.elixir(known, found, "lib", path, said or {}), python


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (row("x", 0, accepts=["bool", "int", "float"], text="F"), 0.5),
        (row("n", 1, accepts=["bool", "int"], text="int"), 3),
        (row("path", 1, accepts=["str"], text="str"), "data.csv"),
        (row("q", 1, accepts=["str"], text="Literal['up', 'down']"), "up"),
        (row("q", 1, accepts=["none"], text="None"), None),
        (row("q", 1, accepts=["bytes", "str"], text="bytes", into="bytes"), b"text"),
        (row("q", 1, accepts=["list", "tuple"], text="tuple", into="tuple"), (1, 2, 3)),
        (row("q", 1, accepts=["list", "tuple"], text="list"), [1, 2, 3]),
        (row("q", 1, accepts=["callable"], text="Callable[[int, int], int]"), Function(2)),
        (row("q", 1, text="Callable[..., Any]"), Function(1)),
        (row("q", 1, text="npt.ArrayLike"), [1.0, 2.0, 3.0]),
        (row("q", 1, text="Iterable[int]"), [1, 2, 3]),
        (row("q", 1, text="Mapping[str, int]"), {"a": 1}),
        (row("q", 1, text="StrPath"), "data.csv"),
        (row("q", 1, text="SomeClass"), Name("q")),
        (["a", 1, None], [1.0, 2.0, 3.0]),
        (["func", 1, None], Function(1)),
        (["n_jobs", 1, None], 3),
        (["label", 1, None, "bytes"], b"text"),
        (["Whatever_1", 1, None], Name("whatever")),
        (["end", 1, None], Name("value")),
        (["größe", 1, None], Name("value")),
    ],
)
def test_plausible_values(parameter, value):
    assert argument(parameter) == value


def test_the_docstring_may_know():
    assert argument(["c", 1, None], "array_like") == [1.0, 2.0, 3.0]
    assert argument(row("c", 1, text="Thing"), "int") == 3


def test_data_of_two_axes_is_rows():
    rows = [[1.0, 2.0, 3.0]] * 2
    assert argument(["X", 1, None]) == rows
    assert argument(["c", 1, None], "{array-like, sparse matrix} of shape (n_samples, n_features)") == rows
    assert argument(["c", 1, None], "array-like, shape (n, m) or (m, m)") == rows
    assert argument(["c", 1, None], "array-like of shape (n,) or (n, m)") == [1.0, 2.0, 3.0]


def test_functions():
    known = catalog(
        plain=(
            "function",
            [row("x", 0, text="int"), row("y", 1, "2"), row("k", 3, text="bool"), row("o", 3, "1")],
        ),
        keys=("function", [row("class", 3, text="str")]),
        none=("function", []),
        unknown=("function", None),
        rest=("function", [row("numbers", 2, text="SupportsIndex")]),
        ticks=("generator", [row("n", 1, text="int")]),
        later=("coroutine", []),
        each=(
            "function",
            [row("f", 1, text="Callable[[int, int], int]"), row("d", 1, text="dict[str, int]")],
        ),
        pi=("constant", None),
        sub=("module", None),
        odd=("function", [row("_größe", 3, text="None | bytes")]),
    )
    assert made(known, "plain") == ('Envmgr.execute("lib.plain", {[3], %{k: true}})', "mod.plain(3, k=True)")
    assert made(known, "none") == ('Envmgr.execute("lib.none")', "mod.none()")
    assert made(known, "unknown") == ('Envmgr.execute("lib.unknown")', "mod.unknown()")
    assert made(known, "rest") == ('Envmgr.execute("lib.rest", [3, 3])', "mod.rest(3, 3)")
    assert made(known, "ticks") == ('Envmgr.stream("lib.ticks", [3]) |> Enum.take(10)', "mod.ticks(3)")
    assert made(known, "later") == ('Envmgr.execute("lib.later")', "await mod.later()")
    assert made(known, "each") == (
        'Envmgr.execute("lib.each", [fn x, y -> x end, %{"a" => 1}])', 'mod.each(lambda x, y: x, {"a": 1})',
    )  # fmt: skip
    assert made(known, "pi") == ('Envmgr.execute("lib.pi")', "mod.pi")
    assert made(known, "sub") == ('Envmgr.functions("lib", module: "sub")', "mod.sub")
    assert made(known, "odd")[0] == 'Envmgr.execute("lib.odd", %{"_gr\\u00f6\\u00dfe": "text"})'
    elixir = examples.elixir(known, known.get("keys"), "lib", "keys", {})
    assert elixir == 'Envmgr.execute("lib.keys", %{class: "text"})'


def test_methods_are_shown_on_a_ref():
    known = catalog(
        Table=("class", [row("rows", 1, text="list[int]")]),
        Table__show=("method", [row("self", 1), row("n", 1, text="int")]),
        Table__size=("property", [row("self", 0)]),
        Table__read=("classmethod", [row("path", 1)]),
        lost=("method", [row("self", 1)]),
    )
    held = 'table = Envmgr.execute!("lib.Table", [[1, 2, 3]], as: :ref)\n'
    assert made(known, "Table.show") == (
        held + 'Envmgr.method(table, "show", [3])', "table = mod.Table([1, 2, 3])\ntable.show(3)",
    )  # fmt: skip
    assert made(known, "Table.size") == (
        held + 'Envmgr.attr(table, "size")', "table = mod.Table([1, 2, 3])\ntable.size",
    )  # fmt: skip
    assert made(known, "Table.read")[0] == 'Envmgr.execute("lib.Table.read", ["data.csv"])'
    assert made(known, "lost") == ('Envmgr.method(ref, "lost")', "value.lost()")


def test_variables_are_those_of_both_languages():
    assert [variable(name) for name in ("DataFrame", "_x1", "fn", "lambda", "1")] == [
        "dataframe", "x", "value", "value", "value",
    ]  # fmt: skip


def test_signatures_as_python_writes_them():
    parameters = [
        row("a", 0, text="int"), row("b", 1, "1"), row("c", 3, "'x'", "str"), row("d", 3), row("rest", 4, text="Any"),
    ]  # fmt: skip

    def written(kind, parameters, returns=None, **options):
        return signature(Row("p", kind, parameters, returns, "", 0, None), "lib.p", **options)

    assert written("function", parameters, "int") == (
        "lib.p(a: int, /, b=1, *, c: str = 'x', d, **rest: Any) -> int"
    )
    assert written("function", parameters, "int", types=False) == "lib.p(a, /, b=1, *, c='x', d, **rest)"
    assert written("function", [row("a", 2), row("b", 3)]) == "lib.p(*a, b)"
    assert written("function", None, "int") == "lib.p(…) -> int"
    assert written("class", [], "int") == "lib.p()"
    assert written("property", None, "int") == "lib.p: int"
    assert written("constant", None) == written("module", None) == "lib.p"
