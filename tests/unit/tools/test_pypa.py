import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.tools import pypa
from envmgr.tools.pypa import Locked

OWNED = {
    "a package": (["six_/__init__.py,sha256=x,1"], ("six_",)),
    "a module": (["six.py,sha256=x,1"], ("six",)),
    "an extension module": (["_c.abi3.so,,", "fast.cpython-312-x86_64-linux-gnu.so,,"], ("fast",)),
    "a namespace without __init__": (["google/cloud/storage.py,,"], ("google",)),
    "no data directories": (["share/doc/readme.txt,,", "x.py,,"], ("x",)),
    "no scripts, caches, metadata": (
        ["../../../bin/x,,", "__pycache__/y.pyc,,", "d-1.dist-info/RECORD,,"],
        (),
    ),
    "no stubs of another": (["six-stubs/__init__.pyi,,"], ()),
    "quoted commas": (['"a,b.py",,', "m.py,,"], ("m",)),
}


@pytest.mark.parametrize("case", OWNED)
def test_modules_of_a_distribution(case, tmp_path):
    lines, modules = OWNED[case]
    info = tmp_path / "d-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("\n".join(lines) + "\n")
    (found,) = pypa.installed(tmp_path)
    assert (found.name, found.version, found.modules) == ("d", "1", modules)


def test_without_a_record_top_level_counts(tmp_path):
    info = tmp_path / "Some_Thing-1.0.post1.dist-info"
    info.mkdir()
    (info / "top_level.txt").write_text("thing\n_hidden\n")
    (found,) = pypa.installed(tmp_path)
    assert (found.name, found.version, found.modules, found.record) == (
        "some-thing",
        "1.0.post1",
        ("thing",),
        (),
    )


def test_digests_are_spelled_as_in_a_record():
    digest = hashlib.sha256(b"abc").digest()
    assert pypa.record_spelling(digest) == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"


@given(st.text("abAB-_.", min_size=1))
def test_canonical_is_idempotent(name):
    assert pypa.canonical(pypa.canonical(name)) == pypa.canonical(name)


def test_locked_leaves_out_what_another_platform_needs():
    def file(name, digest):
        return {"name": name, "url": f"https://h/{name}", "hashes": {"sha256": digest * 64}}

    wheel, source = file("x-1-py3-none-any.whl", "b"), file("x-1.tar.gz", "a")
    other = file("w-2-py3-none-any.whl", "c")
    document = {
        "lock-version": "1.0",
        "created-by": "t",
        "packages": [
            {"name": "w", "version": "2", "marker": "sys_platform == 'win32'", "wheels": [other]},
            {"name": "x", "version": "1", "sdist": source, "wheels": [wheel]},
        ],
    }
    assert pypa.locked(document, {"sys_platform": "linux"}) == (
        Locked("x", "1", ("sha256:" + "a" * 64, "sha256:" + "b" * 64)),
    )


def test_a_document_that_is_no_lock():
    with pytest.raises(ValueError, match="packages"):
        pypa.locked({"lock-version": "1.0", "created-by": "t"}, {})
