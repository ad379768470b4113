"""Which calls of what an application uses meet a change."""

from envmgr.changes.described import KEYWORD_ONLY, POSITIONAL, VAR_KEYWORD, Parameter
from envmgr.model.changes import ANYTHING, ApiDiff, Change, Met, Shape, UsedFunction
from envmgr.operations import affecting

A, B = Parameter("a", POSITIONAL), Parameter("b", POSITIONAL, "1")
KNOWN = {
    "web.get": ((A, B), (A,)),
    "web.put": ((A, Parameter("more", VAR_KEYWORD)), (A, Parameter("b", KEYWORD_ONLY, "1"))),
    "web.Client.get": ((A, B), (A,)),
    "web.bare": (None, None),
}
REMOVED = Change("web.get", "parameter-removed", "breaks", "no b any more", "b")
NO_MORE = Change("web.put", "kwargs-removed", "may break", "no further keywords")
ONE, TWO = Shape(1, (), (), ("x:1",)), Shape(2, (), (), ("x:2",))
ANY = Shape(more=ANYTHING, places=("x:3",))


def met(used, *changes):
    diff = ApiDiff("web", "web", "1", "2", "3.12", "3.12", 9, changes)
    affected, spared = affecting.of(
        [used], frozenset({"web.Client"}), diff, lambda path: KNOWN.get(path, (None, None))
    )
    assert [each.used for each in (*affected, *spared)] == [used]
    assert all(each.met == (Met(),) * len(each.changes) for each in spared)
    return [
        (change.severity, found.places, found.perhaps, found.why)
        for each in affected
        for change, found in zip(each.changes, each.met, strict=True)
    ]


def used(*shapes, path="web.get"):
    return UsedFunction(path, None, tuple(place for shape in shapes for place in shape.places), shapes)


def test_those_that_pass_it():
    assert met(used(ONE), REMOVED) == []
    assert met(used(ONE, TWO), REMOVED) == [("breaks", ("x:2",), (), "")]
    run_time = "what is passed is made when it runs"
    assert met(used(ONE, TWO, ANY), REMOVED) == [("breaks", ("x:2",), ("x:3",), run_time)]
    assert met(used(ONE, ANY), REMOVED) == [("breaks", (), ("x:3",), run_time)]


def test_statistics_tell_nothing_of_it():
    counted = UsedFunction("web.get", 3, (), (), "statistics")
    assert met(counted, REMOVED) == [("breaks", (), (), "statistics do not tell what is passed")]


def test_without_a_signature_nothing_is_spared():
    change = Change("web.bare", "parameter-removed", "breaks", "", "b")
    assert met(used(ONE, path="web.bare"), change) == [
        ("breaks", (), ("x:1",), "its signature does not tell")
    ]
    assert affecting.unknown("web.get") == (None, None)


def test_what_goes_meets_every_call():
    gone = Change("web.get", "removed", "breaks", "gone")
    assert met(used(ONE, TWO, ANY), gone) == [("breaks", ("x:1", "x:2", "x:3"), (), "")]


def test_a_call_that_fails_for_sure_breaks():
    known, other = Shape(1, ("b",), (), ("x:4",)), Shape(1, ("c",), (), ("x:5",))
    assert met(used(known, path="web.put"), NO_MORE) == []
    assert met(used(ANY, known, other, path="web.put"), NO_MORE) == [
        ("breaks", ("x:5",), (), ""),
        ("may break", (), ("x:3",), "what is passed is made when it runs"),
    ]


def test_a_method_of_an_unknown_class_is_met_as_any_of_that_name():
    change = Change("web.Client.get", "parameter-removed", "breaks", "", "b")
    assert met(used(ONE, path=".get"), change) == []
    assert met(used(TWO, path=".get"), change) == [("breaks", ("x:2",), (), "")]


def test_a_damaged_catalog_tells_nothing(tmp_path):
    class Release:
        library, catalog = "web", tmp_path / "none.catalog"

    assert affecting.signatures(Release, Release)("web.get") == (None, None)
