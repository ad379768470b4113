import shutil

import pytest

from envmgr.environments import activation, files
from envmgr.environments.layout import entry_name
from envmgr.environments.state import open_state


@pytest.fixture
def state(layout):
    layout.home.mkdir()
    with open_state(layout) as opened:
        yield opened


def on_disk(layout, environment="web"):
    return layout.launch(environment).read_bytes(), layout.current(environment).readlink().name


def test_activation_writes_both_files_and_the_journal(layout, state, entry):
    generation = entry()
    state.add(generation)
    activation.activate(layout, state, generation, action="built", reason="sync")
    assert on_disk(layout) == (b"launch 1", entry_name("web", "k1"))
    assert activation.agrees(layout, generation)
    assert state.active("web") == generation
    assert layout.lease("web-k1").exists()


STOPS = ("begin", "write", "point", "settle")


@pytest.mark.parametrize("stop", STOPS)
def test_whatever_step_it_dies_before_the_next_command_completes_it(layout, state, entry, monkeypatch, stop):
    old, new = entry(), entry(number=2, key="k2")
    for generation in (old, new):
        state.add(generation)
    activation.activate(layout, state, old, action="built", reason="sync")

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(files if stop in ("write", "point") else state, stop, die)
        with pytest.raises(KeyboardInterrupt):
            activation.activate(layout, state, new, action="built", reason="sync")
    launch, current = on_disk(layout)
    assert launch in (b"launch 1", b"launch 2")
    assert current in ("web-k1", "web-k2")
    touched = activation.recover(layout, state)
    expected = old if stop == "begin" else new
    assert touched == (() if stop == "begin" else ("web",))
    assert state.active("web") == expected
    assert activation.agrees(layout, expected)
    assert state.unfinished() == ()


def test_recovery_goes_back_when_the_target_is_gone(layout, state, entry):
    old, new = entry(), entry(number=2, key="k2")
    for generation in (old, new):
        state.add(generation)
    activation.activate(layout, state, old, action="built", reason="sync")
    state.begin("web", 2, "built", "sync")
    shutil.rmtree(layout.entry("web-k2"))
    activation.recover(layout, state)
    assert state.active("web") == old
    assert activation.agrees(layout, old)
    assert state.history("web")[0].outcome == "failed"


def test_recovery_of_a_first_activation_whose_target_is_gone(layout, state):
    state.begin("web", 1, "built", "sync")
    activation.recover(layout, state)
    assert state.active("web") is None
    assert not layout.launch("web").exists()


def test_recovery_completes_a_removal_and_empties_staging(layout, state, entry):
    generation = entry()
    state.add(generation)
    activation.activate(layout, state, generation, action="built", reason="sync")
    state.begin("web", 1, "removed", "sync")
    (layout.staging / "half").mkdir(parents=True)
    assert activation.recover(layout, state) == ("web",)
    assert not layout.launch("web").parent.exists()
    assert not layout.staging.exists()
    assert state.active("web") is None


def test_deactivation(layout, state, entry):
    generation = entry()
    state.add(generation)
    activation.activate(layout, state, generation, action="built", reason="sync")
    assert activation.deactivate(layout, state, "web", reason="gone") == 1
    assert state.active("web") is None
    assert not layout.launch("web").parent.exists()


def test_deactivating_what_only_the_disk_knows(layout, state):
    layout.launch("stray").parent.mkdir(parents=True)
    layout.launch("stray").write_bytes(b"")
    assert activation.deactivate(layout, state, "stray", reason="gone") is None
    assert not layout.launch("stray").parent.exists()


def spoil_launch(layout):
    layout.launch("web").write_bytes(b"other")


def spoil_current(layout):
    files.point(layout.current("web"), "/elsewhere")


def spoil_entry(layout):
    layout.manifest("web-k1").unlink()


def spoil_lease(layout):
    layout.lease("web-k1").unlink()


def spoil_all(layout):
    shutil.rmtree(layout.environments)


@pytest.mark.parametrize("spoil", [spoil_launch, spoil_current, spoil_entry, spoil_lease, spoil_all])
def test_disagreement_is_seen(layout, state, entry, spoil):
    generation = entry()
    state.add(generation)
    activation.activate(layout, state, generation, action="built", reason="sync")
    spoil(layout)
    assert not activation.agrees(layout, generation)
