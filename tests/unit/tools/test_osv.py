"""Snapshots of OSV: where they are read from, and which versions an advisory affects."""

import gzip
import json
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from envmgr.errors import EnvmgrError
from envmgr.tools import osv


def document(name="X-1", package="web-lib", *, versions=(), ranges=(), ecosystem="PyPI", **more):
    affected = {"package": {"ecosystem": ecosystem, "name": package}, "versions": list(versions)}
    affected["ranges"] = [{"type": kind, "events": list(events)} for kind, *events in ranges]
    return {"id": name, "modified": "2026-03-01T10:00:00.5Z", "affected": [affected], **more}


def affects(document, version, name="web-lib"):
    affected = osv._advisory(document, frozenset([name])).affected
    return any(each.holds(version) for each in affected)


def events(*pairs):
    return ("ECOSYSTEM", *({kind: version} for kind, version in pairs))


@pytest.mark.parametrize(
    ("ranges", "affected", "not_affected"),
    [
        (
            [events(("introduced", "0"), ("fixed", "2.0"))],
            ("0.1.dev1", "1.9", "2.0rc1"),
            ("2.0", "2.0.post1", "3"),
        ),
        ([events(("introduced", "1.2"))], ("1.2", "1.2.0", "9!1"), ("1.1.9", "1.2rc1")),
        (
            [events(("introduced", "1"), ("last_affected", "1.5"))],
            ("1", "1.5", "1.5.0+cpu"),
            ("1.5.1", "1.5.post1"),
        ),
        (
            # In whatever order they stand.
            [events(("fixed", "3.1"), ("introduced", "3"), ("fixed", "1.4"), ("introduced", "1"))],
            ("1", "1.3", "3.0.5"),
            ("0.9", "1.4", "2", "3.1"),
        ),
        ([events(("introduced", "1"), ("fixed", "2")), events(("introduced", "4"))], ("1.5", "5"), ("3",)),
        ([events(("introduced", "0"), ("limit", "2.0"))], ("0.1", "2.0rc1"), ("2.0", "3")),
        (
            [events(("introduced", "1"), ("limit", "2"), ("limit", "*"), ("fixed", "3"))],
            ("1", "2"),
            ("0", "3"),
        ),
        ([("GIT", {"introduced": "0"})], (), ("1", "2")),
        ([("SEMVER", {"introduced": "1.0.0-rc.1"}, {"fixed": "2.0.0"})], ("1.0rc1", "1.9"), ("2",)),
        ([events(("introduced", "not a version"))], (), ("1",)),
        ([("ECOSYSTEM",)], (), ("1",)),
    ],
)
def test_ranges_are_evaluated_by_pep_440(ranges, affected, not_affected):
    assert [v for v in (*affected, *not_affected) if affects(document(ranges=ranges), v)] == list(affected)


def test_versions_that_are_listed_count_however_they_are_spelled():
    listed = document(versions=["1.0.0-rc1", "v2.0", "2004a-odd"])
    assert affects(listed, "1.0.0rc1")
    assert affects(listed, "2.0")
    assert affects(listed, "2004a-odd")
    assert not affects(listed, "2004b-odd")
    assert not affects(listed, "2.0.1")


VERSIONS = st.builds(
    "{}.{}{}".format, st.integers(0, 3), st.integers(0, 3), st.sampled_from(["", "rc1", ".post1"])
)


@given(st.sets(VERSIONS, min_size=1, max_size=6), VERSIONS)
def test_a_version_is_in_what_began_last(bounds, version):
    """Ranges that do not overlap, against their definition."""
    ordered = sorted(bounds, key=Version)
    spans = [(low, high) for low, high in zip(ordered[::2], [*ordered[1::2], None], strict=False)]
    stream = [{kind: at} for low, high in spans for kind, at in (("introduced", low), ("fixed", high)) if at]
    wanted = any(
        Version(low) <= Version(version) and (high is None or Version(version) < Version(high))
        for low, high in spans
    )
    assert affects(document(ranges=[("ECOSYSTEM", *stream)]), version) == wanted


def test_what_an_advisory_says():
    said = document(details="# Long\nstory", severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}])
    read = osv._advisory(said, frozenset(["web-lib"]))
    assert (read.id, read.summary, read.severity, read.aliases) == ("X-1", "# Long", "CVSS:3.1/AV:N", ())
    assert len(osv._summary(document(details="x" * 500))) == osv._LINE
    said = document(summary="short", database_specific={"severity": "MODERATE"}, aliases=["CVE-1"])
    read = osv._advisory(said, frozenset(["web-lib"]))
    assert (read.summary, read.severity, read.aliases) == ("short", "moderate", ("CVE-1",))
    assert osv._advisory(document(withdrawn="2026-01-01T00:00:00Z"), frozenset(["web-lib"])) is None
    assert osv._advisory(document(ecosystem="npm"), frozenset(["web-lib"])) is None
    assert osv._advisory(document(package="Web_Lib"), frozenset(["web-lib"])) is not None
    assert osv._advisory({"id": "X", "affected": None}, frozenset(["web-lib"])) is None


def ids(snapshot):
    return [each.id for each in snapshot.advisories]


def test_every_form_of_a_snapshot(tmp_path):
    documents = [
        document("X-1"),
        document("X-2", "other", modified="2026-05-01T00:00:00Z"),
        document("X-3", "Web.Lib"),
    ]
    listed, one, answer = (tmp_path / name for name in ("list.json", "one.json", "answer.json"))
    listed.write_text(json.dumps(documents))
    one.write_text(json.dumps(documents[0]))
    answer.write_text(json.dumps({"vulns": documents}))
    folder, archive = tmp_path / "folder", tmp_path / "all.zip"
    (folder / "deep").mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("readme.txt", "web-lib")
        for each in documents:
            (folder / "deep" / f"{each['id']}.json").write_text(json.dumps(each))
            packed.writestr(f"{each['id']}.json", json.dumps(each))
    (folder / "deep" / "broken.json").write_text('{"name": "web-lib"')
    (folder / "deep" / "other.json").write_text('{"name": "other-lib", "modified": "yesterday"}')
    os.utime(folder / "deep" / "X-1.json", (2e9, 2e9))
    for path in (listed, answer, archive, folder):
        snapshot = osv.read(path, ["web_lib"])
        assert ids(snapshot) == ["X-1", "X-3"], path
        assert snapshot.newest.isoformat() == "2026-05-01T00:00:00+00:00"
        assert snapshot.unread == (("broken.json",) if path == folder else ())
    assert osv.read(folder, ["web_lib"]).written.timestamp() == 2e9
    assert ids(osv.read(one, ["web-lib", "other"])) == ["X-1"]
    assert ids(osv.read(one, [])) == []


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("none.json", None, "cannot be read: No such file"),
        ("text.json", b"hello", "has no advisory in it"),
        ("empty.json", b"[]", "has no advisory in it"),
        ("cut.zip", b"PK\x03\x04 cut short", "is a zip whose end is missing"),
        ("lines.json", b'{"id": "X-1", "name": "web-lib"}\n{}', "is no JSON as OSV writes it (Extra data"),
        ("all.json.gz", gzip.compress(b"[]", mtime=0), "is compressed with gzip"),
        ("folder", "directory", "has no JSON file in it"),
    ],
)
def test_what_is_no_snapshot(tmp_path, name, content, why):
    path = tmp_path / name
    if content == "directory":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(EnvmgrError) as caught:
        osv.read(path, ["web-lib"])
    assert caught.value.code == "E-OSV"
    assert why in caught.value.message


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_archive_is_no_snapshot(tmp_path, compression):
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", compression) as packed:
        packed.writestr("X-1.json", json.dumps(document()) * 100)
    content = bytearray(path.read_bytes())
    content[60:70] = b"0123456789"
    path.write_bytes(content)
    with pytest.raises(EnvmgrError) as caught:
        osv.read(path, ["web-lib"])
    assert caught.value.code == "E-OSV"


@pytest.mark.parametrize("text", ["", "yesterday"])
def test_a_time_that_is_none(text):
    assert osv._time(text) is None
    assert osv._time("2026-05-01").tzinfo is not None
