"""Records of `logging`, and warnings: messages of the call that they were made in.

`logging` costs milliseconds that a worker without it need not pay: what is done to it is done when it is imported.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import Any, Callable

from ..wire.messages import RECORD, WARNING
from ..wire.texts import sendable
from .context import current

_WARNING_LEVEL = 30
_MOST = 64 * 1024
"""Characters of one text."""

Emit = Callable[[int, str, str, int], None]
"""`emit(stream, text, name, level)`."""


class Records:
    """From `install` on, `emit` hears of every record that reaches the root logger, and of every warning that
    Python's filters let through. Handlers, levels and `showwarning` that a library sets go on to be its own.
    """

    def __init__(self, emit: Emit) -> None:
        self._emit = emit

    def install(self) -> None:
        import warnings

        warnings.showwarning = self._showing(warnings.showwarning)
        if "logging" in sys.modules:
            self.handle(sys.modules["logging"])
        else:
            sys.meta_path.insert(0, _Watch(self.handle))

    def leave(self) -> None:
        """In a fork of this process: what was for the pool goes to stderr."""
        self._emit = _to_stderr

    def tell(self, stream: int, text: str, name: str, level: int) -> None:
        if len(text) > _MOST:
            text = f"{text[:_MOST]}… ({len(text)} characters)"
        level = level if type(level) is int and 0 <= level < 1 << 32 else 0  # a level of a library's own
        self._emit(stream, text, sendable(name), level)

    def handle(self, logging: Any) -> None:
        """Puts our handler on the root logger of this module."""
        ours, configure = _handler(logging, self.tell), logging.basicConfig

        def basicConfig(**options: Any) -> None:  # noqa: N802 - its name in logging
            """As ever: it does nothing only when somebody else has put a handler on the root logger."""
            logging.root.removeHandler(ours)
            try:
                configure(**options)
            finally:
                logging.root.addHandler(ours)

        basicConfig.__doc__ = configure.__doc__
        logging.basicConfig = basicConfig
        logging.Logger.makeRecord = _correlated(logging.Logger.makeRecord)
        logging.root.addHandler(ours)

    def _showing(self, before: Any) -> Any:
        def showwarning(
            message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
        ) -> None:
            if file is not None:
                before(message, category, filename, lineno, file, line)
            else:
                self.tell(WARNING, f"{filename}:{lineno}: {message}", category.__name__, _WARNING_LEVEL)

        return showwarning


class _Watch:
    """The first finder that an import asks. It knows one module, and goes when that is imported."""

    def __init__(self, handle: Callable[[Any], None]) -> None:
        self._handle = handle

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "logging":
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                run(module)
                self._handle(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _handler(logging: Any, tell: Emit) -> Any:
    class Handler(logging.Handler):  # type: ignore[misc]
        def createLock(self) -> None:  # noqa: N802 - its name in logging
            """None: whoever is told has a lock, and two could be taken in either order."""
            self.lock = None

        def handle(self, record: Any) -> Any:
            found = self.filter(record)
            if found:
                self.emit(record if found is True else found)
            return found

        def emit(self, record: Any) -> None:
            try:
                tell(RECORD, self.format(record), record.name, record.levelno)
            except Exception:  # noqa: BLE001 - as every handler does: a record of wrong arguments spoils no call
                self.handleError(record)

    return Handler()


def _to_stderr(stream: int, text: str, name: str, level: int) -> None:
    if sys.stderr is not None:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _correlated(make: Any) -> Any:
    """For `%(correlation)s` in a format: of the call that runs. A record's own attribute of this name stays."""

    def makeRecord(*args: Any, **kwargs: Any) -> Any:  # noqa: N802 - its name in logging
        record = make(*args, **kwargs)
        record.__dict__.setdefault("correlation", current()["correlation"])
        return record

    return makeRecord
