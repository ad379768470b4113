"""Who ends with whom: a few rounds of the campaign that `nox -s kills` makes."""

import shutil
import sys

import pytest
from kills import campaign, compiled

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked for in /proc"),
    pytest.mark.skipif(shutil.which("mix") is None, reason="there is no Elixir"),
]


def test_nothing_outlives_what_it_belongs_to():
    found = campaign(3, 1, compiled(), ("zygote", "vm", "all and the shell"))
    assert found.problems == []
    assert found.count == {"zygote": 1, "vm": 1, "all and the shell": 1}
