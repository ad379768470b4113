"""Whether a value can still change once its call is over, while its bytes are on their way.

Told from reference counts, whose meaning is measured where they are read: what interpreters count differs.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, Callable, Sequence

from .current import in_turns


def _argument_count(value: Any) -> int:
    return sys.getrefcount(value)


def _own_count() -> int:
    value = object()
    return _argument_count(value)


def _base_count() -> int:
    holder = SimpleNamespace(base=object())
    base = holder.base
    return sys.getrefcount(base)


_OWN = _own_count()
"""References to what a caller's variable and a parameter hold."""
_BASE = _base_count()
"""References to what an attribute and a variable hold."""


def steadiness(value: Any, held: Callable[[Any], int], views: Sequence[memoryview]) -> tuple[bool, bool]:
    """(steady, lent): whether nobody but the caller, its refs and `views` leads to `value`, a local variable of the
    caller's; and whether its refs do. `held` says how many refs lead to an object.

    Knows bytes and arrays; what else it is asked about is not steady.
    """
    if type(value) is bytes:
        return True, False
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not getattr(numpy, "ndarray", None) or not in_turns():
        return False, False
    lent = held(value)
    if sys.getrefcount(value) > _OWN + lent + _leading(views, value):
        return False, False
    base = value.base
    if base is not None:
        ours = held(base)
        lent += ours
        if type(base) is not numpy.ndarray or base.base is not None:
            return False, False
        if sys.getrefcount(base) > _BASE + ours + _leading(views, base):
            return False, False
    return True, lent > 0


def _leading(views: Sequence[memoryview], array: Any) -> int:
    """How many of `views` lead to `array`, directly or through a view of it."""
    return sum(view.obj is array or getattr(view.obj, "base", None) is array for view in views)
