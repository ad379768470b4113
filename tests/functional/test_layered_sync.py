"""What is laid over envmgr.toml reaches the manifest that workers are started from."""

import json
import os
import subprocess
import sys

import pytest

FILE = """\
[library.math]
stdlib = true
[profile.prod.library.math]
workers = 5
[profile.prod.defaults]
timeout = "1m"
"""


@pytest.fixture
def envmgr(tmp_path):
    (tmp_path / "envmgr.toml").write_text(FILE)

    def run(*arguments, **variables):
        command = [sys.executable, "-m", "envmgr", "--format", "json", *arguments]
        env = {**os.environ, **variables}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_sync_activates_what_the_layers_make_together(envmgr):
    assert envmgr("sync", "--profile", "prod", ENVMGR_DEFAULTS__WORKERS="9")["ok"]
    launch = envmgr("launch", "math")["data"]
    assert (launch["pools"]["default"]["max"], launch["libraries"]["math"]["timeout"]) == (5, 60_000)

    assert envmgr("sync", "--set", "library.math.workers=1", ENVMGR_PROFILE="prod")["ok"]
    launch = envmgr("launch", "math")["data"]
    assert (
        launch["generation"],
        launch["pools"]["default"]["max"],
        launch["libraries"]["math"]["timeout"],
    ) == (2, 1, 60_000)

    refused = envmgr("sync", ENVMGR_LIBRARY__MATH__WORKERS="none", ENVMGR_LIBRARY__MAHT__WORKERS="1")
    places = [problem["place"] for problem in refused["error"]["details"]["problems"]]
    assert places == ["variable ENVMGR_LIBRARY__MATH__WORKERS", "variable ENVMGR_LIBRARY__MAHT__WORKERS"]
    assert envmgr("launch", "math")["data"]["generation"] == 2

    assert envmgr("sync")["ok"]
    assert envmgr("launch", "math")["data"]["pools"]["default"]["max"] == 2
