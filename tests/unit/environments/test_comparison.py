import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.environments.comparison import Change, Found, Owners, compare, look
from envmgr.environments.contents import Contents, take

PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(
    PATHS, st.tuples(st.integers(0, 9), st.sampled_from(["d1", "d2"]), st.sampled_from([0o644, 0o755]))
)
LINKS = st.dictionaries(PATHS.map(lambda path: f"l/{path}"), PATHS)
CHANGES = ["digest", "size", "mode", "delete", "link instead", "pipe instead", "add", "target", "unlink"]


@given(FILES, LINKS)
def test_what_is_as_noted_has_no_change(files, links):
    assert compare(Contents(files, links), Found(files, links, {})) == ()
    unread = {path: (size, None, mode) for path, (size, _, mode) in files.items()}
    assert compare(Contents(files, links), Found(unread, links, {})) == ()


@given(FILES, LINKS, st.sampled_from(CHANGES), st.data())
def test_any_single_change_is_found_and_named(files, links, change, data):
    now, targets, others = dict(files), dict(links), {}
    pool = {"add": ["new"], "target": sorted(links), "unlink": sorted(links)}.get(change, sorted(files))
    if not pool:
        return
    path = data.draw(st.sampled_from(pool))
    size, digest, mode = files.get(path, (1, "d1", 0o644))
    if change == "digest":
        now[path], problem = (size, digest + "x", mode), "changed"
    elif change == "size":
        now[path], problem = (size + 1, digest, mode), "wrong size"
    elif change == "mode":
        now[path], problem = (size, digest, mode ^ 1), "wrong mode"
    elif change == "delete":
        problem = "missing"
        del now[path]
    elif change == "link instead":
        problem = "replaced"
        del now[path]
        targets[path] = "elsewhere"
    elif change == "pipe instead":
        problem = "replaced"
        del now[path]
        others[path] = "neither file nor directory"
    elif change == "add":
        now[path], problem = (1, "d1", 0o644), "added"
    elif change == "target":
        targets[path], problem = targets[path] + "x", "changed"
    else:
        problem = "missing"
        del targets[path]
    found = compare(Contents(files, links), Found(now, targets, others))
    assert [(each.path, each.problem) for each in found] == [(path, problem)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    place = tmp_path_factory.mktemp("tree")
    for number in range(12):
        file = place / f"d{number % 3}" / f"f{number}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes([number]) * (1 + number * 997))
    (place / "link").symlink_to("d0/f0")
    (place / "down").symlink_to("d0")
    return place, take(place, {})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 11), st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_of_a_tree_is_found(tree, number, position, flip):
    place, noted = tree
    path = f"d{number % 3}/f{number}"
    whole = (place / path).read_bytes()
    spoiled = bytearray(whole)
    spoiled[position % len(whole)] ^= flip
    (place / path).write_bytes(spoiled)
    try:
        (change,) = compare(noted, look(place, deep=True))
    finally:
        (place / path).write_bytes(whole)
    assert (change.path, change.problem) == (path, "changed")
    assert compare(noted, look(place, deep=True)) == ()


def test_the_walk_alone_finds_what_needs_no_reading(tree, tmp_path):
    noted = tree[1]
    for path in noted.files:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes((tree[0] / path).read_bytes())
    (tmp_path / "link").symlink_to("d1/f1")
    (tmp_path / "d2").rename(tmp_path / "moved")
    (tmp_path / "d2").symlink_to("moved")
    (tmp_path / "d0/f0").unlink()
    (tmp_path / "d0/f0").mkdir()
    (tmp_path / "d0/f3").unlink()
    os.mkfifo(tmp_path / "d0/f3")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "d1/f1").write_bytes(b"")
    (tmp_path / "d1/f4").chmod(0o600)
    found = {change.path: change for change in compare(noted, look(tmp_path, deep=False))}
    assert {path: change.problem for path, change in found.items()} == {
        "link": "changed",
        "down": "missing",
        "d2": "added",
        **{path: "missing" for path in noted.files if path.startswith("d2/")},
        **{f"moved/f{number}": "added" for number in (2, 5, 8, 11)},
        "d0/f0": "missing",
        "d0/f3": "replaced",
        "pipe": "added",
        "d1/f1": "wrong size",
        "d1/f4": "wrong mode",
    }
    assert found["d1/f1"] == Change("d1/f1", "wrong size", "0 bytes, not 998")


def test_a_directory_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        look(tmp_path / "none", deep=False)


def test_what_vanishes_while_it_is_read_is_unreadable(tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise FileNotFoundError(2, "gone")

    (tmp_path / "f").write_text("x")
    noted = take(tmp_path, {})
    monkeypatch.setattr("builtins.open", refuse)
    (change,) = compare(noted, look(tmp_path, deep=True))
    assert (change.path, change.problem) == ("f", "unreadable")


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("lib/site/pkg/a.py", "one"),
        ("bin/tool", "one"),
        ("lib/site/pkg/__pycache__/a.cpython-312.pyc", "one"),
        ("lib/site/__pycache__/top.cpython-312.opt-1.pyc", "one"),
        ("lib/site/one-1.dist-info/INSTALLER", "one"),
        ("lib/site/two_parts-1.dist-info/RECORD", "two-parts"),
        ("lib/site/pkg/new.py", None),
        ("lib/site/pkg/__pycache__/new.cpython-312.pyc", None),
        ("pyvenv.cfg", None),
    ],
)
def test_owners(path, owner):
    record = ["pkg/a.py", "top.py", "../../bin/tool", "one-1.dist-info/RECORD"]
    assert Owners("lib/site", [("one", record)]).of(path) == owner
