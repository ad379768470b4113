"""An impact in words."""

from dataclasses import replace

import pytest

from envmgr.cli import impacts
from envmgr.cli.commands.upgrading import _next, _refused, _upgraded
from envmgr.model.changes import Affected, Change, Impact, Met, UsedFunction, Vulnerability
from envmgr.model.upgrades import PlanOutcome, UpgradeOutcome

GET = UsedFunction("web.get", 1, ("a:1", "a:2", "a:3", "a:4"))
PUT = UsedFunction("web.put", 7)
POST = UsedFunction("web.post", None, ("b:1",))
METHOD = UsedFunction(".close", None, ("b:2",))
BREAKS = Change("web.get", "removed", "breaks", "it is gone", instead="web.fetch")
OTHER = Change("web.Client.close", "default", "may break", "the default of wait is 5 now")
COUNTS = {"breaks": 3, "may break": 2, "safe": 9}
IMPACT = Impact((GET, PUT, POST, METHOD), (), COUNTS)


def test_what_changes_of_what_is_called():
    found = (
        Affected(GET, (BREAKS,), (Met(GET.places),)),
        Affected(PUT, (OTHER, BREAKS), (Met(), Met())),
        Affected(METHOD, (OTHER,) * 5, (Met(METHOD.places),) * 5),
    )
    assert impacts.lines(replace(IMPACT, affected=found)) == [
        "2 of the 3 functions you call change; here is how",
        "  web.get: called once, a:1, a:2, a:3 and 1 more",
        "    breaks: it is gone; now: web.fetch",
        "  web.put: called 7 times",
        "    may break: the default of wait is 5 now (web.Client.close)",
        "    breaks: it is gone (web.get); now: web.fetch",
        "  perhaps .close, of an object whose class is not known: b:2",
        *["    may break: the default of wait is 5 now (web.Client.close)"] * 3,
        "    and 2 more of that name",
        "changes of its whole API: 3 that break calls, 2 that may, 9 safe",
    ]


@pytest.mark.parametrize(
    ("met", "said"),
    [
        (Met(GET.places), ""),
        (Met(("a:2", "a:3")), " (a:2, a:3)"),
        (Met((), ("a:1",), "because"), " (perhaps a:1: because)"),
        (Met(("a:2",), ("a:1", "a:3", "a:4"), "because"), " (a:2; perhaps a:1, a:3, a:4: because)"),
        (Met(GET.places, ("b:1",), "because"), " (a:1, a:2, a:3 and 1 more; perhaps b:1: because)"),
        (Met((), (), "because"), " (because)"),
    ],
)
def test_which_calls_meet_a_change(met, said):
    lines = impacts.lines(replace(IMPACT, affected=(Affected(GET, (BREAKS,), (met,)),)))
    assert lines[2] == f"    breaks: it is gone; now: web.fetch{said}"


def test_what_changes_and_is_met_by_no_call():
    get, put, post = (Affected(each, (BREAKS,), (Met(),)) for each in (GET, PUT, POST))
    assert impacts.lines(replace(IMPACT, spared=(get,)))[:2] == [
        "no call of the 3 functions meets a change",
        "web.get changes, in nothing that your calls pass or leave out",
    ]
    lines = impacts.lines(replace(IMPACT, affected=(get,), spared=(put, post, *[get] * 4)))
    assert lines[3] == (
        "web.put, web.post, web.get, web.get, web.get and 1 more change too, in nothing that your calls pass or"
        " leave out"
    )


@pytest.mark.parametrize(
    ("used", "affected", "said"),
    [
        ((GET, PUT), (GET,), "1 of the 2 functions you call changes; here is how"),
        ((GET,), (GET,), "the only function you call changes; here is how"),
        ((GET,), (), "none of the 1 function you call changes"),
        ((GET, PUT), (), "none of the 2 functions you call changes"),
    ],
)
def test_how_many(used, affected, said):
    found = tuple(Affected(each, (BREAKS,), (Met(each.places),)) for each in affected)
    assert impacts.lines(replace(IMPACT, used=used, affected=found))[0] == said


def test_what_was_not_compared_is_no_number():
    assert impacts.lines(replace(IMPACT, changes={}, unknown=("what changes in web: no",))) == [
        "not known: what changes in web: no"
    ]


def test_an_api_that_does_not_change():
    nothing = dict.fromkeys(COUNTS, 0)
    assert impacts.lines(replace(IMPACT, used=(), changes=nothing)) == ["its API does not change"]


def test_matrices_majors_and_vulnerabilities():
    found = replace(
        IMPACT,
        used=(),
        changes={},
        majors=(("core", "1.2", "2.0"),),
        matrix=(("web", "web=2,python=3.12", "passed"), ("web", "web=2", "failed")),
        vulnerabilities=(
            Vulnerability("X-1", "web", "2", "Bad", "high", False, ("CVE-1",)),
            Vulnerability("X-2", "core", "2.0", "", "", None),
        ),
        osv_age_days=1.5,
        osv_file_days=0.2,
    )
    assert [" ".join(line.split()) for lines in impacts.lines(found) for line in lines.splitlines()] == [
        "core crosses a major version: 1.2 -> 2.0",
        "matrix web web=2,python=3.12 passed",
        "matrix web web=2 failed",
        "web 2 comes in X-1, CVE-1 high Bad",
        "core 2.0 stays X-2",
        "OSV snapshot written less than a day ago, its newest advisory 1 day old",
    ]
    assert impacts.lines(replace(IMPACT, used=(), changes={}, osv_file_days=4.0)) == [
        "no known vulnerability before or after (OSV snapshot written 4 days ago)"
    ]


def test_a_plan_that_is_refused_says_how_to_go_on():
    plan = PlanOutcome("web", "web", "web", "2", "==2", "web", 4, "3.12.1", (), (), None, None, IMPACT)
    assert _refused(plan) == []
    red = replace(plan, impact=replace(IMPACT, red=("web.get breaks: it is gone",)), config=object())
    assert _refused(red) == ["`envmgr upgrade` refuses this unless told:", "  web.get breaks: it is gone"]
    assert _next(red) == "nothing was changed; `envmgr upgrade web==2 --accept-impact` does it, with proof"
    assert _refused(replace(red, generation=None)) == []


def test_an_upgrade_that_was_made_in_spite_of_it():
    impact = replace(IMPACT, red=("web.get breaks: it is gone",), unknown=("that",))
    done = UpgradeOutcome(
        "web", "web", "web", "2", "==2", "web", "upgraded", 1, 2, "k", (), None, 1.0, impact
    )
    assert _upgraded(done)[1:] == [
        "accepted: web.get breaks: it is gone",
        "not known: that",
        "`envmgr rollback web` goes back",
    ]
