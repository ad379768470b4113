"""What is on the way of a rollback, and of a sync that has nothing to do, imports nothing heavy."""

import os
import subprocess
import sys

import pytest

HEAVY = ("pydantic", "packaging", "tomlkit", "click", "rich", "uv", "envmgr.config", "envmgr.catalog")


@pytest.mark.parametrize(
    ("module", "also"),
    [("rollback", ("msgpack", "tomllib", "subprocess")), ("syncing", ("envmgr.environments.builder",))],
)
def test_imports(module, also):
    code = f"import sys, envmgr.operations.{module}; print(*sys.modules)"
    # coverage measures in processes too, and reads its own settings there
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env
    ).stdout.split()
    assert {*HEAVY, *also} & set(loaded) == set()
