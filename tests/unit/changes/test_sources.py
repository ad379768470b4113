"""What the source says that no run tells, from real files."""

from dataclasses import replace
from pathlib import Path

import pytest
from made_apis import api, function

from envmgr.changes.described import ALL
from envmgr.changes.sources import Reader

FILES = {
    "lib/__init__.py": """
        import os
        from markupsafe import Markup, _private
        from lib.shapes import Circle
        from typing import Any
        from . import core
        for i in range(3):
            if i:
                j = i
        """,
    "lib/base.py": """
        import warnings
        from other import Foreign
        class Base(object):
            limit: int
            def __init__(self):
                self.name = ""
                self._hidden = 1
        class Outside(Foreign):
            def __init__(self):
                self.x = 1
        """,
    "lib/core.py": "from .base import Base as Parent\nfrom lib.elsewhere import *\n",
    "lib/elsewhere.py": "__all__ = ['one', 'helper']\nfrom logging import getLogger\nhelper = getLogger()\n",
    "lib/shapes.py": '''
        import warnings
        from . import core
        from .missing import Nowhere
        MESSAGE = "never {}"
        class Shape(core.Parent):
            def __init__(self, area):
                self.area = area
            @property
            def old(self):
                warnings.warn(f"old of {self} is deprecated", DeprecationWarning, stacklevel=2)
                return self._cache
            def draw(self, colour=None):
                """Uses self.dead."""
                if colour:
                    message = "colour " + "is deprecated"
                    warnings.warn(message, category=FutureWarning)
        class Lost(Nowhere):
            pass
        class Typed(Shape[int]):
            def warns_of_what_a_run_tells(self, *args):
                warnings.warn(*args, FutureWarning)
                warnings.warn(str(args), FutureWarning)
                warnings.warn("%s is deprecated" % args, FutureWarning)
                return None
        @deprecated("use Shape instead")
        class Circle(Shape, ValueError):
            pass
        @deprecate_kwarg("a", new="b")
        @functools.cache
        def area(a):
            warnings.filterwarnings("ignore", category=DeprecationWarning)
            warn_deprecated("area", "2.0")
            warnings.warn(DeprecationWarning(MESSAGE.format(a)))
        def silent():
            return 1
            warnings.warn("x", FutureWarning)
        ''',
    "lib/broken.py": "def f(:\n",
    "other/__init__.py": "class Foreign:\n    def __init__(self):\n        self.theirs = 1\n",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        lines = text.strip("\n").splitlines()
        indent = len(lines[0]) - len(lines[0].lstrip())
        (root / name).write_text("\n".join(line[indent:] for line in lines) + "\n")
    return root


def line_of(site: Path, file: str, text: str) -> int:
    return next(
        number
        for number, line in enumerate((site / file).read_text().splitlines(), 1)
        if line.strip().startswith(text)
    )


def source(site, file, text, path="x", kind="function"):
    found = replace(
        function(None, kind=kind),
        paths=(path,),
        file=file,
        line=line_of(site, file, text),
        module="lib.shapes",
    )
    return Reader(site).complete(api(found)).objects[0].source


def test_a_class(site) -> None:
    shape = source(site, "lib/shapes.py", "class Shape", kind="class")
    assert shape.bases == ("lib.base.Base", "object")
    assert shape.attributes == ("area", "limit", "name")
    assert shape.known >= {"area", "limit", "name"}
    assert not any(name.startswith("_") for name in shape.known)
    assert "dead" not in shape.known


def test_a_class_of_a_class_with_a_type_and_warnings_that_only_a_run_tells(site) -> None:
    assert source(site, "lib/shapes.py", "class Typed", kind="class").bases[0] == "lib.shapes.Shape"
    assert source(site, "lib/shapes.py", "def warns_of").warns == ("%s is deprecated",)


def test_a_class_of_a_class_above_that_is_not_known(site) -> None:
    assert source(site, "lib/shapes.py", "class Lost", kind="class").known is None


def test_what_another_library_gives_is_no_attribute_of_ours(site) -> None:
    outside = source(site, "lib/base.py", "class Outside", kind="class")
    assert outside.bases == ("other.Foreign",)
    assert outside.attributes == ("x",)
    assert "theirs" in outside.known


def test_what_warns(site) -> None:
    area = source(site, "lib/shapes.py", "@deprecate_kwarg")
    assert area.warns == ("area is deprecated", "never {}", "@deprecate_kwarg('a', new='b')")
    assert area.decorators == ("deprecate_kwarg('a', new='b')", "functools.cache")
    assert area.deprecated == "area is deprecated"
    assert source(site, "lib/shapes.py", "def draw").warns == ("colour is deprecated",)
    assert source(site, "lib/shapes.py", "def draw").deprecated is None
    assert source(site, "lib/shapes.py", "def silent").deprecated is None
    assert source(site, "lib/shapes.py", "@property", kind="property").deprecated == "old of … is deprecated"
    assert source(site, "lib/shapes.py", "class Circle", kind="class").deprecated == "use Shape instead"


def test_without_a_source_nothing_is_said(site) -> None:
    for file, line in (
        (None, None),
        ("lib/gone.py", 1),
        ("lib/broken.py", 1),
        ("lib/shapes.py", 999),
        ("lib/x.so", 1),
    ):
        found = replace(function("a"), file=file, line=line)
        assert Reader(site).complete(api(found)).objects[0].source is None


def test_what_modules_offer(site) -> None:
    modules = [
        replace(function(None, kind="module"), paths=(name,), file=f"lib/{name}.py", line=1)
        for name in ("core", "elsewhere", "broken")
    ]
    found = Reader(site).complete(api(*modules, replace(function("a"), paths=("elsewhere.one",))))
    assert found.listed == {"core": ALL, "elsewhere": frozenset({"one", "helper"})}
    assert found.named == {"Markup": "markupsafe.Markup", "elsewhere.helper": "helper"}
    assert found.left == {"i", "j"}
