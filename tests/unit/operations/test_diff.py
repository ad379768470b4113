import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.state import open_state
from envmgr.errors import EnvmgrError
from envmgr.model.differences import PinChange, SettingChange
from envmgr.model.outcomes import Pin
from envmgr.operations.diff import diff, pin_changes, setting_changes

PINS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1.0", "1.10", "1.9", "2.0rc1", "odd!"]))

DIRECTIONS = {
    ("1.9", "1.10"): "upgraded",
    ("2.0", "2.0rc1"): "downgraded",
    ("1.0", "1.0.0"): "changed",
    ("1.0", "what?"): "changed",
}


def pins(versions):
    return tuple(Pin(name, version) for name, version in versions.items())


def launch(**changes):
    library = {"module": "six", "distribution": "six", "version": "1", "timeout": 30000, "init": None}
    return {
        "python": {"version": "3.12.1", "implementation": "cpython", "executable": "/p"},
        "command": ["/store/bin/python", "-I", "-B", "/runtime/cp312-a/worker.py"],
        "workers": 2,
        "libraries": {"six": library},
        **changes,
    }


@pytest.mark.parametrize("pair", DIRECTIONS)
def test_directions(pair):
    assert pin_changes([Pin("a", pair[0])], [Pin("a", pair[1])]) == (PinChange("a", DIRECTIONS[pair], *pair),)


@given(PINS, PINS)
def test_changes_lead_from_one_to_the_other_and_back(old, new):
    changes = pin_changes(pins(old), pins(new))
    patched = dict(old)
    for change in changes:
        assert (change.before, change.after) == (old.get(change.name), new.get(change.name))
        if change.after is None:
            del patched[change.name]
        else:
            patched[change.name] = change.after
    assert patched == new
    opposite = {"added": "removed", "removed": "added", "upgraded": "downgraded", "downgraded": "upgraded"}
    back = pin_changes(pins(new), pins(old))
    assert [change.change for change in back] == [opposite.get(c.change, c.change) for c in changes]


def test_a_name_pinned_for_two_platforms():
    before = [Pin("a", "1"), Pin("a", "2")]
    assert pin_changes(before, before[::-1]) == ()
    assert pin_changes(before, [Pin("a", "2")]) == (PinChange("a", "changed", "1, 2", "2"),)


AROUND = {
    "hooks": {"before": "h.py:f"},
    "pipelines": {"u": {"limit": 3}},
    "aliases": {"s": "six"},
    "trace": True,
}


def test_settings():
    six = launch()["libraries"]["six"]
    changed = launch(
        workers=5,
        compression="zlib",
        python={"version": "3.13.0", "implementation": "cpython", "executable": "/p"},
        libraries={
            "six": {
                **six,
                "timeout": 7,
                "init": "import json",
                "version": "2",
                "serializers": {"a.B": "ref"},
                **AROUND,
            }
        },
    )
    assert setting_changes(launch(), launch()) == ()
    assert setting_changes(launch(), changed) == (
        SettingChange("python", "3.12.1", "3.13.0"),
        SettingChange("workers", 2, 5),
        SettingChange("compression", "none", "zlib"),
        SettingChange("library.six.timeout", 30000, 7),
        SettingChange("library.six.init", None, "import json"),
        SettingChange("library.six.trace", False, True),
        SettingChange("library.six.serializers.a.B", None, "ref"),
        SettingChange("library.six.hooks.before", None, "h.py:f"),
        SettingChange("library.six.pipelines.u.limit", None, 3),
        SettingChange("aliases.s", None, "six"),
    )
    gone = setting_changes(launch(), launch(libraries={}))
    assert SettingChange("library.six.module", "six", None) in gone


@pytest.fixture
def activate(tmp_path):
    """Activates a generation whose one pin is its number; diff reads no more than this."""
    Layout(tmp_path).home.mkdir()

    def run(number, outcome="active"):
        with open_state(Layout(tmp_path)) as state:
            if state.generation("web", number) is None:
                content = msgpack.packb(launch())
                made = (Pin("six", str(number)),)
                state.add(Generation("web", number, f"k{number}", "f", "l", made, content))
            state.settle(state.begin("web", number, "built", "why"), outcome)

    return run


def ends(root, *numbers):
    found = diff(root, "web", *numbers)
    return found.from_generation, found.to_generation


def test_which_generations(tmp_path, activate):
    for number in (1, 2, 3):
        activate(number)
    assert ends(tmp_path) == (2, 3)
    assert ends(tmp_path, 1) == (1, 3)
    assert ends(tmp_path, 3, 1) == (3, 1)
    activate(2, "failed")
    activate(1)
    activate(1)
    assert ends(tmp_path) == (3, 1)
    assert diff(tmp_path, "web").packages == (PinChange("six", "downgraded", "3", "1"),)
    activate(1, "removed")
    with pytest.raises(EnvmgrError, match="no active generation") as caught:
        diff(tmp_path, "web")
    assert caught.value.code == "E-UNKNOWN-GENERATION"
    assert ends(tmp_path, 1, 2) == (1, 2)


def test_what_is_not_there(tmp_path, activate):
    with pytest.raises(EnvmgrError, match="web") as caught:
        diff(tmp_path, "web")
    assert caught.value.code == "E-UNKNOWN-ENVIRONMENT"
    activate(1)
    with pytest.raises(EnvmgrError, match="no generation before 1"):
        diff(tmp_path, "web")
    with pytest.raises(EnvmgrError, match="no generation 9") as caught:
        diff(tmp_path, "web", 1, 9)
    assert caught.value.hint == "there is 1"
    with pytest.raises(EnvmgrError, match="called"):
        diff(tmp_path, "wbe")
