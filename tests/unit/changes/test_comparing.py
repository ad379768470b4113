"""Two releases of a made-up library: what is told, once, and at which path."""

from dataclasses import replace

import pytest
from made_apis import api, function

from envmgr.changes import joining, natures
from envmgr.changes.asking import ABSENT, FAILED, WARNS, Answer
from envmgr.changes.comparing import compare
from envmgr.changes.described import ALL, GETATTR, SOURCE, Source
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE


def at(written, *paths, **facts):
    return replace(function(written, **facts), paths=paths)


def told(before, after, **said):
    """(path, kind, instead) of each change, and (path, kind, reason) of what is none."""
    found = compare(before, after, **said)
    changes = [(each.path, each.kind, each.instead) for each in found.changes]
    return changes, [(each.change.path, each.change.kind, each.reason) for each in found.suppressed]


def test_what_is_gone_and_what_is_new() -> None:
    before = api(at("a", "old"), at("a", "stays"))
    after = api(at("a", "stays"), at("a", "fresh"))
    assert told(before, after) == ([("old", "removed", None), ("fresh", "added", None)], [])


def test_another_path_to_the_same_is_what_to_use() -> None:
    before = api(at(None, "float_", "float64", kind="class"), at(None, "C.m", kind="method"))
    after = api(at(None, "float64", kind="class"))
    changes, _ = told(
        before, after, answers={"float_": Answer(ABSENT, "module 'lib' has no attribute 'float_'")}
    )
    assert changes == [("float_", "removed", "lib.float64")]


def test_what_the_release_says_of_it() -> None:
    answers = {"f": Answer(ABSENT, "f was removed, use `lib.g` instead"), "h": Answer(FAILED, "boom today")}
    changes = compare(api(at("a", "f"), at("a", "h")), api(), answers=answers).changes
    assert [(each.path, each.message, each.instead) for each in changes] == [
        ("f", "the function is not there any more: f was removed, use `lib.g` instead", "lib.g"),
        ("h", "the function is not there any more: boom today", None),
    ]


def test_what_the_release_before_said_of_it() -> None:
    gone = at("a", "f", source=Source(warns=("f is deprecated, use `g` instead",)))
    assert told(api(gone, at("a", "e", doc="Deprecated alias of `g_h`.")), api())[0] == [
        ("e", "removed", "g_h"),
        ("f", "removed", "g"),
    ]


DOC = "Integrate along the given axis using the composite trapezoidal rule. If x is provided, in order."


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("util.f", "tools.f", ("util.f", "moved", "lib.tools.f")),
        ("trapz", "trapezoid", ("trapz", "renamed", "lib.trapezoid")),
    ],
)
def test_where_it_went(old, new, expected) -> None:
    before, after = api(at("y, x=None", old, doc=DOC)), api(at("y, x=None", new, doc=DOC))
    assert told(before, after) == ([expected], [])


def test_of_another_nature_or_words_it_is_another() -> None:
    before = api(at("a", "util.f", doc=DOC), at(None, "util.C", kind="class", doc=DOC))
    after = api(at("a", "tools.f", doc="Opens a file."), at("a", "tools.C", doc=DOC))
    kinds = {(path, kind) for path, kind, _ in told(before, after)[0]}
    assert kinds == {("util.f", "removed"), ("util.C", "removed"), ("tools.f", "added"), ("tools.C", "added")}


def test_without_words_the_signature_tells_and_a_constant_its_value() -> None:
    before = api(at("a, b", "u.f"), at(None, "u.X", kind="constant", value="1"))
    after = api(at("a, b", "t.f"), at(None, "t.X", kind="constant", value="1"))
    assert [kind for _, kind, _ in told(before, after)[0]] == ["moved", "moved"]


def test_fields_are_not_renamed_for_their_docstrings() -> None:
    doc = "Alias for field number 3"
    before = api(at(None, "K", kind="class"), at("", "K.strict", kind="property", doc=doc))
    after = api(at(None, "K", kind="class"), at("", "K.maximum", kind="property", doc=doc))
    assert [kind for _, kind, _ in told(before, after)[0]] == ["removed", "added"]


def test_members_go_and_come_with_their_class() -> None:
    before = api(
        at(None, "C", kind="class"), at("", "C.m", kind="method"), at("", "C.D", "C.D.n", kind="class")
    )
    after = api(at(None, "E", kind="class"), at("", "E.m", kind="method"))
    assert told(before, after)[0] == [("C", "removed", None), ("E", "added", None)]


def test_members_of_what_is_no_class_any_more_go_with_it() -> None:
    before = api(at(None, "Url", kind="class"), at("", "Url.build", kind="classmethod"))
    assert told(before, api(at(None, "Url", kind="constant")))[0] == [("Url", "kind-changed", None)]


def test_names_go_with_their_module_unless_more_is_known() -> None:
    before = api(
        at(None, "sub", kind="module"),
        at(None, "sub.deep", kind="module"),
        at("a", "sub.f"),
        at("a", "sub.deep.g"),
        at("a", "sub.h", "h"),
    )
    found = compare(before, api(at("a", "h")))
    assert [(each.path, each.kind, each.instead) for each in found.changes] == [
        ("sub", "removed", None),
        ("sub.h", "removed", "lib.h"),
    ]
    assert found.paths["sub"] == ("sub.f", "sub.deep", "sub.deep.g")


def test_what_is_inherited_is_told_once_of_its_owner() -> None:
    before = api(at("a, b=1", "Base.fit", "A.fit", "B.fit", kind="method"))
    after = api(at("a", "Base.fit", "A.fit", "B.fit", kind="method"))
    found = compare(before, after)
    assert [each.path for each in found.changes] == ["A.fit"]
    assert found.paths == {"A.fit": ("B.fit", "Base.fit")}
    split = api(*(at("a", f"{name}.fit", kind="method") for name in ("Base", "A", "B")))
    assert [each.path for each in compare(before, split).changes] == ["A.fit"]
    assert [each.path for each in compare(split, before).changes] == ["A.fit"]


def test_a_constructor_is_told_once_of_the_class_that_it_is_from() -> None:
    def classes(written):
        base = at(written, "Group", kind="class", source=Source(), module="lib")
        return api(
            base,
            at(written, "Collection", kind="class", source=Source(("lib.Group", "object")), module="lib"),
        )

    found = compare(classes("name, old=1"), classes("name"))
    assert [(each.path, each.kind) for each in found.changes] == [("Group", "parameter-removed")]
    assert found.paths == {"Group": ("Collection",)}


def test_what_only_seems_to_be_gone() -> None:
    before = api(
        at(None, "sub", kind="module", file="lib/sub.py"),
        at("a", "sub.helper", "helper", file="lib/tools.py"),
        at("a", "sub.mine", file="lib/sub.py"),
        at(None, "sub.i", kind="constant"),
        at(None, "C", kind="class"),
        at("", "C.size", kind="property"),
        at("", "C.shape", kind="property"),
        at("a", "lazy"),
        at("a", "gpu.f"),
        left=frozenset({"sub.i"}),
    )
    after = api(
        at(None, "sub", kind="module", file="lib/sub.py"),
        at("a", "helper"),
        at(None, "C", kind="class", source=Source(known=frozenset({"size"})), doc="shape : tuple\n    Its."),
        errors={"lib.gpu": "ImportError: no cuda"},
    )
    lost = [path for path in before.places if path not in after.places and path != "lazy"]
    answers = {path: Answer(ABSENT, "") for path in lost}
    changes, none = told(before, after, answers=answers)
    assert changes == [("sub.mine", "removed", None)]
    assert none == [
        ("C.shape", "removed", "its objects have it, as the docstring of the class says"),
        ("C.size", "removed", "its objects have it as an attribute"),
        ("gpu.f", "removed", "lib.gpu cannot be imported now: ImportError: no cuda"),
        ("lazy", "removed", "lib.lazy is still there when it is read"),
        ("sub.helper", "removed", "lib.sub had it only imported: it is lib.helper"),
        ("sub.i", "removed", "a loop of the module left it behind"),
    ]


def test_a_class_that_answers_any_name() -> None:
    before = api(
        at(None, "C", kind="class"), at("", "C.realm", kind="property"), at("", "C.m", kind="method")
    )
    after = api(at(None, "C", kind="class", source=Source(known=frozenset({GETATTR}))))
    changes, none = told(before, after)
    assert changes == [("C.m", "removed", None)]
    assert none == [("C.realm", "removed", "its class has a __getattr__ now, which may answer it")]
    before = api(
        at(None, "C", kind="class", source=Source(known=frozenset({GETATTR}))),
        at("", "C.realm", kind="property"),
    )
    assert told(before, after)[0] == [("C.realm", "removed", None)]


@pytest.mark.parametrize("listed", [{"sub": frozenset({"helper"})}, {"sub": ALL}])
def test_what_a_module_lists_is_its_own(listed) -> None:
    module = at(None, "sub", kind="module", file="lib/sub.py")
    before = api(module, at("a", "sub.helper", "helper", file="lib/tools.py"), listed=listed)
    assert told(before, api(module, at("a", "helper")))[0] == [("sub.helper", "removed", "lib.helper")]


def test_what_could_not_be_imported_before_is_not_new() -> None:
    before = api(errors={"lib.gpu": "ImportError: no cuda"})
    assert told(before, api(at("a", "gpu.f"))) == (
        [],
        [("gpu.f", "added", "lib.gpu could not be imported before: ImportError: no cuda")],
    )


def test_names_that_warn_when_they_are_read() -> None:
    names = [f"core.f{number}" for number in range(6)]
    before = api(*(at("a", name) for name in (*names, "Old", "Was")))
    text = "core.{} is gone to lib._core"
    answers = {name: Answer(WARNS, text.format(name[5:])) for name in names}
    answers |= {
        "Old": Answer(WARNS, "'Old' is deprecated. Use 'New' instead."),
        "Was": Answer(WARNS, "it was"),
    }
    found = compare(before, api(at("a", "Was")), answers=answers, warned={"Was": Answer(WARNS, "it was")})
    assert [(each.path, each.kind, each.severity, each.instead) for each in found.changes] == [
        ("Old", "deprecated", MAY_BREAK, "New"),
        ("core", "deprecated", MAY_BREAK, None),
    ]
    assert found.paths["core"] == tuple(names)
    assert found.suppressed == ()


def test_names_of_other_libraries_that_a_package_offered() -> None:
    before = api(named={"Markup": "markupsafe.Markup", "escape": "escape", "kept": "x.y"})
    answers = {"Markup": Answer(ABSENT, "Markup"), "escape": Answer(ABSENT, "use `x_y` instead")}
    found = compare(before, api(), answers=answers)
    assert [(each.path, each.severity, each.instead, each.origin) for each in found.changes] == [
        ("Markup", BREAKS, "markupsafe.Markup", SOURCE),
        ("escape", BREAKS, "x_y", SOURCE),
    ]
    assert compare(before, api(), answers=answers, warned=answers).changes == ()


def test_an_attribute_that_became_a_property() -> None:
    holder = at(None, "C", kind="class", source=Source(known=frozenset({"x", "y"})))
    after = api(
        holder,
        at("", "C.x", kind="property"),
        at("", "C.y", kind="property", source=Source(deprecated="y is deprecated")),
        at("", "C.z", kind="property", source=Source(deprecated="")),
    )
    assert [(each.path, each.kind, each.severity) for each in compare(api(holder), after).changes] == [
        ("C.y", "deprecated", MAY_BREAK),
        ("C.z", "deprecated", MAY_BREAK),
    ]


def test_a_parameter_is_deprecated_once() -> None:
    said = {"a": "It is.\n\n.. deprecated:: 2.0\n    Gone in 3."}
    before, after = api(at("a=None", "f")), api(at("a='deprecated'", "f", said=said))
    assert [each.kind for each in compare(before, after).changes] == ["parameter-deprecated"]


def test_what_a_loop_left_behind_has_no_value() -> None:
    def module(value, *left):
        return api(at(None, "key", kind="constant", value=value), left=frozenset(left or {"key"}))

    (told_of,) = compare(module("1", "other"), module("2", "other")).changes
    assert told_of.kind == "value-changed"
    assert told(module("1"), module("2")) == (
        [],
        [("key", "value-changed", "a loop of the module left it behind")],
    )


def test_the_severest_first() -> None:
    before = api(at("a, b=1", "z"), at("a=1", "y"), at("a", "x"))
    after = api(at("a", "z"), at("a=2", "y"), at("a, c=1", "x"))
    assert [each.severity for each in compare(before, after).changes] == [BREAKS, MAY_BREAK, SAFE]


def class_of(name, *bases, module="lib", **facts):
    source = Source(bases=bases, known=frozenset(), **facts)
    return replace(function(None, kind="class", source=source, module=module), paths=(name,))


def test_what_each_class_writes_anew_as_the_one_above_it_is_told_of_that_one() -> None:
    def release(written):
        return api(
            class_of("Base"),
            class_of("Middle", "lib.Base"),
            class_of("Last", "lib.Middle", "lib.Base"),
            *(at(written, f"{name}.merge", kind="method") for name in ("Base", "Middle", "Last")),
        )

    found = compare(release("names: list"), release("names: set"))
    assert [(each.path, each.kind) for each in found.changes] == [("Base.merge", "parameter-retyped")]
    assert set(found.paths["Base.merge"]) == {"Middle.merge", "Last.merge"}


def test_members_that_went_with_several_bases_are_told_with_the_nearest() -> None:
    one, two = [f"m{number}" for number in range(6)], [f"n{number}" for number in range(6)]
    bases = [class_of("Above"), class_of("Near", "lib.Above")]
    before = api(
        *bases,
        class_of("C", "lib.Near", "lib.Above"),
        *(at(None, f"Near.{name}", f"C.{name}", kind="method") for name in one),
        *(at(None, f"Above.{name}", f"Near.{name}", f"C.{name}", kind="method") for name in two),
    )
    after = api(
        *bases,
        class_of("C"),
        *(at(None, f"Near.{name}", kind="method") for name in one),
        *(at(None, f"Above.{name}", f"Near.{name}", kind="method") for name in two),
    )
    found = [each for each in compare(before, after).changes if each.severity == BREAKS]
    assert [(each.path, each.kind, each.before) for each in found] == [("C", "base-removed", "lib.Near")]
    assert "12 members went with that" in found[0].message


def test_a_base_under_another_name_is_none_that_is_gone() -> None:
    before = api(class_of("Old"), class_of("C", "lib.Old"))
    new = replace(class_of("New"), paths=("Old", "New"))
    changes, none = told(before, api(new, class_of("C", "lib.New")))
    assert ("C", "base-removed", "lib.Old is another name of one that it has") in none
    assert not any(kind == "base-removed" for _, kind, _ in changes)


def test_a_name_that_is_bound_to_another_is_not_the_same() -> None:
    before = api(at(None, "Removed80", "RemovedNext", kind="class"), at(None, "Removed90", kind="class"))
    after = api(at(None, "Removed90", "RemovedNext", kind="class"))
    changes, _ = told(before, after)
    assert ("Removed80", "removed", None) in changes


def test_the_name_that_its_module_offers_is_what_to_use() -> None:
    before = api(at(None, "old.thing", "a.thing", "home.sub.thing"))
    after = api(at(None, "a.thing", "home.sub.thing"), imported=frozenset({"a.thing"}))
    assert ("old.thing", "removed", "lib.home.sub.thing") in told(before, after)[0]


def test_what_is_imported_for_others_is_offered() -> None:
    module = replace(function(None, kind="module"), paths=("m",), file="lib/m.py")
    thing = at(None, "m.Thing", "home.Thing", kind="class", file="lib/home.py")
    after = api(module, at(None, "home.Thing", kind="class", file="lib/home.py"))
    assert told(api(module, thing), after)[0] == []
    changes, _ = told(api(module, thing, purpose=frozenset({"m.Thing"})), after)
    assert changes == [("m.Thing", "removed", "lib.home.Thing")]


def test_a_decorator_and_a_default_that_say_the_same_are_told_once() -> None:
    before = api(at("a, old=None", "f", source=Source()))
    warns = Source(warns=("@deprecate_parameter('old', new_name='new')",))
    after = api(at("a, old=deprecated, new=None", "f", source=warns))
    changes = [kind for _, kind, _ in told(before, after)[0] if kind.endswith("deprecated")]
    assert changes == ["parameter-deprecated"]


def test_an_attribute_that_a_class_of_pythons_own_has_now_is_not_lost() -> None:
    before = api(class_of("Path", attributes=("parts", "cache")))
    after = api(class_of("Path", "pathlib.PurePath"))
    paths = set(natures.lost_attributes(joining.pairs(before, after)))
    assert paths == {"Path.parts", "Path.cache"}
    changes, none = told(before, after, answers={"Path.cache": Answer(ABSENT, "")})
    assert [path for path, kind, _ in changes if kind == "attribute-removed"] == ["Path"]
    assert ("Path", "attribute-removed", "it is still there when it is read of the class") in none
    assert len([kind for _, kind, _ in told(before, after)[0] if kind == "attribute-removed"]) == 2


def test_what_classes_write_anew_is_folded_wherever_its_shortest_path_is() -> None:
    def release(written):
        return api(
            class_of("LongestName"),
            class_of("Heir", "lib.LongestName"),
            class_of("Own", "lib.LongestName"),
            at(written, "LongestName.merge", "Heir.merge", kind="method"),
            at(written, "Own.merge", kind="method"),
        )

    found = compare(release("names: list"), release("names: set"))
    assert [(each.path, each.kind) for each in found.changes] == [("LongestName.merge", "parameter-retyped")]
    assert set(found.paths["LongestName.merge"]) == {"Heir.merge", "Own.merge"}
