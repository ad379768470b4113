"""The part of a sync that has something to do: locks, layers, builds, proofs, activations."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from envmgr.environments import (
    activation,
    builder,
    files,
    keys,
    launch,
    laying,
    locks,
    modules,
    stages,
    store,
)
from envmgr.environments.generation import Generation
from envmgr.environments.layout import entry_name, python_of, site_packages
from envmgr.environments.locks import Lock
from envmgr.environments.modules import Resolved
from envmgr.environments.store import Proof
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import SyncOutcome
from envmgr.model.project import Environment
from envmgr.operations import ground, together
from envmgr.operations.ground import Ground
from envmgr.operations.proving import Proving
from envmgr.operations.run import Run
from envmgr.tools import pypa

# Resolving waits for the network most of the time.
_LOCKS_AT_ONCE = 8
_BUILDS_AT_ONCE = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Ready:
    """An environment whose entry is in the store, proved as it is configured now."""

    begun: float
    ground: Ground
    lock: Lock
    key: str
    built: bool
    libraries: tuple[Resolved, ...]
    proof: Proof


def renew(
    run: Run, environments: Sequence[Environment], failures: dict[str, EnvmgrError]
) -> dict[str, SyncOutcome]:
    """Bring these environments to what is configured; outcomes by name. Locks in parallel, then builds, each
    activated at once, but for one that a library leaves for another: it waits, so that the library is always
    somewhere.
    """
    outcomes: dict[str, SyncOutcome] = {}
    begun = time.perf_counter()
    locked = together.each(environments, lambda found: _locked(run, found), failures, limit=_LOCKS_AT_ONCE)
    grounds: dict[str, tuple[Ground, Lock]] = {}
    for name, (here, lock) in locked.items():
        try:
            with files.disk_problems("building the runtime layer"):
                laying.ensure(run.layout, here.interpreter, offline=run.offline)
            grounds[name] = (here, lock)
        except EnvmgrError as problem:
            failures[name] = problem

    def work(environment: Environment) -> Ready:
        here, lock = grounds[environment.name]
        with files.disk_problems(f"building environment {environment.name}"):
            return prepare(run, environment, here, lock, begun)

    possible = [environment for environment in environments if environment.name in grounds]
    waiting: list[tuple[Environment, Ready]] = []

    def finish(environment: Environment, ready: Ready) -> None:
        outcomes[environment.name] = activated(run, environment, ready)
        share(run, environment, ready)

    def done(environment: Environment, ready: Ready) -> None:
        if _is_left_for(run, environment, possible):
            waiting.append((environment, ready))
        else:
            finish(environment, ready)

    together.each(possible, work, failures, limit=_BUILDS_AT_ONCE, done=done)
    for environment, ready in waiting:
        try:
            finish(environment, ready)
        except EnvmgrError as problem:
            failures[environment.name] = problem
    return outcomes


def _is_left_for(run: Run, environment: Environment, others: Sequence[Environment]) -> bool:
    """Whether a library that the active generation has moves into another of these environments."""
    active = run.state.active(environment.name)
    if active is None:
        return False
    leaving = launch.decode(active.launch)["libraries"].keys() - {
        library.name for library in environment.libraries
    }
    return any(library.name in leaving for other in others for library in other.libraries)


def _locked(run: Run, environment: Environment) -> tuple[Ground, Lock]:
    here = ground.survey(run.project, environment, download=not run.offline)
    if environment.adopt is not None:
        from envmgr.operations import adopting

        return here, adopting.lock(environment, here)
    lock = locks.read(run.layout, environment.name)
    why = locks.staleness(lock, locks.inputs(environment, here.interpreter))
    if lock is None or why:
        if run.frozen:
            raise EnvmgrError(
                "E-STALE-LOCK",
                f"environment {environment.name}: its lock does not fit envmgr.toml: {why}",
                hint=f"run `envmgr lock {environment.name}` and commit the lock",
            )
        if run.offline:
            raise EnvmgrError(
                "E-OFFLINE",
                f"environment {environment.name}: it must be locked first ({why}), which needs the network",
                hint=f"run `envmgr lock {environment.name}` with a network; --offline builds from the cache",
            )
        from envmgr.operations.locking import lock_one

        lock, _ = lock_one(
            run.layout, environment, upgrade=False, exclude_newer=None, again=False, report=run.report
        )
    return ground.relocked(run.project, environment, here, lock.digest), lock


def prepare(run: Run, environment: Environment, here: Ground, lock: Lock, begun: float) -> Ready:
    """Have the lock's environment in the store, verified and proved. The runtime layer of `here` must be there.

    Raises what a build raises.
    """
    if environment.adopt is not None:
        key = lock.digest
    else:
        key = keys.of(lock, here.interpreter, environment.link_mode)
        key = store.usable(run.layout, environment.name, key)
    entry = entry_name(environment.name, key)
    proving = Proving(run.project.root, here.layer)
    if store.is_whole(run.layout, entry):
        home = run.layout.entry(entry)
        libraries = modules.resolve(environment, pypa.installed(site_packages(home)))
        proof = store.proved(run.layout, entry, proving.name(libraries))
        if proof is None:
            run.report(environment.name, "prove")
            staged = run.layout.staging / f"{entry}-proof-{os.getpid()}"
            staged.mkdir(parents=True, exist_ok=True)
            try:
                fork = proving.imports(python_of(home), libraries, bytecode=False)
                proof = Proof(proving.name(libraries), fork)
                proving.functions(python_of(home), libraries, staged, bytecode=False)
                stages.reached("proof-made")
                store.add_proof(run.layout, entry, catalog=staged, proof=proof)
            finally:
                files.remove(staged)
        return Ready(begun, here, lock, key, False, libraries, proof)
    if environment.adopt is not None:
        from envmgr.operations import adopting

        return Ready(begun, here, lock, key, True, *adopting.adopt(run, environment, here, proving))
    libraries, proof = builder.build(
        run.layout,
        environment,
        key,
        lock=lock,
        interpreter=here.interpreter,
        offline=run.offline,
        proving=proving,
        report=run.report,
    )
    return Ready(begun, here, lock, key, True, libraries, proof)


def activated(run: Run, environment: Environment, ready: Ready) -> SyncOutcome:
    """Make it the active generation, unless it is that already."""
    active = run.state.active(environment.name)
    made = "built" if environment.adopt is None else "adopted"

    def outcome(action: str, number: int) -> SyncOutcome:
        return SyncOutcome(environment.name, action, number, ready.key, time.perf_counter() - ready.begun)

    if (
        active is not None
        and active.key == ready.key
        and active.launch == _manifest(run, environment, ready, active.number)
    ):
        run.state.refingerprint(environment.name, active.number, ready.ground.fingerprint, ready.lock.digest)
        stages.reached("generation-refingerprinted")
        if activation.agrees(run.layout, active):
            return outcome(made if ready.built else "unchanged", active.number)
        action = made if ready.built else "activated"
        activation.activate(run.layout, run.state, active, action=action, reason="the disk did not agree")
        return outcome(action, active.number)

    run.report(environment.name, "activate")
    action = made if ready.built else "activated"
    generation = next_generation(run, environment, ready)
    activation.introduce(run.layout, run.state, generation, action=action, reason=run.reason)
    return outcome(action, generation.number)


def next_generation(run: Run, environment: Environment, ready: Ready) -> Generation:
    """The one that would activate it; not yet in state.db."""
    number = run.state.next_number(environment.name)
    return Generation(
        environment.name,
        number,
        ready.key,
        ready.ground.fingerprint,
        ready.lock.digest,
        ready.lock.pins,
        _manifest(run, environment, ready, number),
    )


def share(run: Run, environment: Environment, ready: Ready) -> None:
    """Keep what was built for other projects of this user."""
    if ready.built and environment.adopt is None:
        proving = Proving(run.project.root, ready.ground.layer)
        builder.share(
            run.layout,
            environment,
            ready.key,
            interpreter=ready.ground.interpreter,
            proving=proving,
            libraries=ready.libraries,
        )


def _manifest(run: Run, environment: Environment, ready: Ready, number: int) -> bytes:
    return launch.manifest(
        run.project,
        environment,
        generation=number,
        key=ready.key,
        interpreter=ready.ground.interpreter,
        layer=ready.ground.layer,
        libraries=ready.libraries,
        fork=ready.proof.fork,
    )
