"""Types, defaults and texts, however they are spelled."""

import pytest

from envmgr.changes import defaults, texts, typeforms
from envmgr.changes.typeforms import NARROWER, OTHER, SAME, UNKNOWN, WIDER


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("typing.List[int]", "list[int]", SAME),
        ("Optional[int]", "int | None", SAME),
        ("Union[int, str]", "str | int", SAME),
        ("np.ndarray", "numpy.ndarray", SAME),
        ("list", "list[int]", SAME),
        ("Generator[int, None, None]", "Generator[int]", SAME),
        ("'DataFrame'", "pandas.core.frame.DataFrame", SAME),
        ("Annotated[int, 1]", "int", SAME),
        ("<class 'int'>", "int", SAME),
        ("int | None", "int", NARROWER),
        ("str", "Literal['a', 'b']", NARROWER),
        ("Iterable[int]", "list[int]", NARROWER),
        ("float", "int", NARROWER),
        ("Any", "int", NARROWER),
        ("Literal['a']", "Literal['a', 'b']", WIDER),
        ("tuple[int, int]", "tuple[int, ...]", WIDER),
        ("dict[str, int]", "Mapping[str, int]", WIDER),
        ("Callable[[int], str]", "Callable[[int], str] | None", WIDER),
        ("int", "str", OTHER),
        ("Callable[[int], str]", "Callable[[str], str]", OTHER),
        ("Literal['a']", "Literal['b']", OTHER),
        ("_ArrayLike", "int", UNKNOWN),
        ("T", "int", UNKNOWN),
        ("list[_T]", "int", UNKNOWN),
        ("int | ", "int", UNKNOWN),
        ("f() + 1", "int", UNKNOWN),
        ("Foo", "Bar", UNKNOWN),
        ("'a b'", "'a b'", SAME),
        ("Literal[-x]", "int", OTHER),
    ],
)
def test_types(before, after, expected) -> None:
    assert typeforms.compare(before, after) == expected


def test_types_that_the_library_has() -> None:
    assert typeforms.compare("Foo", "Foo | Bar", {"Foo", "Bar"}) == WIDER


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, "1", False),
        ("False", "np.False_", True),
        ("np.float64(1.0)", "1.0", True),
        ("0", "False", True),
        ("1", "1.0", True),
        ("<Flags.NONE: 0>", "0", True),
        ("<Flags.NONE: 0>", "<Flags.NONE: 3>", True),
        ("<Flags.NONE: 0>", "1", False),
        ("<class 'numpy.float64'>", "numpy.float64", True),
        ("<function mean at 0x7f>", "<function mean>", True),
        ("'a'", '"a"', True),
        ("{'b', 'a'}", "{'a', 'b'}", True),
        ("frozenset({'b', 'a'})", "frozenset({'a', 'b'})", True),
        ("(1, 2)", "[1, 2]", True),
        ("'a'", "a", False),
        ("inf", "1", False),
    ],
)
def test_defaults(one, other, same) -> None:
    assert defaults.same(one, other) is same


@pytest.mark.parametrize(
    ("text", "sentinel"),
    [
        (None, False),
        ("<no value>", True),
        ("<object object>", True),
        ("<_NoDefault.no_default: <object object>>", True),
        ("_unset", True),
        ("...", True),
        ("None", False),
        ("<Color.RED: 1>", False),
        ("<class 'float'>", False),
        ("'missing'", False),
    ],
)
def test_sentinels(text, sentinel) -> None:
    assert defaults.is_sentinel(text) is sentinel


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("`np.float_` was removed in the NumPy 2.0 release. Use `np.float64` instead.", "np.float64"),
        ("`np.NZERO` was removed. Use `-0.0` instead.", "-0.0"),
        ("'BaseCommand' is deprecated and will be removed in Click 9.0. Use 'Command' instead.", "Command"),
        ("Use :func:`isin` instead of `in1d` for new code.", "isin"),
        ("It has been renamed to new_name.", "new_name"),
        ("Deprecated in favor of lib.other().", "lib.other"),
        ("It's still available as `np.lib.add_newdoc`.", None),
        ("Use `make_error <lib.Field.make_error>`.", "make_error"),
        ("Use it with care.", None),
        ("It will be removed in urllib3 v2.1.0. Instead do something.", None),
        ("An alias of `trapezoid`.", "trapezoid"),
    ],
)
def test_what_to_use_instead(text, instead) -> None:
    assert texts.instead(text) == instead


def test_of_several_names_one_that_is_there() -> None:
    assert texts.instead("Use a_b or `c_d` instead", ["c_d"]) == "c_d"


@pytest.mark.parametrize(
    "message",
    [
        "module 'lib' has no attribute 'f'",
        "Module 'scipy' has no attribute 'CLIP'",
        "module 'numpy.core' has no attribute intc",
        "type object 'C' has no attribute 'f'",
        "module 'lib' has no attribute 'f'. Did you mean: 'g'?",
        "HelpOption",
    ],
)
def test_an_error_that_says_nothing_more(message) -> None:
    assert texts.own_words(message) == ""


def test_an_error_that_says_more() -> None:
    assert texts.own_words("f was removed,\n  use g") == "f was removed, use g"
    assert len(texts.shortened("word " * 100)) == 300
