import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from envmgr.tools.ranges import are_disjoint, covered, is_same, spelled


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (">=1.26.0, <2", ">=2.1", True),
        (">=1.26.0, <2", ">=1.9", False),
        ("<1 | >=3", ">=1, <3", True),
        ("<1 | >=3", ">=1, <3.1", False),
        ("*", ">=1", False),
        (">=1.26.dev0, <1.27.dev0", "==1.24.4", True),
        ("what is this", ">=1", False),
    ],
)
def test_disjoint(one, other, expected):
    assert are_disjoint(one, other) is expected
    assert are_disjoint(other, one) is expected


@pytest.mark.parametrize(
    ("specifier", "versions", "expected"),
    [
        ("==1.26.*", ">=1.26.dev0, <1.27.dev0", True),
        ("~=1.4.2", ">=1.4.2, <1.5.dev0", True),
        ("", "*", True),
        ("<2,>=1", ">=1, <2", True),
        ("!=1.25.*,!=1.26.*", "<1.25.dev0 | >=1.27.dev0", True),
        (">=1,!=1.5,<2", ">=1, <1.5 | >1.5, <2", True),
        ("<2", "<=2", False),
        ("<2", "<2.1", False),
        ("==1.26.*", ">=1.26.dev0, <1.28.dev0", False),
        ("", ">=1", False),
        ("<2", "gibberish", False),
    ],
)
def test_a_requirement_and_a_range(specifier, versions, expected):
    assert is_same(specifier, versions) is expected


bounds = st.integers(0, 5).map(lambda minor: f"1.{minor}")
clauses = st.tuples(st.sampled_from([">=", "<", "==", "!=", ">", "<="]), bounds).map("".join)


@given(st.lists(clauses, max_size=3), st.lists(clauses, max_size=3))
def test_disjoint_ranges_share_no_version(one, other):
    points = [f"1.{minor}{more}" for minor in range(7) for more in ("", ".0.1", ".5")]
    both = SpecifierSet(",".join([*one, *other]))
    if are_disjoint(", ".join(one) or "*", ", ".join(other) or "*"):
        assert not any(both.contains(point) for point in points)


@given(st.lists(clauses, max_size=3))
def test_what_is_written_two_ways_is_the_same(one):
    assert is_same(",".join(one), ", ".join(reversed(one)) or "*")


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ("==2.1.4", "2.1.4"),
        (">=2.1.1, <=2.1.4", "2.1.1 to 2.1.4"),
        ("*", "*"),
        (">=1, <2", ">=1,<2"),
        ("<=1.1.0 | >=1.2.0, <=1.3.2", "<=1.1.0 or >=1.2.0,<=1.3.2"),
    ],
)
def test_covered(versions, words):
    assert covered(versions) == words


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ("*", ""),
        (">=1.26.dev0, <1.27.dev0", "==1.26.*"),
        (">=1.4.2, <1.5.dev0", ">=1.4.2,<1.5"),
        (">=3.20.3, <4.21.0 | >4.21.0, <4.21.1 | >4.21.1, <5", ">=3.20.3,!=4.21.0,!=4.21.1,<5"),
        ("<1.1 | >1.10", "<1.1 or >1.10"),
    ],
)
def test_spelled(versions, words):
    assert spelled(versions) == words
