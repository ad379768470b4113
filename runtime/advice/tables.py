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


def _date(case: Case, match: Any) -> str:
    return 'pass the format that the text has, as format: "%d.%m.%Y"; format: "mixed" tries for each, errors: "coerce" makes what is no date missing'


def _merge(case: Case, match: Any) -> str:
    lefts = _frames(case)
    shared = ""
    if len(lefts) > 1:
        shared = (
            f": the left has {listed(keys_of(lefts[0]) or [])}, the right {listed(keys_of(lefts[1]) or [])}"
        )
    return f"name them: on: for both, or left_on: and right_on:{shared}"


def _frequency(case: Case, match: Any) -> str:
    name = match["name"]
    newer = {
        "M": "ME",
        "Q": "QE",
        "Y": "YE",
        "A": "YE",
        "H": "h",
        "T": "min",
        "S": "s",
        "L": "ms",
        "U": "us",
        "N": "ns",
        "BM": "BME",
        "BQ": "BQE",
        "BA": "BYE",
    }
    if name in newer:
        return f'"{newer[name]}" is its name since pandas 2.2'
    return 'frequencies are "D" (days), "h", "min", "s", "W", "ME" (ends of months), "MS" (their beginnings), "QE", "YE", with a number in front: "15min"'


def _function(case: Case, match: Any) -> str | None:
    name, of = match["name"], next((value for value in case.values() if hasattr(value, "agg")), None)
    found = (
        near(name, [known for known in dir(type(of)) if not known.startswith("_")])
        if of is not None
        else None
    )
    return (
        f'did you mean "{found}"?'
        if found
        else 'functions by name are "sum", "mean", "min", "max", "count", "std", "first", "nunique", …'
    )


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
    rule(
        "pandas.DateParseError ValueError",
        r"time data .* (?:doesn't|does not) match format|Unknown datetime string format|unable to parse|Given date string|day is out of range|unconverted data remains|does not match format",
        _date,
    ),
    rule(
        "pandas.OutOfBoundsDatetime",
        "",
        'dates of nanoseconds lie between 1677 and 2262: errors: "coerce" makes others missing, unit: "s" or "us" holds more',
    ),
    rule(
        "ValueError pandas.OutOfBoundsDatetime",
        r"cannot convert input with unit|non convertible value",
        'unit: says what the numbers count: "s", "ms", "us", "ns", "D"',
    ),
    rule("ValueError", r"Invalid frequency: (?P<name>[\w-]+)", _frequency),
    rule("ValueError", r"'(?P<name>\w+)' is no longer supported for offsets", _frequency),
    rule(
        "TypeError",
        r"Only valid with DatetimeIndex",
        'the index has no dates: to_datetime the column and set_index it, or name it: on: "column"',
    ),
    rule(
        "ValueError",
        r"Of the four parameters: start, end, periods, and freq",
        "pass three of start, end, periods and freq",
    ),
    rule(
        "TypeError",
        r"tz-naive|tz-aware|Cannot (?:compare|subtract|join|convert) tz",
        "one side has a time zone, the other none: tz_localize gives one, tz_localize(nil) takes it",
    ),
    rule(
        "pandas.EmptyDataError",
        "",
        "the file or text is empty: look at the path; header: nil reads one without names",
    ),
    rule(
        "pandas.ParserError",
        r"Expected (\d+) fields in line (\d+), saw (\d+)",
        'line {2} has {3} fields, the first ones {1}: another separator (sep: ";"), quotes, or lines before the table (skiprows); on_bad_lines: "skip" leaves it out',
    ),
    rule(
        "pandas.ParserError",
        r"EOF inside string",
        "a quote is not closed: quotechar, or quoting: 3 where quotes mean nothing",
    ),
    rule(
        "pandas.ParserError",
        r"out of memory|Buffer overflow",
        'engine: "python" reads it, or chunksize: reads less at once',
    ),
    rule(
        "pandas.ParserError",
        "",
        'look at sep:, quotechar:, skiprows: and encoding:; on_bad_lines: "skip" leaves bad lines out',
    ),
    rule(
        "ValueError",
        r"Cannot index with vector containing NA|cannot mask with (?:array containing NA|non-boolean)|cannot convert NA to",
        "there are missing values where true or false is needed: fillna first",
    ),
    rule(
        "ValueError",
        r"Integer column has NA values in column|cannot convert (?:float NaN|NA)|Cannot convert non-finite values \(NA or inf\) to integer|cannot safely cast",
        'whole numbers of NumPy hold no missing values: dtype "Int64" does, or fillna first',
    ),
    rule(
        "ValueError",
        r"truth value of a (?P<kind>\w+) is ambiguous",
        "a {kind} stands where one truth value is needed: its methods any, all or empty make one; & and | combine masks",
    ),
    rule("pandas.IndexingError", r"Too many indexers", "a Series has one axis, a DataFrame two"),
    rule(
        "pandas.IndexingError ValueError",
        r"Unalignable boolean|Item wrong length|Boolean index has wrong length",
        "the mask must have the frame's index and length",
    ),
    rule(
        "pandas.InvalidIndexError",
        r"Reindexing only valid with uniquely valued",
        "the index has a value more than once: drop_duplicates or reset_index first",
    ),
    rule(
        "ValueError",
        r"cannot reindex on an axis with duplicate labels|Index contains duplicate entries, cannot reshape",
        "labels stand more than once: groupby or drop_duplicates first; pivot_table with aggfunc combines them",
    ),
    rule(
        "ValueError",
        r"Index has overlapping values|Indexes have overlapping values",
        "ignore_index: true numbers afresh",
    ),
    rule(
        "IndexError",
        r"single positional indexer is out-of-bounds|positional indexers are out-of-bounds",
        lambda case, match: (
            f"the data has {len(_frames(case)[0])} rows, counted from 0" if _frames(case) else None
        ),
    ),
    rule(
        "TypeError",
        r"Cannot index by location index with a non-integer key|cannot do positional indexing",
        "iloc takes positions, loc takes labels",
    ),
    rule(
        "TypeError",
        r"Could not convert .* to numeric|[Cc]annot perform reduction|does not support (?:operation|reduction) '\w+'|agg function failed|dtype '?(?:str|object|string)'? does not support",
        _not_numbers,
    ),
    rule(
        "ValueError",
        r"Unable to parse string ['\"](.*?)['\"] at position (\d+)",
        '"{1}" (element {2}) is no number: errors: "coerce" makes it missing',
    ),
    rule("AttributeError", r"'(?P<name>\w+)' is not a valid function for", _function),
    rule(
        "ValueError", r"No axis named (\S+) for object type (\w+)", 'axis: is 0 or "index", or 1 or "columns"'
    ),
    rule(
        "ValueError TypeError",
        r"No group keys passed|You have to supply one of",
        'name the columns: by: ["column"]',
    ),
    rule(
        "ValueError",
        r"Grouper for '(?P<name>.*?)' not 1-dimensional",
        'two columns are named "{name}": rename one',
    ),
    rule(
        "TypeError",
        r"can only (?:insert|use)|incompatible index of inserted column",
        "the lengths or indexes do not fit: pass a list, or reset_index first",
    ),
    rule(
        "AttributeError",
        r"Can only use \.(\w+) accessor with (\w+)",
        "the column is not of that type: astype, or pandas.to_datetime for dates, first",
    ),
    rule(
        "ValueError",
        r"Excel file format cannot be determined, you must specify an engine",
        "it is no Excel file: look at the path; CSV is read by read_csv",
    ),
    rule(
        "ValueError",
        r"Worksheet named '(.*?)' not found|Worksheet index (\d+) is invalid",
        "sheet_name: nil reads all sheets; their names are its keys",
    ),
    rule(
        "ValueError",
        r"Invalid file path or buffer object type: <class '(\w+)'>",
        "pass a path, a URL, or an open file; a map or list becomes a frame with pandas.DataFrame",
    ),
    rule(
        "ValueError",
        r"Expected object or value|Trailing data|Unmatched|No ':' found",
        "the JSON is not one table: lines: true reads one object a line, orient: says its form; text itself goes through io.StringIO",
    ),
    rule(
        "ValueError",
        r"Mixing dicts with non-Series|Invalid value for orient|Invalid orient",
        'orient: is "columns", "records", "index", "split" or "values"',
    ),
    rule(
        "ValueError",
        r"bins must increase monotonically|Bin edges must be unique",
        'duplicates: "drop" leaves equal edges out',
    ),
    rule("ValueError", r"Bin labels must be one fewer", "one label fewer than edges"),
    rule("ValueError", r"percentiles should all be in the interval", "quantiles lie between 0 and 1"),
    rule(
        "ValueError",
        r"window must be an integer|min_periods",
        'window counts rows (a whole number from 0 on), or is a time such as "7D" over an index of dates',
    ),
    rule(
        "ValueError",
        r"Must specify a fill 'value' or 'method'",
        "pass a value: 0, or a map of column to value",
    ),
    rule(
        "ValueError",
        r"Cannot take a larger sample than population",
        "replace: true draws rows more than once",
    ),
    rule("ValueError", r"Please enter a value for `frac` OR `n`", "one of n: and frac:"),
    rule(
        "TypeError",
        r"data type '(?P<name>.*?)' not understood",
        lambda case, match: meant(
            match["name"],
            [
                "int64",
                "float64",
                "Int64",
                "Float64",
                "bool",
                "boolean",
                "str",
                "string",
                "category",
                "object",
                "datetime64[ns]",
            ],
            "dtypes are",
        ),
    ),
    rule(
        "ValueError",
        r"Wrong number of items passed (\d+), placement implies (\d+)|Columns must be same length as key",
        "as many columns as names are needed",
    ),
    rule(
        "ValueError",
        r"cannot insert (.*), already exists",
        "there is a column of that name: rename it, or drop: true",
    ),
    rule(
        "TypeError",
        r"Cannot setitem on a Categorical with a new category|Cannot set item|Cannot setitem",
        "add_categories first",
    ),
    rule(
        "TypeError",
        r"Invalid value '.*' for dtype '(\w+)'",
        "a value of that type is not stored in a column of {1}: astype first",
    ),
    rule(
        "TypeError",
        r"unhashable type: 'list'",
        "columns of lists cannot be grouped or compared: explode them, or pass tuples; more names than one go in one list",
    ),
    rule("ValueError", r"columns cannot be a set|index cannot be a set", "pass a list"),
    rule(
        "TypeError",
        r"Index\(\.\.\.\) must be called with a collection|must be called with a collection of some kind",
        'pass a list: ["a"], not "a"',
    ),
    rule(
        "TypeError",
        r"unsupported type: <class '(\w+)'>|(?:arg|input) must be a (?:list, tuple|string|list)",
        "pass a list, or a ref to a Series",
    ),
    rule("ValueError", r"invalid on specified as (.*?), must be a column", "on: names a column of dates"),
    rule(
        "ValueError",
        r"left keys must be sorted|right keys must be sorted|must be sorted",
        "merge_asof takes sorted frames: sort_values first",
    ),
)
