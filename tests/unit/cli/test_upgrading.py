"""A plan and an upgrade in words."""

from __future__ import annotations

from dataclasses import replace

from envmgr.cli.commands.upgrading import _planned, _upgraded
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Pin
from envmgr.model.upgrades import ConfigEdit, PlannedChange, PlanOutcome, UpgradeOutcome

EDIT = ConfigEdit("/p/envmgr.toml", 3, None, 'version = "==2"')
PLAN = PlanOutcome("data", "web", "web-lib", "2", ">=2,<3", "web-lib", 4, "3.12.1", (), (), None, None)


def test_nothing_to_do():
    assert _planned(PLAN) == [
        "web in environment data: generation 4, Python 3.12.1",
        "nothing to do: web-lib 2 is there",
    ]
    assert _planned(replace(PLAN, asked="", excludes_newer="2024-01-01T00:00:00Z"))[1:] == [
        "nothing that was published after 2024-01-01T00:00:00Z counts; `envmgr lock --upgrade` lifts that",
        "nothing to do: web-lib 2 is the newest that envmgr.toml allows (web-lib)",
    ]


def test_the_configuration_alone():
    assert _planned(replace(PLAN, config=EDIT))[1:] == [
        '/p/envmgr.toml:3: version = "==2"',
        "nothing was changed; `envmgr upgrade 'web>=2,<3'` does it, with proof",
    ]


def test_every_kind_of_change():
    changes = (
        PlannedChange("web-lib", "upgraded", "1", "2", 2048, 4096, ">=3.9", ("library web",), True),
        PlannedChange("new", "added", None, "3", None, None, None, ("web-lib 2", "core 1"), True),
        PlannedChange("gone", "removed", "1", None, None, 10, None, ("web-lib 1",), True),
        PlannedChange("other", "upgraded", "1", "2", None, None, None, (), False),
    )
    lines = _planned(
        replace(PLAN, changes=changes, stays=(Pin("core", "1"), Pin("idna", "3")), generation=None)
    )
    table, rest = lines[1].splitlines(), lines[2:]
    assert [row.split("  ")[0] for row in table] == ["web-lib", "new", "gone", "other"]
    assert [" ".join(row.split()) for row in table] == [
        "web-lib upgraded 1 -> 2 4.0 KiB on disk 2.0 KiB to download needs Python >=3.9",
        "new added 3",
        "gone removed 1 10 B on disk",
        "other upgraded 1 -> 2 on other platforms",
    ]
    assert rest == [
        "new is asked for by web-lib 2, core 1",
        "gone was asked for by web-lib 1",
        "2 stay: core 1, idna 3",
        "at most 2.0 KiB and what the index tells no size of to download",
        "nothing was changed; `envmgr sync data` first: there is nothing to upgrade",
    ]


def test_an_upgrade():
    outcome = UpgradeOutcome(
        "data", "web", "web-lib", "2", "==2", "web-lib<2", "upgraded", 4, 5, "key",
        (PinChange("web-lib", "upgraded", "1", "2"),), replace(EDIT, before='version = "<2"'), 1.5,
    )  # fmt: skip
    assert _upgraded(outcome) == [
        "data: generation 4 -> 5 in 1.50 s",
        "web-lib  upgraded  1 -> 2",
        '/p/envmgr.toml:3: version = "<2"  ->  version = "==2"',
        "`envmgr rollback data` goes back",
    ]
    assert _upgraded(replace(outcome, action="unchanged")) == ["nothing to do: web-lib 2 is there"]
    assert len(_upgraded(replace(outcome, packages=()))) == 3
