"""The words of `explain`; what it finds is tested with the real uv."""

from dataclasses import replace

from envmgr.cli.commands.explaining import text
from envmgr.model.explanation import Core, Explanation, Group, Side

A, B = Group("a", ("a",), "3.12", ()), Group("b", ("b",), "3.12", ())
LAST = "this is what metadata says; `envmgr sync` proves it by importing"


def explanation(**settings):
    nothing = Explanation(("a", "b"), (), 2, (A, B), (A, B), (), ())
    return replace(nothing, **settings)


def side(library, contested):
    return Side(library, "requirement", contested, "", (), "", f"{library} asks {contested}")


def test_several_distributions_in_dispute():
    sides = (side("a", "x"), side("b", "x"), side("a", "y"), side("c", "y"))
    found = text(explanation(cores=(Core(("a", "b", "c"), "x", sides, ("a note",), "raw"),)))
    assert found.startswith(
        "a, b and c cannot share an environment: no choice of x and y suits all of them\n"
        "  a asks x\n  b asks x\n  a asks y\n  c asks y\n  a note\n\n"
    )


def test_uvs_words_whole_where_nothing_else_is_known():
    found = text(explanation(cores=(Core(("a", "b"), None, (), (), "error: moon\ncause: full"),)))
    assert found.startswith("a and b cannot share an environment\n  error: moon\n  cause: full\n\n")


def test_one_library():
    assert text(explanation(libraries=("a",), minimum=1, environments=(A,), layout=(A,))) == (
        f"a can be resolved\n\ntoday's layout, 1 environment, works and is that already\n{LAST}"
    )


def test_nothing_can_be_resolved():
    alone = Core(("a",), None, (), ("there is no a",), "raw")
    found = explanation(
        libraries=("a",), cores=(alone,), minimum=0, environments=(), layout=(A,), broken=("a",)
    )
    assert text(found) == (
        "a cannot be resolved, not even alone\n  there is no a\n\n"
        f"environment a cannot be resolved as it is configured\n{LAST}"
    )


def test_all_can_share():
    both = Group("a", ("a", "b"), "3.12", ())
    assert text(explanation(minimum=1, environments=(both,))) == (
        "a and b can share one environment\n  a  Python 3.12  a, b\n\n"
        "today's layout, 2 environments, works as well\n"
        f"`envmgr explain --apply` writes the fewest into envmgr.toml\n{LAST}"
    )
