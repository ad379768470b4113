"""Pickles that no one but a worker of the same environment and application can have made.

Reading a pickle runs what it says, so its signature is verified first. The pool gives the secret to its workers
alone, another one to each environment; libraries of the same environment could read it, and run there anyway.
"""

from __future__ import annotations

from typing import Any

from ..wire.packing import ExtType, packb
from . import codes
from .errors import ConversionError
from .names import type_name
from .protocols import Coder

_PROTOCOL = 5
"""Of Python 3.8, the oldest that workers run on."""


class Pickles:
    """Of one environment. `is_on`: a type has the strategy `pickle`."""

    def __init__(self, environment: str | None, secret: bytes | None, *, is_on: bool = False) -> None:
        self._environment = environment
        self._secret = secret
        self._is_on = is_on

    def pack(self, codec: Coder, value: Any) -> Any:
        """Raises what `pickle.dumps` raises, and `ConversionError` where pickles are off."""
        import pickle

        environment, _ = self._ready()
        kind = type_name(type(value))
        data = pickle.dumps(value, _PROTOCOL)
        return ExtType(codes.PICKLE, packb([kind, environment, self._signature(kind, data), data]))

    def unpack(self, codec: Coder, data: bytes) -> Any:
        """Raises `ConversionError`; nothing is run of a pickle that was made elsewhere or changed."""
        import hmac
        import pickle

        own, _ = self._ready()
        parts = codec.value(data)
        if type(parts) is not list or [type(part) for part in parts] != [str, str, bytes, bytes]:
            raise ConversionError("a pickle whose data is not type, environment, signature and bytes")
        kind, environment, signature, pickled = parts
        if environment != own:
            raise ConversionError(
                f"the pickle of a {kind} was made in environment {environment!r} and this worker is of {own!r}: "
                "it is read only where it was made; make it anew, or give the type another strategy"
            )
        if not hmac.compare_digest(signature, self._signature(kind, pickled)):
            raise ConversionError(
                f"the pickle of a {kind} was not made by a worker of this application, or was changed since: "
                "it is not read"
            )
        try:
            return pickle.loads(pickled)  # noqa: S301 - signed by a worker of this environment
        except Exception as error:
            raise ConversionError(
                f"the pickle of a {kind} cannot be read: {type(error).__name__}: {error}"
            ) from error

    def _ready(self) -> tuple[str, bytes]:
        if not self._is_on:
            raise ConversionError(
                "pickles are off: no type of this environment has the strategy `pickle` in envmgr.toml"
            )
        if self._environment is None or self._secret is None:
            raise ConversionError("pickles are off: this worker was given no secret to sign them with")
        return self._environment, self._secret

    def _signature(self, kind: str, pickled: bytes) -> bytes:
        import hmac

        environment, secret = self._ready()
        return hmac.new(secret, b"\0".join([environment.encode(), kind.encode(), pickled]), "sha256").digest()
