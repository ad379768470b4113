"""A value of another type than the function works with, and what Elixir's side makes the right one of."""

from __future__ import annotations

import re
from typing import Any

from .case import Case, said
from .rules import rule

_BYTES = "wrap the binary: Envmgr.bytes(binary) is sent as bytes, a plain binary as str"
_ARRAY = "it works with an array, and a list came: pass Envmgr.Array.from_list(list), or make one first with numpy.array, as: :ref"
_FRAME = (
    "it works with a DataFrame, and a {0} came: pass Envmgr.Frame.new(%{{column: [values]}}), or make one first with pandas.DataFrame,"
    " as: :ref"
)
_OF_ARRAYS = "shape reshape dtype astype ndim mean std sum T flatten ravel tolist min max argmax transpose dot nbytes itemsize"
_OF_FRAMES = (
    "columns iloc loc iterrows groupby merge to_csv to_dict head describe dropna fillna values sort_values set_index"
    " to_frame empty items_ query assign"
)
_OF_DATES = "strftime isoformat year month day hour timestamp tzinfo date weekday utcoffset replace_ astimezone toordinal"
_PLAIN = (list, tuple, dict, str, int, float)


def _has_not(case: Case, match: Any) -> str | None:
    """The library asked one of the arguments for what only the right type has."""
    kind, name = match["kind"], match["name"]
    if kind == "NoneType":
        return _nothing(case, match)
    if not any(type(value) in _PLAIN and type(value).__name__ == kind for value in _all(case)):
        return None
    if kind in ("list", "tuple", "int", "float") and name in _OF_ARRAYS.split():
        if kind in ("int", "float"):
            return "it works with an array, and one number came: pass Envmgr.Array.from_list([…])"
        return _FRAME.format(kind) if case.module == "pandas" else _ARRAY
    if kind in ("dict", "list", "str") and name in _OF_FRAMES.split():
        return _FRAME.format(kind)
    if name in _OF_DATES.split():
        return f"it works with a date or time, and a {kind} came: pass ~D[2024-01-31], ~N[2024-01-31 12:00:00] or a DateTime"
    if name in ("items", "keys", "get", "values", "update"):
        return f"it works with a dict, and a {kind} came: pass a map"
    if name in ("decode", "hex"):
        return _BYTES if kind == "str" else f"it works with text or bytes, and a {kind} came"
    if name in (
        "encode",
        "expandtabs",
        "lower",
        "upper",
        "strip",
        "split",
        "startswith",
        "replace",
        "find",
        "format",
        "join",
    ):
        return f"it works with text, and a {kind} came: pass a string"
    if name in ("append", "extend", "pop", "sort"):
        return f"it works with a list, and a {kind} came: pass a list"
    if name in ("read", "readline", "write", "seek"):
        return f"it works with an open file, and a {kind} came: pass a path where it takes one, or a stream (Envmgr sends an enumerable as a file), or an io.BytesIO made with as: :ref"
    if name in ("fit", "predict", "transform", "get_params"):
        return f"it works with an estimator, and a {kind} came: make one first, as: :ref, and pass the ref"
    return None


def _all(case: Case) -> list[Any]:
    found = []
    for value in case.values():
        found.append(value)
        if type(value) in (list, tuple):
            found.extend(value[:20])
        elif type(value) is dict:
            found.extend(list(value.values())[:20])
    return found


def _nothing(case: Case, match: Any) -> str | None:
    name = case.argument(type(None))
    return None if name is None else f"{said(name)} is nil, and a value is needed there"


def _unhashable(case: Case, match: Any) -> str | None:
    kind = match[1]
    if kind == "list":
        return "lists cannot be keys or members of sets: pass a tuple, {a, b}, where the list stands"
    if kind == "dict":
        return "a map stands where a key, a name or a member of a set is needed: pass a string, number or tuple, or a list of names"
    if kind == "set":
        return (
            "a set stands where a key or member of a set is needed: pass %Envmgr.Set{frozen: true} or a tuple"
        )
    return f"a {kind} stands where a key or member of a set is needed: pass a string, number or tuple"


def _integer(case: Case, match: Any) -> str | None:
    name = case.argument(
        {"float": float, "str": str, "list": list, "NoneType": type(None)}.get(match[1], object)
    )
    which = "a whole number is needed" if name is None else f"{said(name)} must be a whole number"
    if match[1] == "float":
        return f"{which}: 3, not 3.0 (trunc/1, round/1)"
    if match[1] == "str":
        return f"{which}, not text: String.to_integer/1"
    if match[1] in ("list", "tuple"):
        return f"{which}, not a {match[1]}: call it for each element (numpy's functions take all at once)"
    return f"{which}, not {'nil' if match[1] == 'NoneType' else match[1]}"


def _real(case: Case, match: Any) -> str | None:
    kind = match[1]
    if kind == "str":
        return "a number is needed, not text: String.to_float/1 or String.to_integer/1"
    if kind in ("list", "tuple", "numpy.ndarray"):
        return f"one number is needed, not a {kind}: call it for each element, or use NumPy's function of that name, which takes arrays"
    if kind == "NoneType":
        return "a number is needed, not nil"
    if kind == "complex":
        return "it knows real numbers only; the module cmath has the same for complex ones"
    return f"a number is needed, not a {kind}"


def _to_float(case: Case, match: Any) -> str | None:
    word = match["word"]
    if "," in word and word.replace(",", "").replace(".", "").strip().isdigit():
        return f"{word!r} has a comma: write numbers with a point"
    if word == "":
        return "there is an empty text among the numbers: pass nil, or leave it out"
    return f"{word!r} is text where numbers are needed: convert it first (String.to_float/1), or leave that column out"


def _to_int(case: Case, match: Any) -> str | None:
    word, column = match["word"], re.search(r"for column '(.*?)'", case.text)
    if column is not None:
        return f'the column "{column[1]}" has {word!r}, which is no whole number'
    try:
        float(word)
    except ValueError:
        return f"{word!r} is no whole number in base {match['base']}"
    return f"{word!r} is a number with a fraction: use float, or round it first"


def _operands(case: Case, match: Any) -> str | None:
    left, right = match["left"], match["right"]
    if "NoneType" in (left, right):
        return "one side is nil: a value is missing among the arguments"
    if {left, right} <= {"int", "float", "str", "Atom"} and left != right:
        return f"numbers and text are mixed ({left} and {right}): make them of one type first (String.to_integer/1, to_string/1)"
    if {left, right} <= {"decimal.Decimal", "Decimal", "float"} and left != right:
        return "Decimal and float do not mix: pass all as Decimal, or all as floats"
    if "dict" in (left, right):
        return f"a map came where numbers are needed ({left} and {right}): pass its values"
    if "list" in (left, right):
        return f"a list came where one value, or an array, is needed ({left} and {right}): Envmgr.Array.from_list(list) makes an array"
    return f"the values are of types that do not go together: {left} and {right}"


def _iterable(case: Case, match: Any) -> str | None:
    kind = match[1]
    if kind == "NoneType":
        return _nothing(case, match)
    name = case.argument({"int": int, "float": float, "bool": bool}.get(kind, object))
    where = f"{said(name)} must be" if name is not None else "what is needed is"
    return f"{where} a list, or something else with elements: [x], not x"


def _length(case: Case, match: Any) -> str | None:
    found = _iterable(case, match)
    return found and found.replace("a list, or something else with elements", "a list or text")


def _callable(case: Case, match: Any) -> str | None:
    kind = match[1]
    if case.function is not None and not callable(case.function):
        return "it is an attribute, not a method: read it, with Envmgr.attr/2 of a ref or {:attr, name} in a chain"
    if kind == "module":
        return "the path names a module: add the function's name"
    names = [name for name, value in case.bound if type(value).__name__ == kind]
    if not names:
        return None
    which = said(names[0]) if len(names) == 1 else " or ".join(map(said, names[:4]))
    return f"{which} must be a function: pass an Elixir function (fn x -> … end), or a ref to one of Python's"


def _not_json(case: Case, match: Any) -> str | None:
    kind = match[1]
    instead = {
        "bytes": "send text, not Envmgr.bytes/1",
        "datetime": "pass its ISO 8601 text, or default: with a function that makes it",
        "date": "pass its ISO 8601 text, or default: with a function that makes it",
        "set": "pass a list instead of a MapSet",
        "frozenset": "pass a list instead of a set",
        "ndarray": "pass a list, or the array's tolist()",
        "Decimal": "pass a float or text",
        "complex": "pass [real, imaginary]",
    }.get(kind, "pass plain values, or default: with a function that makes them")
    return f"JSON has no {kind}: {instead}"


def _pairs(case: Case, match: Any) -> str | None:
    return "the elements must be pairs: [{a, b}, …], or a map" if len(case.bound) >= 1 else None


def _unchangeable(case: Case, match: Any) -> str:
    if match[1] in ("tuple", "str", "bytes", "frozenset"):
        return f"a {match[1]} cannot be changed: pass a list, or an array"
    return f"{match[1]} has no elements that can be set: look for a method or an attribute that does it"


RULES = (
    rule("TypeError", r"expected bytes or bytearray, but got 'str'", _BYTES),
    rule("TypeError", r"bad operand type for abs", "a number is needed"),
    rule("TypeError", r"ord\(\) expected a character", 'one character is needed: "a"'),
    rule("ValueError", r"chr\(\) arg not in range", "characters are numbered from 0 to 1114111"),
    rule(
        "ValueError",
        r"a coroutine was expected",
        "pass nothing that is not a coroutine; a coroutine function is called as any other, the worker runs it",
    ),
    rule(
        "TypeError",
        r"reduce\(\) of empty iterable",
        "the list is empty: pass the first value as third argument",
    ),
    rule("IndexError", r"^index out of range$", "it is empty, or shorter than the position"),
    rule("ValueError", r"'?(\w+)'? must be an integer", '`{1}` is a whole number: 5, not "5" or 5.0'),
    rule(
        "TypeError",
        r"Expected an int|must be an int(?:eger)?\b",
        "a whole number is needed: 3, not 3.0 or text",
    ),
    rule(
        "TypeError",
        r"type (\w+) doesn't define __(?:trunc|round|ceil|floor|index|abs)__",
        "a number is needed, not a {1}",
    ),
    rule(
        "AttributeError",
        r"'(?P<kind>\w+)' object has no attribute '(?P<name>\w+)'",
        _has_not,
    ),
    rule(
        "TypeError",
        r"bytes-like object is required, not '?str|must be encoded before hashing|object supporting the buffer API required"
        r"|can't concat str to bytes|must be (?:a )?bytes(?:-like object)?[^ ]*, not '?str|expected bytes(?:-like object)?,? (?:but )?(?:got )?'?str"
        r"|(?:should be|expected) (?:a )?bytes.*not '?str|cannot use a bytes pattern on a string|argument should be a bytes-like object or ASCII",
        _BYTES,
    ),
    rule(
        "TypeError",
        r"string argument without an encoding",
        f"{_BYTES}; or pass the encoding as the second argument",
    ),
    rule(
        "TypeError",
        r"cannot use a string pattern on a bytes-like object|must be str, not bytes|can only concatenate str \(not \"bytes\"\)",
        "pass a plain binary (it is sent as str), not Envmgr.bytes/1",
    ),
    rule("TypeError", r"unhashable type: '([\w.]+)'", _unhashable),
    rule("TypeError", r"'([\w.]+)' object cannot be interpreted as an integer", _integer),
    rule(
        "TypeError",
        r"integer argument expected, got (\w+)|an integer is required \(got type (\w+)\)",
        "pass a whole number: 3, not 3.0 or text",
    ),
    rule("TypeError", r"must be real number, not ([\w.]+)", _real),
    rule("TypeError", r"can't convert type '(\w+)' to numerator/denominator", _real),
    rule("TypeError", r"must be (?:a )?real number|a float is required", "pass a number"),
    rule("ValueError", r"could not convert string to float: ['\"]?(?P<word>.*?)['\"]?$", _to_float),
    rule(
        "ValueError", r"invalid literal for int\(\) with base (?P<base>\d+): '(?P<word>.*?)'(?=$|:)", _to_int
    ),
    rule(
        "TypeError",
        r"unsupported operand type\(s\) for [^:]+: '(?P<left>[\w.]+)' and '(?P<right>[\w.]+)'",
        _operands,
    ),
    rule(
        "TypeError",
        r"not supported between instances of '(?P<left>[\w.]+)' and '(?P<right>[\w.]+)'",
        _operands,
    ),
    rule(
        "TypeError",
        r"can only concatenate (?P<left>\w+) \(not \"(?P<right>[\w.]+)\"\)",
        _operands,
    ),
    rule(
        "TypeError",
        r"sequence item (\d+): expected str instance, (\w+) found",
        "element {1} is of type {2}: all must be strings (Enum.map(list, &to_string/1))",
    ),
    rule(
        "TypeError",
        r"expected string or bytes-like object|must be str, not (?:int|float|list)|argument must be (?:a )?str(?:ing)?,? not (?:int|float|list)",
        "pass text: to_string/1",
    ),
    rule(
        "TypeError",
        r"argument must be a string.*not '?(\w+)'?|argument must be str",
        "pass text or a number, not a {1}",
    ),
    rule(
        "TypeError",
        r"(?:expected|should be|argument must be a?) ?str(?:ing)?, bytes.* or os\.PathLike.*not '?(\w+)|should be string, bytes, os.PathLike or integer, not (\w+)",
        "pass the path of a file as a string, not a {1}{2}",
    ),
    rule(
        "TypeError", r"(?:argument of type )?'(\w+)' (?:object )?is not (?:iterable|a container)", _iterable
    ),
    rule("TypeError", r"object of type '(\w+)' has no len\(\)", _length),
    rule("TypeError", r"'(\w+)' object is not (?:subscriptable|reversible|an iterator)", _iterable),
    rule("TypeError", r"'(?:None)Type' object|not 'NoneType'|NoneType found|not NoneType", _nothing),
    rule("TypeError", r"'(\w+)' object is not callable", _callable),
    rule("TypeError", r"Object of type (\w+) is not JSON serializable", _not_json),
    rule(
        "TypeError",
        r"keys must be str, int, float, bool or None, not (\w+)",
        "JSON's keys are text: make each key a string first; skipkeys: true leaves the others out",
    ),
    rule(
        "ValueError",
        r"Out of range float values are not JSON compliant",
        "JSON has no NaN and no infinity: pass nil instead",
    ),
    rule(
        "TypeError",
        r"the JSON object must be str, bytes or bytearray, not (\w+)",
        "it reads JSON text, and a value of type {1} came: that needs no reading; dumps makes text of it",
    ),
    rule(
        "TypeError",
        r"(?:list|tuple|string) indices must be integers(?: or slices)?, not '?(\w+)",
        "a list is looked up by position, and a {1} came: a map is needed here, or a number",
    ),
    rule("TypeError", r"slice indices must be integers", "pass whole numbers or nil"),
    rule("ValueError", r"(?:not enough|too many) values to unpack", _pairs),
    rule(
        "ValueError TypeError",
        r"dictionary update sequence",
        "what becomes a dict is a map, or a list of pairs: [{{key, value}}, …]",
    ),
    rule(
        "TypeError",
        r"int\(\) argument must be .* not '(\w+)'|float\(\) argument must be .* not '(\w+)'",
        "one number is needed, not a {1}{2}",
    ),
    rule("TypeError", r"bad operand type for unary", "a number is needed: text and lists have no sign"),
    rule(
        "TypeError",
        r"'(\w+)' object does not support item assignment",
        _unchangeable,
    ),
    rule(
        "TypeError",
        r"isinstance\(\) arg 2 must be|issubclass\(\) arg \d must be a class",
        "pass a class: a ref to it (as: :ref)",
    ),
)
