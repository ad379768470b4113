"""What a plan says of each distribution, from what is known before and after."""

from __future__ import annotations

from types import SimpleNamespace

from envmgr.environments.dependencies import Metadata
from envmgr.model.differences import PinChange
from envmgr.model.project import Environment, Library
from envmgr.model.upgrades import PlannedChange
from envmgr.operations import planning, prospects
from envmgr.operations.prospects import Known
from envmgr.tools.pypa import Locked
from envmgr.tools.wheels import Wheel

MARKERS = {"python_version": "3.12", "sys_platform": "linux", "extra": ""}


def test_a_change_takes_what_is_known_of_its_side():
    known = Known(
        files={"web": 10, "new": None},
        sizes={"web": 30, "gone": 5},
        metadata={"web": Metadata("web", "2", (), ">=3.9")},
        asked_before={"gone": ("web 1",), "web": ("library web",)},
        asked_after={"web": ("library web",), "new": ("web 2",)},
    )
    planned = [
        planning._planned(change, known)
        for change in (
            PinChange("web", "upgraded", "1", "2"),
            PinChange("new", "added", None, "3"),
            PinChange("gone", "removed", "4", None),
            PinChange("elsewhere", "upgraded", "1", "2"),
        )
    ]
    assert planned == [
        PlannedChange("web", "upgraded", "1", "2", 10, 30, ">=3.9", ("library web",), True),
        PlannedChange("new", "added", None, "3", None, None, None, ("web 2",), True),
        PlannedChange("gone", "removed", "4", None, None, 5, None, ("web 1",), True),
        PlannedChange("elsewhere", "upgraded", "1", "2", None, None, None, (), False),
    ]


def test_the_file_of_each_distribution_and_its_bytes():
    document = {
        "packages": [
            {"name": "Wheel", "wheels": [{"url": "u1", "size": 1}, {"url": "u2", "size": 2}]},
            {"name": "silent", "wheels": [{"path": "p"}]},
            {"name": "source", "wheels": [{"url": "u3", "size": 3}], "sdist": {"url": "s", "size": 4}},
            {"name": "unneeded", "wheels": [{"url": "u5", "size": 5}]},
        ]
    }
    chosen = [Wheel("wheel", "1", "w.whl", "u2", {}), Wheel("silent", "1", "s.whl", "p", {})]
    needed = [Locked(name, "1", ()) for name in ("wheel", "silent", "source")]
    assert prospects._files(document, chosen, needed) == {"wheel": 2, "silent": None, "source": 4}


def test_who_asks_libraries_first_with_extras_and_markers():
    metadata = [
        Metadata("web", "2", ("core>=1", "fast; extra == 'speed'", "win; sys_platform == 'win32'", "web[speed]")),
        Metadata("core", "1", ("fast",)),
        Metadata("fast", "3", ("a requirement that cannot be read",)),
    ]  # fmt: skip
    library = Library("site", "web[speed]", None, "site", extra_requirements=("core",))
    asked = prospects._askers(
        metadata, SimpleNamespace(markers=MARKERS), Environment("site", "3.12", (library,))
    )
    assert asked == {
        "web": ("library site",),
        "core": ("library site", "web 2"),
        "fast": ("core 1", "web 2"),
    }


def test_an_entry_that_cannot_be_read_is_not_known(tmp_path):
    from envmgr.environments.generation import Generation
    from envmgr.environments.layout import Layout

    active = Generation("web", 1, "k", "f", "l", (), b"")
    assert prospects._sizes(Layout(tmp_path), active, tmp_path / "nowhere") == {}
    assert prospects._metadata_of(tmp_path / "nowhere") == ()
