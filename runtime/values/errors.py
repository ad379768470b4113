"""What conversion can run into."""

from __future__ import annotations


class ConversionError(Exception):
    """A value from the wire has no Python form. The message says which and why."""


class StaleRef(Exception):
    """A ref names an object that this worker does not hold (any more)."""


class RefLimit(Exception):
    """The worker holds as many objects as it may."""
