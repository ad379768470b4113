import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.environments import digests, store
from envmgr.environments.store import Proof
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import Locked

PYTHON = Interpreter("/p/python", "3.12.1", "cpython", "cpython-312", "linux-x86_64", False, {})
HASHES = st.lists(st.text("abcdef0123456789", min_size=4, max_size=4), min_size=1, max_size=3).map(tuple)
PACKAGES = st.lists(
    st.builds(Locked, st.text("abc", min_size=1, max_size=3), st.sampled_from(["1", "2"]), HASHES), max_size=5
)


@given(PACKAGES, st.randoms(use_true_random=False))
def test_order_plays_no_part(packages, chance: random.Random):
    shuffled = [Locked(p.name, p.version, tuple(chance.sample(p.hashes, len(p.hashes)))) for p in packages]
    chance.shuffle(shuffled)
    assert store.key(packages, PYTHON, "hardlink") == store.key(shuffled, PYTHON, "hardlink")


@given(PACKAGES, PACKAGES)
def test_different_packages_have_different_keys(one, two):
    def meaning(packages):
        return sorted((p.name, p.version, sorted(p.hashes)) for p in packages)

    same = store.key(one, PYTHON, "hardlink") == store.key(two, PYTHON, "hardlink")
    assert same == (meaning(one) == meaning(two))


@pytest.mark.parametrize(
    "other",
    [
        ("/q/python", "3.12.1", "cpython", "cpython-312", "linux-x86_64"),
        ("/p/python", "3.12.2", "cpython", "cpython-312", "linux-x86_64"),
        ("/p/python", "3.12.1", "pypy", "cpython-312", "linux-x86_64"),
        ("/p/python", "3.12.1", "cpython", "cpython-312d", "linux-x86_64"),
        ("/p/python", "3.12.1", "cpython", "cpython-312", "linux-aarch64"),
    ],
)
def test_another_interpreter_is_another_key(other):
    assert store.key((), PYTHON, "copy") != store.key((), Interpreter(*other, False, {}), "copy")


def test_another_link_mode_is_another_key():
    assert store.key((), PYTHON, "copy") != store.key((), PYTHON, "hardlink")


def staged(tmp_path, text):
    home, catalog = tmp_path / "staged" / "environment", tmp_path / "staged" / "catalog"
    (home / "bin").mkdir(parents=True)
    (home / "bin/python").write_text(text)
    (home / "bin/python").chmod(0o755)
    catalog.mkdir()
    (catalog / "six.catalog").write_text(text)
    return {"environment": home, "catalog": catalog}


def test_admission_and_what_an_earlier_attempt_left(layout, tmp_path):
    store.admit(layout, "web-k", **staged(tmp_path, "old"), manifest=b"old", proof=Proof("p", fork=True))
    layout.manifest("web-k").unlink()
    assert not store.is_whole(layout, "web-k")
    store.admit(
        layout, "web-k", **staged(tmp_path, "new"), manifest=b"new", proof=Proof("q", fork="a thread\nruns")
    )
    assert store.is_whole(layout, "web-k")
    assert (layout.entry("web-k") / "bin/python").read_text() == "new"
    assert (layout.catalog("web-k") / "six.catalog").read_text() == "new"
    assert store.proved(layout, "web-k", "q")
    assert not store.proved(layout, "web-k", "p")


def test_proofs_add_up(layout, tmp_path):
    assert not store.proved(layout, "web-k", "p")
    store.admit(layout, "web-k", **staged(tmp_path, "x"), manifest=b"", proof=Proof("p", fork=True))
    more = tmp_path / "more"
    more.mkdir()
    (more / "idna.catalog").write_text("y")
    store.add_proof(layout, "web-k", catalog=more, proof=Proof("q", fork="a thread\nruns"))
    assert store.proved(layout, "web-k", "p") == Proof("p", fork=True)
    assert store.proved(layout, "web-k", "q") == Proof("q", fork="a thread\nruns")
    layout.proofs("web-k").write_text("p\n")  # of a version that knew of no forks
    assert store.proved(layout, "web-k", "p") is None
    catalogs = sorted(layout.catalog("web-k").glob("*.catalog"))
    assert [found.name for found in catalogs] == ["idna.catalog", "six.catalog"]
    assert all(map(digests.holds, catalogs))
    catalogs[0].write_text("z")
    assert not digests.holds(catalogs[0])


def test_an_entry_whose_interpreter_is_gone_is_not_whole(layout, tmp_path):
    store.admit(layout, "web-k", **staged(tmp_path, "x"), manifest=b"", proof=Proof("p", fork=True))
    python = layout.entry("web-k") / "bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3.12")
    assert not store.is_whole(layout, "web-k")
