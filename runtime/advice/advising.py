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
    owner: Any = None,
) -> str | None:
    """For `error`, else for a failed import or a system's error that led to it; None where nothing helps."""
    found = _first(Case(error, function, bound, parameters, path, owner))
    before, steps = error, 0
    while found is None and steps < _FAR:
        before, steps = before.__cause__ or before.__context__, steps + 1  # type: ignore[assignment]
        if before is None:
            break
        if isinstance(before, (ImportError, OSError)):
            found = _first(Case(before, function, bound, parameters, path, owner))
    return found


_FAR = 5


def _first(case: Case) -> str | None:
    for rules in _families(case.packages):
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


def _families(packages: frozenset[str]) -> Iterator[tuple[Rule, ...]]:
    from . import ours, renamed

    yield ours.RULES
    yield renamed.RULES
    if "sklearn" in packages:
        from . import learning

        yield learning.RULES
    if "pandas" in packages:
        from . import table_values, tables

        yield tables.RULES
        yield table_values.RULES
    if not _NUMERIC.isdisjoint(packages):
        from . import array_values, arrays

        yield arrays.RULES
        yield array_values.RULES
    from . import calling, dates, encoding, files, imports, limits, names, numbers, texts, web, wrong_types

    for family in (web, imports, calling, wrong_types, numbers, dates, encoding, texts, files, limits, names):
        yield family.RULES
    if (
        _NUMERIC.isdisjoint(packages) and "numpy" in sys.modules
    ):  # its C code may be called with no frame of its own
        from . import array_values, arrays

        yield arrays.RULES
        yield array_values.RULES


_NUMERIC = frozenset(("numpy", "pandas", "sklearn", "scipy"))
