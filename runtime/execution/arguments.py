"""A call's arguments by their parameters' names, however they were given."""

from __future__ import annotations

from typing import Any, Callable

from .refusals import PipelineError

_BY_POSITION = (0, 1)
"""Kinds of parameters, as `inspect` numbers them."""


class Arguments:
    """Of one function. Made at its first call: reads the signature, where Python knows one."""

    def __init__(self, path: str, function: Callable[..., Any]) -> None:
        from inspect import signature

        self._path = path
        self._names: list[str] | None
        try:
            parameters = signature(function).parameters.values()
            self._names = [parameter.name for parameter in parameters if int(parameter.kind) in _BY_POSITION]
        except (ValueError, TypeError):
            self._names = None

    def place(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
        """The list or dict, and the index or key in it, of this parameter's argument; None where it has none.

        Raises `PipelineError` where that cannot be known.
        """
        if name in kwargs:
            return kwargs, name
        if not args:
            return None
        if self._names is None:
            raise PipelineError(
                f"{self._path} has no signature that Python knows, so {name} cannot be found among the arguments by "
                "position",
                hint=f"give the arguments of {self._path} by name",
            )
        index = self._names.index(name) if name in self._names else len(args)
        return (args, index) if index < len(args) else None
