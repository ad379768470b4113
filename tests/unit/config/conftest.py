"""A written envmgr.toml, and what is said of it."""

from __future__ import annotations

import pytest

from envmgr.config import load
from envmgr.errors import EnvmgrError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes its envmgr.toml into the working directory, which it returns."""
    monkeypatch.chdir(tmp_path)

    def written(text):
        (tmp_path / "envmgr.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return written


@pytest.fixture
def failure():
    """The error with which loading ends."""

    def caught(*arguments):
        with pytest.raises(EnvmgrError) as error:
            load(*arguments)
        assert error.value.exit_status == 2
        return error.value

    return caught
