"""Where a move begins, and what its resolution must hold."""

from __future__ import annotations

import pytest

from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.locks import parse
from envmgr.environments.state import open_state
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment, Library, Project
from envmgr.operations import moves, wishes

LOCK = b'lock-version = "1.0"\n[[packages]]\nname = "six"\nversion = "1.16.0"\n'
LOCKED, ACTIVE = (Pin("six", "1.16.0"),), (Pin("six", "1.15.0"),)


@pytest.fixture
def environment():
    return Environment("web", "3.12", (Library("six", "six", None, "web"),), overrides=("Six==1.15", "x==1"))


def generation(number, digest, pins):
    return Generation("web", number, f"k{number}", "f", digest, pins, b"launch")


def test_nothing_active_and_nothing_locked(tmp_path, environment):
    found = moves.start(Layout(tmp_path), None, environment)
    assert (found.active, found.lock, found.pins) == (None, None, ())


@pytest.mark.parametrize("is_known", [True, False])
def test_pins_are_those_of_what_is_active_unless_the_lock_never_was(tmp_path, environment, is_known):
    layout = Layout(tmp_path)
    path = layout.lock("web")
    path.parent.mkdir()
    path.write_bytes(LOCK)
    assert moves.start(layout, None, environment).pins == LOCKED
    layout.home.mkdir()
    with open_state(layout) as state:
        active = generation(1, "of what is active", ACTIVE)
        state.settle(state.introduce(active, "built", "sync"), "active")
        rolled_back = generation(2, parse(path, LOCK).digest if is_known else "other", LOCKED)
        state.settle(state.introduce(rolled_back, "upgrade", "six"), "failed")
        found = moves.start(layout, state, environment)
    assert found.active == active
    assert found.pins == (ACTIVE if is_known else LOCKED)


def test_a_wish_that_cannot_be_is_corrected_first(tmp_path, environment):
    wish = wishes.read(Project(tmp_path, "app", {"web": environment}), "six==9")
    newest = "`envmgr plan six` shows the newest version that fits"
    lock = EnvmgrError("E-LOCK", "no", hint="correct `version`\nonly what is old counts")
    assert moves._of_wish(wish, lock).hint == f"{newest}\nonly what is old counts"
    conflict = EnvmgrError("E-CONFLICT", "no", hint="loosen")
    assert moves._of_wish(wish, conflict).hint == f"{newest}, or loosen"


def test_an_override_that_holds_another_version_is_named(tmp_path, environment):
    project = Project(tmp_path, "app", {"web": environment})
    moves._check(wishes.read(project, "six==1.16"), ["1.16.0"])
    with pytest.raises(
        EnvmgrError, match=r"six==1.17 is asked, and six 1.16.0 is what fits: Six==1.15"
    ) as caught:
        moves._check(wishes.read(project, "six==1.17"), ["1.16.0"])
    assert caught.value.code == "E-CONFLICT"
