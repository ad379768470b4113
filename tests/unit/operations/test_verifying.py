from envmgr.model.locks import LockDifference
from envmgr.operations.verifying import compare
from envmgr.tools.piptools import Compiled
from envmgr.tools.pypa import Locked

SIX = Locked("six", "1.16", ("sha256:a",))


def difference(*theirs, ours=(SIX,)):
    return compare(ours, dict(theirs))


def test_agreement_is_of_every_version_and_every_hash():
    assert difference(("six", Compiled("1.16.0", ("sha256:a", "sha256:b")))) == ()
    assert difference(("six", Compiled(None, ("sha256:a",)))) == ()
    assert difference(("six", Compiled("1", ("sha256:a",))), ours=(Locked("six", "", ("sha256:a",)),)) == ()


def test_each_way_to_differ():
    assert difference(("six", Compiled("1.17", ()))) == (LockDifference("six", "older", "1.16", "1.17"),)
    assert difference(("six", Compiled("1.9", ()))) == (LockDifference("six", "newer", "1.16", "1.9"),)
    assert difference() == (LockDifference("six", "only locked", "1.16", None),)
    assert difference(("a", Compiled("1", ())), ours=()) == (LockDifference("a", "not locked", None, "1"),)
    assert difference(("six", Compiled("1.16", ("sha256:b",)))) == (
        LockDifference("six", "hashes", "1.16", "1.16", ("sha256:a",)),
    )
