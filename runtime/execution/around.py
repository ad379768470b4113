"""What the configuration puts around the functions of the libraries: hooks and pipelines.

A function that has none is called as it is; one that has some is wrapped once, when its path is first called.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Callable, Container, Mapping, Sequence

from ..library.loading import Libraries, LoadError
from ..values.awaitables import is_awaited
from .stepped import Stepped

if TYPE_CHECKING:  # what most workers do without is imported when it is needed
    from .hooks import Hooks
    from .pipelines import Pipeline

ALL = "*"
"""In the place of a path: every function of the library that has no pipeline of its own."""


class Around:
    """Of one worker."""

    def __init__(self) -> None:
        self._hooks: dict[str, Hooks] = {}
        self._pipelines: dict[str, dict[str, Pipeline]] = {}

    def configure(self, settings: Mapping[str, Sequence[Any]], libraries: Libraries) -> None:
        """`settings` as in a hello, of libraries that are loaded. Everything that they name is looked up, and the
        hooks `on-load` run. Raises `LoadError`.
        """
        for name, (_, _, *rest) in settings.items():
            own: Mapping[str, Any] = rest[1] if len(rest) > 1 else {}
            hooks, pipelines = own.get("hooks"), own.get("pipelines")
            try:
                if hooks:
                    from .hooks import Hooks

                    self._hooks[name] = Hooks(hooks)
                if pipelines:
                    from .pipelines import Pipeline

                    made = {path: Pipeline(name, path, said) for path, said in pipelines.items()}
                    self._pipelines[name] = made
                    for path in pipelines:
                        _exists(libraries, name, path)
                if hooks:
                    self._hooks[name].load(libraries.resolve(name))
            except Stepped as error:
                raise LoadError(name, error.step, error.step) from error.error

    def keep(self, names: Container[str]) -> None:
        """Forgets what is said of other libraries."""
        for said in (self._hooks, self._pipelines):
            for name in [name for name in said if name not in names]:
                del said[name]

    def put(self, path: str, function: Callable[..., Any], tell: Callable[[str], None]) -> Callable[..., Any]:
        """The function with what belongs around it. `tell` is for what callers should know of an answer."""
        library, _, rest = path.partition(".")
        hooks, pipelines = self._hooks.get(library), self._pipelines.get(library, {})
        pipeline = pipelines.get(rest) or pipelines.get(ALL)
        if hooks is not None and not hooks.are_around:
            hooks = None
        return (
            function
            if hooks is None and pipeline is None
            else _wrapped(path, function, hooks, pipeline, tell)
        )

    @property
    def unloads(self) -> bool:
        """Whether anything is to be done at the end."""
        return any(hooks.unloads for hooks in self._hooks.values())

    def unload(self, libraries: Libraries) -> list[Stepped]:
        """Runs the hooks `on-unload`; what they raised."""
        failed = []
        for name, hooks in self._hooks.items():
            try:
                hooks.unload(libraries.resolve(name))
            except Stepped as error:
                failed.append(error)
        return failed


def _exists(libraries: Libraries, name: str, path: str) -> None:
    if path != ALL:
        try:
            libraries.resolve(f"{name}.{path}")
        except Exception as error:  # noqa: BLE001 - a module's import may raise anything
            raise Stepped(f"the pipeline of {name}.{path}", error) from None


def _wrapped(
    path: str,
    function: Callable[..., Any],
    hooks: Hooks | None,
    pipeline: Pipeline | None,
    tell: Callable[[str], None],
) -> Callable[..., Any]:
    arguments = pipeline.arguments(path, function) if pipeline is not None else None

    @wraps(function, updated=())
    def around(*args: Any, **kwargs: Any) -> Any:
        call = None
        if hooks is not None:
            call = hooks.before(path, args, kwargs)
            args, kwargs = tuple(call.args), call.kwargs
        if pipeline is not None:
            given = list(args)
            pipeline.taken(arguments, given, kwargs)
            args = tuple(given)
        value = function(*args, **kwargs)
        return later(call, value) if is_awaited(type(value)) else sent(call, value, tell)

    def sent(call: Any, value: Any, tell: Callable[[str], None]) -> Any:
        if pipeline is not None:
            value = pipeline.given(value, tell)
        return value if hooks is None else hooks.after(call, value)

    async def later(call: Any, value: Any) -> Any:
        return sent(call, await value, _to_nobody)  # what others are told meanwhile is not to get mixed up

    return around


def _to_nobody(text: str) -> None:
    return None
