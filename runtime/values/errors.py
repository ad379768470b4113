"""What conversion can run into."""

from __future__ import annotations

from typing import Any


class Trouble(Exception):
    """Something about a part of a value. `str` of it begins with the part's place, once that is known."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.path: list[str] = []
        """Steps from the value to the part: `[3]`, `["a"]`, `.field`."""
        self.root = ""
        """The argument that the path starts from; empty where there is none."""
        self.at: Any = None
        """(code, data) of the extension that failed, while its place is not known."""
        self.owners: tuple[Any, ...] = ()
        """The values around the part, outermost first, while its place is not known."""

    @property
    def place(self) -> str:
        """`args[0]["rows"][17]`; empty where it is not known."""
        return f"{self.root or 'value'}{''.join(self.path)}" if self.path else self.root

    def __str__(self) -> str:
        text = str(self.args[0])
        return f"{self.place}: {text}" if self.place else text


class ConversionError(Trouble):
    """A value from the wire has no Python form, or one may not be sent. The message says which and why."""


class StaleRef(Trouble):
    """A ref names an object that this worker does not hold (any more)."""


class RefLimit(Exception):
    """The worker holds as many objects as it may."""


class Unsendable(Exception):
    """The value as a whole cannot be packed: it goes as a ref. Never leaves the codec."""
