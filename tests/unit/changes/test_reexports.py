"""What packages and stars carry without meaning to, and what decorators and constructors of other places say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from made_apis import api, function

from envmgr.changes.sources import Reader

FILES = {
    "lib/__init__.py": "from lib._all import *\nfrom lib.facade import *\nfrom numbers_of import *\nOWN = 1\n",
    "lib/_all.py": """
from .parts import Part, Other
from numbers_of import ten
class Whole(Part): ...
""",
    "lib/facade.py": "from .parts import Shown\n",
    "lib/parts.py": "class Part: ...\nclass Other: ...\nclass Shown: ...\n",
    "lib/sub/__init__.py": """
import typing
from ..parts import Part, Other
from ..parts import Shown  # noqa: F401
from .inside import Near
from others_lib.things import Thing, Kept
def make(thing: Thing) -> None:
    return Part(Near)
""",
    "lib/sub/inside.py": "class Near: ...\n",
    "lib/plain.py": """
from .parts import Part  # NoQA: F401  # for compatibility
from .parts import Other  # noqa: E402
from .parts import Shown as Known
def own(): ...
""",
    "lib/answering.py": """
import numbers_of
__deprecated_names__ = {"Gone": make("x"), 3: 4}
def __getattr__(name):
    if name in ("numbers_of", "lately"):
        ...
""",
    "lib/calls.py": """
import warnings
from others_lib.things import Thing
from dataclasses import dataclass
def _rename_images(func):
    def inner(*args, **kwargs):
        if len(args) > 2 or "image1" in kwargs:
            warnings.warn("`image1` is `image0` now, `how` is keyword-only", FutureWarning)
        return func(*args, **kwargs)
    return inner
def _quiet(func):
    return func
def _warn_of_turning():
    warnings.warn("turning is deprecated", DeprecationWarning)
@_rename_images
def compare(image0, *, how=1): ...
@_quiet
def silent(a): ...
@partial(deprecate_dims, old_name="dimensions")
def stack(dim): ...
def turn(by, lock=make_lock(), *, again=word(3)):
    if by:
        _warn_of_turning()
class Below(Thing): ...
class Lower(Below): ...
class Written(Thing):
    def __init__(self, *, name=word()): ...
class Inherits(Written): ...
class Going(Written):
    def __new__(cls, *args):
        if args:
            warnings.warn("going is deprecated", DeprecationWarning)
class Fields(Thing):
    size: int = 3
@dataclass
class Decorated(Thing): ...
class Mapped(typing.Mapping, Below): ...
""",
    "others_lib/things.py": "class Thing:\n    def __init__(self, a): ...\nclass Kept: ...\n",
    "numbers_of/__init__.py": "ten = 10\n",
}
MODULES = ("sub", "plain", "answering", "calls")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("site")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip("\n"))
    return root


@pytest.fixture(scope="module")
def whole(site):
    modules = [
        replace(function(None, kind="module"), paths=(name,), line=1, file=f"lib/{name}{ending}")
        for name in MODULES
        for ending in ("/__init__.py" if name == "sub" else ".py",)
    ]
    constants = [replace(function(None, kind="constant"), paths=(name,)) for name in ("ten", "OWN", "Whole")]
    lines = (site / "lib/calls.py").read_text().splitlines()
    objects = []
    for number, text in enumerate(lines, 1):
        name = text.replace("(", " ").replace(":", " ").split()[1:2]
        if text.startswith(("def ", "class ")) and name:
            kind = "class" if text.startswith("class") else "function"
            paths = (f"calls.{name[0]}",)
            line = number - (kind == "function" and lines[number - 2].startswith("@"))
            objects.append(replace(function(None, kind=kind), paths=paths, file="lib/calls.py", line=line))
    return Reader(site).complete(api(*modules, *constants, *objects))


def test_a_package_offers_what_it_imports_but_for_what_is_from_outside_and_serves_its_code(whole) -> None:
    assert {path for path in whole.imported if path.startswith("sub.")} == {"sub.Part", "sub.Thing"}
    assert whole.named == {"sub.Kept": "others_lib.things.Kept"}


def test_what_no_linter_shall_miss_is_offered(whole) -> None:
    assert {path for path in whole.imported if path.startswith("plain.")} == {"plain.Other", "plain.Known"}
    assert {"plain.Part", "sub.Shown"} <= whole.purpose


def test_a_star_carries_what_its_module_only_imports_and_another_library(whole) -> None:
    assert {path for path in whole.imported if "." not in path} == {"Part", "Other", "ten"}


def test_a_module_that_is_imported_is_no_answer(whole) -> None:
    assert {"answering.lately", "answering.Gone"} <= whole.answered
    assert "answering.numbers_of" not in whole.answered


def test_decorators_of_the_library_that_warn(whole) -> None:
    compared = whole.get("calls.compare").source
    assert compared.warns == ("`image1` is `image0` now, `how` is keyword-only",)
    assert compared.still >= {"image0", "image1", "how"}
    assert compared.deprecated is None
    assert whole.get("calls.silent").source.warns == ()
    stacked = whole.get("calls.stack").source
    assert stacked.still == {"dims", "dimensions"}
    assert stacked.warns == ("@partial(deprecate_dims, old_name='dimensions')",)


def test_functions_of_the_module_that_warn_for_others(whole) -> None:
    turned = whole.get("calls.turn").source
    assert turned.warns == ("turning is deprecated",)
    assert turned.deprecated is None
    assert turned.calls == {("lock", "make_lock()"), ("again", "word(3)")}


@pytest.mark.parametrize(
    ("name", "made_by"),
    [
        ("Below", "others_lib.things.Thing"),
        ("Lower", "others_lib.things.Thing"),
        ("Written", None),
        ("Inherits", None),
        ("Fields", None),
        ("Decorated", None),
        ("Mapped", "others_lib.things.Thing"),
    ],
)
def test_whose_constructor_a_class_has(whole, name, made_by) -> None:
    assert whole.get(f"calls.{name}").source.made_by == made_by


def test_both_constructors_may_warn(whole) -> None:
    assert whole.get("calls.Going").source.warns == ("going is deprecated",)


def test_an_inherited_constructor_is_read_where_it_is(whole) -> None:
    assert whole.get("calls.Inherits").source.calls == {("name", "word()")}
