"""An `ApiDiff` in words."""

from dataclasses import replace

from envmgr.changes import telling
from envmgr.model.changes import BREAKS, MAY_BREAK, SAFE, ApiDiff, Change, Suppressed


def diff(*changes, suppressed=(), python_after="3.12.1", paths=None):
    return ApiDiff("lib", "dist", "1", "2", "3.12.1", python_after, 9, changes, suppressed, paths or {})


ELSEWHERE = "it is not there under this name any more; lib.{} is the same"


def test_many_names_that_are_only_elsewhere_are_one_line() -> None:
    names = [f"n{number}" for number in range(9)]
    found = diff(
        *(
            Change(f"lib.sub.{name}", "removed", BREAKS, ELSEWHERE.format(name), instead=f"lib.{name}")
            for name in names
        ),
        Change("lib.sub.f", "removed", BREAKS, "the function is not there any more", instead="lib.g"),
    )
    assert telling.text(found, whole=False).splitlines()[1:] == [
        "",
        "breaks",
        "  lib.sub",
        "    9 names are not there any more, and the same elsewhere: "
        + ", ".join(f"{name} (lib.{name})" for name in names),
        "    f: the function is not there any more; now: lib.g",
    ]


def test_what_is_the_same_is_said_once() -> None:
    gone = "the function is not there any more"
    found = diff(
        *(Change(f"lib.{name}", "removed", BREAKS, gone) for name in "abcd"),
        Change("lib.e", "removed", BREAKS, gone),
        Change("lib.f", "parameter-keyword-only", BREAKS, "x must be given by name now", "x"),
        Change("lib.f", "parameter-keyword-only", BREAKS, "y must be given by name now", "y"),
        Change("lib.f", "args-removed", BREAKS, "it takes no further arguments", "args"),
        paths={"lib.e": ("lib.k", "lib.l", "lib.m", "lib.sub.e")},
    )
    assert telling.text(found, whole=False).splitlines()[3:] == [
        "  lib",
        "    a, b, c, d: the function is not there any more",
        "    e (also lib.k, lib.l and 1 more): the function is not there any more",
        "    f: x, y must be given by name now; it takes no further arguments",
    ]


def test_the_modules_that_users_import_first_come_first() -> None:
    found = diff(
        Change("lib.a.b.f", "removed", BREAKS, "x"),
        Change("lib.z.C.D.m", "removed", BREAKS, "x"),
        Change("lib.C.m", "removed", BREAKS, "x"),
        Change("lib", "deprecated", MAY_BREAK, "y"),
        Change("lib.new", "added", SAFE, "z"),
        suppressed=(Suppressed(Change("lib.q", "removed", BREAKS, "seems"), "because"),),
        paths={"lib.C.m": ("lib.D.m", "lib.sub.C.m"), "lib.a.b.f": ("lib.a.c.d.f",)},
    )
    lines = telling.text(found, whole=True).splitlines()
    assert lines[0] == (
        "dist 1 -> 2: 3 break, 1 may break, 1 are safe; 1 seem so and are not; of 9 paths, by Python 3.12.1"
    )
    assert lines[1:] == [
        *(
            "",
            "breaks",
            "  lib",
            "    C.m (also lib.D.m): x",
            "  lib.z",
            "    C.D.m: x",
            "  lib.a.b",
            "    f: x",
        ),
        *("", "may break", "  lib", "    lib: y"),
        *("", "safe", "  lib", "    new: z"),
        *("", "no difference", "  lib.q: seems (removed): because"),
    ]
    assert telling.text(found, whole=False).endswith(
        "\n\n--all shows what is safe, and what only seems to differ and why"
    )
    assert "may break\n" not in telling.text(found, whole=True, least=BREAKS).partition("\n")[2]


def test_a_document() -> None:
    found = diff(
        Change("lib.f", "default-changed", MAY_BREAK, "a is <x> | it was *", instead="b|c"),
        suppressed=(Suppressed(Change("lib.q", "removed", BREAKS, "seems"), "because"),),
        python_after="3.13.0",
    )
    assert (
        telling.markdown(found, whole=True)
        == """\
# dist 1 → 2

0 break, 1 may break, 0 are safe; 1 seem so and are not; of 9 paths, by Python 3.12.1 and 3.13.0, for no one here has both

## May break

### `lib`

| what | change | now |
|---|---|---|
| `lib.f` | a is &lt;x> \\| it was \\* | `b\\|c` |

## No difference

| what | seems | because |
|---|---|---|
| `lib.q` | seems | because |"""
    )


def test_the_newer_release_first_is_said() -> None:
    assert telling.text(replace(diff(), before="2.1", after="2.0"), whole=False).startswith(
        "dist 2.1 -> 2.0, backwards: 0"
    )
    assert telling.text(replace(diff(), before="2", after="x"), whole=False).startswith("dist 2 -> x: 0")
