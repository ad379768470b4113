"""Writes golden.json: Arrow IPC streams by pyarrow and polars with what is in them.

    python golden.py > golden.json        (needs pyarrow and polars)

Values are Arrow's own: times as counts of their unit, decimals as their coefficient, bytes as {"bytes": base64}, what
JSON has no number for as {"float": name}, maps as lists of {"pair": …}.
"""

from __future__ import annotations

import base64
import decimal
import io
import json
import math
from typing import Any

import polars
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

INTEGERS = {
    name: [0, 1, -1 if name[0] == "i" else 2, *ends]
    for name, ends in {
        f"{sign}int{bits}".replace("+", ""): (
            [-(1 << bits - 1), (1 << bits - 1) - 1] if not sign else [(1 << bits) - 1, 7]
        )
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    }.items()
}
TEXTS = ["", "a", "ü→😀", "x" * 12, "y" * 13, "z" * 70]
BYTES = [text.encode() + b"\xff" for text in TEXTS]
STRUCT = pa.struct([("a", pa.int32()), ("b", pa.string())])
ENTRIES = [[("k", 1), ("l", None)], [], [("m", 3)]]

COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    "null": (pa.null(), [None]),
    "bool": (pa.bool_(), [True, False, True, True]),
    **{name: (getattr(pa, name)(), values) for name, values in INTEGERS.items()},
    "float16": (pa.float16(), [0.0, 1.5, -2.25, math.inf, -math.inf, math.nan]),
    "float32": (pa.float32(), [0.0, 1.5, -2.25, math.inf, -math.inf, math.nan]),
    "float64": (pa.float64(), [0.1, -0.0, 1e300, math.inf, -math.inf, math.nan]),
    "string": (pa.string(), TEXTS),
    "large_string": (pa.large_string(), TEXTS),
    "string_view": (pa.string_view(), TEXTS),
    "binary": (pa.binary(), BYTES),
    "large_binary": (pa.large_binary(), BYTES),
    "binary_view": (pa.binary_view(), BYTES),
    "fixed": (pa.binary(3), [b"abc", b"\x00\x01\xff"]),
    "date32": (pa.date32(), [0, 20000, -719162]),
    "date64": (pa.date64(), [0, 86400000, -86400000]),
    "time32[s]": (pa.time32("s"), [0, 86399]),
    "time32[ms]": (pa.time32("ms"), [0, 86399999]),
    "time64[us]": (pa.time64("us"), [0, 1]),
    "time64[ns]": (pa.time64("ns"), [0, 86399999999999]),
    **{f"timestamp[{unit}]": (pa.timestamp(unit), [0, 1, -1]) for unit in ("s", "ms", "us", "ns")},
    "timestamp[us, tz]": (pa.timestamp("us", "Europe/Berlin"), [0, 1700000000123456]),
    "timestamp[ns, +]": (pa.timestamp("ns", "+02:00"), [0, -1]),
    **{f"duration[{unit}]": (pa.duration(unit), [0, 1, -1]) for unit in ("s", "ms", "us", "ns")},
    "decimal32": (pa.decimal32(9, 2), [0, -123456789, 5]),
    "decimal64": (pa.decimal64(18, 2), [0, -123456789012345678, 5]),
    "decimal128": (pa.decimal128(38, 10), [0, -(10**37), 12345]),
    "decimal256": (pa.decimal256(76, -3), [0, -(10**70), 12345]),
    "list": (pa.list_(pa.int64()), [[1, 2], [], [None, 3]]),
    "large_list": (pa.large_list(pa.string()), [["a"], [], ["b", None, "c"]]),
    "fixed_list": (pa.list_(pa.int8(), 2), [[1, 2], [None, 4]]),
    "no_list": (pa.list_(pa.int8(), 0), [[], []]),
    "nested": (pa.list_(pa.list_(STRUCT)), [[[{"a": 1, "b": "x"}], []], [], [[{"a": None, "b": None}]]]),
    "struct": (STRUCT, [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]),
    "empty_struct": (pa.struct([]), [{}, {}]),
    "map": (pa.map_(pa.string(), pa.int32()), ENTRIES),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["a", "b", "a"]),
    "dictionary of large": (pa.dictionary(pa.uint32(), pa.large_string(), ordered=True), ["b", "b", "c"]),
    "list of dictionary": (pa.list_(pa.dictionary(pa.int32(), pa.string())), [["p", "q"], [], ["q"]]),
}
COUNTED = ("date", "time", "duration")


def array(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if pa.types.is_decimal(kind):
        context = decimal.Context(prec=80)
        values = [v if v is None else decimal.Decimal(v).scaleb(-kind.scale, context) for v in values]
        return pa.array(values, kind)
    if str(kind).startswith(COUNTED):
        integers = pa.int32() if kind.bit_width == 32 else pa.int64()
        return pa.array(values, integers).cast(kind) if pa.types.is_duration(kind) else view(values, kind)
    if pa.types.is_dictionary(kind):
        encoded = pc.dictionary_encode(pa.array(values, kind.value_type))
        return pa.DictionaryArray.from_arrays(
            encoded.indices.cast(kind.index_type), encoded.dictionary, ordered=kind.ordered
        )
    return pa.array(values, kind)


def view(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.array(values, pa.int32() if kind.bit_width == 32 else pa.int64()).view(kind)


def plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": "nan" if math.isnan(value) else "infinity" if value > 0 else "neg_infinity"}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"pair": [plain(item) for item in value]}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {"struct": {name: plain(item) for name, item in value.items()}}
    return value


def stream(batches: list[pa.RecordBatch], writer: Any = ipc.new_stream, skip: int = 0, **options: Any) -> str:
    sink = io.BytesIO()
    with writer(sink, batches[0].schema, options=ipc.IpcWriteOptions(**options)) as out:
        for batch in batches[skip:]:
            out.write_batch(batch)
    return base64.b64encode(sink.getvalue()).decode()


def batch(columns: dict[str, tuple[pa.DataType, list[Any]]]) -> pa.RecordBatch:
    return pa.record_batch([array(kind, values) for kind, values in columns.values()], names=list(columns))


def case(name: str, data: str, columns: dict[str, list[Any]], **more: Any) -> dict[str, Any]:
    fields = [[label, plain(values)] for label, values in columns.items()]
    return {"name": name, "ipc": data, "columns": fields, **more}


def sized(values: list[Any], rows: int) -> list[Any]:
    return [values[i % len(values)] for i in range(rows)]


def gaps(values: list[Any], every: int) -> list[Any]:
    return [None if i % every == 1 else value for i, value in enumerate(values)]


def all_types() -> list[dict[str, Any]]:
    whole = {name: (kind, sized(values, 11)) for name, (kind, values) in COLUMNS.items()}
    missing = {name: (kind, gaps(values, 3)) for name, (kind, values) in whole.items()}
    nothing = {name: (kind, [None] * 9) for name, (kind, _) in COLUMNS.items()}
    empty = {name: (kind, []) for name, (kind, _) in COLUMNS.items()}
    types = {name: str(kind) for name, (kind, _) in COLUMNS.items()}

    def only(columns: Any) -> dict[str, list[Any]]:
        return {name: values for name, (_, values) in columns.items()}

    cases = [
        case("no value missing", stream([batch(whole)]), only(whole), types=list(types.values())),
        case("values missing", stream([batch(missing)]), only(missing)),
        case("all missing", stream([batch(nothing)]), only(nothing)),
        case("no rows", stream([batch(empty)]), only(empty)),
        case("no batch", stream([batch(empty)], skip=1), only(empty)),
        case("a file", stream([batch(missing)], ipc.new_file), only(missing)),
        case("before Arrow 0.15", stream([batch(missing)], use_legacy_format=True), only(missing)),
    ]
    fewer = {name: both for name, both in missing.items() if "dictionary" not in name}
    parts = [batch(fewer).slice(0, 4), batch(fewer).slice(4, 0), batch(fewer).slice(4, 7)]
    cases.append(case("several batches, sliced", stream(parts), only(fewer)))
    return cases


def dictionaries() -> list[dict[str, Any]]:
    def part(values: list[str], indices: list[int | None]) -> pa.RecordBatch:
        array = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(values))
        return pa.record_batch([array], names=["d"])

    one, two, three = part(["a", "b"], [0, 1]), part(["a", "b", "c"], [2, None]), part(["x"], [0, 0])
    return [
        case(
            "a dictionary that grows",
            stream([one, two], emit_dictionary_deltas=True),
            {"d": ["a", "b", "c", None]},
        ),
        case(
            "a dictionary that is replaced", stream([one, three, two]), {"d": ["a", "b", "x", "x", "c", None]}
        ),
    ]


def by_polars() -> list[dict[str, Any]]:
    frame = polars.DataFrame(
        {
            "i": [1, None, 3],
            "s": ["short", None, "longer than twelve bytes"],
            "c": polars.Series(["u", "v", None], dtype=polars.Categorical),
            "l": [[1], None, [2, 3]],
            "b": [True, False, None],
        }
    )
    wide = polars.DataFrame({"w": polars.Series([2**100, None, -1], dtype=polars.Int128)})
    sink = io.BytesIO()
    wide.write_ipc_stream(sink, compression="uncompressed")
    data = base64.b64encode(sink.getvalue()).decode()
    cases = [case("polars alone", data, wide.to_dict(as_series=False))]
    for level in (None, 0):
        sink = io.BytesIO()
        options = {} if level is None else {"compat_level": polars.CompatLevel.oldest()}
        frame.write_ipc_stream(sink, compression="uncompressed", **options)
        data = base64.b64encode(sink.getvalue()).decode()
        name = "polars" if level is None else "polars, oldest"
        cases.append(case(name, data, frame.to_dict(as_series=False)))
    return cases


def refused() -> list[dict[str, Any]]:
    numbers = pa.record_batch([pa.array(range(100))], names=["n"])
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), pa.array(["r", "s"]))
    views = pa.ListViewArray.from_arrays(
        pa.array([0, 1], pa.int32()), pa.array([1, 1], pa.int32()), pa.array([1, 2])
    )
    spans = pa.array([pa.MonthDayNano([1, 2, 3]), None])
    unread = [union, runs, views, spans, pa.array(["after", None])]
    names = ["union", "runs", "views", "spans", "text"]
    return [
        {"name": "lz4", "ipc": stream([numbers], compression="lz4"), "error": "compressed with LZ4"},
        {"name": "zstd", "ipc": stream([numbers], compression="zstd"), "error": "compressed with ZSTD"},
        case(
            "types that are not read",
            stream([pa.record_batch(unread, names=names)]),
            {"text": ["after", None]},
            unread=["union", "run_end_encoded", "list_view", "month_day_nano_interval"],
        ),
    ]


if __name__ == "__main__":
    rows = [json.dumps(row) for row in (*all_types(), *dictionaries(), *by_polars(), *refused())]
    print("[\n" + ",\n".join(rows) + "\n]")
