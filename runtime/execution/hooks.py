"""Functions that the configuration has called around the calls of a library, and at its beginning and end."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from ..values.named import named
from .context import current
from .stepped import Stepped

Hook = Callable[..., Any]

_COROUTINE = 0x80 | 0x200
"""Of a code object's flags: it makes a coroutine, or an async generator."""


class Call:
    """What the hook `before` is given. It may change `args`, a list, and `kwargs`, a dict, or replace them."""

    __slots__ = ("args", "context", "kwargs", "path")

    def __init__(self, path: str, args: list[Any], kwargs: dict[str, Any], context: dict[str, Any]) -> None:
        self.path = path
        self.args = args
        self.kwargs = kwargs
        self.context = context

    def __repr__(self) -> str:
        return f"<call of {self.path}>"


class Hooks:
    """Those of one library, by their names in envmgr.toml."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """Raises `Stepped` for one that cannot be had."""
        self._found = {kind: _found(kind, name) for kind, name in settings.items()}

    @property
    def are_around(self) -> bool:
        return "before" in self._found or "after" in self._found

    @property
    def unloads(self) -> bool:
        return "on-unload" in self._found

    def load(self, module: Any) -> None:
        """Raises `Stepped`."""
        self._run("on-load", module)

    def unload(self, module: Any) -> None:
        """Raises `Stepped`."""
        self._run("on-unload", module)

    def before(self, path: str, args: Any, kwargs: dict[str, Any]) -> Call:
        """The call as the hook leaves it. Raises `Stepped`."""
        call = Call(path, list(args), kwargs, current())
        if "before" in self._found:
            self._run("before", call)
            if not isinstance(call.args, (list, tuple)) or not isinstance(call.kwargs, dict):
                wrong = TypeError("it must leave a list in `args` and a dict in `kwargs`")
                raise Stepped("hook before", wrong)
        return call

    def after(self, call: Call, value: Any) -> Any:
        """What is sent instead of `value`. Raises `Stepped`."""
        return self._run("after", call, value) if "after" in self._found else value

    def _run(self, kind: str, *arguments: Any) -> Any:
        hook = self._found.get(kind)
        if hook is None:
            return None
        try:
            return hook(*arguments)
        except Exception as error:  # noqa: BLE001 - the project's own code may raise anything
            raise Stepped(f"hook {kind}", error) from None


def _found(kind: str, name: str) -> Hook:
    try:
        hook = named(name)
        if not callable(hook):
            raise TypeError(f"{name} is a {type(hook).__name__}, which cannot be called")
        if getattr(getattr(hook, "__code__", None), "co_flags", 0) & _COROUTINE:
            raise TypeError(f"{name} is a coroutine function: a hook is a plain one")
    except BaseException as error:  # noqa: BLE001 - an import may raise anything, exits too
        raise Stepped(f"hook {kind}", error) from None
    return hook  # type: ignore[no-any-return]
