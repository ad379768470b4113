"""What is lost comes back; the real faults are in tests/faults."""

import msgpack
import pytest

from envmgr.environments import activation, records, recovery
from envmgr.environments.layout import entry_name
from envmgr.environments.state import open_state, read_state
from envmgr.errors import EnvmgrError


@pytest.fixture
def two(layout, entry):
    """Two generations, the first of which is active again."""
    layout.home.mkdir()
    made = [entry(), entry(number=2, key="k2")]
    with recovery.opened(layout) as state:
        for generation in made:
            activation.introduce(layout, state, generation, action="built", reason="sync")
        activation.activate(layout, state, made[0], action="rollback", reason="back")
    return made


def lose(layout):
    for path in layout.home.glob("state.db*"):
        path.unlink()


def recovered(layout):
    with recovery.opened(layout) as state:
        return state.active("web"), state.generations(), state.history("web")


def test_nothing_is_rebuilt_that_is_there(layout, two):
    active, generations, lines = recovered(layout)
    assert (active, generations) == (two[0], tuple(two))
    assert [line.action for line in lines] == ["rollback", "built", "built"]


def test_generations_and_the_active_one_come_back(layout, two):
    lose(layout)
    active, generations, lines = recovered(layout)
    assert (active, generations) == (two[0], tuple(two))
    assert [(line.generation, line.action, line.outcome, line.active) for line in lines] == [
        (1, "recovered", "active", True),
        (2, "recovered", "restored", False),
    ]
    assert "it was gone" in lines[0].reason
    assert recovered(layout)[2] == lines


def test_rebuilding_that_was_killed_is_done_again(layout, two):
    lose(layout)
    with open_state(layout):
        pass
    assert recovered(layout)[0] == two[0]


def test_records_of_what_state_knows_are_written_again(layout, two):
    for path in layout.records.iterdir():
        path.unlink()
    assert recovered(layout)[2][0].action == "rollback"
    assert records.count(layout) == 2


def test_what_lacks_only_the_newest_generation(layout, entry, two):
    third = entry(number=3, key="k3")
    records.keep(layout, third)
    with pytest.raises(EnvmgrError, match="lacks generations") as caught, read_state(layout):
        pass
    assert caught.value.code == "E-STATE"
    active, generations, lines = recovered(layout)
    assert (active, generations[-1]) == (two[0], third)
    assert "it lacked them" in lines[0].reason


def test_a_manifest_alone_is_enough(layout, entry):
    generation = entry(number=7)
    (layout.entry("web-k1") / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    said = {"environment": "web", "generation": 7, "key": "k1"}
    layout.launch("web").parent.mkdir(parents=True)
    layout.launch("web").write_bytes(msgpack.packb(said))
    active = recovered(layout)[0]
    assert (active.number, active.key, active.launch) == (7, generation.key, msgpack.packb(said))
    assert records.count(layout) == 1


@pytest.mark.parametrize("said", [{"environment": "other", "generation": 7, "key": "k1"}, {"generation": 7}, 7, {
    "environment": "web", "generation": 7, "key": "nowhere"}])  # fmt: skip
def test_a_manifest_that_says_something_else_is_not_believed(layout, entry, said):
    entry(number=7)
    layout.launch("web").parent.mkdir(parents=True)
    layout.launch("web").write_bytes(msgpack.packb(said))
    assert recovered(layout)[0] is None


def changed_and_read(layout):
    with recovery.opened(layout) as state:
        state._connection.execute("UPDATE generations SET key = 'k9' WHERE generation = 2")
        state._connection.commit()
        state.generation("web", 2)


def test_damage_that_shows_late_moves_state_aside(layout, two):
    with pytest.raises(EnvmgrError, match="generation 2 of web") as caught:
        changed_and_read(layout)
    assert caught.value.code == "E-STATE"
    assert not layout.state.exists()
    assert recovered(layout)[:2] == (two[0], tuple(two))


def test_other_errors_leave_state_where_it_is(layout, two):
    with pytest.raises(EnvmgrError) as caught, recovery.opened(layout):
        raise EnvmgrError("E-BUILD", "no")
    assert caught.value.code == "E-BUILD"
    layout.state.unlink()
    layout.state.mkdir()
    with pytest.raises(EnvmgrError) as caught, recovery.opened(layout):
        pass
    assert (caught.value.code, layout.state.is_dir()) == ("E-DISK", True)


def test_an_entry_that_is_not_whole_is_not_made_active(layout, two):
    lose(layout)
    layout.manifest(entry_name("web", "k1")).unlink()
    assert recovered(layout)[0] is None
