"""Arguments that do not fit the function."""

from __future__ import annotations

from typing import Any

from .case import Case
from .near import near
from .rules import rule


def _taken(case: Case) -> list[str]:
    return [
        name for name, parameter in case.parameters.items() if parameter.kind in (1, 3) and name != "self"
    ]


def _others(case: Case, callee: str) -> list[str]:
    """What the function takes that refused: it is looked for, by its qualified name, in the package that called it."""
    import inspect
    import sys

    step = case.error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    if step is None or "." not in callee:
        return []
    top = str(step.tb_frame.f_globals.get("__name__", "")).partition(".")[0]
    first, _, rest = callee.partition(".")
    for name, module in list(sys.modules.items()):
        found = getattr(module, first, None) if name.partition(".")[0] == top else None
        if found is None:
            continue
        for part in rest.split("."):
            found = getattr(found, part, None)
        if callable(found):
            kinds = inspect.signature(found).parameters.items()
            return [name for name, parameter in kinds if parameter.kind in (1, 3) and name != "self"]
    return []


def _shown(names: list[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")


def _unexpected(case: Case, match: Any) -> str | None:
    name, callee = match["name"], (match["callee"] or "").rpartition(".")[2]
    taken = _taken(case)
    found = near(name, taken)
    if found:
        return f"did you mean `{found}`?"
    others = _others(case, match["callee"] or "")
    found = near(name, others)
    if found:
        return f"did you mean `{found}`?"
    if name in taken and callee and callee != case.name:
        return f"{case.name} handed `{name}` on to {callee}, which does not take it: leave it out"
    if others and callee != case.name:
        return f"leave `{name}` out; arguments by name are {_shown(list(dict.fromkeys([*taken, *others])))}"
    if any(parameter.kind == 4 for parameter in case.parameters.values()) and callee != case.name:
        return f"{case.name} hands on what it does not know, and {callee or 'what it calls'} does not take `{name}`: leave it out, or look its name up with Envmgr.describe/1"
    if taken:
        return f"leave `{name}` out; arguments by name are {_shown(taken)}"
    return f"leave `{name}` out: it takes no such argument"


def _missing(case: Case, match: Any) -> str | None:
    names = match["names"]
    if "'self'" in names:
        return "it is a method: make an object of the class first (as: :ref) and call it with Envmgr.method/4"
    if (match["callee"] or "").rpartition(".")[2] not in (case.name, "__init__", "__new__"):
        return None
    return f"pass {names.replace(chr(39), '`')}: by position in the list, or by name, as {{[…], %{{…}}}}"


def _count(case: Case, match: Any) -> str | None:
    """Of C functions, whose words are of many kinds."""
    got = f"{len(case.bound)} argument{'s' * (len(case.bound) != 1)}"
    if case.parameters:
        return f"it takes {case.takes or 'none'}, and got {got}"
    return None


def _too_many(case: Case, match: Any) -> str | None:
    if not case.takes and any(parameter.kind == 4 for parameter in case.parameters.values()):
        return "it takes arguments by name alone: %{name: value}"
    only = [name for name, parameter in case.parameters.items() if parameter.kind == 3]
    if only:
        return f"pass the others by name: {{[…], %{{{only[0]}: …}}}}; by name go {_shown(only)}"
    if len(case.bound) > 2:
        return f"{_count(case, match) or 'it takes fewer'}: one list is one argument, [[1, 2, 3]] passes the list, [1, 2, 3] three arguments"
    return _count(case, match)


RULES = (
    rule(
        "TypeError",
        r"missing a required argument: '(\w+)'",
        "pass `{1}`: by position in the list, or by name",
    ),
    rule(
        "TypeError", r"missing required argument '(\w+)'", "pass `{1}`: by position in the list, or by name"
    ),
    rule("TypeError", r"expected (?:at least |at most )?\d+ arguments?, got \d+", _count),
    rule(
        "TypeError",
        r"(?:(?P<callee>[\w.<>]+)\(\) )?got an unexpected keyword argument '(?P<name>\w+)'",
        _unexpected,
    ),
    rule("TypeError", r"'(?P<name>\w+)' is an invalid keyword argument for (?P<callee>[\w.]+)", _unexpected),
    rule(
        "TypeError",
        r"(?P<callee>[\w.]+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (?P<names>.+)",
        _missing,
    ),
    rule(
        "TypeError",
        r"got multiple values for (?:keyword )?argument '(\w+)'",
        "`{1}` came twice, by position and by name: leave one out",
    ),
    rule(
        "TypeError",
        r"positional-only arguments passed as keyword arguments: '([^']+)'",
        "pass {1} by position: [value], not %{{{1}: value}}",
    ),
    rule(
        "TypeError",
        r"takes no keyword arguments|takes no arguments by name",
        "pass all arguments by position, in a list",
    ),
    rule(
        "TypeError",
        r"takes (?:from \d+ to |at most |exactly )?\w+ (?:positional )?arguments? (?:but|\()",
        _too_many,
    ),
    rule(
        "TypeError",
        r"unbound method|descriptor '(\w+)' .* (?:requires|for|doesn't apply to)|needs an argument",
        "it is a method: call it on an object with Envmgr.method/4, or pass the object as the first argument",
    ),
)
