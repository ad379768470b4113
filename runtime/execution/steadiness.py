"""Whether anybody but this worker's caller can still change a value."""

from __future__ import annotations

import sys
from typing import Any


def _references() -> int:
    fresh = object()
    return sys.getrefcount(fresh)


_ALONE = _references()
"""What `sys.getrefcount` says of an object that one local variable holds."""


def steady(value: Any, held: int) -> bool:
    """Whether `value` (a local variable of the caller, and nothing else but `held` of our own references) cannot
    change any more once the caller lets it go. Looks at arrays and bytes; what it does not know is not steady.
    """
    if type(value) is bytes:
        return True
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not getattr(numpy, "ndarray", None):
        return False
    # One for the caller's variable, one for the parameter.
    if sys.getrefcount(value) > _ALONE + 1 + held:
        return False
    base = value.base
    if base is None:
        return True
    return type(base) is numpy.ndarray and base.base is None and sys.getrefcount(base) <= _ALONE + 1
