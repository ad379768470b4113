"""Where a wish leads: the lock, and the envmgr.toml, that an upgrade would write. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from packaging.requirements import Requirement

from envmgr.config.versions import VersionEdit, set_versions
from envmgr.environments import locks, resolving
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout
from envmgr.environments.locks import Lock
from envmgr.environments.state import State
from envmgr.errors import EnvmgrError
from envmgr.model.outcomes import Pin
from envmgr.model.project import Environment, Project
from envmgr.model.upgrades import ConfigEdit
from envmgr.operations.wishes import Wish
from envmgr.tools.interpreters import Interpreter
from envmgr.tools.pypa import canonical

_NOTHING_FITS = ("E-CONFLICT", "E-LOCK")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a move begins: what is active, what is locked, and the pins that stay where they fit."""

    active: Generation | None
    lock: Lock | None
    pins: tuple[Pin, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """`project` and `environment` are as envmgr.toml would say it; `lock` stands nowhere yet, its bytes are
    `content`. `version` is that of the wished distribution (several for several platforms). `edit` is None
    when envmgr.toml stays as it is.
    """

    project: Project
    environment: Environment
    lock: Lock
    content: bytes
    version: str
    edit: VersionEdit | None

    @property
    def config(self) -> ConfigEdit | None:
        edit = self.edit
        if edit is None:
            return None
        return ConfigEdit(str(edit.path), edit.line, edit.old_line or None, edit.new_line)


def start(layout: Layout, state: State | None, environment: Environment) -> Start:
    """The pins to keep are those of the active generation, as long as the lock on disk is one that was
    activated: after a rollback, what was rolled back stays so. A lock that never was (one that was pulled,
    say) is what the project wants, and is kept.
    """
    lock = locks.read(layout, environment.name)
    active = None if state is None else state.active(environment.name)
    if state is None or active is None:
        return Start(None, lock, () if lock is None else lock.pins)
    known = {found.lock_digest for found in state.generations() if found.environment == environment.name}
    return Start(active, lock, active.pins if lock is None or lock.digest in known else lock.pins)


def resolve(project: Project, wish: Wish, interpreter: Interpreter, begin: Start) -> Move:
    """Only the wished distribution may move freely: every other pin stays where it fits.

    envmgr.toml changes when it allows no version that is wished for. Needs the network; blocks while uv
    resolves. Raises E-CONFLICT, E-LOCK, E-NETWORK; E-USAGE when envmgr.toml would have to change and cannot
    be edited.
    """
    try:
        if wish.is_allowed:
            try:
                return _resolved(project, wish, interpreter, begin, None)
            except EnvmgrError as problem:
                # No version between the two may exist; an exact one, or the newest, leaves no other choice.
                if problem.code not in _NOTHING_FITS or wish.is_exact or not wish.spelled:
                    raise
        changed, edit = edited(project, wish)
        return _resolved(changed, wish, interpreter, begin, edit)
    except EnvmgrError as problem:
        if problem.code not in _NOTHING_FITS or not wish.spelled:
            raise
        raise _of_wish(wish, problem) from None


def _resolved(
    project: Project, wish: Wish, interpreter: Interpreter, begin: Start, edit: VersionEdit | None
) -> Move:
    environment = project.environments[wish.environment.name]
    lock, content = resolving.resolve(
        Layout(project.root).lock(environment.name),
        environment,
        interpreter,
        pins=[pin for pin in begin.pins if canonical(pin.name) != wish.distribution],
        # What `lock --exclude-newer` said holds until `lock --upgrade`, here as there.
        exclude_newer=None if begin.lock is None else begin.lock.noted.get("exclude-newer"),
        asked=[f"{wish.distribution}{wish.spelled}"] if wish.spelled and edit is None else [],
    )
    versions = [pin.version for pin in lock.pins if canonical(pin.name) == wish.distribution]
    _check(wish, versions)
    return Move(project, environment, lock, content, ", ".join(versions), edit)


def edited(project: Project, wish: Wish) -> tuple[Project, VersionEdit]:
    """The project as it is when envmgr.toml asks for what is wished, and that edit. Raises E-USAGE when it
    cannot be made.
    """
    name, environment = wish.library.name, wish.environment
    edit = set_versions(project.root, name, wish.spelled)
    if edit.old_requirement != wish.library.requirement:
        raise EnvmgrError(
            "E-USAGE",
            f"{wish.text} is not what is configured, {wish.library.requirement}, and that does not come from"
            " envmgr.toml alone",
            hint="change it in the profile, variable or option that says it (see `envmgr config show --origin`)",
        )
    libraries = tuple(
        replace(found, requirement=edit.new_requirement) if found.name == name else found
        for found in environment.libraries
    )
    changed = {**project.environments, environment.name: replace(environment, libraries=libraries)}
    return replace(project, environments=changed), edit


def _check(wish: Wish, versions: Iterable[str]) -> None:
    """An override of the environment replaces whatever is asked."""
    wrong = [version for version in versions if not wish.holds(version)]
    if wrong:
        held = [word for word in wish.environment.overrides if _names(word, wish)]
        raise EnvmgrError(
            "E-CONFLICT",
            f"environment {wish.environment.name}: {wish.text} is asked, and {wish.distribution}"
            f" {', '.join(wrong)} is what fits: {', '.join(held) or 'something else'} overrides it",
            hint=f"change `overrides` of [environment.{wish.environment.name}] in envmgr.toml",
        )


def _of_wish(wish: Wish, problem: EnvmgrError) -> EnvmgrError:
    """It is the wish, and not envmgr.toml, that is to be corrected first."""
    theirs, newline, more = problem.hint.partition("\n")
    others = f", or {theirs}" if problem.code == "E-CONFLICT" else ""
    ours = f"`envmgr plan {wish.library.name}` shows the newest version that fits"
    return EnvmgrError(
        problem.code, problem.message, hint=f"{ours}{others}{newline}{more}", details=problem.details
    )


def _names(requirement: str, wish: Wish) -> bool:
    return canonical(Requirement(requirement).name) == wish.distribution
