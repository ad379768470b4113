"""What is called and changes, and what of it is a reason not to upgrade."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envmgr.environments.layout import Layout
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE, ApiDiff, Change, UsedFunction
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Pin
from envmgr.operations import impact
from envmgr.operations.impact import Compared, Known, Question
from envmgr.operations.tried import Tried
from envmgr.operations.using import Told
from envmgr.tools.osv import Advisory, Affected, Snapshot

QUESTION = Question(
    Layout(Path("/p")),
    "web-lib",
    "2",
    "3.12.1",
    None,
    (Pin("web-lib", "2"),),
    (PinChange("web-lib", "upgraded", "1", "2"),),
)


def change(path, kind="parameter-required", severity=BREAKS, **more):
    return Change(path, kind, severity, f"{kind} of {path}", **more)


def diff(*changes, paths=None, library="web", distribution="web_lib"):
    return ApiDiff(library, distribution, "1", "2", "3.12", "3.12", 9, changes, (), paths or {})


def known(*used, tried=None, snapshot=None, unknown=(), **more):
    return Known(
        Told((), None, {}, ()),
        {},
        {"web": used, **more},
        {"web": frozenset({"web.Client"})},
        tried or Tried(),
        snapshot,
        unknown,
    )


def affected(used, *changes, **more):
    found = impact.judge(QUESTION, known(*used), Compared({"web": diff(*changes, **more)}))
    return [(each.used.path, [one.severity for one in each.changes]) for each in found.affected]


def test_only_what_is_called_and_not_safe_is_affected_the_severest_first():
    used = [
        UsedFunction("web.b", 9),
        UsedFunction("web.a"),
        UsedFunction("web.c", 3),
        UsedFunction("web.d", 5),
    ]
    changes = [
        change("web.a"),
        change("web.c", severity=SAFE),
        change("web.b", severity=MAY_BREAK),
        change("web.d", severity=MAY_BREAK),
        change("web.d"),
        change("web.e"),
    ]
    found = affected(used, *changes)
    assert found == [("web.d", [BREAKS, MAY_BREAK]), ("web.a", [BREAKS]), ("web.b", [MAY_BREAK])]


def test_a_change_is_met_by_any_of_its_paths():
    assert affected([UsedFunction("web.api.get")], change("web.get"), paths={"web.get": ("web.api.get",)})
    assert not affected(
        [UsedFunction("web.api.getter")], change("web.get"), paths={"web.get": ("web.api.get",)}
    )


@pytest.mark.parametrize(
    ("kind", "met"), [("removed", True), ("moved", True), ("renamed", True), ("base-removed", False)]
)
def test_what_goes_takes_along_what_is_in_it(kind, met):
    found = affected([UsedFunction("web.Client.get")], change("web.Client", kind))
    assert found == ([("web.Client.get", [BREAKS])] if met else [])


def test_a_method_of_an_unknown_class_is_affected_and_no_reason():
    outcome = impact.judge(
        QUESTION,
        known(UsedFunction(".get"), UsedFunction(".put")),
        Compared({"web": diff(change("web.Client.get"), change("web.get"), change("web.Client.post"))}),
    )
    assert [(each.used.path, [one.path for one in each.changes]) for each in outcome.affected] == [
        (".get", ["web.Client.get"])
    ]
    assert outcome.red == ()


def test_reasons_are_told_with_places_and_what_to_call():
    used = UsedFunction("web.get", 3, tuple(f"a:{n}" for n in range(5)))
    snapshot = Snapshot(
        (Advisory("X-1", (), "Bad", "", (Affected("web-lib", frozenset({"2"}), ()),)),),
        datetime.now(UTC) - timedelta(days=2),
        datetime.now(UTC) + timedelta(days=1),
        ("broken.json",),
    )
    outcome = impact.judge(
        QUESTION,
        known(
            used, tried=Tried((), ("matrix m is red: c failed",), ("u",)), snapshot=snapshot, unknown=("v",)
        ),
        Compared({"web": diff(change("web.get", instead="web.fetch"))}, unknown=("w",)),
    )
    assert outcome.red == (
        "web.get breaks: parameter-required of web.get; now: web.fetch (a:0, a:1, a:2)",
        "matrix m is red: c failed",
        "web-lib 2 brings in X-1: Bad",
    )
    assert outcome.unknown == (
        "v",
        "w",
        "u",
        "what 1 files of the snapshot say: they are no OSV (broken.json)",
    )
    assert (outcome.osv_age_days, outcome.osv_file_days) == (2.0, 0.0)
    assert outcome.changes == {BREAKS: 1, MAY_BREAK: 0, SAFE: 0}
    problem = impact.refusal(outcome, "web==2")
    assert problem.exit_status == 1
    assert problem.message.splitlines()[1:] == [f"  {why}" for why in outcome.red]
    assert problem.hint == (
        "change these calls as `envmgr plan web==2` says, and choose another version; or go on in spite of it with"
        " --accept-impact"
    )
    assert impact.refusal(replace(outcome, red=outcome.red[:1]), "web==2").hint.startswith(
        "change these calls as"
    )
    assert impact.refusal(replace(outcome, affected=()), "web==2").hint.startswith(
        "choose another version; or"
    )


def test_of_a_dependency_only_what_is_called_counts():
    core = diff(change("core.f"), change("core.g"), library="core", distribution="core")
    outcome = impact.judge(QUESTION, known(core=(UsedFunction("core.f"),)), Compared({"core": core}))
    assert [each.used.path for each in outcome.affected] == ["core.f"]
    assert outcome.changes == {}


def test_dependencies_that_cross_a_major_version():
    changed = [
        PinChange(name, "upgraded", before, after)
        for name, before, after in (
            ("own", "1", "2"),
            ("up", "1.9", "2.0"),
            ("down", "2.0", "1.9"),
            ("minor", "1.1", "1.2"),
            ("zero", "0.1.9", "0.2"),
            ("zero-patch", "0.1.8", "0.1.9"),
            ("epoch", "9.0", "1!1.0"),
            ("new", None, "3"),
            ("gone", "3", None),
            ("odd", "1, 2", "3"),
        )
    ]
    assert [name for name, _, _ in impact.majors(changed, "own")] == ["up", "zero", "epoch"]


def test_what_cannot_be_compared_is_told(monkeypatch):
    def fails(before, after):
        raise RecursionError("too deep")

    monkeypatch.setattr(impact, "_between", fails)
    before = Known(Told((), None, {}, ()), {"web": object(), "core": object()}, {}, {}, Tried(), None, ())
    compared = impact.compare(before, {"web": object()}, ["web", "core"])
    assert compared.diffs == {}
    assert compared.unknown == (
        "what changes in web: comparing failed: RecursionError: too deep",
        "what changes in core: it is no library of the new environment",
    )
