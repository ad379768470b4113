"""Cells' environments in the store, built while the project's lock is held, and leased while they are used."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from envmgr.environments import activation, builder, files, laying, projectlock, recovery, store
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import known_on_disk
from envmgr.errors import EnvmgrError
from envmgr.matrix.attempts import Stopped
from envmgr.matrix.locking import Locked
from envmgr.matrix.preparing import NAME, key_of
from envmgr.model.outcomes import Report
from envmgr.model.project import Environment
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import Distribution

_WAIT_SECONDS = 600.0
_SLICE_SECONDS = 0.5


class Standing:
    """What a run builds. Any thread may call it; equal environments are built once."""

    def __init__(self, layout: Layout, stop: threading.Event) -> None:
        self._layout = layout
        self._stop = stop
        self._guard = threading.Lock()
        self._changing = 0
        self._held = contextlib.ExitStack()
        self._one_each: dict[str, threading.Lock] = {}
        self._lacking: dict[str, tuple[Distribution, ...]] = {}

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """The project's lock is held inside: by all threads that are, together. Waits long for another process, since
        a `sync` may take long. Raises E-BUSY."""
        with self._guard:
            if not self._changing:
                self._take()
            self._changing += 1
        try:
            yield
        finally:
            with self._guard:
                self._changing -= 1
                if not self._changing:
                    files.remove(self._layout.staging)
                    self._held.close()

    def _take(self) -> None:
        layout = self._layout
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self._held.enter_context(projectlock.hold(layout, wait=_SLICE_SECONDS))
                break
            except EnvmgrError:
                if self._stop.is_set():
                    raise Stopped from None
                if time.monotonic() > deadline:
                    raise
        try:
            if layout.state.exists() or known_on_disk(layout):
                with recovery.opened(layout):
                    pass
            else:
                activation.sweep(layout)
            layout.staging.mkdir(parents=True, exist_ok=True)
        except BaseException:
            self._held.close()
            raise

    @contextlib.contextmanager
    def entry(
        self, environment: Environment, locked: Locked, interpreter: Interpreter, report: Report
    ) -> Iterator[tuple[str, str]]:
        """The lock's environment in the store: its key and its entry, leased, so that no gc takes it away meanwhile.

        Raises what `builder.install` raises.
        """
        key = key_of(self._layout, environment, locked, interpreter)
        entry = entry_name(NAME, key)
        with contextlib.ExitStack() as stack:
            with self._alone(key), self.changing():
                if not store.is_whole(self._layout, entry):
                    with files.disk_problems(f"building {entry}"):
                        self._lacking[key] = builder.install(
                            self._layout,
                            environment,
                            key,
                            lock=locked.lock,
                            interpreter=interpreter,
                            offline=False,
                            report=report,
                        )
                stack.enter_context(self._leased(entry))
            yield key, entry

    def layer(self, interpreter: Interpreter) -> Path:
        """Raises E-OFFLINE, E-NETWORK, E-BUILD."""
        with self._alone(interpreter.abi), self.changing(), files.disk_problems("building the runtime layer"):
            return laying.ensure(self._layout, interpreter, offline=False)

    def borrow_bytecode(self, environment: Environment, key: str, interpreter: Interpreter) -> None:
        """What other cells have compiled since this entry was built gets into it: it was built ahead of them."""
        if key in self._lacking and environment.link_mode == "hardlink":
            with self._alone(key), self.changing():
                builder.borrow_bytecode(
                    self._layout,
                    environment,
                    key,
                    interpreter=interpreter,
                    distributions=self._lacking.pop(key, ()),
                )

    def add_bytecode(
        self,
        environment: Environment,
        key: str,
        interpreter: Interpreter,
        installed: Sequence[Distribution],
        made: Path,
    ) -> None:
        """What checks compiled gets into the entry, so that the next ones need not."""
        if made.exists() and not self._layout.proofs(entry_name(NAME, key)).exists():
            with self._alone(key), self.changing():
                builder.add_bytecode(
                    self._layout,
                    environment,
                    key,
                    interpreter=interpreter,
                    distributions=installed,
                    made=made,
                )

    def _alone(self, what: str) -> threading.Lock:
        """Held by who builds or changes it: cells with equal locks share an entry."""
        with self._guard:
            return self._one_each.setdefault(what, threading.Lock())

    @contextlib.contextmanager
    def _leased(self, entry: str) -> Iterator[None]:
        lease = self._layout.lease(entry)
        lease.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lease, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)
