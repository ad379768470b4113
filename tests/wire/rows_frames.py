"""Rows of frames and of objects from parts, as they are without pyarrow. A value is Python that makes it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hand import FALSE, NIL, ext, integer, many, pairs, text
from rows_numpy import array


def numbers(dtype: str, form: str, *values: float) -> bytes:
    return array(dtype, [len(values)], struct.pack(f"<{len(values)}{form}", *values))[1]


def frame(
    kind: str, meta: tuple[bytes, ...], *columns: tuple[bytes, str, bytes], index: bytes = NIL
) -> bytes:
    packed = many(*(many(label, text(dtype), data) for label, dtype, data in columns))
    return ext(15, many(text(kind), pairs(*meta), packed, index, NIL))


def labels(kind: str, rows: int, name: bytes, dtype: str, data: bytes, *more: bytes) -> bytes:
    meta = (text("class"), text(kind), *more, text("rows"), integer(rows))
    return frame("pandas.Index", meta, (name, dtype, data))


def made(kind: str, **parts: bytes) -> bytes:
    """An object; its parts in their order."""
    return ext(33, many(text(kind), pairs(*(x for key in sorted(parts) for x in (text(key), parts[key])))))


def frames() -> Iterator[tuple[str, str, bytes]]:
    """Name, Python, bytes."""
    rows = text("rows"), integer(2)
    words = many(text("x"), NIL)
    yield (
        "DataFrame of three columns",
        "pd.DataFrame({'i': np.array([1, -2]), 'f': [0.5, np.nan], 's': pd.Series(['x', None], dtype=object)})",
        frame(
            "pandas.DataFrame",
            rows,
            (text("i"), "int64", numbers("int64", "q", 1, -2)),
            (text("f"), "float64", numbers("float64", "d", 0.5, float("nan"))),
            (text("s"), "object", words),
        ),
    )
    yield (
        "DataFrame without rows, labels twice",
        "pd.DataFrame(np.zeros((0, 2), 'int8'), columns=pd.Index(['a', 'a'], dtype=object))",
        frame(
            "pandas.DataFrame",
            (
                text("labels"),
                labels("Index", 2, NIL, "object", many(text("a"), text("a"))),
                text("rows"),
                integer(0),
            ),
            (text("a"), "int8", numbers("int8", "b")),
            (text("a"), "int8", numbers("int8", "b")),
        ),
    )
    days = numbers("<M8[ns]", "q", 0, 86_400_000_000_000)
    yield (
        "Series with an index of days",
        "pd.Series([True, False], name='b', index=pd.DatetimeIndex(days, tz='UTC', freq='D', name='t'))",
        frame(
            "pandas.Series",
            rows,
            (text("b"), "bool", array("bool", [2], b"\1\0")[1]),
            index=labels("DatetimeIndex", 2, text("t"), "datetime64[ns, UTC]", days, text("freq"), text("D")),
        ),
    )
    yield (
        "RangeIndex",
        "pd.RangeIndex(5, -1, -2, name='n')",
        labels("RangeIndex", 3, text("n"), "int64", ext(21, many(integer(5), integer(-1), integer(-2)))),
    )
    codes = numbers("int8", "b", 0, 1, -1)
    level = made(
        "pandas.Categorical",
        codes=codes,
        categories=labels("Index", 2, NIL, "object", many(text("u"), text("v"))),
        ordered=FALSE,
    )
    yield (
        "MultiIndex",
        "pd.MultiIndex([pd.Index(['u', 'v'], dtype=object)], [[0, 1, -1]], names=['k'])",
        frame("pandas.MultiIndex", (text("rows"), integer(3)), (text("k"), "category", level)),
    )


def objects() -> Iterator[tuple[str, str, bytes]]:
    """Name, Python, bytes."""
    half = integer(1_603_585_800_123_456_789)
    yield (
        "Timestamp in a zone, second time of an hour",
        "pd.Timestamp(1_603_585_800_123_456_789 + 3600 * 10**9, tz='UTC').tz_convert('Europe/Berlin')",
        made(
            "pandas.Timestamp",
            value=integer(1_603_585_800_123_456_789 + 3600 * 10**9),
            unit=text("ns"),
            zone=text("Europe/Berlin"),
            fold=integer(1),
        ),
    )
    yield (
        "Timestamp without a zone",
        "pd.Timestamp(1_603_585_800_123_456_789)",
        made("pandas.Timestamp", value=half, unit=text("ns"), zone=NIL, fold=integer(0)),
    )
    yield (
        "Timestamp with an offset",
        "pd.Timestamp(np.datetime64(0, 'ns')).tz_localize('UTC').tz_convert(offset(90))",
        made(
            "pandas.Timestamp",
            value=integer(0),
            unit=text("ns"),
            zone=integer(5_400_000_000),
            fold=integer(0),
        ),
    )
    yield (
        "Timedelta",
        "pd.Timedelta(np.timedelta64(-1, 'ns'))",
        made("pandas.Timedelta", value=integer(-1), unit=text("ns")),
    )
    yield "Period", "pd.Period('1970-03', 'M')", made("pandas.Period", ordinal=integer(2), freq=text("M"))
    yield (
        "Interval",
        "pd.Interval(1, 2, closed='both')",
        made("pandas.Interval", left=integer(1), right=integer(2), closed=text("both")),
    )
    yield (
        "Categorical",
        "pd.Categorical.from_codes([1, 0, -1], pd.Index(['b', 'a'], dtype=object), ordered=True)",
        made(
            "pandas.Categorical",
            codes=numbers("int8", "b", 1, 0, -1),
            categories=labels("Index", 2, NIL, "object", many(text("b"), text("a"))),
            ordered=b"\xc3",
        ),
    )
    yield (
        "array of Int64",
        "pd.arrays.IntegerArray(np.array([7, 1]), np.array([False, True]))",
        made(
            "pandas.array",
            dtype=text("Int64"),
            values=numbers("int64", "q", 7, 1),
            mask=array("bool", [2], b"\0\1")[1],
        ),
    )
    yield (
        "csr matrix",
        "sparse.csr_matrix(np.array([[0, 1.5], [2, 0]]))",
        made(
            "scipy.sparse",
            shape=ext(3, many(integer(2), integer(2))),
            data=numbers("float64", "d", 1.5, 2),
            indices=numbers("int32", "i", 1, 0),
            indptr=numbers("int32", "i", 0, 1, 2),
            **{"class": text("csr_matrix")},
        ),
    )


def rows() -> Iterator[tuple[str, str, object, bytes, bool]]:
    for row, found in (("frame", frames()), ("object", objects())):
        for name, python, data in found:
            yield row, name, {"python": python}, data, True
