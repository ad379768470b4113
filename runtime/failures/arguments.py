"""What was called, and with what: the signature as text, and arguments by the names it gives them."""

from __future__ import annotations

import functools
from typing import Any, Callable, Mapping, Sequence

from .redaction import secrets_in
from .summaries import summary

_MOST_ARGUMENTS = 50
_LONGEST = 1000


class Called:
    """A call, as far as it can be told. Nothing here raises; everything is looked up once, when it is asked for."""

    def __init__(
        self, function: Callable[..., Any] | None, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        self.owner: Any = None
        """The object whose method, operation or attribute it was."""
        if type(function) is functools.partial and function.args and _is_operation(function.func):
            self.owner, function = function.args[0], None
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.parameters: Mapping[str, Any] = {}
        self.signature: str | None = None
        if function is not None:
            self._look(function)
        self.bound = self._bind()

    def _look(self, function: Callable[..., Any]) -> None:
        try:
            import inspect

            signature = inspect.signature(function)
            self.parameters = signature.parameters
            text = f"{_name(function)}{signature}"
        except BaseException:  # noqa: BLE001 - __signature__ may be anything, and C functions have none
            text = _from_docstring(function) or ""
        self.signature = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
        self.signature = self.signature or None

    def _bind(self) -> list[tuple[Any, Any]]:
        """(name or position, value) of each argument."""
        names: list[Any] = []
        rest = None
        for parameter in self.parameters.values():
            if parameter.kind in (0, 1):
                names.append(parameter.name)
            elif parameter.kind == 2:
                rest = parameter.name
        bound = []
        for position, value in enumerate(self.args):
            if position < len(names):
                bound.append((names[position], value))
            else:
                bound.append((f"{rest}[{position - len(names)}]" if rest else position, value))
        return [*bound, *self.kwargs.items()]

    def summaries(self) -> list[list[Any]]:
        return [[name, summary(value, name)] for name, value in self.bound[:_MOST_ARGUMENTS]]

    def secrets(self) -> tuple[str, ...]:
        """Texts that no word of the error may hold, the longest first."""
        found: set[str] = set()
        try:
            for name, value in self.bound:
                found |= secrets_in(value, name)
        except BaseException:  # noqa: BLE001 - a container may change while it is read
            return ()
        return tuple(sorted(found, key=len, reverse=True))


def _is_operation(function: Any) -> bool:
    """Whether the runtime made it of an operator, a built-in function, or a function of its own."""
    module = str(getattr(function, "__module__", "")).partition(".")[0]
    return module in ("_operator", "operator", "builtins", "math", __name__.partition(".")[0])


def _name(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
    if not isinstance(name, str):
        return type(function).__name__
    return name


def _from_docstring(function: Any) -> str | None:
    """C functions often begin theirs with the signature."""
    try:
        text, name = function.__doc__, function.__name__
        first = text.lstrip().partition("\n\n")[0].replace("\n", " ")
    except BaseException:  # noqa: BLE001 - either may be a property
        return None
    return first[:_LONGEST].strip() if first.startswith(f"{name}(") else None
