"""What configuration says about types: how their values, and those of their subclasses, are sent.

A strategy is `value`, `ref`, `repr`, `pickle` or the name of a serializer. The most derived class that is named
counts. One that fails leaves the value in Python, sends a ref, and tells the caller why.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from . import codes, registry
from .errors import ConversionError, RefLimit, Unsendable
from .names import type_name
from .protocols import Coder, Pack, Unpack
from .types import type_named

if TYPE_CHECKING:  # what most workers do without is imported when it is needed
    from .pickles import Pickles
    from .plugins import Serializers

WORDS = ("value", "ref", "repr", "pickle")

NATIVE = (int, float, str, bytes, bytearray, memoryview, bool, type(None), list, dict)
"""What msgpack packs without asking, or what only the codec itself looks at."""


class Strategies:
    """Of one worker. Says nothing until it is configured."""

    def __init__(self) -> None:
        self._named: Mapping[str, str] = {}
        self._environment: str | None = None
        self._secret: bytes | None = None
        self.unpackers: dict[int, Unpack] = {
            codes.PICKLE: lambda codec, data: self._pickles.unpack(codec, data),
            codes.CUSTOM: lambda codec, data: self._serializers.unpack(codec, data),
        }

    def configure(
        self, named: Mapping[str, str], environment: str | None = None, secret: bytes | None = None
    ) -> None:
        """`named`: a type's full name → its strategy. Without an environment and a secret of it, and where no type
        asks for pickles, they are neither made nor read. To be called before any value passes.
        """
        self._named, self._environment, self._secret = dict(named), environment, secret

    @cached_property
    def _pickles(self) -> Pickles:
        from .pickles import Pickles

        return Pickles(self._environment, self._secret, is_on="pickle" in self._named.values())

    @cached_property
    def _serializers(self) -> Serializers:
        from .plugins import Serializers

        return Serializers(set(self._named.values()) - set(WORDS))

    def find(self, kind: type) -> Pack | None:
        """How values of exactly this type are sent; None where nothing is said of it."""
        strategy = self.strategy(kind) if self._named else None
        if strategy is None:
            return None
        if strategy == "ref":
            return lambda codec, value: codec.ref(value)
        if strategy == "repr":
            return _guarded(strategy, _pack_repr)
        if strategy == "pickle":
            return _guarded(strategy, self._pickles.pack)
        if strategy == "value":
            return registry.packer(kind) or _guarded(strategy, _pack_attributes)
        return _guarded(strategy, lambda codec, value: self._serializers.pack(codec, strategy, value))

    def by_attributes(self, kind: type) -> bool:
        """Whether objects of this type are sent, and may be made, as their attributes."""
        return self.strategy(kind) == "value" and registry.packer(kind) is None

    def strategy(self, kind: type) -> str | None:
        """The strategy of values of this type, by its own names or those of the nearest class above it."""
        if kind in NATIVE:
            return None
        offered = [(_offered(name), strategy) for name, strategy in self._named.items()]
        for base in kind.__mro__:
            found = self._named.get(type_name(base))
            found = found or next((strategy for other, strategy in offered if other is base), None)
            if found is not None:
                return found
        return None


def _offered(name: str) -> type | None:
    """The class that an imported module offers under this name, wherever it is defined."""
    try:
        return type_named(name)
    except ConversionError:
        return None


def merged(libraries: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """The strategies of all libraries of a hello: name → (module, init, strategies or nothing)."""
    return {
        kind: found for _, _, *rest in libraries.values() for kind, found in (rest[0] if rest else {}).items()
    }


def _pack_attributes(codec: Coder, value: Any) -> Any:
    from .records import pack_object

    packed = pack_object(codec, value)
    if packed.code == codes.REF:
        raise ConversionError("it may be more than its attributes, or its type cannot be found by its name")
    return packed


def _pack_repr(codec: Coder, value: Any) -> str:
    return repr(value).encode("utf-8", "backslashreplace").decode()


def _guarded(strategy: str, pack: Pack) -> Pack:
    def packed(codec: Coder, value: Any) -> Any:
        try:
            return codec.attempt(pack, value)
        except RefLimit:
            raise
        except BaseException as error:  # noqa: BLE001 - a serializer may raise what it likes, and exits are its failure
            kind = type_name(type(value))
            codec.warn(
                value, f"a {kind} stays in Python because strategy {strategy!r} failed ({_reason(error)})"
            )
            return codec.ref(value)

    return packed


def _reason(error: BaseException) -> str:
    if isinstance(error, Unsendable):
        return "what it makes is too large, or nested too deeply"
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception's __str__ may raise anything
        text = type(error).__name__
    return text.encode("utf-8", "backslashreplace").decode()[:500]
