"""Changes are told of the path that users know, and so is what to use instead."""

from dataclasses import replace

import pytest
from made_apis import api, function

from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer
from envmgr.changes.comparing import compare
from envmgr.changes.described import GETATTR, Source
from envmgr.model.changes import BREAKS


def at(written, *paths, **facts):
    return replace(function(written, **facts), paths=paths)


def changes(before, after, **said):
    return [(each.path, each.kind) for each in compare(before, after, **said).changes]


def reasons(before, after, **said):
    return {each.change.path: each.reason for each in compare(before, after, **said).suppressed}


def test_the_path_that_its_module_offers() -> None:
    paths = ("test.f", "datastructures.f")
    before, after = (
        api(at(written, *paths, module="lib.datastructures"), imported=frozenset({"test.f"}))
        for written in ("a", "")
    )
    assert changes(before, after) == [("datastructures.f", "parameter-removed")]


def test_the_class_that_it_is_from() -> None:
    base = at(None, "ma.Array", kind="class", module="lib.ma", source=Source())
    below = at(None, "ma.Void", kind="class", module="lib.ma", source=Source(bases=("lib.ma.Array",)))
    gone = at("", "ma.Void.mini", "ma.Array.mini", kind="method", module="lib.ma")
    assert changes(api(base, below, gone), api(base, below)) == [("ma.Array.mini", "removed")]


def test_the_module_that_it_is_defined_in() -> None:
    before, after = (api(at(written, "pylab.f", "ticker.f", module="lib.ticker")) for written in ("a", ""))
    assert changes(before, after) == [("ticker.f", "parameter-removed")]


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("use `g` instead", "lib.sub.g"),
        ("use `lib.top` instead", "lib.top"),
        ("use `l.top(a, b)` instead", "lib.top(a, b)"),
        ("use `Thing.make` instead", "lib.deep.Thing.make"),
        ("use `only_there` instead", "lib.deep.only_there"),
        ("use `twice` instead", "twice"),
        ("use `shutil.which` instead", "shutil.which"),
    ],
)
def test_what_to_use_has_the_librarys_name(said, instead) -> None:
    names = ["top", "sub.g", "deep.Thing.make", "deep.only_there", "a.twice", "b.twice"]
    there = [at("", name) for name in names]
    found = compare(
        api(at("x", "sub.f"), *there),
        api(*there),
        answers={"sub.f": Answer(ABSENT, f"f was removed: {said}")},
    )
    assert [each.instead for each in found.changes] == [instead]


def test_what_no_module_offers_is_no_change() -> None:
    imported = frozenset({"user.f"})
    before, after = api(at("a", "user.f"), imported=imported), api(at("", "user.f"), imported=imported)
    assert reasons(before, after) == {"user.f": "it is only imported there: no module offers it"}
    assert "only imported" in reasons(before, api(imported=imported))["user.f"]


def test_where_a_name_is_still_offered_others_may_lose_it() -> None:
    before = api(at("", "f", "user.f"), imported=frozenset({"user.f"}))
    answers = {"f": Answer(WARNS, "f goes"), "user.f": Answer(ABSENT, "")}
    assert "only imported" in reasons(before, api(), answers=answers)["user.f"]


def test_members_that_all_classes_below_still_have() -> None:
    base = at(None, "spmatrix", kind="class", source=Source())
    below = [at(None, name, kind="class", source=Source(bases=("lib.spmatrix",))) for name in ("csr", "csc")]
    old = at("", "spmatrix.dot", "csr.dot", "csc.dot", kind="method")
    new = at("", "csr.dot", "csc.dot", kind="method")
    assert reasons(api(base, *below, old), api(base, *below, new)) == {
        "spmatrix.dot": "all 2 classes below it have it as before"
    }
    assert changes(api(base, *below, old), api(base, *below, at("", "csr.dot", kind="method")))


def test_members_that_went_with_a_base_class() -> None:
    base = at(None, "Expr", kind="class", source=Source())
    names = [f"m{number}" for number in range(12)]
    methods = [at("", f"Expr.{name}", f"Then.{name}", kind="method") for name in names]
    stay = [at("", f"Expr.{name}", kind="method") for name in names]
    before = api(
        base, at(None, "Then", kind="class", source=Source(("lib.Expr",), known=frozenset())), *methods
    )
    after = api(base, at(None, "Then", kind="class", source=Source(known=frozenset())), *stay)
    (found,) = compare(before, after).changes
    assert (found.path, found.kind, found.severity, found.before) == (
        "Then",
        "base-removed",
        BREAKS,
        "lib.Expr",
    )
    assert "12 members went with that: m0, m1" in found.message
    assert "…" in found.message
    few = api(*before.objects[:12])
    assert [kind for _, kind in changes(few, api(*after.objects[:12]))] == ["base-removed"]
    two = api(*before.objects[:3])
    assert sorted(kind for _, kind in changes(two, api(*after.objects[:3]))) == ["base-removed", "removed"]


def test_names_that_only_who_asks_knew() -> None:
    before = api(
        at("a", "f"), named={"Markup": "markupsafe.Markup"}, answered=frozenset({"int0", "no", "bool"})
    )
    found = compare(
        before,
        before,
        answers={
            "bool": Answer(ABSENT, "was a deprecated alias, use `g_h` instead"),
            "int0": Answer(WARNS, "int0 goes"),
            "no": Answer(ABSENT, ""),
            "Markup": Answer(WARNS, "import it from markupsafe"),
        },
        warned={"bool": Answer(WARNS, "use int"), "no": Answer(ABSENT, "")},
    )
    assert [(each.path, each.kind) for each in found.changes] == [
        ("bool", "removed"),
        ("Markup", "deprecated"),
        ("int0", "deprecated"),
    ]
    silent = compare(before, before, answers={"no": Answer(ABSENT, "")}, warned={"no": Answer(FAILED, "")})
    assert silent.changes == ()


def test_what_is_deprecated_from_its_first_day_was_there_before() -> None:
    before = api(named={"parallel": "joblib.parallel"})
    after = api(
        at("", "parallel", source=Source(deprecated="goes")), at("", "born", source=Source(deprecated="x"))
    )
    assert changes(before, after) == [("parallel", "deprecated"), ("born", "added")]
    holder = at(None, "C", kind="class", source=Source(known=frozenset({GETATTR})))
    warns = at(None, "C.A", kind="property", source=Source(warns=("A goes",)))
    assert changes(api(holder), api(holder, warns)) == [("C.A", "deprecated")]


def test_a_module_that_cannot_be_imported_any_more() -> None:
    before = api(at(None, "clean", kind="module"), at("", "clean.f"))
    found = compare(before, api(errors={"lib.clean": "ImportError: it is a project of its own"}))
    (change,) = found.changes
    assert change.path == "clean"
    assert "cannot be imported any more: ImportError: it is" in change.message
    assert [each.change.path for each in found.suppressed] == ["clean.f"]
    other = compare(before, api(errors={"lib.clean": "RuntimeError: no display"}))
    assert other.changes == ()


def test_what_was_told_in_another_module_of_the_distribution() -> None:
    before, after = api(at("a", "f", module="core.x")), api(at("", "f", module="core.x"))
    assert changes(before, after)
    assert changes(before, after, told=("core",)) == []
    holder = at(None, "C", kind="class", module="core.x")
    before = api(holder, at("", "C.m", kind="method"), at("", "g", module="core.x"))
    assert changes(before, api(holder)) == [("C.m", "removed"), ("g", "removed")]
    assert changes(before, api(holder), told=("core",)) == [("g", "removed")]


def test_members_of_other_classes_are_no_successors() -> None:
    holders = [at(None, name, kind="class", source=Source()) for name in ("C", "D")]
    gone = at(None, "C.flag", kind="constant", value="True")
    (change,) = compare(
        api(*holders, gone), api(*holders, at(None, "D.flag", kind="constant", value="True"))
    ).changes[:1]
    assert (change.kind, change.instead) == ("removed", None)


def test_a_class_whose_file_is_not_known_is_not_only_imported() -> None:
    home = at(None, "collections", kind="module", file="lib/collections.py")
    gone = at(None, "collections.Bars", kind="class")
    assert changes(api(home, gone), api(home)) == [("collections.Bars", "removed")]


def test_a_parameter_in_the_docstring_is_no_attribute() -> None:
    doc = "Animates.\n\nParameters\n----------\ncount : int\n    How many.\n"
    gone = at(None, "C.count", kind="property")
    takes, none = (at(written, "C", kind="class", doc=doc) for written in ("count=None", ""))
    assert changes(api(takes, gone), api(takes)) == [("C.count", "removed")]
    assert "docstring" in reasons(api(none, gone), api(none))["C.count"]
