"""What the parts of this room know of each other, and of who uses it."""

from __future__ import annotations

from typing import Any, Callable, Mapping, Protocol

Pack = Callable[[Any, Any], Any]
"""Called with a `Coder`. Makes an `ExtType` of a value, or another value that msgpack packs in its place."""
Unpack = Callable[[Any, bytes], Any]
"""Makes the value of an extension's data."""
UnpackRaw = Callable[[Any, Any, Any], Any]
"""Makes the value of a head and a buffer: bytes, a memoryview, or what the second lane received,
which is writable and nobody else's."""


class Refs(Protocol):
    """Where objects stay that are not sent. `put` and `get` raise the errors of `values.errors`."""

    def put(self, value: Any) -> tuple[int, str]:
        """Keeps `value`; its number and the name of its type."""

    def get(self, number: int, type_name: str) -> Any:
        """The object that has this number."""

    def back(self, number: int) -> None:
        """Forgets what was put under this number."""


class Lane(Protocol):
    """The second lane: buffers that travel beside the payload, in the order in which they are put."""

    def put(self, view: Any) -> int | None:
        """The buffer's index; None when it is to stay in the payload."""

    def take(self, index: int, size: int) -> Any:
        """The buffer that came, and is the taker's from now on."""

    def mark(self) -> Any:
        """A point to go back to."""

    def back(self, mark: Any) -> None:
        """Forgets what was put since `mark`."""


class Functions(Protocol):
    """Functions and streams of the pool."""

    def function(self, key: int, arity: int) -> Any:
        """What calls the function `key`."""

    def stream(self, key: int, kind: str) -> Any:
        """What reads the stream `key`. Raises `ConversionError`."""


class Strategies(Protocol):
    """What configuration says about types."""

    @property
    def unpackers(self) -> Mapping[int, Unpack]:
        """By extension code."""

    def find(self, kind: type) -> Pack | None:
        """How values of exactly this type are sent; None: as they are without configuration."""

    def by_attributes(self, kind: type) -> bool:
        """Whether objects of this type may be made from attributes: strategy `value` is configured for it."""


class Coder(Protocol):
    """The codec, as converters see it."""

    def nested(self, value: Any) -> bytes:
        """MessagePack of a value inside an extension."""

    def value(self, data: Any) -> Any:
        """The one value that `data` holds."""

    def head(self, data: Any) -> tuple[Any, memoryview]:
        """The first value of `data` and the bytes behind it."""

    def attempt(self, pack: Pack, value: Any) -> Any:
        """What `pack` makes of `value`, if nothing of that stays here. When it raises, nothing of it is left."""

    def ref(self, value: Any) -> Any:
        """Keeps `value`; what is sent in its place."""

    def raw(self, code: int, head: bytes, view: Any) -> Any:
        """The extension `code` of a head and a buffer's bytes, by the second lane where that is better."""

    def warn(self, value: Any, text: str) -> None:
        """Tells the caller something about the value that is being sent, or a part of it."""

    def by_attributes(self, kind: type) -> bool:
        """Whether configuration lets objects of this type be made from attributes."""
