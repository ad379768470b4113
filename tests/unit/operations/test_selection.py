from pathlib import Path

import pytest

from envmgr.errors import EnvmgrError
from envmgr.model.project import Environment, Library, Project
from envmgr.operations.selection import select, unknown_names

PANDAS, PYARROW, SIX = (
    Library("pandas", "pandas", None, "data"),
    Library("pyarrow", "pyarrow", None, "data"),
    Library("six", "six", None, "six"),
)
PROJECT = Project(
    Path("/r"),
    "app",
    {"data": Environment("data", "3.12", (PANDAS, PYARROW)), "six": Environment("six", "3.12", (SIX,))},
)

CHOSEN = {
    (): ["data", "six"],
    ("pyarrow",): ["data"],
    ("data", "pandas", "pyarrow"): ["data"],
    ("six", "data"): ["data", "six"],
}


@pytest.mark.parametrize("names", CHOSEN)
def test_libraries_and_environments(names):
    assert [found.name for found in select(PROJECT, names)] == CHOSEN[names]


def test_all_unknown_names_at_once():
    with pytest.raises(EnvmgrError) as caught:
        select(PROJECT, ["pandsa", "six", "zzz"])
    assert caught.value.code == "E-UNKNOWN-LIBRARY"
    assert '"pandsa"; there is no library or environment called "zzz"' in caught.value.message
    assert caught.value.hint == 'did you mean "pandas"?'


def test_without_a_near_name_the_known_ones():
    assert unknown_names("E-USAGE", "x", ["zzz"], ["b", "a"]).hint == "there is a, b"
    assert unknown_names("E-USAGE", "x", ["zzz"], []).hint == "nothing has been activated yet"
