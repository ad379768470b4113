"""`envmgr health`: whether what is active is sound, and a fresh build of what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from envmgr.environments import files, projectlock, recovery
from envmgr.environments.layout import Layout
from envmgr.environments.state import known_on_disk, read_state
from envmgr.errors import EnvmgrError
from envmgr.model.health import EnvironmentHealth, Repair
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.operations import together
from envmgr.operations.inspecting import as_configured, inspect
from envmgr.operations.selection import select


def health(
    project: Project,
    names: Sequence[str] = (),
    *,
    deep: bool = False,
    repair: bool = False,
    report: Report = silent,
) -> tuple[EnvironmentHealth, ...]:
    """The environments of these names, all without any, in configured order.

    Reads only, unless `repair`: what is found unsound is then built afresh from its lock, under a name of its
    own, so that workers of the old entry go on undisturbed; it is activated as a new generation, and
    inspected again; what a build cannot mend, a failing serializer, is left. A repair that fails leaves what is
    active, and is raised when the others are done.

    Raises E-UNKNOWN-LIBRARY, E-NOT-INSTALLED when nothing was ever activated, E-STATE when state.db is
    damaged or lost, E-DISK; with `repair` E-STALE-LOCK, E-BUSY and what a build raises.
    """
    chosen = select(project, names)
    layout = Layout(project.root)
    if not repair:
        with read_state(layout) as readable:
            if readable is None:
                raise _nothing()
            found = []
            for environment in chosen:
                report(environment.name, "inspect")
                found.append(inspect(project, environment, readable.active(environment.name), deep=deep))
            return tuple(found)

    if not layout.state.exists() and not known_on_disk(layout):
        raise _nothing()
    failures: dict[str, EnvmgrError] = {}
    outcomes: dict[str, EnvironmentHealth] = {}
    with files.disk_problems("repairing"), projectlock.hold(layout), recovery.opened(layout) as state:
        for environment in chosen:
            report(environment.name, "inspect")
            before = inspect(project, environment, state.active(environment.name), deep=deep)
            outcomes[environment.name] = before
            if as_configured(before):
                continue
            from envmgr.operations import repairing

            try:
                generation = repairing.rebuild(project, state, environment, report)
            except EnvmgrError as problem:
                failures[environment.name] = problem
                continue
            report(environment.name, "inspect")
            after = inspect(project, environment, generation, deep=deep)
            repaired = Repair(generation.number, generation.key, before.findings)
            outcomes[environment.name] = replace(after, repaired=repaired)
    together.raise_failures(failures, [name for name, found in outcomes.items() if found.healthy])
    return tuple(outcomes.values())


def _nothing() -> EnvmgrError:
    return EnvmgrError(
        "E-NOT-INSTALLED", "no environment of this project is active", hint="run `envmgr sync`"
    )
