"""What both ways of a codec share."""

from __future__ import annotations

from .protocols import Functions, Lane, Refs, Strategies
from .statistics import Conversions

DEEPEST = 64
"""Extensions inside each other. msgpack takes 50 KB of the C stack for each; 8 MB of it are usual."""


class Core:
    def __init__(
        self,
        refs: Refs,
        strategies: Strategies | None = None,
        lane: Lane | None = None,
        functions: Functions | None = None,
    ) -> None:
        self._refs = refs
        self._strategies = strategies
        self._lane = lane
        self._functions = functions
        self._depth = 0
        self.aside = 0
        """Bytes that took the second lane so far, either way."""
        self.sent = Conversions()
        self.received = Conversions()

    def by_attributes(self, kind: type) -> bool:
        """Whether configuration lets objects of this type be made from attributes."""
        return self._strategies is not None and self._strategies.by_attributes(kind)
