"""The advice of the first rule that has one: the families of libraries that are imported first, then those of Python."""

from __future__ import annotations

import sys
from typing import Any, Callable, Iterator, Mapping, Sequence

from .case import Case
from .rules import Rule


def advice(
    error: BaseException,
    function: Callable[..., Any] | None = None,
    bound: Sequence[tuple[Any, Any]] = (),
    parameters: Mapping[str, Any] | None = None,
    path: str | None = None,
) -> str | None:
    """For `error`, else for a failed import or a system's error that led to it; None where nothing helps."""
    found = _first(Case(error, function, bound, parameters, path))
    before, steps = error, 0
    while found is None and steps < _FAR:
        before, steps = before.__cause__ or before.__context__, steps + 1  # type: ignore[assignment]
        if before is None:
            break
        if isinstance(before, (ImportError, OSError)):
            found = _first(Case(before, function, bound, parameters, path))
    return found


_FAR = 5


def _first(case: Case) -> str | None:
    for rules in _families():
        for one in rules:
            found = _tried(one, case)
            if found:
                return found
    return None


def _tried(one: Rule, case: Case) -> str | None:
    try:
        return one.advise(case)
    except Exception:  # noqa: BLE001 - rules look at objects of any library
        return None


def _families() -> Iterator[tuple[Rule, ...]]:
    from . import ours, renamed

    yield ours.RULES
    yield renamed.RULES
    if "sklearn" in sys.modules:
        from . import learning

        yield learning.RULES
    if "pandas" in sys.modules:
        from . import tables

        yield tables.RULES
    if "numpy" in sys.modules:
        from . import arrays

        yield arrays.RULES
    if "urllib" in sys.modules or "socket" in sys.modules:
        from . import web

        yield web.RULES
    from . import calling, dates, encoding, files, imports, limits, names, numbers, texts, wrong_types

    for family in (imports, calling, wrong_types, numbers, dates, encoding, texts, files, limits, names):
        yield family.RULES
