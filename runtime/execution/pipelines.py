"""What the configuration does with the arguments and the result of one function, in a fixed order:

rename, convert, validate; the function; project, convert-result, limit.
"""

from __future__ import annotations

import builtins
from typing import Any, Callable, Mapping

from ..values.named import named
from . import shaping
from .arguments import Arguments
from .checks import Checks
from .refusals import PipelineError
from .stepped import Stepped


class Pipeline:
    """Of a path, as a launch manifest says it. What it names is imported at once: raises `Stepped`."""

    def __init__(self, library: str, path: str, settings: Mapping[str, Any]) -> None:
        self._path = f"{library}.{path}"
        self._place = f'[library.{library}.pipelines."{path}"] of envmgr.toml'
        self._rename: Mapping[str, str] = settings.get("rename", {})
        converters = settings.get("convert", {}).items()
        self._convert = [
            (name, target, self._made("convert", name, _converter, target)) for name, target in converters
        ]
        checks = settings.get("validate", {}).items()
        self._checks = [(name, self._made("validate", name, Checks, rules)) for name, rules in checks]
        self._project = settings.get("project")
        self._result = settings.get("convert-result")
        self._convert_result = self._result and self._made("convert-result", "", _converter, self._result)
        self._limit = settings.get("limit")

    def _made(self, step: str, name: str, make: Callable[[Any], Any], what: Any) -> Any:
        try:
            return make(what)
        except BaseException as error:  # noqa: BLE001 - an import may raise anything, exits too
            raise Stepped(f"{step} {name} of {self._path}".replace("  ", " "), error) from None

    def arguments(self, path: str, function: Callable[..., Any]) -> Arguments | None:
        """What `taken` needs to know of the function; None where it needs nothing."""
        return Arguments(path, function) if self._convert or self._checks else None

    def taken(self, arguments: Arguments | None, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Does with the arguments, in place, what is configured. Raises `Stepped`."""
        self._renamed(kwargs)
        if arguments is None:
            return
        self._converted(arguments, args, kwargs)
        self._validated(arguments, args, kwargs)

    def _renamed(self, kwargs: dict[str, Any]) -> None:
        for name, parameter in self._rename.items():
            if name not in kwargs:
                continue
            if parameter in kwargs:
                raise self._refused(f"rename {name}", f"{name} is {parameter} here, and both were given")
            kwargs[parameter] = kwargs.pop(name)

    def _converted(self, arguments: Arguments, args: list[Any], kwargs: dict[str, Any]) -> None:
        for name, target, convert in self._convert:
            holder, key = self._found("convert", arguments, name, args, kwargs)
            if holder is None or holder[key] is None:
                continue
            try:
                holder[key] = convert(holder[key])
            except Exception as error:  # noqa: BLE001 - as above
                message = f"{name} cannot be converted by {target}: {_words(error)}"
                raise self._refused(f"convert {name}", message, cause=error) from None

    def _validated(self, arguments: Arguments, args: list[Any], kwargs: dict[str, Any]) -> None:
        wrong: dict[str, list[str]] = {}
        for name, checks in self._checks:
            holder, key = self._found("validate", arguments, name, args, kwargs)
            if holder is not None:
                found = checks.violations(name, holder[key])
            else:
                found = [f"{name} is required"] if checks.is_required else []
            if found:
                wrong[name] = found
        if wrong:
            message = "; ".join(words for found in wrong.values() for words in found)
            raise self._refused(f"validate {', '.join(wrong)}", message)

    def given(self, value: Any, tell: Callable[[str], None]) -> Any:
        """What is sent for `value`; `tell` hears what its caller should know of that. Raises `Stepped`."""
        if self._project is not None:
            try:
                value = shaping.projected(value, self._project)
            except shaping.Absent as error:
                raise self._unfit(f"project {error.name}", str(error)) from None
        if self._convert_result is not None:
            try:
                value = self._convert_result(value)
            except Exception as error:  # noqa: BLE001 - as above
                kind = type(value).__name__
                message = f"the result, a {kind}, cannot be converted by {self._result}: {_words(error)}"
                raise self._unfit("convert-result", message, error) from None
        if self._limit is not None:
            value = shaping.limited(
                value, self._limit, lambda kept: tell(f"{self._path}: {kept} were sent (limit)")
            )
        return value

    def _found(
        self, step: str, arguments: Arguments, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        try:
            return arguments.place(name, args, kwargs) or (None, None)
        except PipelineError as error:
            raise Stepped(f"{step} {name}", error) from None

    def _refused(self, step: str, message: str, cause: Exception | None = None) -> Stepped:
        """For a fault of the caller's."""
        error = PipelineError(message, hint=f"what is allowed is said in {self._place}")
        error.__cause__ = cause
        return Stepped(step, error)

    def _unfit(self, step: str, message: str, cause: Exception | None = None) -> Stepped:
        """For what does not fit the result that the library gave."""
        error = PipelineError(message, "library", f"correct {self._place}")
        error.__cause__ = cause
        return Stepped(step, error)


def _converter(target: str) -> Callable[[Any], Any]:
    if target.startswith("."):
        method = target[1:]
        return lambda value: getattr(value, method)()
    found = named(target) if ":" in target else getattr(builtins, target)
    if not callable(found):
        raise TypeError(f"{target} is a {type(found).__name__}, which cannot be called")
    return found  # type: ignore[no-any-return]


def _words(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception's __str__ may raise anything
        return type(error).__name__
