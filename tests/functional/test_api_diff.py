"""What changes between two releases, from real wheels of a made-up library to words on a terminal."""

from __future__ import annotations

import json
import sys
from collections import Counter

import indexes
import pytest

from envmgr.cli import run
from envmgr.operations import api_diff
from envmgr.tools import process

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

OLD = {
    "shapes/__init__.py": '''\
"""Shapes."""
from shapes.core import Shape, area, old_area, paint
from shapes import sub
LIMIT = 10
class Circle(Shape, ValueError):
    """A round one."""
def blob(): "Gone."
def ring(): "Old."
def squared(x): return x
''',
    "shapes/core.py": '''\
class Shape:
    """Any shape."""
    def __init__(self, name):
        self.name = name
        self.colour = None
    def draw(self, where, size=1): "Draws."
    @classmethod
    def load(cls, path): "Loads."
def area(shape, unit="cm", *, exact=False): "The area."
def paint(shape, colour): "Paints."
def old_area(shape):
    """The area of a shape, computed the long way round, as it was done in the days of yore."""
''',
    "shapes/sub.py": "def helper(a): 'Helps.'\nfrom shapes.core import paint\n",
    "shapes/gone.py": "def one(): 'One.'\ndef two(): 'Two.'\n",
    "shapes_tools.py": "def tool(a, b=1): 'Tool.'\n",
}
NEW = {
    "shapes/__init__.py": '''\
"""Shapes."""
from shapes.core import Shape, area, long_area, paint
from shapes import sub
LIMIT = 20
class Circle(Shape):
    """A round one."""
def squared(x, /): return x
def __getattr__(name):
    import warnings
    if name == "ring":
        warnings.warn("'ring' is deprecated. Use 'shapes.Circle' instead.", DeprecationWarning)
        return lambda: None
    if name == "blob":
        raise AttributeError("blob was removed in shapes 2. Use `shapes.Shape` instead.")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
''',
    "shapes/core.py": '''\
import warnings
class Shape:
    """Any shape."""
    def __init__(self, name):
        self.name = name
    def draw(self, where, *, size=2): "Draws."
    @classmethod
    def load(cls, path, mode): "Loads."
def area(shape, unit="cm", *, exact=False, round=True):
    "The area."
    if unit == "inch":
        warnings.warn("inches are deprecated", FutureWarning)
def paint(shape, color): "Paints."
def long_area(shape):
    """The area of a shape, computed the long way round, as it was done in the days of yore."""
''',
    "shapes/sub.py": "def helper(a): 'Helps.'\n",
    "shapes_tools.py": "def tool(a): 'Tool.'\n",
}


PART = {"space/part/__init__.py": "def f(a): ...", "space/_own/__init__.py": ""}
"""One of two distributions in one namespace."""


@pytest.fixture(scope="module")
def index():
    with indexes.serve(
        indexes.wheel("shapes", "0.9", {"shapes.py": "import nowhere_to_be_found\n"}),
        indexes.wheel("shapes", "1.0", OLD),
        indexes.wheel("shapes", "2.0", NEW),
        indexes.wheel("space_part", "1.0", PART, requires=["space-rest"]),
        indexes.wheel(
            "space_part", "2.0", {"space/part/__init__.py": "def f(): ..."}, requires=["space-rest"]
        ),
        indexes.wheel("space_rest", "1.0", {"space/rest/__init__.py": "def g(): ..."}),
        indexes.wheel("shapes", "3.0", {"forms.py": "def squared(x): return x\n"}),
    ) as served:
        yield served


@pytest.fixture
def here(index, tmp_path, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://{index.host}/simple/")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def envmgr(capsys, *arguments) -> tuple[int, str, str]:
    status = run([*arguments, "--quiet"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_between_two_releases_of_no_project(here, index, capsys, monkeypatch, own_cache) -> None:
    left = own_cache / "scratch" / "999999999-left"
    left.mkdir(parents=True)
    releases = ("shapes==1.0", "shapes==2.0")
    status, out, _ = envmgr(capsys, "diff", *releases, "--python", PYTHON, "--format", "json")
    found = json.loads(out)["data"]
    assert status == 0
    told = {(each["path"], each["kind"], each["parameter"]): each for each in found["changes"]}
    assert told.keys() == {
        ("shapes.Circle", "base-removed", None),
        ("shapes.LIMIT", "value-changed", None),
        ("shapes.Shape", "attribute-removed", None),
        ("shapes.Shape.draw", "parameter-keyword-only", "size"),
        ("shapes.Shape.draw", "default-changed", "size"),
        ("shapes.Shape.load", "parameter-required", "mode"),
        ("shapes.area", "parameter-added", "round"),
        ("shapes.area", "use-deprecated", None),
        ("shapes.blob", "removed", None),
        ("shapes.gone", "removed", None),
        ("shapes.old_area", "renamed", None),
        ("shapes.paint", "parameter-renamed", "colour"),
        ("shapes.ring", "deprecated", None),
        ("shapes.squared", "parameter-positional-only", "x"),
        ("shapes_tools.tool", "parameter-removed", "b"),
    }
    assert told["shapes.blob", "removed", None]["instead"] == "shapes.Shape"
    assert told["shapes.ring", "deprecated", None]["instead"] == "shapes.Circle"
    assert told["shapes.old_area", "renamed", None]["instead"] == "shapes.long_area"
    assert found["paths"]["shapes.gone"] == ["shapes.gone.one", "shapes.gone.two"]
    assert [(each["change"]["path"], each["reason"]) for each in found["suppressed"]] == [
        ("shapes.sub.paint", "shapes.sub had it only imported: it is shapes.paint")
    ]
    assert Counter(each["severity"] for each in found["changes"]) == {"breaks": 9, "may break": 5, "safe": 1}

    assert list((own_cache / "scratch").iterdir()) == []

    fetched = index.fetched.copy()
    monkeypatch.setattr(process, "run", None)  # a second time nothing is started
    status, out, _ = envmgr(capsys, "diff", *releases, "--python", PYTHON)
    assert status == 0
    assert index.fetched == fetched
    first, *lines = out.splitlines()
    assert first.startswith("shapes 1.0 -> 2.0: 9 break, 5 may break, 1 are safe; 1 seem so and are not; of ")
    assert "    paint: parameter colour is called color now: calls that name it raise" in lines
    assert "safe" not in lines
    whole = envmgr(capsys, "diff", *releases, "--python", PYTHON, "--all")[1]
    assert "\nsafe\n  shapes\n    area: it takes round too\n\nno difference\n  shapes.sub.paint: " in whole
    document = envmgr(
        capsys, "diff", *releases, "--python", PYTHON, "--as", "markdown", "--severity", "breaks"
    )[1]
    assert document.startswith("# shapes 1.0 → 2.0\n\n9 break, 5 may break, 1 are safe; ")
    assert (
        "| `shapes.paint` | parameter colour is called color now: calls that name it raise | `color` |"
        in document
    )
    assert "May break" not in document


def test_modules_that_are_there_no_more(here, capsys) -> None:
    releases = ("shapes==2.0", "shapes==3.0")
    status, out, _ = envmgr(capsys, "diff", *releases, "--python", PYTHON, "--format", "json")
    found = json.loads(out)["data"]
    assert status == 0
    assert [(each["path"], each["kind"], each["severity"]) for each in found["changes"]] == [
        ("shapes", "removed", "breaks"),
        ("shapes_tools", "removed", "breaks"),
    ]


def test_a_release_that_cannot_be_imported(here, capsys) -> None:
    status, out, _ = envmgr(
        capsys, "diff", "shapes==0.9", "shapes==1.0", "--python", PYTHON, "--format", "json"
    )
    error = json.loads(out)["error"]
    assert (status, error["code"]) == (4, "E-PROOF")
    assert "nowhere_to_be_found" in error["message"]


def test_a_distribution_in_a_namespace_of_several_is_its_own_packages(here, capsys) -> None:
    status, out, _ = envmgr(
        capsys, "diff", "space-part==1.0", "space-part==2.0", "--python", PYTHON, "--format", "json"
    )
    found = json.loads(out)["data"]
    assert (status, found["library"]) == (0, "space.part")
    assert [(each["path"], each["kind"]) for each in found["changes"]] == [
        ("space.part.f", "parameter-removed")
    ]
    assert found["compared"] == 1


def test_a_library_of_the_project_by_its_name_and_interpreter(here) -> None:
    from projects import library, project

    mine = project(here, library("mine", "shapes>=1", module="shapes"), python=PYTHON)
    stages = []
    found = api_diff.compare(mine, "mine", "1.0", "2.0", report=lambda *stage: stages.append(stage))
    assert found.library == "mine"
    assert found.distribution == "shapes"
    assert found.python.startswith(f"{PYTHON}.")
    assert {change.path.partition(".")[0] for change in found.changes} == {"mine"}
    assert stages[-1] == ("shapes 1.0 -> 2.0", "compare")
    assert not (here / ".envmgr").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["shapes==1.0"], "E-USAGE", "does not say two releases"),
        (["shapes==1.0", "other==2.0"], "E-USAGE", "two libraries"),
        (["shapes==1.0", "shapes"], "E-USAGE", "does not say two releases"),
        (["sha[p]es==1.0", "sha[p]es==2.0"], "E-USAGE", "does not say two releases"),
        (["shapes==1.0", "shapes==one"], "E-USAGE", "is no version"),
        (["shapes==1.0", "shapes==1"], "E-USAGE", "1.0 and 1 are one release of shapes"),
        (["shapes==1.0", "shapes==4.0"], "E-LOCK", "no index has shapes 4.0"),
        (["nowhere==1.0", "nowhere==3.0"], "E-LOCK", "no index has nowhere 1.0"),
        (["default", "--as", "markdown"], "E-USAGE", "are for releases"),
        (["default", "1", "2", "3"], "E-USAGE", "two generations at most"),
        (["default", "x"], "E-USAGE", "no number of a generation"),
    ],
)
def test_what_cannot_be_compared(here, capsys, words, code, said) -> None:
    status, out, _ = envmgr(capsys, "diff", *words, "--format", "json")
    error = json.loads(out)["error"]
    assert (error["code"], status) == (code, 4 if code == "E-LOCK" else 2)
    assert said in error["message"]


def test_a_module_of_the_interpreter_has_no_releases(here, capsys) -> None:
    (here / "envmgr.toml").write_text("config-version = 1\n[library.math]\nstdlib = true\n")
    status, _, err = envmgr(capsys, "diff", "math==1", "math==2")
    assert status == 2
    assert "it has no releases to compare" in err
