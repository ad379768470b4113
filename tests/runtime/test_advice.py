"""Rules of advice: each can be applied, and what the standard library raises is met by the right one."""

from __future__ import annotations

import re
import string

import pytest

from envmgr_runtime.advice import (
    array_values,
    arrays,
    calling,
    dates,
    encoding,
    files,
    imports,
    learning,
    limits,
    names,
    numbers,
    ours,
    renamed,
    table_values,
    tables,
    texts,
    web,
    wrong_types,
)
from envmgr_runtime.advice.advising import advice
from envmgr_runtime.advice.case import Case, said
from envmgr_runtime.advice.distributions import distribution_of
from envmgr_runtime.advice.near import listed, meant, near
from envmgr_runtime.advice.rules import rule
from envmgr_runtime.execution.calls import Calls
from envmgr_runtime.library.loading import Libraries, Unresolved
from envmgr_runtime.values.errors import RefLimit, StaleRef
from envmgr_runtime.wire.packing import packb, unpackb

FAMILIES = [arrays, calling, dates, encoding, files, imports, learning, limits, names, numbers, ours, renamed]
FAMILIES += [array_values, table_values, tables, texts, web, wrong_types]
RULES = [(family.__name__.rpartition(".")[2], one) for family in FAMILIES for one in family.RULES]


@pytest.mark.parametrize(("family", "one"), RULES, ids=[f"{f}-{n}" for n, (f, _) in enumerate(RULES)])
def test_every_rule_can_be_applied(family, one):
    pattern = re.compile(one.pattern)
    assert one.kinds
    if isinstance(one.advice, str):
        groups = dict.fromkeys(pattern.groupindex, "x")
        one.advice.format("", *["x"] * pattern.groups, library="lib", **groups)
        used = {name for _, name, _, _ in string.Formatter().parse(one.advice) if name}
        assert used <= {"library", *groups, *map(str, range(pattern.groups + 1))}
        assert one.advice[0] not in " .:;"
        assert one.advice[-1] != "."


def error_of(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - any exception
        return error
    raise AssertionError


def test_a_rule_that_raises_is_passed_over(monkeypatch):
    def fails(case, match):
        raise ZeroDivisionError

    monkeypatch.setattr(ours, "RULES", (rule("ValueError", "", fails),))
    assert advice(ValueError("math domain error"))


def test_rules_behind_one_without_advice_are_asked(monkeypatch):
    monkeypatch.setattr(
        ours, "RULES", (rule("ValueError", "", lambda case, match: None), rule("ValueError", "(x)", "{1}!"))
    )
    assert advice(ValueError("x")) == "x!"


def test_nothing_is_said_of_what_nobody_knows():
    assert advice(ValueError("something else")) is None
    assert advice(RuntimeError("x")) is None


def test_an_import_that_led_to_an_error_is_advised():
    error = RuntimeError("no engine")
    error.__cause__ = ModuleNotFoundError("No module named 'yaml'", name="yaml")
    assert advice(error, path="config.read").startswith('add with = ["PyYAML"] under [library.config]')
    own = ModuleNotFoundError("No module named 'numpy'", name="numpy")
    assert "envmgr health --repair" in advice(own, path="numpy")
    error.__cause__ = ValueError("math domain error")
    assert advice(error) is None


@pytest.mark.parametrize(
    ("name", "candidates", "found"),
    [
        ("prise", ["price", "name"], "price"),
        ("Price", ["price"], "price"),
        ("max_iter", ["maxiter"], "maxiter"),
        ("seperator", ["iterator", "sep"], "sep"),
        ("r3", ["r2", "accuracy"], "r2"),
        ("x", ["y"], None),
        ("", ["y"], None),
        (5, ["5"], None),
        ("price", [5, None, "price"], None),
        ("a" * 200, ["a" * 199], None),
    ],
)
def test_near_names(name, candidates, found):
    assert near(name, candidates) == found


def test_names_that_there_are():
    assert listed(["a", 1]) == '"a", 1'
    assert listed(range(10)).endswith("7, … (10 in all)")
    assert meant("prise", ["price"]) == 'did you mean "price"?'
    assert meant("x", ["price"]) == 'there are "price"'
    assert meant("x", []) is None


def test_distributions():
    assert distribution_of("cv2") == "opencv-python-headless"
    assert distribution_of("some_thing") == "some-thing"


def test_arguments_in_words():
    case = Case(ValueError("x"), len, [(0, 1.5), ("n", "a")])
    assert (said(case.argument(float)), said(case.argument(str)), case.argument(list)) == (
        "argument 1",
        "`n`",
        None,
    )
    assert (case.get("n"), case.name, case.owner, case.library) == ("a", "len", None, "builtins")
    assert Case(ValueError(), [].append).owner == []
    assert Case(ValueError(), None, path="pandas1.read").library == "pandas1"
    assert Case(ValueError()).library == "NAME"


def function(host, *, port=1, path=""):
    return host


CALLS = [
    (function, (), {"prot": 1}, "did you mean `port`?"),
    (function, (1,), {"zzz": 1}, "leave `zzz` out; arguments by name are host, port, path"),
    (function, (), {}, "pass `host`: by position in the list, or by name, as {[…], %{…}}"),
    (function, (1, 2), {}, "pass the others by name: {[…], %{port: …}}; by name go port, path"),
    (
        str.upper,
        (),
        {},
        "it is a method: call it on an object with Envmgr.method/4, or pass the object as the first argument",
    ),
    ({"price": 1}.__getitem__, ("Price",), {}, 'did you mean "price"? Keys are case-sensitive'),
    ({1: 1}.__getitem__, ("1",), {}, 'the key is a number there: 1, not "1"'),
    ({"1": 1}.__getitem__, (1,), {}, 'the key is a string there: "1"'),
    ([1, 2].__getitem__, (5,), {}, "it has 2 elements, counted from 0: 0 to 1, or -1 to -2 from the end"),
    ([].pop, (), {}, "it is empty"),
    (int, ("abc",), {}, "'abc' is no whole number in base 10"),
    (float, ("1,5",), {}, "'1,5' has a comma: write numbers with a point"),
    (float, ("",), {}, "there is an empty text among the numbers: pass nil, or leave it out"),
    (
        sum,
        (["a"],),
        {},
        "numbers and text are mixed (int and str): make them of one type first (String.to_integer/1, to_string/1)",
    ),
]


@pytest.mark.parametrize(("called", "args", "kwargs", "words"), CALLS, ids=range(len(CALLS)))
def test_calls(called, args, kwargs, words):
    from envmgr_runtime.failures.arguments import Called

    call = Called(called, args, kwargs)
    assert advice(error_of(called, *args, **kwargs), called, call.bound, call.parameters) == words


def test_files(tmp_path, monkeypatch):
    (tmp_path / "sales.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    found = [
        advice(error_of(open, str(name)))
        for name in ("sale.csv", tmp_path / "sales.cvs", tmp_path / "no" / "x", tmp_path)
    ]
    assert (
        found[0]
        == f'from the worker\'s directory {tmp_path} that is {tmp_path}/sale.csv; did you mean "sales.csv"?'
    )
    assert found[1] == 'did you mean "sales.csv"?'
    assert found[2] == f'the directory {tmp_path} has no "no"'
    assert found[3] == "that is a directory: pass the path of a file in it"
    assert "looks like data" in advice(error_of(open, '{"a": 1}'))
    assert "download it" in advice(error_of(open, "https://example.com/x"))
    assert advice(error_of(open, "http:/example.com")) == 'a URL begins with "https://" or "http://"'
    assert "means nothing here" in advice(error_of(open, "~/nothing"))


def test_names_of_the_worker():
    libraries = Libraries()
    libraries.load({"m": ["math", ""]})
    _, payload = Calls(libraries).run("m.sqrtt", 0, packb([[], {}]))
    assert unpackb(payload)["hint"] == "did you mean m.sqrt?"
    _, payload = Calls(libraries).run("m.nothinglike", 0, packb([[], {}]))
    assert unpackb(payload)["hint"] == "Envmgr.search/1 finds what the library has"
    assert "make it again" in advice(StaleRef("object 1 (x) was released"))
    assert "Envmgr.release/1" in advice(RefLimit("full"))


def test_renamed():
    import base64
    import json

    refused = TypeError("loads() got an unexpected keyword argument 'encoding'")
    assert advice(refused, json.loads).endswith("use nothing: text has none (gone in Python 3.9)")
    assert advice(error_of(getattr, json, "parse"), getattr).endswith("use loads")
    missing = AttributeError("module 'base64' has no attribute 'encodestring'")
    assert base64
    assert advice(missing).endswith("use encodebytes (since Python 3.9)")


class Loaf:
    """A loaf.

    Parameters
    ----------
    crumb : {'soft', 'firm'}
        How it is inside.
    shape : {'round', 'oz'}
        How it is outside.
    """

    def __init__(self, crumb="soft", shape="round"):
        raise ValueError(f"no loaf is {crumb} and {shape}")

    def eat(self):
        pass


def test_an_option_is_compared_with_what_is_documented_of_its_parameter():
    def asked(**given):
        case = Case(error_of(Loaf, **given), Loaf, list(given.items()))
        return next(filter(None, (one.advise(case) for one in names.RULES)), None)

    assert asked(crumb="sofd") == 'did you mean "soft" for `crumb`?'
    assert asked(crumb="zz") is None


def test_few_names_of_an_object_are_told_where_none_is_near():
    loaf = object.__new__(Loaf)
    assert advice(error_of(getattr, loaf, "deposit"), owner=loaf) == "Loaf has eat"
    assert advice(error_of(getattr, loaf, "eet"), owner=loaf) == "did you mean `eat`?"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (error_of(list.append, {}, 1), "it is a method: call it on an object"),
        (TypeError("'Loaf' object does not support item assignment"), "Loaf has no elements that can be set"),
        (TypeError("'tuple' object does not support item assignment"), "a tuple cannot be changed"),
        (
            TypeError("tzinfo argument must be None or of a tzinfo subclass, not type 'str'"),
            "a zone is an object",
        ),
        (AttributeError("The '.style' accessor requires jinja2"), 'add with = ["jinja2"]'),
        (TypeError("timezone() argument 1 must be datetime.timedelta, not str"), "Timedelta{seconds: 3600}"),
    ],
)
def test_words_of_messages(error, words):
    assert words in (advice(error, path="lib.f") or "")


def test_what_no_module_is_called_is_not_installed():
    def read_pickle():
        raise ModuleNotFoundError("No module named 'ity,n'", name="ity,n")

    assert advice(error_of(read_pickle)) is None
    assert "no pickle" in advice(error_of(read_pickle), read_pickle)


def test_an_object_of_another_environment():
    with pytest.raises(Unresolved) as caught:
        Libraries().resolve("numpy.mean")
    assert "another environment" in advice(caught.value, path="numpy.mean")


def test_credentials_and_cookies():
    def get(url, auth=None, cookies=None):
        return auth() if auth else cookies["a"]

    for given, words in (({"auth": "me"}, "auth: is {user, password}"), ({"cookies": "a=b"}, "is a map")):
        assert words in advice(error_of(get, "http://x", **given), get, list(given.items()))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("p < 0, p > 1 or p is NaN"), "`p` is a probability"),
        (TypeError('Invalid datetime unit "parsec" in metadata'), "units are"),
        (ValueError("autodetected range of [nan, nan] is not finite"), "NaN"),
        (TypeError("ufunc 'left_shift' not supported for the input types, and"), "whole numbers"),
    ],
)
def test_words_of_numpy(error, words):
    found = [one.advise(Case(error)) for family in (arrays, array_values) for one in family.RULES]
    assert words in next(filter(None, found))
