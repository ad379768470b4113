"""METADATA of a wheel that was not downloaded."""

from __future__ import annotations

import zipfile

import pytest

from envmgr.errors import EnvmgrError
from envmgr.tools import downloads, published


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / "six-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("six-1.dist-info/METADATA", "Name: six\n")
        archive.writestr("six.py", "")
    return path


def test_of_a_file_by_its_path_or_its_address(tmp_path, wheel):
    assert published.metadata(wheel.name, tmp_path) == "Name: six\n"
    assert published.metadata(str(wheel), tmp_path / "locks") == "Name: six\n"
    assert published.metadata(wheel.as_uri(), tmp_path / "locks") == "Name: six\n"


def test_what_cannot_be_had_is_not_known(tmp_path, monkeypatch):
    (tmp_path / "broken.whl").write_bytes(b"no archive")
    with zipfile.ZipFile(tmp_path / "empty.whl", "w"):
        pass
    for name in ("missing.whl", "broken.whl", "empty.whl"):
        assert published.metadata(name, tmp_path) is None

    def absent(source):
        assert source == "https://example.org/six.whl.metadata"
        raise EnvmgrError("E-NETWORK", "404")

    monkeypatch.setattr(downloads, "read", absent)
    assert published.metadata("https://example.org/six.whl", tmp_path) is None
