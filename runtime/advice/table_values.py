"""pandas: dates, files, dtypes, and what is reckoned with them."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import meant, near
from .rules import rule
from .tables import _frames, _not_numbers


def _date(case: Case, match: Any) -> str:
    return 'pass the format that the text has, as format: "%d.%m.%Y"; format: "mixed" tries for each, errors: "coerce" makes what is no date missing'


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


RULES = (
    rule(
        "ValueError",
        r"`bins` should be a positive integer",
        "bins is a whole number from 1 on, or a list of rising edges",
    ),
    rule(
        "pandas.DateParseError ValueError",
        r"time data .* (?:doesn't|does not) match format|Unknown datetime string format|unable to parse|Given date string|day is out of range|unconverted data remains|does not match format|Invalid date specified",
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
