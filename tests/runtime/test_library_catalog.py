"""The catalog: every callable that a library owns, and no door into other code."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from msgpack import unpackb

from envmgr_runtime.library import catalog, ownership, signatures
from envmgr_runtime.library.catalog import collect

FILES = {
    "__init__.py": """
import os, sys, json
from collections import OrderedDict
from json import dumps
from . import sub
from .sub import Base, late

__all__ = ["dumps"]
constant = 3
instance = sub.Base()
method = instance.pull
def top(a, b=1, *args, c, d="x" * 200, **kwargs):
    '''First line.

    More.'''
def _private(): pass
class Raises:
    def __getattr__(self, name): raise RuntimeError(name)
class Anything:
    __class__ = property(lambda self: 1 / 0)
proxy = Anything()
odd = Raises()
class Table(Base, dict):
    class Inner: pass
    def show(self): pass
    @classmethod
    def read(cls, path): pass
    @staticmethod
    def zero(): pass
    def _hidden(self): pass
    @property
    def size(self): return 1
class BadRepr:
    def __repr__(self): raise ValueError
def strange(value=BadRepr(), *, text="\\udc80"):
    pass
strange.__doc__ = "\\udc80 summary"
class Meta(type):
    @property
    def broken(cls): raise RuntimeError("only on instances")
    def __dir__(cls): return ["broken", "fine"]
class Made(metaclass=Meta):
    def fine(self): pass
class BadDir(type):
    def __dir__(cls): raise RuntimeError
class Closed(metaclass=BadDir):
    def hidden_by_dir(self): pass
class NoDoc:
    @property
    def __doc__(self): raise RuntimeError
    def __call__(self): pass
undocumented = NoDoc()
""",
    "sub.py": """
import rt_cat
class Base:
    def pull(self, rope): "Pulls."
def late(): pass
""",
    "deep/__init__.py": "",
    "deep/more.py": "def f(x, /): pass\n",
    "broken.py": "raise RuntimeError('not on this machine')\n",
    "exits.py": "raise SystemExit(1)\n",
    "_private.py": "raise AssertionError('private modules are not entered')\n",
    "tests/__init__.py": "raise AssertionError('nor are tests')\n",
    "test_own.py": "raise AssertionError('nor are tests')\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory with the distribution rt-cat as an installer leaves it."""
    top = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        path = top / "rt_cat" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    (top / "rt_cat_extra.py").write_text("def extra(): pass\n")
    info = top / "rt_cat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rt-cat\nVersion: 1.0\n")
    files = [f"rt_cat/{name}" for name in FILES] + ["rt_cat_extra.py", "rt_cat-1.0.dist-info/METADATA"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    sys.path.insert(0, str(top))
    yield top
    sys.path.remove(str(top))
    for name in [name for name in sys.modules if name.startswith("rt_cat")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def found(site):
    return collect("rt_cat", "rt-cat")


@pytest.fixture(scope="module")
def entries(found):
    return {entry[0]: entry for entry in found["entries"]}


KINDS = {
    "top": "function",
    "method": "function",
    "late": "function",
    "sub.late": "function",
    "strange": "function",
    "undocumented": "function",
    "Base": "class",
    "Base.pull": "method",
    "sub.Base": "class",
    "sub.Base.pull": "method",
    "Table": "class",
    "Table.show": "method",
    "Table.read": "method",
    "Table.zero": "method",
    "Table.pull": "method",
    "Made.fine": "method",
    "Closed": "class",
    "deep.more.f": "function",
}


@pytest.mark.parametrize("path", list(KINDS))
def test_there(entries, path):
    assert entries[path][1] == KINDS[path]


@pytest.mark.parametrize(
    "path",
    [
        "os", "os.system", "sys.exit", "json.dumps", "dumps", "OrderedDict", "constant", "_private", "instance",
        "Table._hidden", "Table.size", "Table.update", "Table.Inner", "Made.broken", "odd", "proxy", "sub.rt_cat",
        "sub.rt_cat.top", "_private.x", "tests",
    ],
)  # fmt: skip
def test_not_there(entries, path):
    assert path not in entries


def test_no_private_name_at_all(entries):
    assert [path for path in entries if any(part.startswith("_") for part in path.split("."))] == []


def test_modules_that_fail_are_listed(found):
    assert found["errors"] == [
        ["rt_cat.broken", "RuntimeError: not on this machine"],
        ["rt_cat.exits", "SystemExit: 1"],
    ]


def test_signatures(entries):
    assert entries["top"][2:] == [
        [["a", 1, None], ["b", 1, "1"], ["args", 2, None], ["c", 3, None], ["d", 3, "'" + "x" * 79],
         ["kwargs", 4, None]],
        "First line.",
    ]  # fmt: skip
    assert entries["deep.more.f"][2] == [["x", 0, None]]
    assert entries["Table.read"][2] == [["path", 1, None]]
    assert entries["Table.zero"][2] == []
    assert entries["Base.pull"][2:] == [[["self", 1, None], ["rope", 1, None]], "Pulls."]
    assert entries["strange"][2:] == [[["value", 1, "..."], ["text", 3, "'\\udc80'"]], "? summary"]
    assert entries["undocumented"][3] == ""


def test_no_time_for_imports(site, monkeypatch):
    monkeypatch.setattr(catalog, "_IMPORT_SECONDS", -1.0)
    found = collect("rt_cat", "rt-cat")
    assert ["rt_cat.broken", "not imported: out of time"] in found["errors"]
    assert "top" in [entry[0] for entry in found["entries"]]


def test_a_distribution_owns_all_its_modules(site):
    assert ownership.distribution_tops("rt-cat") == {"rt_cat", "rt_cat_extra"}


STANDARD = {
    "math": (["sqrt", "floor"], []),
    "json": (["dumps", "JSONDecoder.decode", "decoder.JSONDecoder", "scanner.make_scanner"], ["codecs.open"]),
    "statistics": (["mean", "NormalDist.from_samples"], ["Fraction", "Decimal", "sqrt", "random"]),
    "datetime": (["datetime.now", "date.today", "datetime.isoformat", "timedelta.total_seconds"], []),
    "os": (["getpid", "listdir"], ["sys.exit", "abc.ABC"]),
    "collections": (["OrderedDict.fromkeys", "deque.append", "abc.Mapping.get"], ["Counter.keys"]),
}


@pytest.mark.parametrize("name", list(STANDARD))
def test_the_standard_library(name):
    there, absent = STANDARD[name]
    paths = {entry[0] for entry in collect(name, None)["entries"]}
    assert [path for path in there if path not in paths] == []
    assert [path for path in absent if path in paths] == []


def test_numpy():
    pytest.importorskip("numpy")
    paths = {entry[0] for entry in collect("numpy", "numpy")["entries"]}
    assert {"mean", "linalg.norm", "ndarray.reshape", "array", "sin", "random.default_rng"} <= paths
    for door in ("os.system", "sys.exit", "warnings.warn", "linalg.os.system"):
        assert door not in paths


@pytest.mark.parametrize(
    ("value", "module"),
    [
        (json.dumps, "json"),
        (len, "builtins"),
        (json.JSONDecoder().decode, "json.decoder"),
        ({}.keys, "builtins"),
        (dict.fromkeys, "builtins"),
    ],
)
def test_where_it_was_defined(value, module):
    assert ownership.defining_module(value) == module


def test_who_does_not_say_where_it_was_defined_is_nobodys():
    class Nameless(type):
        __module__ = property(lambda cls: None)

    value = Nameless("N", (), {"__module__": None})()
    assert ownership.defining_module(value) is None
    assert not ownership.Owner(json, None).owns(value)


def test_the_signature_of_c_code():
    assert signatures.parameters(len) == [["obj", 0, None]]
    assert signatures.parameters(iter) is None or sys.version_info >= (3, 13)
    assert signatures.summary(3) != ""


def test_in_a_process_of_its_own(layer, tmp_path, site):
    """As the control plane asks for it."""
    into = tmp_path / "out.msgpack"
    request = {"module": "statistics", "distribution": None, "version": "9", "into": str(into)}
    subprocess.run(
        [sys.executable, "-I", "-B", str(layer / "worker.py"), "catalog", json.dumps(request)], check=True
    )
    written = unpackb(into.read_bytes())
    assert (written["schema"], written["module"], written["version"]) == (1, "statistics", "9")
    assert "mean" in [entry[0] for entry in written["entries"]]
