"""The environment that an upgrade would activate, built where nothing of the project is touched."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from envmgr.environments import builder, files, keys, layers, laying, modules, store
from envmgr.environments.layout import Layout, entry_name, site_packages
from envmgr.model.outcomes import Report
from envmgr.operations import releases, standing
from envmgr.operations.moves import Move
from envmgr.operations.proving import Proving
from envmgr.operations.releases import Release
from envmgr.tools import pypa
from envmgr.tools.interpreters import Interpreter


@contextlib.contextmanager
def built(
    layout: Layout, move: Move, interpreter: Interpreter, report: Report
) -> Iterator[dict[str, Release]]:
    """Its libraries by name, as long as the context lasts. Raises what a build raises.

    What is in the project's store is taken from there. What is built is kept for the projects of this user:
    the upgrade that may follow links it. Cost: that build.
    """
    environment = move.environment
    key = keys.of(move.lock, interpreter, environment.link_mode)
    entry = entry_name(environment.name, key)
    if store.is_whole(layout, entry):
        libraries = modules.resolve(environment, pypa.installed(site_packages(layout.entry(entry))))
        yield standing.of_entry(layout, entry, libraries, interpreter.version)
        return
    with files.disk_problems("building beside the project"), releases.scratch(report) as run:
        there = run.layout
        lock = replace(move.lock, path=there.staging / layout.lock(environment.name).name)
        files.write(lock.path, move.content)
        layer = layers.place(layout, interpreter)
        if not layer.is_dir():
            layer = laying.ensure(there, interpreter, offline=False)
        proving = Proving(layout.root, layer)
        libraries, _ = builder.build(
            there,
            environment,
            key,
            lock=lock,
            interpreter=interpreter,
            offline=False,
            proving=proving,
            report=report,
        )
        builder.share(there, environment, key, interpreter=interpreter, proving=proving, libraries=libraries)
        yield standing.of_entry(there, entry, libraries, interpreter.version)
