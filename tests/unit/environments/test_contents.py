import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.environments import contents, trees
from envmgr.environments.contents import Contents
from envmgr.errors import EnvmgrError
from envmgr.tools.pypa import Distribution, Recorded, record_spelling

PATHS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)
FACTS = st.tuples(
    st.integers(0, 2**40), st.text("0123456789abcdef", min_size=64, max_size=64), st.integers(0, 0o777)
)


@given(st.builds(Contents, st.dictionaries(PATHS, FACTS), st.dictionaries(PATHS, PATHS)))
def test_manifests_round_trip(value):
    assert Contents.from_bytes(value.to_bytes()) == value


def test_equal_contents_equal_bytes():
    one = Contents({"a": (1, "x", 2), "b": (1, "y", 2)}, {})
    two = Contents({"b": (1, "y", 2), "a": (1, "x", 2)}, {})
    assert one.to_bytes() == two.to_bytes()


@pytest.fixture
def site(tmp_path):
    (tmp_path / "pkg").mkdir()
    for name in ("pkg/a.py", "pkg/b.py", "top.py"):
        (tmp_path / name).write_text(name)
    record = [
        Recorded(name, record_spelling(hashlib.sha256(name.encode()).digest()))
        for name in ("pkg/a.py", "pkg/b.py", "top.py")
    ]
    record.append(Recorded("d-1.dist-info/RECORD", None))
    return tmp_path, [Distribution("d", "1", ("pkg",), tuple(record))]


def test_what_was_published_passes(site):
    contents.verify(*site)


def edit(place):
    (place / "pkg/a.py").write_text("pkg/A.py")


def delete(place):
    (place / "pkg/a.py").unlink()


def replace_by_directory(place):
    delete(place)
    (place / "pkg/a.py").mkdir()


@pytest.mark.parametrize(
    ("spoil", "problem"), [(edit, "differs"), (delete, "is missing"), (replace_by_directory, "is missing")]
)
def test_what_was_not_is_named(site, spoil, problem):
    spoil(site[0])
    with pytest.raises(EnvmgrError, match=f"d: pkg/a.py {problem}") as caught:
        contents.verify(*site)
    assert caught.value.code == "E-TAMPERED"
    assert "uv cache clean d" in caught.value.hint
    assert caught.value.details["files"] == [{"distribution": "d", "file": "pkg/a.py", "problem": problem}]


def test_many_wrong_files_are_counted(tmp_path):
    record = tuple(Recorded(f"{number}.py", "x") for number in range(30))
    with pytest.raises(EnvmgrError, match="and 10 more") as caught:
        contents.verify(tmp_path, [Distribution("d", "1", (), record)])
    assert len(caught.value.details["files"]) == 30


def test_taking_stock_names_every_file_and_link(site):
    place, distributions = site
    known = contents.verify(place, distributions)
    (place / "new.pyc").write_bytes(b"later")
    (place / "link").symlink_to("pkg")
    (place / "pkg" / "dangling").symlink_to("/nowhere")
    (place / "top.py").chmod(0o755)
    os.mkfifo(place / "pipe")  # nobody writes into it: whoever opens it waits
    found = contents.take(place, known)
    assert set(found.files) == {"pkg/a.py", "pkg/b.py", "top.py", "new.pyc"}
    assert found.files["new.pyc"][:2] == (5, hashlib.sha256(b"later").hexdigest())
    assert found.files["top.py"][2] == 0o755
    assert found.links == {"link": "pkg", "pkg/dangling": "/nowhere"}


def test_a_file_edited_after_it_was_verified_is_read_again(site):
    place, distributions = site
    known = contents.verify(place, distributions)
    before = (place / "top.py").stat()
    (place / "top.py").write_text("TOP.py")
    os.utime(place / "top.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert contents.take(place, known).files["top.py"][1] == hashlib.sha256(b"TOP.py").hexdigest()


def test_what_went_meanwhile_is_named(site, monkeypatch):
    place, _ = site
    walk = trees.walk
    monkeypatch.setattr(trees, "walk", lambda top: (walk(top), (place / "pkg/a.py").unlink())[0])
    with pytest.raises(FileNotFoundError, match=r"pkg/a\.py"):
        contents.take(place, {})
