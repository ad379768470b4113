"""What belongs to a library: by the module that defines it, and the files of its distribution."""

from __future__ import annotations

import functools
import json
import math
import sys

import pytest
from library_files import install

from envmgr_runtime.library import ownership
from envmgr_runtime.library.catalog import collect


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("rt_")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("value", "module"),
    [
        (json.dumps, "json"),
        (len, "builtins"),
        (json.JSONDecoder().decode, "json.decoder"),
        ({}.keys, "builtins"),
        (dict.fromkeys, "builtins"),
        (dict.keys, "builtins"),
        (functools.partial(functools.partial(json.dumps), 1), "json"),
        (functools.partialmethod(json.dumps), "json"),
        (staticmethod(json.dumps), "json"),
        (math.sqrt, "math"),
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


def test_a_ufunc_is_where_an_extension_module_has_it(monkeypatch):
    numpy = pytest.importorskip("numpy")
    assert ownership.defining_module(numpy.sin).split(".")[0] == "numpy"


def test_a_distribution_owns_all_its_modules(site):
    install(site)
    assert ownership.distribution_packages("rt-cat") == {"rt_cat", "rt_cat_extra"}


def test_distributions_that_share_a_namespace(site):
    install(
        site, "rt_space/one", "rt-one", {"__init__.py": "from rt_space.two import other\ndef own(): pass\n"}
    )
    install(site, "rt_space/two", "rt-two", {"__init__.py": "def other(): pass\n"})
    assert ownership.distribution_packages("rt-one") == {"rt_space.one", "rt_one_extra"}
    paths = {path for path, _ in collect("rt_space.one", "rt-one")["paths"]}
    assert paths == {"own"}
    namespace = collect("rt_space", "rt-one")
    assert {"one", "one.own"} <= {path for path, _ in namespace["paths"]}


def test_single_files(site):
    install(site)
    found = collect("rt_cat_extra", "rt-cat")
    assert [path for path, _ in found["paths"]] == ["extra"]
    assert found["objects"][0]["file"] == "rt_cat_extra.py"


def test_who_may_be_entered():
    import os
    import xml.dom

    owner = ownership.Owner(os, None)
    assert owner.owns_child(os, "path", os.path, True)
    assert not owner.owns_child(os, "sys", sys, False)
    assert ownership.Owner(xml, None).owns_child(xml, "dom", xml.dom, False)
