"""Running one call: find the callable, decode the arguments, call, encode the answer."""

from __future__ import annotations

from typing import Any, Callable

from ..library.loading import Libraries, Unresolved
from ..values.codec import Codec
from ..values.errors import ConversionError, RefLimit, StaleRef
from ..wire.messages import AS_REF, ATTRIBUTE, ERROR, RESULT
from .failures import failure
from .refs import RefTable

_CODES: dict[type[BaseException], str] = {
    ConversionError: "conversion",
    StaleRef: "stale-ref",
    Unresolved: "unresolved",
    RefLimit: "ref-limit",
}


class Calls:
    """Executes call messages of one worker, one at a time."""

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries
        self.refs = RefTable()
        self._codec = Codec(self.refs)
        self._targets: dict[str, Callable[..., Any]] = {}

    def run(self, target: Any, flags: int, payload: bytes) -> tuple[int, bytes]:
        """(RESULT or ERROR, payload of the answer). Raises nothing that a call can cause."""
        try:
            function = self._targets.get(target) if type(target) is str else None
            if function is None:
                function = self._find(target, flags)
            args, kwargs = self._codec.decode_call(payload)
        except BaseException as error:  # noqa: BLE001 - a module's import may raise anything
            return ERROR, self._failure(error)
        try:
            value = function(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt too are this call's answer
            return ERROR, self._raised(error)
        try:
            return RESULT, self._codec.encode_ref(value) if flags & AS_REF else self._codec.encode(value)
        except RefLimit as error:
            return ERROR, self._failure(error)

    def _find(self, target: Any, flags: int) -> Callable[..., Any]:
        if type(target) is str:
            found = self._libraries.resolve(target)
            self._targets[target] = found
            return found  # type: ignore[no-any-return]
        number, name = target
        if name.startswith("_"):
            raise Unresolved(f"{name!r} is private")
        owner = self.refs.get(number, "object")
        if flags & ATTRIBUTE:
            return lambda: getattr(owner, name)
        return getattr(owner, name)  # type: ignore[no-any-return]

    def _failure(self, error: BaseException) -> bytes:
        return self._codec.encode(failure(_CODES.get(type(error), "exception"), error))

    def _raised(self, error: BaseException) -> bytes:
        return self._codec.encode(failure("exception", error))


def start_failure(error: BaseException, library: str | None) -> bytes:
    """The payload that says why a worker did not start."""
    return Codec(RefTable()).encode(failure("start", error, library))
