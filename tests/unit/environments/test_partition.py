from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.environments.partition import fewest, parted

NAMES = "abcdef"


def test_nothing_keeps_apart():
    assert fewest("abc", []) == (("a", "b", "c"),)
    assert fewest("", []) == ()


def test_pairs_and_a_triple():
    apart = [frozenset("ab"), frozenset("cde")]
    assert fewest("abcde", apart) == (("a", "c", "d"), ("b", "e"))


def test_friends_stay_together_where_they_may():
    assert fewest("abcd", [frozenset("ab")], ["ad", "bc"]) == (("a", "d"), ("b", "c"))
    assert fewest("abcd", [frozenset("ab"), frozenset("cd")], ["ad", "bc"]) == (("a", "d"), ("b", "c"))


def test_friends_who_may_not():
    groups = fewest("abc", [frozenset("ab")], ["abc"])
    assert len(groups) == 2
    assert parted(groups, ["abc", "c", "a"]) == (("a", "b", "c"),)


def ways(names):
    if not names:
        yield []
        return
    first, *rest = names
    for size in range(len(rest) + 1):
        for mates in combinations(rest, size):
            for way in ways([name for name in rest if name not in mates]):
                yield [{first, *mates}, *way]


def strains(way, friends):
    return sum(
        not any({a, b} <= group for group in way)
        for pair in friends
        for a, b in combinations(sorted(pair), 2)
    )


sets = st.lists(st.frozensets(st.sampled_from(NAMES), min_size=2, max_size=3), max_size=8)
homes = st.permutations(NAMES).map(lambda names: [frozenset(names[:3]), frozenset(names[3:5])])


@settings(max_examples=150, deadline=None)
@given(sets, homes)
def test_no_other_way_is_better(apart, friends):
    allowed = [
        way for way in ways(list(NAMES)) if not any(found <= group for found in apart for group in way)
    ]
    least = min(map(len, allowed))
    groups = fewest(NAMES, apart, friends)
    found = [set(group) for group in groups]
    assert sorted(name for group in groups for name in group) == sorted(NAMES)
    assert found in allowed or any(sorted(map(sorted, found)) == sorted(map(sorted, way)) for way in allowed)
    assert len(groups) == least
    assert strains(found, friends) == min(strains(way, friends) for way in allowed if len(way) == least)
