"""What an upgrade means for an application: four functions are called, of which one breaks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import indexes
import msgpack
import pytest
import scenes

from envmgr.cli import run
from envmgr.environments.layout import Layout
from envmgr.environments.stages import VARIABLE
from envmgr.matrix import results
from envmgr.model.matrix import CellResult

CONFIG = """\
[library.shop]
version = ">=1"
[aliases]
till = "shop.total"
"""
ONE = '''\
"""A shop."""
def price(item, amount=1): return amount
def total(items): return sum(items)
def label(text, width=10): return text
def unused(a): return a
def pack(item, box=None, *, padded=False): return item
class Cart:
    """What is bought."""
    def add(self, item): return self
    def empty(self): return True
def open_cart() -> "Cart":
    return Cart()
'''
TWO = ONE.replace("text, width=10", "text, language, width=10").replace("def unused(a): return a\n", "")
TWO = TWO.replace("item, box=None, *, padded=False", "item, *, padded=True")
THREE = ONE.replace("def total", "def extra(): return 1\ndef total")


def advisory(name, introduced, **more):
    return {
        "id": name,
        "modified": "2026-11-01T00:00:00Z",
        "summary": "Prices can be forged",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "Shop"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": introduced}]}],
            }
        ],
        **more,
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """shop 1.0 is active, though later ones are allowed."""
    root = tmp_path_factory.mktemp("impact")
    wheels = [
        indexes.wheel("shop", "1.0", {"shop.py": ONE}, requires=["core>=1,<2"]),
        indexes.wheel("shop", "2.0", {"shop.py": TWO}, requires=["core>=2"]),
        indexes.wheel("shop", "3.0", {"shop.py": THREE}),
        indexes.wheel("core", "1.0", {"core.py": ""}),
        indexes.wheel("core", "2.0", {"core.py": ""}),
    ]
    with scenes.making(root, *wheels) as (app, index):
        (app / "envmgr.toml").write_text(CONFIG.replace(">=1", "==1.0"))
        assert run(["sync", "-q", "--project", str(app)]) == 0
        (app / "envmgr.toml").write_text(CONFIG)
        assert run(["sync", "-q", "--project", str(app)]) == 0
        scenes.save(app)
        yield app, index


@pytest.fixture
def app(prepared, monkeypatch):
    return scenes.put_back(prepared[0], monkeypatch)


@pytest.fixture
def envmgr(app, capsys):
    return scenes.answering(capsys)


def calls(app, functions, methods=(), unknown=(), shapes=None):
    """As `mix envmgr.calls` writes them, without `shapes` as it did before it knew of them."""
    document = {
        "schema": 1,
        "at": "2026-11-20T10:00:00Z",
        "beams": [],
        "functions": [
            {"path": path, "places": list(places), **({"shapes": shapes[path]} if shapes else {})}
            for path, places in functions.items()
        ],
        "methods": [{"name": name, "on": on, "places": list(places)} for name, on, places in methods],
        "unknown": [{"place": place, "call": "execute/2", "begins": ""} for place in unknown],
        "unread": [],
    }
    Layout(app).compiled.write_text(json.dumps(document))


def counted(app, **numbers):
    """As a VM writes them: calls by path."""
    layout = Layout(app)
    layout.calls.mkdir(parents=True)
    rows = [[path.replace("__", "."), "shop", 0, 0, 0, {}, [[100, n]]] for path, n in numbers.items()]
    (layout.calls / "a.msgpack").write_bytes(
        msgpack.packb(
            {"schema": 1, "id": "a", "process": None, "closed": True, "includes": [], "calls": rows}
        )
    )


def four_functions(app):
    calls(
        app,
        {
            "shop.label": ["lib/a.ex:3", "lib/a.ex:9"],
            "till": ["lib/b.ex:1"],
            "shop.open_cart": ["lib/b.ex:2"],
        },
        methods=[("add", "shop.open_cart", ["lib/b.ex:2"])],
    )
    counted(app, shop__label=12, shop__Cart__add=2)


def world(root):
    """All that is on disk, but for the journal."""
    return {
        str(path.relative_to(root)): path.readlink() if path.is_symlink() else path.read_bytes()
        for path in root.rglob("*")
        if (path.is_symlink() or path.is_file()) and "state.db" not in path.name and path.name != "lock"
    }


def test_a_plan_joins_what_is_called_with_what_changes(envmgr, app, capsys):
    four_functions(app)
    before = world(app)
    status, plan = envmgr("plan", "shop==2.0")
    impact = plan["impact"]
    assert (status, world(app)) == (0, before)
    assert {each["path"]: (each["calls"], each["places"]) for each in impact["used"]} == {
        "shop.label": (12, ["lib/a.ex:3", "lib/a.ex:9"]),
        "shop.Cart.add": (2, ["lib/b.ex:2"]),
        "shop.total": (None, ["lib/b.ex:1"]),
        "shop.open_cart": (None, ["lib/b.ex:2"]),
    }
    (affected,) = impact["affected"]
    assert (affected["used"]["path"], affected["used"]["origin"]) == ("shop.label", "both")
    assert [(each["kind"], each["parameter"]) for each in affected["changes"]] == [
        ("parameter-required", "language")
    ]
    assert impact["changes"]["breaks"] == 3  # `unused` is gone, too, and `box`
    assert impact["majors"] == [["core", "1.0", "2.0"]]
    assert len(impact["red"]) == 1
    assert impact["unknown"] == []
    capsys.readouterr()
    assert run(["plan", "shop==2.0", "-q"]) == 0
    said = capsys.readouterr().out
    assert "1 of the 4 functions you call changes; here is how\n" in said
    assert "  shop.label: called 12 times, lib/a.ex:3, lib/a.ex:9\n    breaks: " in said
    assert "core crosses a major version: 1.0 -> 2.0\n" in said
    assert "`envmgr upgrade` refuses this unless told:\n  shop.label breaks: " in said


def test_an_upgrade_refuses_what_breaks_a_call_unless_told(envmgr, app, prepared):
    four_functions(app)
    before = world(app)
    status, error = envmgr("upgrade", "shop==2.0")
    assert (status, error["code"]) == (1, "E-IMPACT")
    assert "shop.label breaks: " in error["message"]
    assert "(lib/a.ex:3, lib/a.ex:9)" in error["message"]
    assert "--accept-impact" in error["hint"]
    assert error["details"]["impact"]["affected"][0]["used"]["calls"] == 12
    assert world(app) == before
    newest = envmgr("history", "shop")[1][0]
    assert (newest["outcome"], newest["generation"]) == ("refused", 1)
    assert envmgr("status")[1][0]["state"] == "ready"

    index = prepared[1]
    fetched = dict(index.fetched)
    status, done = envmgr("upgrade", "shop==2.0", "--accept-impact")
    assert (status, done["action"], done["version"]) == (0, "upgraded", "2.0")
    assert done["impact"]["red"] == error["details"]["reasons"]
    assert dict(index.fetched) == fetched  # what was built to be looked at was linked
    assert envmgr("status")[1][0]["state"] == "ready"
    accepted = envmgr("history", "shop")[1][0]["reason"]
    assert accepted == "shop==2.0: shop 1.0 -> 2.0, 1 more, impact accepted"

    assert envmgr("rollback", "shop")[0] == 0
    before = world(app)
    again = envmgr("plan", "shop==2.0")[1]["impact"]  # by the entry that is in the store
    assert again["red"] == error["details"]["reasons"]
    assert world(app) == before


def shape(place, positional, *keywords, more=()):
    return {"positional": positional, "keywords": keywords, "more": more, "places": [place]}


def test_a_change_counts_where_a_call_meets_it(envmgr, app, capsys):
    def plan(*shapes):
        calls(app, {"shop.pack": [each["places"][0] for each in shapes]}, shapes={"shop.pack": shapes})
        impact = envmgr("plan", "shop==2.0")[1]["impact"]
        assert run(["plan", "shop==2.0", "-q"]) == 0
        return impact, capsys.readouterr().out

    impact, said = plan(shape("a.ex:1", 1, "padded"))
    assert (impact["affected"], impact["red"]) == ([], [])
    assert [each["used"]["path"] for each in impact["spared"]] == ["shop.pack"]
    assert "shop.pack changes, in nothing that your calls pass or leave out\n" in said

    impact, said = plan(shape("a.ex:1", 1, "padded"), shape("a.ex:2", 1), shape("a.ex:3", 2, "padded"))
    assert impact["red"] == ["shop.pack breaks: it has no parameter box any more (a.ex:3)"]
    assert [each["kind"] for each in impact["affected"][0]["changes"]] == [
        "parameter-removed",
        "default-changed",
    ]
    assert [each["places"] for each in impact["affected"][0]["met"]] == [["a.ex:3"], ["a.ex:2"]]
    assert "    breaks: it has no parameter box any more (a.ex:3)\n    may break: padded is True" in said

    impact, said = plan(shape("a.ex:4", 1, "padded", more=["positional"]))
    assert impact["red"] == ["shop.pack breaks: it has no parameter box any more (a.ex:4)"]
    assert "box any more (perhaps a.ex:4: what is passed is made when it runs)\n" in said
    assert "padded is True" not in said


def test_a_kill_while_an_upgrade_is_refused_leaves_what_was(envmgr, app):
    four_functions(app)
    before = world(app)
    command = [sys.executable, "-m", "envmgr", "upgrade", "shop==2.0", "-q"]
    env = {**os.environ, VARIABLE: "kill:freed-aside"}
    assert subprocess.run(command, env=env, capture_output=True, timeout=300, check=False).returncode == -9
    status, error = envmgr("upgrade", "shop==2.0")
    assert (status, error["code"], world(app)) == (1, "E-IMPACT", before)
    assert [row["outcome"] for row in envmgr("history", "shop")[1]] == ["refused", "failed", "active"]


def test_what_does_not_break_a_call_is_upgraded(envmgr, app):
    four_functions(app)
    status, done = envmgr("upgrade", "shop==3.0")
    assert (status, done["action"], done["impact"]["red"], done["impact"]["affected"]) == (
        0,
        "upgraded",
        [],
        [],
    )
    assert done["impact"]["changes"]["breaks"] == 0


def test_without_known_calls_nothing_is_compared_but_in_a_plan(envmgr, app, capsys):
    status, plan = envmgr("plan", "shop==2.0")
    impact = plan["impact"]
    assert (status, impact["used"], impact["affected"], impact["red"]) == (0, [], [], [])
    assert impact["changes"]["breaks"] == 3
    assert "what the application calls (`mix envmgr.calls` reads it" in impact["unknown"][0]
    assert run(["upgrade", "shop==2.0", "-q"]) == 0
    assert "not known: what the application calls (`mix envmgr.calls`" in capsys.readouterr().out
    assert envmgr("history", "shop")[1][0]["outcome"] == "active"


def test_a_method_whose_class_is_not_known_is_no_reason(envmgr, app):
    calls(
        app, {"shop.price": ["lib/a.ex:1"]}, methods=[("add", None, ["lib/a.ex:2"])], unknown=["lib/a.ex:3"]
    )
    plan = envmgr("plan", "shop==2.0")[1]
    assert [each["path"] for each in plan["impact"]["used"]] == ["shop.price", ".add"]
    assert plan["impact"]["red"] == []
    (unknown,) = plan["impact"]["unknown"]
    assert "where the path is made when it runs: lib/a.ex:3" in unknown


def test_a_red_matrix_is_a_reason(envmgr, app, capsys):
    (app / "matrices").mkdir()
    python = envmgr("status")[1][0]["python"]

    def result(cell, status, version, python=python, **resolved):
        resolved = {"shop": version, **resolved}
        return CellResult(
            "shop", cell, {"shop": cell}, status, "f", python, resolved, detail="test_till failed"
        )

    layout = Layout(app)
    (app / "matrices" / "shop.toml").write_text("")
    for each in (
        result("shop=1", "passed", "1.0"),
        result("shop=2", "failed", "2.0"),
        result("shop=2,python=3.9", "failed", "2.0", python="3.9.1"),
        result("shop=2,pandas=3", "failed", "2.0", pandas="3.0"),
        result("shop=3,python=3.9", "failed", "3.0", python="3.9.1"),
    ):
        results.keep(layout, each)
    status, plan = envmgr("plan", "shop==2.0")
    assert sorted(cell for _, cell, _ in plan["impact"]["matrix"]) == [
        "shop=2",
        "shop=2,pandas=3",
        "shop=2,python=3.9",
    ]
    assert plan["impact"]["red"] == ["matrix shop is red: shop=2 failed: test_till failed"]
    before = world(app)
    status, error = envmgr("upgrade", "shop==2.0")
    assert (status, error["code"]) == (1, "E-IMPACT")
    assert error["hint"] == "choose another version; or go on in spite of it with --accept-impact"
    assert world(app) == before
    status, done = envmgr("upgrade", "shop==3.0")
    assert status == 0
    assert "whether matrix shop is green: it has no result for shop 3.0" in " ".join(
        done["impact"]["unknown"]
    )


def test_a_vulnerability_that_comes_in_is_a_reason(envmgr, app, tmp_path, capsys):
    snapshot = tmp_path / "osv.json"
    old = advisory("PYSEC-1", "0", aliases=["CVE-1"])
    old["affected"][0]["ranges"][0]["events"].append({"fixed": "2.0"})
    snapshot.write_text(json.dumps([old, advisory("GHSA-2", "2.0", database_specific={"severity": "HIGH"})]))
    status, error = envmgr("upgrade", "shop==2.0", "--osv", str(snapshot))
    assert (status, error["code"]) == (1, "E-IMPACT")
    assert "shop 2.0 brings in GHSA-2: Prices can be forged" in error["message"]
    assert run(["plan", "shop==2.0", "-q", "--osv", str(snapshot)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "shop 2.0 comes in GHSA-2 high Prices can be forged" in said
    assert "shop 1.0 is left behind PYSEC-1, CVE-1 Prices can be forged" in said
    assert "OSV snapshot written less than a day ago, its newest advisory" in said
    snapshot.write_text("{}")
    status, error = envmgr("upgrade", "shop==2.0", "--osv", str(snapshot))
    assert (status, error["code"]) == (2, "E-OSV")
    assert envmgr("upgrade", "shop==3.0")[0] == 0


def test_what_keeps_an_impact_from_being_known_is_said(envmgr, app):
    four_functions(app)
    (catalog,) = Layout(app).store.glob("*.catalog/shop.catalog")
    catalog.write_bytes(b"")
    status, done = envmgr("upgrade", "shop==2.0")
    assert (status, done["action"]) == (0, "upgraded")
    assert "its active catalog cannot be read" in done["impact"]["unknown"][0]


def test_a_version_that_cannot_be_built_is_planned_without_its_api(envmgr, app, prepared):
    four_functions(app)
    index = prepared[1]
    index.wheels.update([indexes.wheel("shop", "4.0", {"shop.py": "import nowhere_to_be_found\n"})])
    status, plan = envmgr("plan", "shop==4.0")
    assert (status, plan["version"], plan["impact"]["changes"]) == (0, "4.0", {})
    assert "the new environment cannot be built" in plan["impact"]["unknown"][0]


def test_without_an_active_environment_there_is_nothing_to_compare(envmgr, app):
    shutil.rmtree(Layout(app).store)
    (unknown, *_) = envmgr("plan", "shop==2.0")[1]["impact"]["unknown"][1:]
    assert (
        unknown == "what changes in shop: the active generation does not have it, or its store entry is gone"
    )
    shutil.rmtree(Layout(app).home)
    plan = envmgr("plan", "shop==2.0")[1]
    assert (plan["generation"], plan["impact"]["changes"]) == (None, {})
    assert (
        "what changes in shop: nothing is active to compare with; run `envmgr sync shop`"
        in plan["impact"]["unknown"]
    )
