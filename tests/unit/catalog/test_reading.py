import msgpack
import pytest

from envmgr.catalog import read


def test_a_catalog_is_read_by_path_and_offers_near_names(tmp_path):
    file = tmp_path / "m.msgpack"
    entries = [["mean", "function", [["a", 1, None]], "The mean."], ["linalg.norm", "function", None, ""]]
    file.write_bytes(msgpack.packb({"schema": 1, "module": "m", "entries": entries, "errors": []}))
    catalog = read(file)
    assert catalog.module == "m"
    assert catalog.entries["linalg.norm"] == entries[1]
    assert catalog.near("linalg.nrom") == ["linalg.norm"]
    assert catalog.near("quite.different") == []


def test_a_catalog_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")
