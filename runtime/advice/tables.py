"""pandas."""

from __future__ import annotations

from typing import Any

from .case import Case
from .names import keys_of, text_of_keys
from .near import listed, meant, near
from .rules import rule

_FRAME = "pass Envmgr.Frame.new(%{{column: [values]}}), or a ref to a DataFrame"


def _frames(case: Case) -> list[Any]:
    found = [
        getattr(value, "obj", value) if type(value).__module__.startswith("pandas") else value
        for value in case.values()
    ]
    return [value for value in found if type(value).__name__ in ("DataFrame", "Series")]


def columns(case: Case) -> list[Any]:
    """The names that can be asked for, of all frames among object and arguments, and of those that these wrap."""
    found: list[Any] = []
    for value in case.values():
        if type(value) is list:
            for part in value[:20]:
                found += keys_of(part) or []
        elif type(value) is not dict or not _frames(case):
            found += keys_of(value) or []
    return list(dict.fromkeys(found))


def _columns_near(case: Case, names: list[Any]) -> str | None:
    known = columns(case)
    if not known:
        return None
    found = [near(name, known) for name in names]
    if any(found):
        return (
            "did you mean "
            + ", ".join(f'"{name}"' for name in found if name)
            + f"? The columns are {listed(known)}"
        )
    return f"the columns are {listed(known)}"


def _not_in_index(case: Case, match: Any) -> str | None:
    names = text_of_keys(match["names"])
    if case.name == "drop" and all(name in columns(case) for name in names):
        return f"drop takes labels of rows; columns go by name: columns: [{listed(names)}]"
    if case.name == "drop" and not any(isinstance(name, str) for name in names):
        return f"the rows are labelled {listed(_frames(case)[0].index[:_ROWS])}; columns go by name: columns: [name]"
    return _columns_near(case, names)


def _one(case: Case, match: Any) -> str | None:
    return _columns_near(case, [match["name"]])


def _key(case: Case, match: Any) -> str | None:
    key = case.error.args[0] if case.error.args else None
    frames = _frames(case)
    if frames and type(case.owner).__name__ in ("_LocIndexer", "_AtIndexer") and key not in columns(case):
        rows = list(frames[0].index[:_ROWS])
        question = meant(key, rows, "the rows are labelled")
        return f"{question}; iloc takes positions"
    if not frames:
        return None
    names: Any = getattr(key, "tolist", lambda: key)()
    if isinstance(names, list):
        return _columns_near(case, names)
    return _columns_near(case, [names]) if isinstance(names, str) else None


_ROWS = 1000


def _lengths(case: Case, match: Any) -> str | None:
    for value in case.values():
        if type(value) is dict:
            sizes = {
                key: len(part)
                for key, part in list(value.items())[:20]
                if hasattr(part, "__len__") and not isinstance(part, str)
            }
            if len(set(sizes.values())) > 1:
                return "the columns have different lengths: " + ", ".join(
                    f"{key} {size}" for key, size in sizes.items()
                )
    return "all columns must have the same length"


def _merge(case: Case, match: Any) -> str:
    lefts = _frames(case)
    shared = ""
    if len(lefts) > 1:
        shared = (
            f": the left has {listed(keys_of(lefts[0]) or [])}, the right {listed(keys_of(lefts[1]) or [])}"
        )
    return f"name them: on: for both, or left_on: and right_on:{shared}"


def _none_to_concat(case: Case, match: Any) -> str:
    return "concat takes a list of frames or series (refs, or Envmgr.Frame): [[a, b]]"


def _not_numbers(case: Case, match: Any) -> str:
    return "there is text in a column that is reckoned with: numeric_only: true leaves such columns out, or pandas.to_numeric makes numbers of them"


_EXPRESSION = "the expression is not whole, or no expression: columns by name (`in backticks` with spaces), == < > and or not, text in quotes: \"price > 1 and name == 'a'\""


def _no_attribute(case: Case, match: Any) -> str | None:
    frame: Any = getattr(case.error, "obj", case.owner)
    if type(frame).__name__ != "DataFrame" or near(
        match["name"], (known for known in dir(type(frame)) if known[:1] != "_")
    ):
        return None
    question = meant(match["name"], frame.columns, "the columns are")
    return f"{question}; a column is read by __getitem__" if question else None


RULES = (
    rule("SyntaxError", "", lambda case, match: _EXPRESSION if case.name in ("query", "eval") else None),
    rule("ValueError", r"cannot assign without a target object", "equality is written ==: price == 1"),
    rule("ValueError", r"For argument \"(\w+)\" expected type bool", "`{1}` is true or false"),
    rule(
        "ValueError",
        r"Length of (\w+) \(\d+\) != length of (\w+)",
        "`{1}` is one value, or one for each of `{2}`",
    ),
    rule("TypeError", r"Must provide 'func'", 'pass what to reckon: "mean", or a map of column to function'),
    rule("ValueError", r"Need to specify at least one of", 'pass columns: ["name"], or index: [label]'),
    rule(
        "TypeError",
        r"\"value\" parameter must be a scalar or dict",
        "pass one value, or a map of column to value",
    ),
    rule("TypeError", r"must pass an index to rename", "pass columns: a map of old name to new one"),
    rule(
        "AssertionError",
        "",
        lambda case, match: (
            "func must be a function: its name as text, an Elixir function, or a ref"
            if case.name == "apply"
            else None
        ),
    ),
    rule(
        "ValueError",
        r"Invalid value '(\w+)' for option 'orient'",
        'orient: is "columns", "records", "index", "split", "values" or "table"',
    ),
    rule("IndexError", r"loc must be an integer between", "the place of a column counts from 0"),
    rule(
        "TypeError",
        r"Must pass a positional argument or one of `items`",
        "pass items: a list of names, like: a part of names, or regex:",
    ),
    rule("TypeError", r"only list-like (?:or dict-like )?objects are allowed", "pass a list: [5], not 5"),
    rule(
        "ValueError",
        r"replace must specify",
        "pass what is replaced and by what: [old, new], or a map of old to new",
    ),
    rule(
        "ValueError",
        r"header must be integer",
        "header is the number of the line that has the names (0 is the first), or nil",
    ),
    rule(
        "ValueError",
        r"to assemble mappings requires",
        "the columns that dates are made of are named year, month and day (and hour, minute, second)",
    ),
    rule(
        "ValueError",
        r"Unrecognized unit|invalid unit abbreviation|unit abbreviation w/o a number|unit must not be specified",
        'units are "W", "D", "h", "min", "s", "ms", "us" and "ns"; lengths of time are written "5 days" or "1h30min"',
    ),
    rule(
        "ValueError TypeError",
        r"Buffer has wrong number of dimensions|Input must be (?:1D|1-d|a list / sequence)",
        "pass one list of values (a list of lists where it takes several)",
    ),
    rule("ValueError", r"invalid error value specified", 'errors: is "raise" or "coerce"'),
    rule("ValueError", r"Only can inner \(intersect\) or outer", 'join: is "inner" or "outer"'),
    rule(
        "TypeError",
        r"(\w+) requires a Series, Index, ExtensionArray",
        "pass Envmgr.Array.from_list(list), or a ref to a Series",
    ),
    rule("ValueError", r"Categorical categories must be unique", "give each category once"),
    rule("ValueError", r"Cannot pass scalar", "pass a list: [5], not 5"),
    rule("ValueError", r"bins must increase monotonically", "the edges must rise: sort them"),
    rule("pandas.DataError", r"[Cc]annot aggregate non-numeric|No numeric types", _not_numbers),
    rule(
        "TypeError",
        r"positional indexing .* of type (?:str|float)",
        'positions and numbers of rows are whole numbers: 5, not "5" or 5.0',
    ),
    rule(
        "AttributeError", r"Can only use \.str accessor", 'the column has no text: astype "str" makes it text'
    ),
    rule(
        "AttributeError",
        r"Can only use \.dt accessor",
        "the column has no dates: pandas.to_datetime makes them",
    ),
    rule(
        "AttributeError",
        r"Can only use \.cat accessor",
        'the column has no categories: astype "category" makes them',
    ),
    rule(
        "pandas.UndefinedVariableError",
        r"name '(\w+)' is not defined",
        lambda case, match: (
            None if _frames(case) else f"variables are passed by name: local_dict: %{{{match[1]}: …}}"
        ),
    ),
    rule("AttributeError", r"'DataFrame' object has no attribute '(?P<name>\w+)'", _no_attribute),
    rule("KeyError", r"\"?(?P<names>\[.*?\]) not (?:found )?in (?:index|axis)", _not_in_index),
    rule("KeyError", r"None of \[?(?:Index\()?(?P<names>\[.*?\])", _not_in_index),
    rule(
        "KeyError",
        r"(?:Column not found: |Columns? not found: |not found in axis|Label\(s\) )'?\[?'?(?P<name>[\w ]+)",
        _one,
    ),
    rule(
        "ValueError",
        r"(?:Usecols do not match columns, columns expected but not found|Missing column provided to 'parse_dates'): (?P<names>.*?)(?: \(sheet.*)?\"?$",
        lambda case, match: (
            f"the file has no such column: read it without usecols and parse_dates and look at its columns ({match['names']}); header: says which line has their names"
        ),
    ),
    rule("KeyError", "", _key),
    rule("ValueError", r"All arrays must be of the same length|arrays must all be same length", _lengths),
    rule(
        "ValueError",
        r"Length of values \((\d+)\) does not match length of index \((\d+)\)",
        "{1} values came for {2} rows: pass as many as there are rows",
    ),
    rule(
        "ValueError",
        r"(?:Length mismatch: Expected axis has|Shape of passed values is) (\S+).*?(?:new values have|indices imply) (\S+)",
        "there are {1} and {2} was given: pass as many names as there are",
    ),
    rule(
        "ValueError",
        r"If using all scalar values, you must pass an index",
        "the values are lists: %{{a: [1]}}, not %{{a: 1}}; or pass index: [0]",
    ),
    rule(
        "ValueError",
        r"DataFrame constructor not properly called",
        "pass a map of lists, a list of maps, a list of lists, or Envmgr.Frame.new(%{{column: [values]}})",
    ),
    rule(
        "ValueError",
        r"Must pass 2-d input|Per-column arrays must each be 1-dimensional|Data must be 1-dimensional",
        "a DataFrame has two axes and a Series one: nested lists of that depth",
    ),
    rule(
        "ValueError", r"(\d+) columns passed, passed data had (\d+) columns", "{1} names came for {2} columns"
    ),
    rule(
        "TypeError",
        r"first argument must be an iterable of pandas objects, you passed an object of type \"(\w+)\"|cannot concatenate object of type",
        _none_to_concat,
    ),
    rule("ValueError", r"No objects to concatenate", "the list of frames is empty"),
    rule(
        "TypeError",
        r"Can only merge Series or DataFrame objects, a .*'(?P<kind>\w+)'",
        f"merge takes two frames, and a {{kind}} came: {_FRAME}",
    ),
    rule("pandas.MergeError", r"No common columns", _merge),
    rule(
        "pandas.MergeError",
        r"not a (?:one|many)-to-(?:one|many)|Merge keys are not unique",
        "a key stands more than once: drop_duplicates first, or leave validate out",
    ),
    rule(
        "ValueError pandas.MergeError",
        r"You are trying to merge on (\S+) and (\S+) columns",
        "the keys are of types {1} and {2}: make them equal with astype first",
    ),
    rule(
        "ValueError",
        r"columns overlap but no suffix specified",
        'lsuffix: and rsuffix: tell them apart: lsuffix: "_left"',
    ),
    rule(
        "pandas.MergeError",
        r"Can only pass argument|Must pass|must",
        "pass on:, or left_on: and right_on:, or left_index: and right_index: true",
    ),
    rule(
        "ValueError",
        r"is not a valid Merge type|not a valid (?:join|merge)",
        'how: is "inner", "left", "right", "outer" or "cross"',
    ),
)
