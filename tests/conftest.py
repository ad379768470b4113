from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """What another test, or the user of this machine, has built is not lent."""
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("ENVMGR_CACHE_DIR", str(place))
    return place
