from hypothesis import given
from hypothesis import strategies as st

from envmgr.environments.generation import Generation
from envmgr.environments.layout import entry_name
from envmgr.environments.reach import needed_entries, within_reach

NUMBERS = st.frozensets(st.integers(1, 40), max_size=15)
KEEPS = st.integers(0, 6)


def generation(environment, number, key):
    return Generation(environment, number, key, "f", "l", (), b"")


@given(NUMBERS, KEEPS, st.data())
def test_reach(numbers, keep, data):
    active = data.draw(st.sampled_from(sorted(numbers))) if numbers else None
    reached = within_reach(numbers, active, keep)
    assert reached <= numbers
    if active is None:
        return
    assert active in reached
    here = active
    for _ in range(keep):  # every step of `rollback`
        here = max((number for number in numbers if number < here), default=here)
        assert here in reached
    assert set(sorted(number for number in numbers if number > active)[::-1][:keep]) <= reached
    assert len(reached) <= 1 + 2 * keep
    assert reached <= within_reach(numbers, active, keep + 1)


@given(NUMBERS, KEEPS)
def test_without_an_active_generation_the_newest_stay(numbers, keep):
    reached = within_reach(numbers, None, keep)
    assert len(reached) == min(keep, len(numbers))
    assert all(gone < kept for gone in numbers - reached for kept in reached)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=12), KEEPS, st.data())
def test_an_entry_stays_when_any_generation_within_reach_needs_it(rows, keep, data):
    generations = [generation(name, number, key) for number, (name, key) in enumerate(rows, 1)]
    active = {
        name: data.draw(st.none() | st.sampled_from(numbers))
        for name in "ab"
        if (numbers := [found.number for found in generations if found.environment == name])
    }
    needed = needed_entries(generations, active, keep)
    for name in active:
        own = [found for found in generations if found.environment == name]
        reached = within_reach([found.number for found in own], active[name], keep)
        for found in own:
            if found.number in reached:
                assert entry_name(name, found.key) in needed
        outside = {found.key for found in own} - {found.key for found in own if found.number in reached}
        assert not {entry_name(name, key) for key in outside} & needed


def test_numbers_freed_long_ago_still_count():
    assert within_reach([1, 2, 7, 8, 9], 8, 1) == {7, 8, 9}
    assert within_reach([1, 2, 7, 8, 9], 8, 0) == {8}
