"""The archive of a bundle: written the same every time, and believed in nothing that is not checked."""

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import tarfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envmgr.environments import bundles
from envmgr.environments.bundle_manifest import Manifest, Member, Target
from envmgr.errors import EnvmgrError

TARGET = Target("3.11", "cpython", "cpython-311-x86_64-linux-gnu", "Linux", "x86_64")
FACTS = {"project": "app", "environment": "six", "target": TARGET, "made_with": {"envmgr": "0", "uv": None}}
TEXTS = {"envmgr.toml": b"[library.six]\n", "locks/pylock.six.toml": b"lock", "uv/uv": b"#!uv" * 999}


@pytest.fixture
def contents(tmp_path):
    wheel = tmp_path / "held.whl"
    wheel.write_bytes(b"PK" * 5000)
    return {"wheels/six-1.17.0-py2.py3-none-any.whl": wheel, **TEXTS}


@pytest.fixture
def bundle(tmp_path, contents):
    path = tmp_path / "six.tar"
    bundles.write(path, contents, **FACTS)
    return path


def opened(path, into):
    declared = bundles.manifest(path)
    bundles.unpack(path, declared, into)
    return declared


def refusal(path, into):
    with pytest.raises(EnvmgrError) as caught:
        opened(path, into)
    return caught.value


def members(path):
    with tarfile.open(path) as archive:
        return [(info, archive.extractfile(info).read()) for info in archive]


def packed(path, held):
    """An archive as anybody may make one."""
    with tarfile.open(path, "w") as archive:
        for info, content in held:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def resigned(path, change):
    """The bundle with another manifest, whose digest agrees."""
    held = members(path)
    document = json.loads(held[0][1])
    change(document)
    content = json.dumps(document).encode()
    checksum = f"{hashlib.sha256(content).hexdigest()}  manifest.json\n".encode()
    packed(path, [(held[0][0], content), (held[1][0], checksum), *held[2:]])


def test_what_was_put_in_comes_out(tmp_path, bundle, contents):
    declared = opened(bundle, tmp_path / "out")
    assert (declared.project, declared.environment, declared.target) == ("app", "six", TARGET)
    assert declared.made_with == {"envmgr": "0", "uv": None}
    assert declared.names("wheels") == ("six-1.17.0-py2.py3-none-any.whl",)
    there = {
        str(p.relative_to(tmp_path / "out")): p.read_bytes()
        for p in (tmp_path / "out").rglob("*")
        if p.is_file()
    }
    assert there == {**TEXTS, "wheels/six-1.17.0-py2.py3-none-any.whl": b"PK" * 5000}


def test_equal_contents_equal_bytes(tmp_path, bundle, contents):
    again = tmp_path / "again.tar"
    os.utime(tmp_path / "held.whl", (1, 1))
    written = bundles.write(again, dict(reversed(contents.items())), **FACTS)
    assert again.read_bytes() == bundle.read_bytes()
    assert written.sha256 == hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert written.size == bundle.stat().st_size
    infos = [info for info, _ in members(bundle)]
    assert {(info.mtime, info.uid, info.gid, info.uname, info.gname) for info in infos} == {(0, 0, 0, "", "")}
    assert [info.name for info in infos if info.mode == 0o755] == ["uv/uv"]


def test_the_checksum_is_one_that_other_tools_read(bundle):
    (_, manifest), (_, checksum) = members(bundle)[:2]
    assert checksum.decode() == f"{hashlib.sha256(manifest).hexdigest()}  manifest.json\n"


def test_a_write_that_fails_leaves_what_was_there(tmp_path, bundle, contents):
    before = bundle.read_bytes()

    class Gone(type(tmp_path)):
        """There while it is measured, and not when it is packed."""

        opens = 0

        def open(self, *arguments):
            type(self).opens += 1
            if self.opens > 1:
                raise OSError(5, "gone")
            return super().open(*arguments)

    with pytest.raises(OSError, match="gone") as caught:
        bundles.write(bundle, {**contents, "wheels/x.whl": Gone(tmp_path / "held.whl")}, **FACTS)
    assert caught.value.filename == str(bundle)
    assert bundle.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["held.whl", "six.tar"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "a directory"),
        (lambda path: os.mkfifo(path), "no regular file"),
        (lambda path: path.write_bytes(b""), "no tar archive"),
        (lambda path: path.write_bytes(b"PK\3\4" * 500), "no tar archive"),
        (lambda path: packed(path, []), "does not begin with manifest.json"),
        (lambda path: packed(path, [("envmgr.toml", b"")]), "does not begin with manifest.json"),
    ],
)
def test_a_file_that_is_no_bundle(tmp_path, make, words):
    path = tmp_path / "x.tar"
    make(path)
    problem = refusal(path, tmp_path / "out")
    assert problem.code == "E-BUNDLE"
    assert words in problem.message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("schema", [0, 2, "1", None, [], 1.5])
def test_a_bundle_of_another_schema(tmp_path, bundle, schema):
    resigned(bundle, lambda document: document.update(schema=schema))
    problem = refusal(bundle, tmp_path / "out")
    assert (problem.code, repr(schema) in problem.message) == ("E-BUNDLE", True)


def test_a_flipped_byte_in_each_member_names_it(tmp_path, bundle):
    whole = bundle.read_bytes()
    with tarfile.open(bundle) as archive:
        places = {info.name: info.offset_data for info in archive}
    for name, place in places.items():
        bundle.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        problem = refusal(bundle, tmp_path / "out")
        assert problem.code == "E-TAMPERED"
        named = "manifest.sha256 is not that of manifest.json" if name.startswith("manifest") else name
        assert named in problem.message


def test_every_cut_is_found(tmp_path, bundle):
    whole = bundle.read_bytes()
    end = max(info.offset_data + info.size for info, _ in members(bundle))
    for length in {*range(0, end, 997), end - 1}:
        bundle.write_bytes(whole[:length])
        assert refusal(bundle, tmp_path / "out").code in ("E-TAMPERED", "E-BUNDLE")
    bundle.write_bytes(whole[: end - 1])
    assert "wheels/six-1.17.0-py2.py3-none-any.whl" in refusal(bundle, tmp_path / "out").message


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_flipped_byte_is_harmless_or_found(tmp_path, bundle, data):
    """What is no content (a time, an owner, filling) may change."""
    whole = bundle.read_bytes()
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "changed.tar"
    path.write_bytes(changed)
    out = tmp_path / "changed"
    with contextlib.suppress(EnvmgrError):
        for member in opened(path, out).members:
            assert hashlib.sha256((out / member.name).read_bytes()).hexdigest() == member.sha256


def extra(name, **fields):
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize(
    ("added", "words"),
    [
        (extra("../../escape"), "../../escape is not in the manifest"),
        (extra("/etc/escape"), "/etc/escape is not in the manifest"),
        (extra("wheels/more.whl"), "wheels/more.whl is not in the manifest"),
        (extra("envmgr.toml"), "envmgr.toml is there twice"),
        (extra("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "link is not in the manifest"),
        (extra("wheels", type=tarfile.DIRTYPE), "wheels is not in the manifest"),
    ],
)
def test_what_is_not_declared_is_refused(tmp_path, bundle, added, words):
    packed(bundle, [*members(bundle), (added, b"")])
    problem = refusal(bundle, tmp_path / "out")
    assert problem.code == "E-TAMPERED"
    assert words in problem.message
    assert not (tmp_path / "escape").exists()


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.FIFOTYPE,
        tarfile.CHRTYPE,
        tarfile.GNUTYPE_SPARSE,
    ],
)
def test_a_declared_member_is_a_regular_file(tmp_path, bundle, kind):
    held = [(info, content) for info, content in members(bundle) if info.name != "uv/uv"]
    packed(bundle, [*held, (extra("uv/uv", type=kind, linkname="envmgr.toml"), b"")])
    problem = refusal(bundle, tmp_path / "out")
    assert problem.code == "E-TAMPERED"
    assert not (tmp_path / "out" / "uv" / "uv").exists()


def test_a_member_with_holes_is_no_regular_file(tmp_path, bundle):
    holes = {"GNU.sparse.map": "0,3996", "GNU.sparse.size": "3996"}
    held = [(info, content) for info, content in members(bundle) if info.name != "uv/uv"]
    packed(bundle, [*held, (extra("uv/uv", pax_headers=holes), TEXTS["uv/uv"])])
    assert refusal(bundle, tmp_path / "out").details["members"] == {"uv/uv": "is no regular file"}


def test_nothing_is_written_of_a_member_that_is_larger(tmp_path, bundle):
    packed(bundle, [(info, content * (1 + (info.name == "uv/uv"))) for info, content in members(bundle)])
    assert refusal(bundle, tmp_path / "out").code == "E-TAMPERED"
    assert not (tmp_path / "out" / "uv").exists()


def test_the_checksum_is_no_link(tmp_path, bundle):
    held = members(bundle)
    packed(
        bundle,
        [held[0], (extra("manifest.sha256", type=tarfile.SYMTYPE, linkname="nothing"), b""), *held[2:]],
    )
    assert refusal(bundle, tmp_path / "out").code == "E-TAMPERED"


def test_every_problem_is_told(tmp_path, bundle):
    held = [(info, content + b"x" * (info.name == "envmgr.toml")) for info, content in members(bundle)]
    packed(bundle, [row for row in held if row[0].name != "uv/uv"])
    problem = refusal(bundle, tmp_path / "out")
    assert problem.details["members"] == {
        "envmgr.toml": "is not as the manifest says",
        "uv/uv": "is missing or cut short",
    }


def test_many_problems_are_told_in_short(tmp_path, bundle):
    packed(bundle, [*members(bundle), *((f"more-{number}", b"") for number in range(9))])
    problem = refusal(bundle, tmp_path / "out")
    assert problem.message.endswith("; and 4 more")
    assert len(problem.details["members"]) == 9


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/x",
        "a/../b",
        "a//b",
        "./a",
        "a/",
        "",
        "a\\b",
        "a\0b",
        "wheels",
        "envmgr.toml",
        "é",
        "a b",
        "uv/uv/x",
    ],
)
def test_a_manifest_with_names_that_lead_elsewhere(tmp_path, bundle, name):
    row = {"name": name, "size": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    resigned(bundle, lambda document: document["members"].append(row))
    assert refusal(bundle, tmp_path / "out").code == "E-TAMPERED"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("target"),
        lambda document: document.update(members=[]),
        lambda document: document.update(members="none"),
        lambda document: document.update(environment="../up"),
        lambda document: document.update(environment="other"),
        lambda document: document.update(project=7),
        lambda document: document["target"].update(more="x"),
        lambda document: document["target"].pop("abi"),
        lambda document: document.update(made_with=[]),
        lambda document: document["members"][0].update(size=-1),
        lambda document: document["members"][0].update(size=True),
        lambda document: document["members"][0].update(size=10**15),
        lambda document: document["members"][0].update(sha256="00"),
    ],
)
def test_a_manifest_that_is_none(tmp_path, bundle, change):
    resigned(bundle, change)
    assert refusal(bundle, tmp_path / "out").code == "E-TAMPERED"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 100_000, b"1", b"{}"])
def test_a_manifest_that_is_no_json(tmp_path, content):
    path = tmp_path / "x.tar"
    checksum = f"{hashlib.sha256(content).hexdigest()}  manifest.json\n".encode()
    packed(path, [("manifest.json", content), ("manifest.sha256", checksum)])
    assert refusal(path, tmp_path / "out").code == "E-TAMPERED"


def test_a_manifest_of_absurd_size(tmp_path):
    path = tmp_path / "x.tar"
    packed(path, [("manifest.json", b" " * (5 << 20))])
    assert "manifest.json cannot be read" in refusal(path, tmp_path / "out").message


def test_a_header_that_promises_more_than_there_is(tmp_path, bundle):
    info = tarfile.TarInfo("wheels/more.whl")
    info.size = 8 << 40
    whole = bundle.read_bytes().rstrip(b"\0")
    bundle.write_bytes(whole + b"\0" * (-len(whole) % 512) + info.tobuf() + b"x" * 512)
    assert refusal(bundle, tmp_path / "out").code == "E-TAMPERED"


def test_a_disk_that_refuses_is_no_damage(tmp_path, bundle):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OSError, match="out"):
        opened(bundle, tmp_path / "out")


def test_a_target_is_said_in_words():
    assert str(TARGET) == "cpython 3.11 (cpython-311-x86_64-linux-gnu) on Linux x86_64"
    manifest = Manifest("app", "six", TARGET, {}, (Member("wheels/a", 3, ""), Member("uv/uv", 4, "")))
    assert (manifest.lock, manifest.size) == ("locks/pylock.six.toml", 7)
    assert dataclasses.replace(manifest, environment="x").lock == "locks/pylock.x.toml"
