import pytest

from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name, python_of
from envmgr.model.outcomes import Pin


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path)


@pytest.fixture
def entry(layout):
    """Makes a store entry that is whole enough, and the generation that would activate it."""

    def make(environment="web", number=1, key="k1"):
        name = entry_name(environment, key)
        python = python_of(layout.entry(name))
        python.parent.mkdir(parents=True, exist_ok=True)
        python.write_text("")
        python.chmod(0o755)
        layout.manifest(name).write_text("{}")
        return Generation(
            environment, number, key, f"f{number}", "l", (Pin("six", "1"),), f"launch {number}".encode()
        )

    return make
