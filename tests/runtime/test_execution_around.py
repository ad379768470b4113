"""Hooks and pipelines around calls, and what they say when something is wrong."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from asking import Asking, Refused

from envmgr_runtime.execution import context
from envmgr_runtime.execution.stepped import Stepped
from envmgr_runtime.library.loading import LoadError

HOOKS = """
import envmgr_runtime
SEEN = []
def loaded(module): SEEN.append(("loaded", module.__name__))
def unloaded(module): SEEN.append(("unloaded", module.__name__))
def before(call):
    SEEN.append((repr(call), list(call.args), dict(call.kwargs), call.context, envmgr_runtime.context()))
    if "price" in call.kwargs:
        call.kwargs["price"] += 1
    if call.args[:1] == ["drop"]:
        call.args = []
    if call.args[:1] == ["no"]:
        raise PermissionError("not today")
    if call.args[:1] == ["odd"]:
        call.args = 5
def after(call, value):
    SEEN.append((call.path, value))
    if value == "bad":
        raise ValueError("after all")
    return [value] if call.path.endswith("echo") else value
def fails(*_): raise OSError("no disk")
def leaves(*_): raise SystemExit(4)
async def late(call): pass
number = 3
"""


class Order:
    def __init__(self):
        self.total, self.lines, self._secret = 7, [{"name": "tea", "cup": {"size": 1}}, {"name": "milk"}], 1


def order(number, price=None, *, note="", **rest):
    return {"number": number, "price": price, "note": note, **rest}


def echo(value):
    return value


def endless():
    number = 0
    while True:
        yield number
        number += 1


async def later(value):
    return value


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A project with a directory of hooks, and a library `shop` in this process."""
    module = type(sys)("rt_shop")
    module.order, module.echo, module.endless, module.later = order, echo, endless, later
    module.Order, module.maximum, module.limit = Order, max, 5
    monkeypatch.setitem(sys.modules, "rt_shop", module)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "shop.py").write_text(HOOKS)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("envmgr_file:")]:
        del sys.modules[name]


@pytest.fixture
def asking(place):
    def asking(pipelines=None, **hooks):
        named = {kind.replace("_", "-"): f"hooks/shop.py:{name}" for kind, name in hooks.items()}
        pipelines = {path: dict(steps) for path, steps in (pipelines or {}).items()}
        settings = {"shop": ["rt_shop", "", {}, {"hooks": named, "pipelines": pipelines}], "sys": ["sys", ""]}
        found = Asking(settings)
        found.calls.around.configure(settings, found.libraries)
        return found

    return asking


def seen(place):
    return sys.modules[f"envmgr_file:{place / 'hooks' / 'shop.py'}"].SEEN


def refused(call, *args, **options):
    with pytest.raises(Refused) as caught:
        call(*args, **options)
    return caught.value.error


def test_hooks_at_the_beginning_and_the_end(asking, place):
    ask = asking(on_load="loaded", on_unload="unloaded")
    assert ask("shop.echo", 1) == 1
    assert ask.calls.around.unload(ask.libraries) == []
    assert seen(place) == [("loaded", "rt_shop"), ("unloaded", "rt_shop")]
    assert ask.calls._known["shop.echo"] is echo, "nothing is around it"


def test_before_and_after(asking, place):
    ask = asking(before="before", after="after")
    token = context.enter("shop.order", {"correlation": "r-1"})
    try:
        assert ask("shop.order", 1, price=2) == {"number": 1, "price": 3, "note": ""}
    finally:
        context.leave(token)
    told = {"correlation": "r-1", "path": "shop.order", "library": "shop"}
    first, second = seen(place)
    assert first == ("<call of shop.order>", [1], {"price": 2}, told, told)
    assert second == ("shop.order", {"number": 1, "price": 3, "note": ""})
    assert ask("shop.echo", 5) == [5]
    assert ask("sys.getrecursionlimit") == sys.getrecursionlimit()
    assert [path for path, _ in seen(place)[3:]] == ["shop.echo"], "no other library is meant"
    assert ask("shop.limit") == 5


@pytest.mark.parametrize(
    ("args", "step", "kind", "words"),
    [
        (["no"], "hook before", "PermissionError", "not today"),
        (["odd"], "hook before", "TypeError", "must leave a list in `args`"),
        (["bad"], "hook after", "ValueError", "after all"),
    ],
)
def test_a_hook_that_fails(asking, args, step, kind, words):
    error = refused(asking(before="before", after="after"), "shop.echo", *args)
    assert (error["step"], error["code"], error["type"]) == (step, "exception", kind)
    assert words in error["message"]
    assert all("around.py" not in frame[0] for frame in error["frames"])


def test_a_hook_may_replace_the_arguments(asking):
    error = refused(asking(before="before"), "shop.echo", "drop")
    assert (error["type"], error.get("step")) == ("TypeError", None), "the library's own error has no step"


def test_a_chain_has_them_too(asking):
    error = refused(asking(before="before").chain, (0, "shop.echo", ["no"]), (1, "upper"))
    assert error["step"] == "step 1 (shop.echo), hook before"


@pytest.mark.parametrize(
    ("kind", "name", "cause", "words"),
    [
        ("on_load", "fails", OSError, "no disk"),
        ("before", "nothing", AttributeError, "nothing"),
        ("before", "number", TypeError, "is a int, which cannot be called"),
        ("after", "late", TypeError, "a hook is a plain one"),
    ],
)
def test_a_hook_that_keeps_the_worker_from_starting(asking, kind, name, cause, words):
    with pytest.raises(LoadError) as caught:
        asking(**{kind: name})
    assert (caught.value.library, caught.value.step) == ("shop", f"hook {kind.replace('_', '-')}")
    assert type(caught.value.__cause__) is cause
    assert words in str(caught.value.__cause__)


@pytest.mark.parametrize("text", ["raise SystemExit", "1/0"])
def test_a_file_of_hooks_that_fails_is_run_again(asking, place, text):
    (place / "hooks" / "shop.py").write_text(text)
    with pytest.raises(LoadError, match="hook before"):
        asking(before="before")
    (place / "hooks" / "shop.py").write_text(HOOKS)
    assert asking(before="before")("shop.echo", 1) == 1


def test_a_file_that_is_not_there(asking, place):
    (place / "hooks" / "shop.py").unlink()
    with pytest.raises(LoadError) as caught:
        asking(before="before")
    assert "hooks/shop.py is not there (looked for /" in str(caught.value.__cause__)


def test_unload_goes_on_after_a_failure(asking):
    ask = asking(on_unload="fails")
    (failed,) = ask.calls.around.unload(ask.libraries)
    assert (failed.step, str(failed.error)) == ("hook on-unload", "no disk")


ORDER = {
    "rename": {"amount": "price"},
    "convert": {"price": "decimal:Decimal", "number": "int"},
    "validate": {
        "number": {"type": "int", "min": 1, "max": 9, "required": True},
        "price": {"type": "decimal:Decimal", "max": 100},
        "note": {"type": "str", "max-length": 3, "pattern": "^[a-z]*$"},
        "size": {"one-of": ["s", "m"], "not-none": True},
    },
}


def test_arguments_go_through_their_steps_in_order(asking):
    ask = asking({"order": ORDER})
    wanted = {"number": 3, "price": Decimal("1.50"), "note": ""}
    assert ask("shop.order", "3", amount="1.50") == wanted
    assert ask("shop.order", "3", "1.50") == wanted
    assert ask("shop.order", number=3, price=None, size="s") == {**wanted, "price": None, "size": "s"}


@pytest.mark.parametrize(
    ("args", "kwargs", "step", "words"),
    [
        ([1, 2], {"amount": 3, "price": 3}, "rename amount", "amount is price here, and both were given"),
        (["x"], {}, "convert number", "number cannot be converted by int: ValueError: invalid literal"),
        ([1, "x"], {}, "convert price", "by decimal:Decimal: InvalidOperation"),
        ([], {}, "validate number", "number is required"),
        (
            [0],
            {"note": "NOTE"},
            "validate number, note",
            "number must be at least 1, not 0; note must have a length",
        ),
        ([1], {"note": 5}, "validate note", "note must be text, not a int"),
        ([1], {"size": "l"}, "validate size", "size must be one of 's', 'm'"),
        ([1], {"size": None}, "validate size", "size must not be None"),
        ([1, 101], {}, "validate price", "price must be at most 100"),
    ],
)
def test_arguments_that_are_refused(asking, args, kwargs, step, words):
    error = refused(asking({"order": ORDER}), "shop.order", *args, **kwargs)
    assert (error["code"], error["step"], error["class"]) == ("pipeline", step, "usage")
    assert words in error["message"]
    assert error["hint"] == 'what is allowed is said in [library.shop.pipelines."order"] of envmgr.toml'


def test_all_violations_are_told_at_once(asking):
    error = refused(asking({"order": ORDER}), "shop.order", 10, 200, note="ABCD", size=1)
    assert error["step"] == "validate number, price, note, size"
    assert len(error["message"].split("; ")) == 5


def test_a_function_without_a_signature(asking):
    ask = asking({"maximum": {"validate": {"key": {"not-none": True}}}})
    error = refused(ask, "shop.maximum", 1, 2)
    assert (error["code"], error["step"]) == ("pipeline", "validate key")
    assert "no signature that Python knows" in error["message"]
    assert "key must not be None" in refused(ask, "shop.maximum", key=None)["message"]


RESULTS = [
    ({"project": ["a"]}, {"a": 1, "b": 2}, {"a": 1}),
    ({"project": ["a"]}, [{"a": 1, "b": 2}, {"a": 3}], [{"a": 1}, {"a": 3}]),
    ({"project": ["a.b", "c"]}, {"a": {"b": 1}, "c": 2}, {"a.b": 1, "c": 2}),
    ({"project": ["a.b"]}, {"a.b": 1}, {"a.b": 1}),
    ({"project": "a.b"}, {"a": {"b": 1}}, 1),
    ({"project": "a.1.b"}, {"a": [0, {"b": 1}]}, 1),
    ({"project": "a.b"}, {"a": [{"b": 1}, {"b": 2}]}, [1, 2]),
    ({"convert-result": ".upper"}, "abc", "ABC"),
    ({"convert-result": "sorted"}, [2, 1], [1, 2]),
    ({"convert-result": "decimal:Decimal"}, "1.5", Decimal("1.5")),
    ({"project": ["a"], "convert-result": "list"}, {"a": 1, "b": 2}, ["a"]),
    ({"limit": 2}, [1, 2, 3], [1, 2]),
    ({"limit": 2}, (1, 2, 3), (1, 2)),
    ({"limit": 2}, "abc", "ab"),
    ({"limit": 2}, b"abc", b"ab"),
    ({"limit": 2}, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2}),
    ({"limit": 5}, [1, 2, 3], [1, 2, 3]),
    ({"limit": 1}, 12345, 12345),
    ({"convert-result": "sorted", "limit": 1}, [2, 1], [1]),
]


@pytest.mark.parametrize(("steps", "value", "wanted"), RESULTS)
def test_results(asking, steps, value, wanted):
    found = asking({"echo": steps})("shop.echo", value)
    assert found == wanted
    assert type(found) is type(wanted)


def test_the_parts_of_an_object(asking):
    ask = asking({"Order": {"project": ["total", "lines.name"]}})
    assert ask("shop.Order") == {"total": 7, "lines.name": ["tea", "milk"]}
    assert (
        "it has lines, total"
        in refused(asking({"Order": {"project": ["_secrets"]}}), "shop.Order")["message"]
    )
    assert asking({"Order": {"project": "lines.name"}})("shop.Order") == ["tea", "milk"]
    assert asking({"Order": {"project": ["total"]}})("shop.Order") == {"total": 7}


def test_what_was_cut_is_told(asking):
    ask = asking({"echo": {"limit": 2}})
    ask("shop.echo", [1, 2, 3])
    assert ask.calls.warnings == ["shop.echo: the first 2 of 3 items were sent (limit)"]


def test_an_iterator_is_never_run_to_its_end(asking):
    ask = asking({"endless": {"limit": 3, "project": ["real"]}})
    value = ask("shop.endless")
    assert list(value) == [{"real": 0}, {"real": 1}, {"real": 2}]
    assert list(asking({"endless": {"project": "real", "limit": 2}})("shop.endless")) == [0, 1]


@pytest.mark.parametrize(
    ("steps", "value", "step", "words"),
    [
        ({"project": ["b"]}, {"a": 1}, "project b", "a dict has no 'b'; it has a"),
        ({"project": "a.b"}, {"a": {"c": 1}}, "project b", "a dict has no 'b'; it has c"),
        ({"project": "3"}, [1], "project 3", "a list has no '3'"),
        ({"project": ["x"]}, 5, "project x", "a int has no 'x'; it has as_integer_ratio"),
        ({"convert-result": ".nothing"}, "a", "convert-result", "a str, cannot be converted by .nothing"),
        ({"convert-result": "int"}, "x", "convert-result", "by int: ValueError"),
    ],
)
def test_results_that_do_not_fit(asking, steps, value, step, words):
    error = refused(asking({"echo": steps}), "shop.echo", value)
    assert (error["code"], error["step"], error["class"]) == ("pipeline", step, "library")
    assert words in error["message"]
    assert error["hint"] == 'correct [library.shop.pipelines."echo"] of envmgr.toml'


def test_one_pipeline_for_all_that_have_none(asking):
    ask = asking({"*": {"limit": 1}, "echo": {"limit": 2}})
    assert ask("shop.echo", [1, 2, 3]) == [1, 2]
    assert ask("shop.order", 1) == {"number": 1}


@pytest.mark.parametrize(
    ("path", "steps", "step", "words"),
    [
        ("ordr", {"limit": 1}, "the pipeline of shop.ordr", "has no 'ordr'"),
        ("order", {"convert": {"price": "decimal:Nothing"}}, "convert price of shop.order", "Nothing"),
        ("order", {"convert": {"price": "nothing"}}, "convert price of shop.order", "nothing"),
        ("order", {"convert": {"price": "math:pi"}}, "convert price of shop.order", "cannot be called"),
        (
            "order",
            {"validate": {"price": {"type": "rt_nowhere:X"}}},
            "validate price of shop.order",
            "rt_nowhere",
        ),
        ("order", {"validate": {"price": {"type": "math:sqrt"}}}, "validate price of shop.order", "no class"),
        ("order", {"validate": {"price": {"pattern": "("}}}, "validate price of shop.order", "unterminated"),
        ("order", {"convert-result": "rt_nowhere:f"}, "convert-result of shop.order", "rt_nowhere"),
    ],
)
def test_a_pipeline_that_keeps_the_worker_from_starting(asking, path, steps, step, words):
    with pytest.raises(LoadError) as caught:
        asking({path: steps})
    assert (caught.value.library, caught.value.step) == ("shop", step)
    assert words in str(caught.value.__cause__)


def finished(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


def test_around_a_coroutine(asking, place):
    ask = asking({"later": {"limit": 1}}, before="before", after="after")
    assert finished(ask.calls._targets.at("shop.later")([1, 2])) == [1]
    assert seen(place)[-1] == ("shop.later", [1])
    assert ask.calls.warnings == []
    ask = asking({"later": {"project": "x"}})
    with pytest.raises(Stepped, match="project x"):
        finished(ask.calls._targets.at("shop.later")({}))


class Items:
    def __init__(self):
        self.closed = False
        self.number = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.number += 1
        return self.number

    async def aclose(self):
        self.closed = True


def test_the_first_of_an_asynchronous_iterator(asking):
    ask, items = asking({"echo": {"limit": 2}}), Items()
    found = ask.calls._targets.at("shop.echo")(items)

    async def collected():
        return [item async for item in found]

    assert finished(collected()) == [1, 2]
    assert items.closed


def test_frames(asking):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    echo = asking({"echo": {"project": ["a"], "limit": 2}}).calls._targets.at("shop.echo")
    assert echo(frame).to_dict("list") == {"a": [1, 2]}
    part = asking({"echo": {"project": "b"}}).calls._targets.at("shop.echo")
    assert part(frame).tolist() == [4, 5, 6]
    with pytest.raises(Stepped, match="project c"):
        asking({"echo": {"project": ["c"]}}).calls._targets.at("shop.echo")(frame)


def test_arrays(asking):
    numpy = pytest.importorskip("numpy")
    ask = asking({"echo": {"limit": 2, "validate": {"value": {"type": ["int", "float"]}}}})
    echo = ask.calls._targets.at("shop.echo")
    assert echo(numpy.int64(3)) == 3
    ask = asking({"echo": {"limit": 2}})
    assert ask.calls._targets.at("shop.echo")(numpy.arange(5)).tolist() == [0, 1]
