"""Objects that stay in the worker, by number."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from ..values.errors import RefLimit, StaleRef
from ..values.names import type_name
from .current import Numbers

LIMIT = 100_000
"""Objects a worker holds at once: who never releases meets an error, not a machine without memory."""


class RefTable:
    """Numbers are never used again, so that a ref that was released cannot come to mean another object.
    Threads may use it at the same time."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._objects: dict[int, Any] = {}
        self._numbers = Numbers()
        self._limit = limit
        self.lent: Callable[[], None] | None = None
        """Waits until no object of this table is being sent; None when none is."""
        self.kept = True
        """Whether objects may stay at all: not in a worker that ends with its call."""

    def __len__(self) -> int:
        return len(self._objects)

    def put(self, value: Any) -> tuple[int, str]:
        if not self.kept:
            raise RefLimit(
                f"a {type_name(type(value))} cannot be sent as a value, and cannot stay in Python: the pool has a"
                ' worker for every call (profile "call"), which ends with it'
            )
        if len(self._objects) >= self._limit:
            raise RefLimit(
                f"the worker holds {self._limit} objects for its callers; release what is no longer needed"
            )
        number = self._numbers()
        self._objects[number] = value
        return number, type_name(type(value))

    def get(self, number: int, type_name: str) -> Any:
        if self.lent is not None:
            wait, self.lent = self.lent, None
            wait()
        try:
            return self._objects[number]
        except KeyError:
            raise StaleRef(
                f"object {number} ({type_name}) was released, or was never in this worker"
            ) from None

    def holds(self, value: Any) -> int:
        """How many numbers `value` has. Linear in the objects held; asked only of what is large."""
        return sum(held is value for held in list(self._objects.values()))

    def back(self, number: int) -> None:
        self._objects.pop(number, None)

    def release(self, numbers: Iterable[int]) -> None:
        """Forgets these objects; numbers that are not held are ignored."""
        for number in numbers:
            self._objects.pop(number, None)
