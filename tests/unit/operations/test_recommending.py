"""Which strategy is recommended, and why."""

from envmgr.model.serializers import Alternative, Trial
from envmgr.operations.recommending import recommend

EXACT = Trial("", True, 100, 2, 1)
FASTER = Trial("", True, 100, 0.5, 0.5)
SLOW = Trial("", True, 100, 20, 10)
FAILED = Trial("it broke", None, None, None, None)
OTHER = Trial("", False, 100, 0.1, 0.1)
UNKNOWN = Trial("", None, 100, 0.1, 0.1)


def recommended(*, native=False, **trials):
    return recommend([Alternative(name, trial) for name, trial in trials.items()], native=native)


def test_what_messagepack_packs_itself():
    assert recommended(native=True, value=EXACT)[0] == "value"


def test_the_value_where_it_comes_back_exactly():
    strategy, reason = recommended(value=EXACT, ref=EXACT, repr=OTHER, pickle=FASTER, named=EXACT)
    assert (strategy, reason) == ("value", "it comes back exactly, in 100 bytes and 3.0 µs there and back")


def test_a_serializer_where_it_is_much_cheaper_or_alone():
    strategy, reason = recommended(value=SLOW, named=FASTER, other=FASTER)
    assert strategy == "named"
    assert reason.endswith("1.0 µs there and back; `value` takes 100 bytes and 30.0 µs")
    assert recommended(value=EXACT, named=FASTER)[0] == "value"
    for value in (FAILED, OTHER, UNKNOWN):
        assert recommended(value=value, named=EXACT, pickle=FASTER)[0] == "named"
    smaller = recommended(value=Trial("", True, 50_000, 1, 1), named=Trial("", True, 100, 1, 1))
    assert smaller[0] == "named"


def test_a_ref_where_nothing_else_will_do_and_what_a_pickle_would():
    assert recommended(value=OTHER, named=UNKNOWN, pickle=FAILED, repr=OTHER)[0] == "ref"
    strategy, reason = recommended(value=FAILED, pickle=EXACT)
    assert strategy == "ref"
    assert "`pickle` brings it back exactly, in 100 bytes, to any worker of this environment" in reason
    assert "pickle" not in recommended(value=FAILED, pickle=OTHER)[1]


def test_a_large_value_need_not_go():
    assert "`ref` costs nothing of that" in recommended(value=Trial("", True, 1 << 20, 1, 1))[1]
