"""What is said of exceptions, family by family: messages as libraries word them, of which not all are here to raise them."""

from __future__ import annotations

import configparser
import errno
import inspect
import json
import re

import pytest

from envmgr_runtime.advice import (
    arrays,
    calling,
    encoding,
    files,
    imports,
    learning,
    names,
    texts,
    web,
    wrong_types,
)
from envmgr_runtime.advice.case import Case
from envmgr_runtime.advice.names import keys_of, text_of_keys


def said_of(family, error, function=None, bound=(), path="lib.f", **more):
    case = Case(error, function, list(bound), path=path, **more)
    return next(filter(None, (rule.advise(case) for rule in family.RULES)), None)


def parameters(function):
    return inspect.signature(function).parameters


def lacks(kind, name):
    return AttributeError(f"'{kind}' object has no attribute '{name}'")


def mixes(left, right):
    return TypeError(f"unsupported operand type(s) for +: '{left}' and '{right}'")


WRONG_TYPES = [
    (lacks("NoneType", "shape"), None, "`x` is nil"),
    (lacks("int", "shape"), 5, "one number came"),
    (lacks("list", "mean"), [1], "pass Envmgr.Array.from_list(list)"),
    (lacks("dict", "columns"), {"a": 1}, "a DataFrame, and a dict came"),
    (lacks("str", "strftime"), "2024", "a date or time, and a str came"),
    (lacks("list", "items"), [1], "a dict, and a list came"),
    (lacks("str", "decode"), "a", "wrap the binary"),
    (lacks("int", "decode"), 1, "text or bytes, and a int came"),
    (lacks("int", "strip"), 1, "text, and a int came"),
    (lacks("str", "append"), "a", "a list, and a str came"),
    (lacks("str", "readline"), "a", "an open file, and a str came"),
    (lacks("str", "predict"), "a", "an estimator, and a str came"),
    (lacks("int", "shape"), [5], "one number came"),
    (lacks("int", "shape"), {"a": 5}, "one number came"),
    (lacks("str", "nothing"), "a", None),
    (lacks("str", "shape"), 5, None),
    (TypeError("unhashable type: 'list'"), [], "pass a tuple"),
    (TypeError("unhashable type: 'dict'"), {}, "a map stands where a key"),
    (TypeError("unhashable type: 'set'"), set(), "frozen: true"),
    (TypeError("unhashable type: 'Thing'"), 1, "a Thing stands where a key"),
    (TypeError("'float' object cannot be interpreted as an integer"), 1.5, "`x` must be a whole number: 3, not 3.0"),
    (TypeError("'str' object cannot be interpreted as an integer"), "1", "String.to_integer/1"),
    (TypeError("'list' object cannot be interpreted as an integer"), [1], "for each element"),
    (TypeError("'tuple' object cannot be interpreted as an integer"), 1, "a whole number is needed, not a tuple"),
    (TypeError("'NoneType' object cannot be interpreted as an integer"), None, "`x` must be a whole number, not nil"),
    (TypeError("must be real number, not complex"), 1j, "cmath"),
    (TypeError("must be real number, not NoneType"), None, "not nil"),
    (TypeError("must be real number, not Thing"), 1, "not a Thing"),
    (ValueError("could not convert string to float: 'a'"), "a", "leave that column out"),
    (ValueError("invalid literal for int() with base 10: 'a' for column 'n'"), "a", 'the column "n" has'),
    (ValueError("invalid literal for int() with base 10: '1.5'"), "1.5", "round it first"),
    (mixes("NoneType", "int"), None, "one side is nil"),
    (mixes("int", "str"), 1, "make them of one type"),
    (mixes("decimal.Decimal", "float"), 1.0, "do not mix"),
    (mixes("dict", "int"), {}, "a map came"),
    (mixes("list", "int"), [], "a list came"),
    (mixes("set", "int"), 1, "do not go together: set and int"),
    (TypeError("'NoneType' object is not iterable"), None, "`x` is nil"),
    (TypeError("object of type 'int' has no len()"), 5, "`x` must be a list or text"),
    (TypeError("'module' object is not callable"), 1, "add the function's name"),
    (TypeError("'str' object is not callable"), "a", "`x` must be a function"),
    (TypeError("'str' object is not callable"), 1, None),
    (TypeError("Object of type Decimal is not JSON serializable"), 1, "a float or text"),
    (TypeError("Object of type Thing is not JSON serializable"), 1, "pass plain values"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "given", "words"), WRONG_TYPES, ids=[f"{n}-{str(e)[:40]}" for n, (e, _, _) in enumerate(WRONG_TYPES)]
)  # fmt: skip
def test_values_of_another_type(error, given, words):
    found = said_of(wrong_types, error, bound=[("x", given)])
    assert found is None if words is None else words in found


def test_what_is_called_is_an_attribute():
    assert "Envmgr.attr/2" in said_of(wrong_types, TypeError("'int' object is not callable"), 5)


def passes_on(x, *, level=1, **rest):
    raise AssertionError


def takes(x, level=1):
    raise AssertionError


def takes_none():
    raise AssertionError


def by_name_alone(**named):
    raise AssertionError


def unexpected(name, callee="inner"):
    return TypeError(f"{callee}() got an unexpected keyword argument '{name}'")


CALLING = [
    (passes_on, unexpected("levle"), "did you mean `level`?"),
    (passes_on, unexpected("level"), "passes_on handed `level` on to inner"),
    (passes_on, unexpected("zzz"), "passes_on hands on what it does not know"),
    (takes, unexpected("zzz", "takes"), "leave `zzz` out; arguments by name are x, level"),
    (takes_none, unexpected("zzz", "takes_none"), "it takes no such argument"),
    (takes, TypeError("takes() missing 1 required positional argument: 'x'"), "pass `x`"),
    (takes, TypeError("Thing.eat() missing 1 required positional argument: 'self'"), "make an object of the class"),
    (takes, TypeError("inner() missing 1 required positional argument: 'y'"), None),
    (takes, TypeError("expected 2 arguments, got 1"), "it takes x, level, and got 0 arguments"),
    (None, TypeError("expected 2 arguments, got 1"), None),
    (by_name_alone, TypeError("takes 0 positional arguments but 1 was given"), "by name alone"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "error", "words"), CALLING, ids=range(len(CALLING)))
def test_arguments(function, error, words):
    known = {} if function is None else parameters(function)
    found = said_of(calling, error, function, parameters=known)
    assert found is None if words is None else words in found


def test_a_list_is_one_argument():
    error = TypeError("takes 1 positional argument but 3 were given")
    assert "one list is one argument" in said_of(calling, error, None, [(0, 1), (1, 2), (2, 3)])


class Oven:
    def heat(self, degrees, minutes=1):
        raise AssertionError


def test_names_of_what_the_function_calls():
    """It is found by its qualified name, in the package that called it."""

    def bake(**more):
        Oven().heat(1, **more)

    def told(**more):
        try:
            bake(**more)
        except TypeError as error:
            words = re.sub(r"^heat", "Oven.heat", str(error))  # before Python 3.10
            return said_of(
                calling,
                TypeError(words).with_traceback(error.__traceback__),
                bake,
                parameters=parameters(bake),
            )
        raise AssertionError

    assert told(minuts=2) == "did you mean `minutes`?"
    assert told(zzz=2) == "leave `zzz` out; arguments by name are degrees, minutes"


def refused(text):
    try:
        json.loads(text)
    except ValueError as error:
        return error
    raise AssertionError


JSON = [
    ('[1, // one\n2]', "JSON has no comments"),
    ('["a', "is the text cut off?"),
    ('["a\nb"]', "strict: false"),
    (r'["\d"]', "a backslash is written twice"),
    ("[01]", "leading zero"),
    ('{"a" 1}', "a colon is missing"),
    ("[1 2]", "a comma is missing"),
    ("[+1]", "a value is text in double quotes"),
    ("{1: 2}", "names of members"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), JSON, ids=range(len(JSON)))
def test_json(text, words):
    assert words in said_of(texts, refused(text))


def test_json_of_bytes():
    error = json.JSONDecodeError("Expecting value", "[+]", 1)
    error.doc = b"[+]"
    assert "a value is text in double quotes" in said_of(texts, error)
    error.doc = None
    assert said_of(texts, error) is None
    trailing = json.JSONDecodeError("Illegal trailing comma before end of array", "[1, ]", 3)
    assert "no comma before the closing bracket" in said_of(texts, trailing)
    assert said_of(texts, json.JSONDecodeError("Else", "[?]", 1)).startswith("at line 1, column 2: ")


def test_sections_and_groups():
    parser = configparser.ConfigParser()
    parser.read_string("[server]\nport = 1\n")
    assert said_of(texts, configparser.NoSectionError("sever"), owner=parser) == 'did you mean "server"?'
    assert said_of(texts, configparser.NoSectionError("sever")) is None
    match = re.match(r"(?P<word>a)(b)", "ab")
    error = IndexError("no such group")
    assert said_of(texts, error, owner=match) == "the pattern has 2 groups, named word; 0 is the whole match"
    assert said_of(texts, error, owner=object()) is None


def foreign(name, module, *bases):
    """An exception's class, as a library that is not here has it."""
    return type(name, bases or (Exception,), {"__module__": module})


HTTPError = foreign("HTTPError", "requests.exceptions")
Unconnected = foreign("ConnectionError", "requests.exceptions")
InvalidParameter = foreign("InvalidParameterError", "sklearn.utils._param_validation", ValueError)
AxisError = foreign("AxisError", "numpy.exceptions", ValueError)

WEB = [
    (HTTPError("404 Client Error: Not Found for url: https://x"), "there is nothing at that address: look at the path"),
    (Unconnected("Failed to resolve 'x'"), "the host's name is not known"),
    (Unconnected("Connection refused"), "nobody listens there"),
    (Unconnected("timed out"), "did not answer in time"),
    (Unconnected("RemoteDisconnected"), "closed the connection without an answer"),
    (Unconnected("ProxyError: no"), "HTTPS_PROXY"),
    (Unconnected("else"), "cannot be reached"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "words"), WEB, ids=range(len(WEB)))
def test_the_web(error, words):
    assert words in said_of(web, error)


def must_be(name, wanted, got):
    return InvalidParameter(f"The '{name}' parameter of Tree must be {wanted}. Got {got} instead.")


def fit(X, y):  # noqa: N803 - its name in scikit-learn
    raise AssertionError


def score(a, b):
    raise AssertionError


LEARNING = [
    (ValueError("Invalid parameter 'n_estimator' for estimator X(). Valid parameters are: ['n_estimators', 'depth']."), None, "did you mean `n_estimators`?"),
    (ValueError("Invalid parameter 'zzz' for estimator X(). Valid parameters are: ['depth']."), None, "`zzz` is none of its parameters: depth"),
    (unexpected("leve"), takes, "did you mean `level`?"),
    (unexpected("zzz"), takes, None),
    (must_be("criterion", "a str among {'gini', 'entropy'}", "'ginni'"), None, 'did you mean "gini"?'),
    (must_be("criterion", "a str among {'gini', 'entropy'}", "'zz'"), None, '`criterion` is one of "entropy", "gini"'),
    (must_be("depth", "an int in the range [1, inf)", "'10'"), None, "`depth` takes a number, not text: 10"),
    (must_be("depth", "an int in the range [1, inf)", "2.5"), None, "`depth` is a whole number: 2, not 2.5"),
    (must_be("share", "a float in the range (0, 1)", "7"), None, "`share` takes a float in the range (0, 1)"),
    (ValueError("Found input variables with inconsistent numbers of samples: [4, 2]"), fit, "X has 4 rows and y 2"),
    (ValueError("Found input variables with inconsistent numbers of samples: [4, 2]"), score, "have 4 and 2 elements"),
    (ValueError("X has 3 features, but LinearRegression is expecting 2 features as input."), None, "fitted with 2 features and got 3"),
    (ValueError("could not convert string to float: 'a'"), None, "there is text ('a') among the features"),
    (AttributeError("'Tree' object has no attribute 'coef_'"), None, "`coef_` is there after fit"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "function", "words"), LEARNING, ids=range(len(LEARNING)))
def test_learning(error, function, words):
    known = {} if function is None else parameters(function)
    found = said_of(learning, error, function, parameters=known)
    assert found is None if words is None else words in found


def test_scorers(monkeypatch):
    error = ValueError("'r3' is not a valid scoring value")
    monkeypatch.setitem(__import__("sys").modules, "sklearn.metrics", None)
    assert said_of(learning, error) is None
    metrics = type("metrics", (), {"get_scorer_names": staticmethod(lambda: ["r2", "accuracy"])})
    monkeypatch.setitem(__import__("sys").modules, "sklearn", metrics)
    monkeypatch.setitem(__import__("sys").modules, "sklearn.metrics", metrics)
    assert said_of(learning, error) == 'did you mean "r2"?'
    error = ValueError("'zzzz' is not a valid scoring value")
    assert said_of(learning, error) == 'scorers are "r2", "accuracy"'


def test_modules():
    gone = ModuleNotFoundError("No module named 'json.nothing'", name="json.nothing")
    assert "json has no json.nothing" in said_of(imports, gone, json.loads)
    pip = ImportError("Missing optional dependency. Run `pip install -U fancy-thing` first")
    assert 'with = ["fancy-thing"]' in (said_of(imports, pip) or "")
    circular = ImportError("cannot import name 'x' from partially initialized module 'json' (most likely due to a circular import)")  # fmt: skip
    assert "a file of your own may have the name of a module" in said_of(imports, circular)
    older = ImportError("cannot import name 'x' from 'json' (/lib/json/__init__.py)")
    assert "of another version than the library was written for" in said_of(imports, older)


def test_files_that_cannot_be_named(tmp_path):
    assert said_of(files, FileNotFoundError(errno.ENOENT, "No such file or directory")) is None
    assert said_of(files, PermissionError(errno.EACCES, "Permission denied")) is None
    bytes_of_it = FileNotFoundError(errno.ENOENT, "No such file or directory", str(tmp_path / "x").encode())
    assert said_of(files, bytes_of_it) == f"there is no such file in {tmp_path}"
    denied = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "x"))
    assert "change its rights" in said_of(files, denied)


ARRAYS = [
    (AxisError("axis 0 is out of bounds for array of dimension 0"), "one number has no axis"),
    (AxisError("axis 1 is out of bounds for array of dimension 1"), "the data has one axis, 0"),
    (IndexError("index 0 is out of bounds for axis 0 with size 0"), "that axis is empty"),
    (IndexError("index 5 is out of bounds for axis 0 with size 3"), "positions on that axis are 0 to 2"),
]


@pytest.mark.parametrize(("error", "words"), ARRAYS, ids=range(len(ARRAYS)))
def test_arrays(error, words):
    assert words in said_of(arrays, error)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ufunc 'add' did not contain a loop with signature matching types (dtype('<U1'), dtype('<U1'))", "text"),
        ("ufunc 'isnan' not supported for the input types: dtype('O')", "something else than numbers"),
        ("ufunc 'add' did not contain a loop for datetime64", "not done with dates"),
        ("ufunc 'add' did not contain a loop", None),
    ],
)  # fmt: skip
def test_loops_of_numpy(words, found):
    said = arrays._loop(Case(TypeError(words)), None)
    assert said is None if found is None else found in said


def test_encodings():
    def of(codec, data=b"\xff"):
        return said_of(encoding, UnicodeDecodeError(codec, data, 0, 1, "no"))

    assert 'encoding: "utf-8"' in of("ascii")
    assert of("cp1252").startswith("the data is not cp1252")
    assert "not UTF-8" in of("utf-8")
    assert "PDF" in of("utf-8", b"%PDF-1.7\xff")


def test_keys_and_positions():
    assert keys_of(5) is None
    assert text_of_keys("['a', 'b']") == ["a", "b"]
    assert text_of_keys("'a'") == ["a"]
    assert text_of_keys("a b") == []
    assert said_of(names, IndexError("list index out of range"), bound=[(0, [1]), (1, [2])]) is None
    undefined = NameError("name 'pric' is not defined")
    assert said_of(names, undefined, bound=[(0, {"price": 1})]).startswith('did you mean "price"?')
    assert said_of(names, undefined, bound=[(0, 5)]) is None
    allowed = ValueError("'zz' is wrong: valid options are: 'left', 'right'")
    assert said_of(names, allowed, bound=[("how", "zz")]) == '`how` is one of "left", "right"'
    assert said_of(names, allowed, bound=[("how", 5)]) is None
