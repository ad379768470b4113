"""What pyarrow in the environment changes: the body of frames, ArrowDtype, pyarrow's and polars' own types."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest
from frame_cases import Beside, assert_same, assert_writable, there_and_back

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import codes, encoding, frames
from envmgr_runtime.values.codec import Codec
from envmgr_runtime.wire.packing import ExtType, packb, unpackb

pa = pytest.importorskip("pyarrow")
pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

D = decimal.Decimal
ARROW_TYPES = {
    "int64": (pa.int64(), [1, None]),
    "uint8": (pa.uint8(), [255, None]),
    "double": (pa.float64(), [1.5, None]),
    "bool": (pa.bool_(), [True, None]),
    "string": (pa.string(), ["a", None]),
    "large_string": (pa.large_string(), ["ü", None]),
    "binary": (pa.binary(), [b"\xff", None]),
    "timestamp": (pa.timestamp("us", "Europe/Berlin"), [dt.datetime(2020, 1, 1), None]),
    "date32": (pa.date32(), [dt.date(2020, 1, 1), None]),
    "time64": (pa.time64("us"), [dt.time(1, 2, 3, 4), None]),
    "duration": (pa.duration("ms"), [dt.timedelta(1), None]),
    "decimal": (pa.decimal128(10, 2), [D("1.50"), None]),
    "list": (pa.list_(pa.int32()), [[1, None], None]),
    "struct": (pa.struct([("x", pa.int8()), ("y", pa.string())]), [{"x": 1, "y": "a"}, None]),
    "map": (pa.map_(pa.string(), pa.int8()), [[("a", 1)], None]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["a", None]),
    "null": (pa.null(), [None, None]),
}


def body_of(value):
    """[kind, meta, columns, index, body] as they are packed."""
    sent = unpackb(Codec(RefTable()).encode(value))
    assert sent.code == codes.FRAME
    return unpackb(sent.data, strict_map_key=False)


@pytest.mark.skipif(not hasattr(pd, "ArrowDtype"), reason="pandas is too old")
@pytest.mark.parametrize("name", ARROW_TYPES)
def test_pandas_columns_of_arrow_types(round_trip, name):
    kind, values = ARROW_TYPES[name]
    array = pd.arrays.ArrowExtensionArray(pa.chunked_array([pa.array(values, kind)]))
    for each in (array, array[:0], pd.Series(array, name="s"), pd.DataFrame({"a": array, "b": [1, 2]})):
        assert_same(round_trip(each), each)


@pytest.mark.parametrize("name", ARROW_TYPES)
def test_pyarrow_types(round_trip, name):
    kind, values = ARROW_TYPES[name]
    array = pa.array(values, kind)
    chunked = pa.chunked_array([array, array])
    table = pa.table({"a": array, "b": [1, 2]}).replace_schema_metadata({"k": "v"})
    for value in (array, array[:0], array[1:], chunked, chunked[:0], array[0], array[1], table, table[:0]):
        found = round_trip(value)
        assert type(found) is type(value)
        assert found.equals(value)
    found = round_trip(table.to_batches()[0])
    assert type(found) is pa.RecordBatch
    assert found.equals(table.to_batches()[0], check_metadata=True)
    assert round_trip(table).schema.equals(table.schema, check_metadata=True)


def test_a_scalar_that_is_not_equal_to_itself():
    codec = Codec(RefTable())
    for value in (float("nan"), [1.5, float("nan")]):
        found = codec.decode(codec.encode(pa.scalar(value)))
        assert (found.type, repr(found.as_py())) == (pa.scalar(value).type, repr(value))
    assert codec.warnings == []


def test_tables_without_columns_and_with_equal_names():
    for table in (pa.table({}), pa.table([[1], ["a"]], names=["x", "x"])):
        assert there_and_back(table).equals(table)


def test_which_columns_go_into_the_body_and_under_which_names():
    frame = pd.DataFrame(
        {"n": [1, 2], "s": ["a", "b"], "o": [1, "x"], "c": pd.Categorical(["a", "b"]), "p": pd.period_range("2020", periods=2, freq="D")}
    )  # fmt: skip
    kind, meta, columns, index, body = body_of(frame)
    assert (kind, meta, index) == ("pandas.DataFrame", {"rows": 2}, None)
    assert [label for label, _, _ in columns] == list("nsocp")
    assert [data for _, _, data in columns if type(data) is int] == [0, 1, 2]
    assert columns[2][1:] == ["object", [1, "x"]]
    table = pa.ipc.open_stream(body).read_all()
    assert table.column_names == ["n", "s", "c"]
    assert table.to_pydict() == {"n": [1, 2], "s": ["a", "b"], "c": ["a", "b"]}


def test_fields_have_numbers_where_labels_are_no_names():
    _, meta, columns, _, body = body_of(pd.DataFrame([[1, 2.5, "x"]], columns=["a", "a", 3]))
    assert [label for label, _, _ in columns] == ["a", "a", 3]
    assert "labels" in meta
    assert pa.ipc.open_stream(body).schema.names == ["0", "1", "2"]


def test_a_series_of_numbers_is_an_array_and_one_of_strings_a_body():
    _, _, columns, _, body = body_of(pd.Series([1, 2], name="n"))
    assert (columns[0][:2], columns[0][2].code, body) == (["n", "int64"], codes.ARRAY, None)
    _, _, columns, _, body = body_of(pd.Series(["a", "b"]))
    assert columns[0][2] == 0
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"0": ["a", "b"]}


def test_a_body_in_the_second_lane_is_not_copied(monkeypatch):
    monkeypatch.setattr(encoding, "LARGE", 1)
    lane = Beside()
    codec = Codec(RefTable(), lane=lane)
    frame = pd.DataFrame({"n": np.arange(1000), "t": pd.date_range("2020", periods=1000), "s": ["x"] * 1000, "c": pd.Categorical(["a", "b"] * 500)})  # fmt: skip
    found = codec.decode(codec.encode(frame))
    (buffer,) = lane.buffers
    assert np.shares_memory(found["n"].to_numpy(), buffer)
    assert np.shares_memory(found["t"].to_numpy(), buffer)
    assert np.shares_memory(found["c"].array.codes, buffer)
    assert_same(found, frame)
    assert_writable(found)


def test_compressed_bodies_are_read():
    frame = pd.DataFrame({"n": np.zeros(1000), "s": ["x"] * 1000})
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    columns = [["n", "float64", 0], ["s", str(frame["s"].dtype), 1]]
    found = sent(["pandas.DataFrame", {"rows": 1000}, columns, None, sink.getvalue().to_pybytes()])
    assert_same(found, frame)
    assert_writable(found)


def sent(value):
    return Codec(RefTable()).decode(packb(ExtType(codes.FRAME, packb(value))))


def stream(table):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_what_elixir_sends_without_dtypes():
    table = pa.table({"n": [1, None], "s": ["a", "b"], "d": pa.array(["u", "v"]).dictionary_encode()})
    body = stream(table)
    found = sent(["frame", {}, None, None, body])
    assert_same(found, table.to_pandas())
    assert_same(
        sent(["pandas.DataFrame", {"rows": 2}, [["x", None, 1]], None, body]),
        table.select(["s"]).rename_columns(["x"]).to_pandas(),
    )
    assert sent(["pyarrow.Table", {}, None, None, body]).equals(table)


def test_body_columns_become_the_dtypes_they_are_said_to_be():
    day = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    table = pa.table(
        {
            "zone": pa.array([day, None], pa.timestamp("us", "UTC")),
            "words": pa.chunked_array([pa.array(["a"]), pa.array(["b"])]),
            "codes": pa.chunked_array(
                [pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]
            ),
            "plain": ["u", "v"],
            "n": pa.array([1, None]),
        }
    )
    dtypes = ["datetime64[ns, Europe/Berlin]", "string[python]", "category", "category", "Int8"]
    columns = [[name, dtype, i] for i, (name, dtype) in enumerate(zip(table.column_names, dtypes))]
    columns[4][1] = "Int64"
    found = sent(["pandas.DataFrame", {"rows": 2}, columns, None, stream(table)])
    assert found["zone"].tolist() == [pd.Timestamp("2020-01-01 01:00", tz="Europe/Berlin"), pd.NaT]
    assert [str(x) for x in found.dtypes] == [
        "datetime64[ns, Europe/Berlin]",
        "string",
        "category",
        "category",
        "Int64",
    ]
    assert found["codes"].tolist() == ["a", "b"]
    assert found["plain"].tolist() == ["u", "v"]


def test_a_frame_is_what_is_imported_first(monkeypatch):
    body = stream(pa.table({"n": [1, 2]}))
    assert type(sent(["frame", {}, None, None, body])) is pd.DataFrame
    monkeypatch.delitem(frames.sys.modules, "pandas")
    monkeypatch.delitem(frames.sys.modules, "polars", raising=False)
    assert type(sent(["frame", {}, None, None, body])) is pa.Table
    polars = pytest.importorskip("polars")
    assert type(sent(["frame", {}, None, None, body])) is polars.DataFrame
    assert sent(["frame", {}, [["a", None, [1, 2]]], None, None]).rows() == [(1,), (2,)]
