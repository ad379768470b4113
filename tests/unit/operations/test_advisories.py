"""Which vulnerabilities come, stay and go."""

from packaging.version import Version

from envmgr.model.outcomes import Pin
from envmgr.operations import advisories
from envmgr.tools.osv import Advisory, Affected


def advisory(name, *versions, aliases=(), package="web", summary="", severity=""):
    return Advisory(name, aliases, summary, severity, (Affected(package, frozenset(versions), ()),))


def judged(found, before, after):
    pins = [[Pin(*pin.split("==")) for pin in words.split()] for words in (before, after)]
    return [
        (each.id, each.distribution, each.version, each.fixed, each.aliases)
        for each in advisories.judge(found, *pins)
    ]


def test_what_comes_stays_and_goes():
    found = [
        advisory("A-gone", "1"),
        advisory("A-stays", "1", "2"),
        advisory("A-comes", "2"),
        advisory("A-none", "3"),
        advisory("A-new", "5", package="new"),
        advisory("A-left", "1", package="left"),
    ]
    assert judged(found, "web==1 left==1", "Web==2 new==5") == [
        ("A-new", "new", "5", False, ()),
        ("A-comes", "web", "2", False, ()),
        ("A-stays", "web", "2", None, ()),
        ("A-left", "left", "1", True, ()),
        ("A-gone", "web", "1", True, ()),
    ]


def test_a_distribution_in_two_versions_for_two_platforms():
    assert judged([advisory("A", "1", "2")], "web==1", "web==1 web==2 web==2 web==3") == [
        ("A", "web", "1, 2", None, ())
    ]


def test_sources_that_name_each_other_are_one_that_affects_what_any_says():
    found = [
        advisory("PYSEC-7", "1", aliases=("CVE-7", "GHSA-7"), summary="from PYSEC"),
        advisory("OTHER-7", "1"),
        advisory("GHSA-7", "1", "2", aliases=("CVE-7",), severity="high"),
        advisory("CVE-7", "1", aliases=("OTHER-7",)),
        advisory("PYSEC-8", "1"),
    ]
    assert judged(found, "web==1", "web==2") == [
        ("GHSA-7", "web", "2", None, ("CVE-7", "OTHER-7", "PYSEC-7")),
        ("PYSEC-8", "web", "1", True, ()),
    ]
    (stays, _) = advisories.judge(found, [Pin("web", "1")], [Pin("web", "2")])
    assert (stays.summary, stays.severity) == ("from PYSEC", "high")
    assert Version(stays.version) == Version("2")
