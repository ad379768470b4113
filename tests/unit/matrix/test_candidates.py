"""Which releases a bisect searches, and which dates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from envmgr.errors import EnvmgrError
from envmgr.matrix import candidates
from envmgr.matrix.releases import Target
from envmgr.tools.index import Release
from envmgr.tools.index_pages import File

HERE = Target("3.12", "linux-x86_64", builds=True)


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def release(version, uploaded="2024-01-01", tag="py3-none-any", **rest):
    return Release("a", version, (File(f"a-{version}-{tag}.whl", moment(uploaded), **rest),))


RELEASES = [
    release("1.0"),
    release("1.1", yanked=True),
    release("1.2", tag="cp38-cp38-win_amd64"),
    release("1.3", requires_python=">=3.13"),
    release("2.0rc1"),
    release("2.0"),
    release("2.1rc1"),
    release("2.1"),
]


def versions(good, bad, **rest):
    found = candidates.between(RELEASES, good, bad, HERE, pre=rest.get("pre", False))
    return [each.version for each in found.releases], found.left_out


def test_releases_between_are_those_that_count_here():
    left_out = (
        "2 without a file for Python 3.12 on linux-x86_64",
        "1 yanked",
        "2 pre-releases (`--pre` tries them)",
    )
    assert versions("1", "2.1") == (["1.0", "2.0", "2.1"], left_out)
    assert versions("1", "2.1", pre=True) == (["1.0", "2.0rc1", "2.0", "2.1rc1", "2.1"], left_out[:2])


def test_what_is_named_counts_whatever_it_is():
    assert versions("1.1", "2.1rc1")[0] == ["1.1", "2.0", "2.1rc1"]
    assert versions("1.2", "2.0")[0] == ["1.2", "2.0"]


@pytest.mark.parametrize(
    ("good", "bad", "message", "hint"),
    [
        ("2.0", "1.0", "a 2.0 is not older than 1.0", "--good is a release that passes"),
        ("1.0", "2.2", "a has no release 2.2", "there is 2."),
        ("0.0.0.7", "2.0", "a has no release 0.0.0.7", "there is 2.0, 2.1rc1, 2.1"),
        ("old", "2.0", "'old' is no version of a", "write one such as 2.1"),
    ],
)
def test_ends_that_are_none(good, bad, message, hint):
    with pytest.raises(EnvmgrError, match=message) as raised:
        versions(good, bad)
    assert raised.value.hint.startswith(hint)


def test_days_are_over_at_their_end_and_moments_are_what_they_say():
    assert candidates.moment_of("2024-06-30") == moment("2024-07-01")
    assert candidates.moment_of("2024-06-30T12:00:00+02:00") == moment("2024-06-30T10:00:00")
    assert candidates.spelled(candidates.moment_of("2024-06-30T12:00:00.5Z")) == "2024-06-30T12:00:00.500Z"
    assert not any(map(candidates.is_day, ("2.0", "2024.1", "1.0-1-a", "1-2-3")))
    with pytest.raises(EnvmgrError, match="2024-06-30 is a day, not a release"):
        candidates.refuse_days("1.0", "2024-06-30")
    with pytest.raises(ValueError, match="soon"):
        candidates.moment_of("soon")


def test_a_release_is_published_when_all_its_files_that_serve_are_there():
    files = (
        File("a-1.0.tar.gz", moment("2024-01-09")),
        File("a-1.0-cp312-cp312-manylinux2014_x86_64.whl", moment("2024-01-02T00:00:00.123456")),
        File("a-1.0-cp312-cp312-win_amd64.whl", moment("2024-01-03")),
    )
    published = candidates.published(Release("a", "1.0", files), HERE)
    assert candidates.spelled(published) == "2024-01-02T00:00:00.124Z"
    assert candidates.published(Release("a", "1.0", (File("a-1.0-py3-none-any.whl"),)), HERE) is None


def test_what_a_resolver_may_take():
    assert [each.version for each in candidates.usual(RELEASES, ">=1.3,<=2.1")] == ["1.3", "2.0", "2.1"]
    assert [each.version for each in candidates.usual(RELEASES, "==2.1rc1")] == ["2.1rc1"]
    assert len(candidates.usual(RELEASES, "")) == 6


def test_moments_are_those_after_something_was_published():
    known = {
        "a": [release("1.0"), release("1.1", "2024-02-01"), release("1.2", "2024-03-01")],
        "b": [Release("b", "5", (File("b-5-py3-none-any.whl", moment("2024-02-01")),))],
    }
    found = candidates.moments(known, HERE, moment("2024-01-15"), moment("2024-02-15"))
    assert [candidates.spelled(each) for each in found] == ["2024-02-01T00:00:00.001Z"]
    assert [each.version for each in next(iter(found.values()))] == ["1.1", "5"]
