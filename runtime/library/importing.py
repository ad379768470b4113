"""Importing a library's submodules: what fails is noted, what takes too long is left."""

from __future__ import annotations

import importlib
import pkgutil
import signal
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator

from .descriptors import ABSENT

IMPORT_SECONDS = 60.0
"""For all of them together."""
_NEVER = frozenset({"tests", "test", "testing_tests", "conftest", "setup"})


class _OutOfTime(BaseException):
    pass


class Importer:
    """Imports the public children of modules, and puts back the names that this takes from their parents."""

    def __init__(self) -> None:
        self._until = time.monotonic() + IMPORT_SECONDS
        self.errors: list[list[str]] = []

    def children(self, module: ModuleType) -> set[str]:
        """The names of the children that could be imported.

        A package may have something else under the name of a child (`from .dump import dump`). A worker, which
        imports nothing that it is not asked for, finds that there, so it must stay.
        """
        names = list(_children(module))
        before = {name: _attribute(module, name) for name in names}
        found = {name for name in names if self._import(f"{module.__name__}.{name}")}
        for name, value in before.items():
            if value is not ABSENT and _attribute(module, name) is not value:
                setattr(module, name, value)
        return found

    def _import(self, name: str) -> bool:
        left = self._until - time.monotonic()
        if left <= 0:
            self.errors.append([name, "not imported: out of time"])
            return False
        try:
            with alarm(left):
                importlib.import_module(name)
        except _OutOfTime:
            self.errors.append([name, f"not imported within {IMPORT_SECONDS:.0f} s"])
        except BaseException as error:  # noqa: BLE001 - optional dependencies, platforms, even sys.exit
            self.errors.append([name, _said(error)])
        else:
            return True
        return False


def _said(error: BaseException) -> str:
    try:
        words = f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - an exception whose __str__ raises
        words = type(error).__name__
    return words.encode("utf-8", "replace").decode()[:300]


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raises in the main thread each time that so long has passed; elsewhere, and in C code, nothing can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: Any) -> None:
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _attribute(module: ModuleType, name: str) -> Any:
    try:
        return getattr(module, name, ABSENT)
    except BaseException:  # noqa: BLE001 - a lazy module imports what it is asked for
        return ABSENT


def _children(module: ModuleType) -> Iterator[str]:
    """Public true children, those without an `__init__` too; test modules never."""
    paths = [str(path) for path in getattr(module, "__path__", ())]
    names = {found.name for found in pkgutil.iter_modules(paths)}
    for path in paths:
        names.update(_namespaces(Path(path)))
    for name in sorted(names):
        if name.isidentifier() and not name.startswith(("_", "test_")) and name not in _NEVER:
            yield name


def _namespaces(directory: Path) -> Iterator[str]:
    """Directories that hold modules or packages, but no `__init__`."""
    try:
        folders = [item for item in directory.iterdir() if item.is_dir() and item.name.isidentifier()]
        for folder in folders:
            if not (folder / "__init__.py").exists() and any(
                item.suffix in (".py", ".so") or (item / "__init__.py").exists() for item in folder.iterdir()
            ):
                yield folder.name
    except OSError:
        return
