"""Whether two defaults are one, however each is spelled."""

from __future__ import annotations

import ast
import re

_SCALAR = re.compile(
    r"^(?:np|numpy)\.(?:bool_?|str_|bytes_|(?:u?int|float|complex)\d*_?)\((.*)\)$", re.DOTALL
)
_BARE = {"np.True_": "True", "np.False_": "False", "numpy.True_": "True", "numpy.False_": "False"}
_NAMED = (
    re.compile(r"^<(?:class|enum|type) '(?:[\w.]+\.)?(\w+)'>$"),
    re.compile(r"^<(?:built-in |cyfunction |bound )*(?:function|method|ufunc) '?(?:[\w.]+\.)?(\w+)'?.*>$", re.DOTALL),
    re.compile(r"^<[A-Za-z_][\w.]*\.([A-Za-z]\w*): .*>$", re.DOTALL),
    re.compile(r"^(?:\w+\.)*symbol\('(\w+)'\)$"),
)  # fmt: skip
"""Classes, functions, members of enumerations, symbols: whatever else a `repr` says of them, their name is what
counts."""
_NOTHING_GIVEN = re.compile(
    r"no_?(?:default|value)|not_?(?:given|set|provided)|unset|undefined|missing|sentinel|nothing",
    re.IGNORECASE,
)
_VALUE = re.compile(r"^<[\w.|]+: ([-\d.]+)>$")
_MEMBER = re.compile(r"^<[\w.]+\.(\w+): '?(\w+)'?>$")
_SYMBOL = re.compile(r"^(?:\w+\.)*symbol\('(\w+)'\)$")
_FROZEN = re.compile(r"^frozenset\((\{.*\})\)$", re.DOTALL)
_NAMELESS = re.compile(r"^<function (?:[\w.<>]*\.)?(?:<lambda>|_\w*)(?: at \w+)?>$")
_MADE = re.compile(r"^([A-Za-z_][\w.]*)\(.*<", re.DOTALL)
_UNKNOWN = frozenset({"...", "<...>", "<unrepresentable>"})
_GOING = re.compile(r"^'warn'$|^(?:[<'\w.]*[\W_])?deprecated\b", re.IGNORECASE)


def same(before: str | None, after: str | None) -> bool:
    """Whether both are none, or the same. A member of an enumeration of numbers is its number, and the symbol that is
    its value; `0` is `False`."""
    one, other = normal(before), normal(after)
    if one == other or _is_symbol_of(before, after) or _is_symbol_of(after, before):
        return True
    numbers = [_number(before or ""), _number(after or "")]
    return None not in numbers and numbers[0] == numbers[1]


def _is_symbol_of(one: str | None, other: str | None) -> bool:
    symbol, member = _SYMBOL.match(one or ""), _MEMBER.match(other or "")
    return symbol is not None and member is not None and symbol[1] in member.groups()


def _number(text: str) -> complex | None:
    member = _VALUE.match(text)
    try:
        value = ast.literal_eval(member[1] if member is not None else normal(text) or "")
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, (bool, int, float, complex)) else None


def normal(text: str | None) -> str | None:
    """As Python writes the value that is meant: NumPy's scalars as Python's, classes, functions and members of
    enumerations by their names."""
    if text is None:
        return None
    text = _BARE.get(text.strip(), text.strip())
    scalar = _SCALAR.match(text)
    if scalar is not None:
        text = scalar[1]
    for pattern in _NAMED:
        found = pattern.match(text)
        if found is not None:
            return found[1]
    frozen = _FROZEN.match(text)
    try:
        value = ast.literal_eval(frozen[1] if frozen is not None else text)
        if isinstance(value, (set, list, tuple)):
            return str(sorted(map(repr, value)) if isinstance(value, set) else list(value))
        return repr(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text.rpartition(".")[2] if re.fullmatch(r"[A-Za-z_][\w.]*", text) else text


def is_unknown(text: str | None) -> bool:
    return text in _UNKNOWN


def is_plain(text: str | None) -> bool:
    """Whether it is written as a literal, or as far as that was kept."""
    return (
        re.match(r"""['"\d{(\[.-]|[brfu]{1,2}['"]|(?:True|False|None)$|frozenset\(""", text or "") is not None
    )


def is_going(text: str | None) -> bool:
    """Whether it is what libraries write where the parameter, or its default, is going away: `"deprecated"`,
    `"warn"`, an object whose name says so."""
    return text is not None and _GOING.search(text) is not None


def is_sentinel(text: str | None) -> bool:
    """Whether it only says that nothing was given: an object without a value, or one whose name says so."""
    if text is None:
        return False
    if text in _UNKNOWN or (text.startswith("<") and not any(found.match(text) for found in _NAMED)):
        return True
    return text[:1] not in "'\"[{(" and _NOTHING_GIVEN.search(text) is not None


def is_nameless(text: str | None) -> bool:
    """Whether it is a function that has no name for users: a lambda, or a private one."""
    return text is not None and _NAMELESS.match(text) is not None


def made(text: str | None) -> str | None:
    """Of an object that is written as a call and shows other objects, what is called: `Lock([<lock object>])`."""
    found = _MADE.match(text or "")
    return None if found is None else found[1]
