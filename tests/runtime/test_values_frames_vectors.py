"""The golden bytes of frames and objects from parts: each means what its Python makes, and is made of it."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from frame_cases import assert_same

from envmgr_runtime.execution.refs import RefTable
from envmgr_runtime.values import arrow
from envmgr_runtime.values.codec import Codec

pd = pytest.importorskip("pandas")
np = pytest.importorskip("numpy")

VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parents[1] / "wire" / "vectors.json").read_text(encoding="utf-8")
    )
    if vector["row"] in ("frame", "object")
]
OLD = pd.__version__ < "2"


def offset(minutes):
    if OLD:
        return pytest.importorskip("pytz").FixedOffset(minutes)
    return dt.timezone(dt.timedelta(minutes=minutes))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_vector(vector, monkeypatch):
    monkeypatch.setattr(arrow, "pyarrow", lambda: None)
    names = {"pd": pd, "np": np, "offset": offset, "days": np.array([0, 86_400 * 10**9], "M8[ns]")}
    if "sparse." in vector["value"]["python"]:
        names["sparse"] = pytest.importorskip("scipy.sparse")
    value, data = eval(vector["value"]["python"], names), bytes.fromhex(vector["hex"])
    codec = Codec(RefTable())
    assert codec.encode(value) == data
    found = codec.decode(data)
    assert type(found) is type(value)
    if "sparse" in names:
        assert (found != value).nnz == 0
    elif hasattr(value, "__len__"):
        assert_same(found, value)
    else:
        assert (found, repr(found)) == (value, repr(value))
