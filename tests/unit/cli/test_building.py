"""What `lock` and `sync` print of an environment."""

from __future__ import annotations

import pytest

from envmgr.cli.commands.building import _lock_row, _sync_row
from envmgr.model.locks import LockDifference, LockOutcome, Verification
from envmgr.model.outcomes import SyncOutcome

OLDER = LockDifference("numpy", "older", "2.0.0", "2.1.0")


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        (None, ""),
        (Verification("pip-tools", 0, (), 1.0), "nothing to verify"),
        (Verification("pip-tools", 3, (), 1.0), "pip-tools agrees on 3"),
        (Verification("pip-tools", 3, (OLDER,), 1.0), "pip-tools agrees on 3, held to numpy 2.0.0 (now 2.1.0)"),
    ],
)  # fmt: skip
def test_a_lock(verified, said, tmp_path):
    row = _lock_row(LockOutcome("science", str(tmp_path / "pylock.toml"), True, (), verified))
    assert row[:3] == ("science", "locked", "0 packages")
    assert row[4] == said


def test_a_lock_that_says_the_same(tmp_path):
    assert _lock_row(LockOutcome("a", str(tmp_path), False, ("numpy",)))[1:3] == ("unchanged", "1 package")


def test_an_environment():
    outcome = dict.fromkeys(SyncOutcome.__dataclass_fields__)
    made = SyncOutcome(
        **{**outcome, "environment": "a", "action": "built", "generation": 3, "seconds": 1.234}
    )
    assert _sync_row(made) == ("a", "built", "generation 3", "1.23 s")
    gone = SyncOutcome(**{**outcome, "environment": "a", "action": "removed", "seconds": 0})
    assert _sync_row(gone) == ("a", "removed", "", "0.00 s")
