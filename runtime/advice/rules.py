r"""A rule: which exceptions, which words, which advice. A family is a module with a tuple `RULES`.

    rule("ValueError", r"math domain error", "the function has no value there"),
    rule("KeyError NameError", r"name '(\w+)'", near_name),

A text of advice is filled with the groups of the pattern: `{name}` for a named one, `{1}` for a numbered one, and `{library}`: the library's name in
envmgr.toml. A function gets the case and the match, and answers a text, or None where it has no advice: the rules behind
are then asked. No advice is better than a wrong one.
"""

from __future__ import annotations

import re
from typing import Any, Callable, NamedTuple, Union

from .case import Case

Advice = Union[str, Callable[[Case, Any], Union[str, None]]]


class Rule(NamedTuple):
    kinds: frozenset[str]
    """Names of classes, `ValueError` or `requests.Timeout`, one of which the exception must be of."""
    pattern: str
    advice: Advice

    def advise(self, case: Case) -> str | None:
        if self.kinds.isdisjoint(case.kinds):
            return None
        match = re.search(self.pattern, case.text, re.DOTALL)
        if match is None:
            return None
        if not isinstance(self.advice, str):
            return self.advice(case, match)
        return self.advice.format(
            match.group(), *match.groups(""), library=case.library, **match.groupdict("")
        )


def rule(kinds: str, pattern: str, advice: Advice) -> Rule:
    """`kinds`: names with spaces between them."""
    return Rule(frozenset(kinds.split()), pattern, advice)
