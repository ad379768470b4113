"""`envmgr upgrade`: one library moves, proved before it serves; whatever fails leaves what was."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from envmgr.environments import activation, files, freeing, laying, projectlock, recovery, store, undo
from envmgr.environments.database import problems
from envmgr.environments.generation import Generation
from envmgr.environments.layout import Layout, entry_name
from envmgr.environments.state import State
from envmgr.errors import EnvmgrError
from envmgr.model.changes import Impact
from envmgr.model.differences import PinChange
from envmgr.model.health import HealthFinding
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.model.upgrades import UpgradeOutcome
from envmgr.operations import evidence, ground, impact, inspecting, moves, renewing, standing, wishes
from envmgr.operations.diff import pin_changes
from envmgr.operations.impact import Compared, Known, Question
from envmgr.operations.moves import Move
from envmgr.operations.renewing import Ready
from envmgr.operations.run import Run
from envmgr.operations.wishes import Wish

_NOT_BEGUN = ("E-IMPACT", "E-OSV")
"""What an upgrade ends with before there is anything to undo."""


def upgrade(
    project: Project,
    text: str,
    *,
    osv: Path | None = None,
    accept_impact: bool = False,
    report: Report = silent,
) -> UpgradeOutcome:
    """Resolve, build beside, see what it means for the application, inspect in depth, then activate; lock and
    envmgr.toml change with the activation.

    Raises E-IMPACT, with nothing changed but a line of the history, when the application would be harmed: a function
    breaks that it calls, a matrix is red for this version and interpreter, or (with `osv`, a snapshot of OSV's
    advisories) a vulnerability comes in; unless `accept_impact`. What cannot be found out is no reason. APIs are
    compared only when something is known to be called of what moves.

    Raises E-UNDONE for whatever fails on the way, a conflict and Ctrl-C included, with what happened in the
    details: what was active is active, lock and envmgr.toml are as they were, byte for byte, and the history
    tells of it. Before anything is begun: E-UNKNOWN-LIBRARY, E-USAGE, E-ADOPT, E-NOT-INSTALLED, E-BUSY, E-OSV.
    """
    begun = time.perf_counter()
    wish = wishes.read(project, text)
    if not wish.is_allowed:
        moves.edited(project, wish)  # so that what cannot be is said before anything is begun
    layout = Layout(project.root)
    attempt: _Attempt | None = None
    try:
        with (
            files.disk_problems("upgrading"),
            projectlock.hold(layout),
            recovery.opened(layout) as state,
        ):
            active = state.active(wish.environment.name)
            if active is None:
                raise _not_installed(wish)
            attempt = _Attempt(project, wish, layout, state, active, osv, accept_impact, report)
            return attempt.run(begun)
    except (EnvmgrError, KeyboardInterrupt) as problem:
        if attempt is None or attempt.settled or getattr(problem, "code", None) in _NOT_BEGUN:
            raise
        raise attempt.undone(problem) from problem


class _Attempt:
    """One upgrade, from its line in the journal to what became of it. The caller holds the project's lock."""

    def __init__(
        self,
        project: Project,
        wish: Wish,
        layout: Layout,
        state: State,
        active: Generation,
        osv: Path | None,
        accept_impact: bool,
        report: Report,
    ) -> None:
        self._project, self._wish, self._layout, self._state = project, wish, layout, state
        self._active, self._osv, self._accepts, self._report = active, osv, accept_impact, report
        self._name = wish.environment.name
        self._packages: tuple[PinChange, ...] = ()
        self._impact: Impact | None = None
        self._left = ""
        self.settled = False

    def run(self, begun: float) -> UpgradeOutcome:
        journal = activation.attempt(self._state, self._active, action="upgrade", reason=self._wish.text)
        try:
            self._layout.staging.mkdir(parents=True, exist_ok=True)
            move, generation = self._moved(journal, begun)
        except BaseException as problem:
            if not self.settled:
                self._abandon(journal, problem)
                if isinstance(problem, EnvmgrError) and problem.code == "E-IMPACT":
                    self._state.settle(journal, "refused")
            raise
        finally:
            with contextlib.suppress(OSError):  # the next command sweeps
                activation.sweep(self._layout)
        return UpgradeOutcome(
            self._name,
            self._wish.library.name,
            self._wish.distribution,
            move.version,
            self._wish.spelled,
            str(self._wish.library.requirement),
            "unchanged" if generation is self._active else "upgraded",
            self._active.number,
            generation.number,
            generation.key,
            self._packages,
            move.config,
            time.perf_counter() - begun,
            self._impact,
        )

    def _moved(self, journal: int, begun: float) -> tuple[Move, Generation]:
        here = ground.survey(self._project, self._wish.environment, download=True)
        start = moves.start(self._layout, self._state, self._wish.environment)
        locked = _text(self._layout.lock(self._name))
        self._report(self._name, "resolve")
        move = moves.resolve(self._project, self._wish, here.interpreter, start)
        self._packages = pin_changes(self._active.pins, move.lock.pins)
        if not self._packages and move.edit is None:
            self._state.settle(journal, "unchanged")
            self.settled = True
            return move, self._active

        question = Question(
            self._layout,
            self._wish.distribution,
            move.version,
            here.interpreter.version,
            self._active,
            move.lock.pins,
            self._packages,
            self._osv,
            self._wish.library.name,
        )
        known = impact.look(question)
        if not known.used:
            self._decide(impact.judge(question, known, Compared()))
        run = Run(move.project, self._layout, self._state, False, False, self._report, "upgrade")
        laying.ensure(self._layout, here.interpreter, offline=False)
        staged = self._layout.staging / self._layout.lock(self._name).name
        files.write(staged, move.content)
        there = ground.relocked(move.project, move.environment, here, move.lock.digest)
        ready = renewing.prepare(run, move.environment, there, replace(move.lock, path=staged), begun)
        if known.used:
            try:
                self._decide(self._compared(question, known, ready))
            except EnvmgrError:
                self._let_go(run, move, ready)
                raise
        generation = renewing.next_generation(run, move.environment, ready)
        self._inspect(move, ready, generation)
        self._report(self._name, "activate")
        self._activate(journal, move, generation, locked)
        self.settled = True
        activation.keep(self._layout)
        renewing.share(run, move.environment, ready)
        return move, generation

    def _compared(self, question: Question, known: Known, ready: Ready) -> Impact:
        self._report(self._name, "compare")
        after = standing.of_entry(
            self._layout, entry_name(self._name, ready.key), ready.libraries, question.python
        )
        return impact.judge(question, known, impact.compare(known, after, known.used))

    def _decide(self, found: Impact) -> None:
        self._impact = found
        if found.red and not self._accepts:
            raise impact.refusal(found, self._wish.text)

    def _let_go(self, run: Run, move: Move, ready: Ready) -> None:
        """What was built for nothing leaves the project, and is linked again should it be wanted after all."""
        if ready.built:
            renewing.share(run, move.environment, ready)
            freeing.free_entry(self._layout, entry_name(self._name, ready.key))

    def _inspect(self, move: Move, ready: Ready, generation: Generation) -> None:
        """What does not load or fit in the active generation either is not held against the new one."""
        self._report(self._name, "inspect")
        found = _errors(inspecting.inspect_entry(move.project, move.environment, generation))
        if found:
            before = inspecting.inspect_entry(self._project, self._wish.environment, self._active)
            known = {_sense(each, self._active) for each in before}
            found = [
                each
                for each in found
                if each.problem in evidence.OF_BYTES or _sense(each, generation) not in known
            ]
        if not found:
            return
        entry = entry_name(self._name, ready.key)
        if ready.built:
            freeing.free_entry(self._layout, entry)
        elif ready.key != self._active.key:
            store.mark_sick(self._layout, entry)  # so that the next attempt builds it afresh
        raise evidence.unsound(self._name, found)

    def _activate(self, journal: int, move: Move, generation: Generation, locked: str | None) -> None:
        changes = [undo.Change(self._layout.lock(self._name), locked, move.content.decode())]
        if move.edit is not None:
            changes.append(undo.Change(move.edit.path, move.edit.before, move.edit.after))
        for change in changes:
            if _text(change.path) != change.before:
                raise EnvmgrError(
                    "E-BUSY",
                    f"{change.path} was changed by somebody else meanwhile",
                    hint="run the command again",
                )
        activation.fulfil(
            self._layout, self._state, journal, generation, changes=changes, detail=self._changes()
        )
        if not activation.agrees(self._layout, generation):
            raise EnvmgrError(
                "E-DISK",
                f"what is on disk in {self._layout.launch(self._name).parent} is not generation"
                f" {generation.number}, which was just written there",
                hint="see who else writes there",
            )

    def _abandon(self, journal: int, problem: BaseException) -> None:
        try:
            with problems(self._layout):
                activation.abandon(self._layout, self._state, journal, self._active, evidence.gist(problem))
        except (OSError, EnvmgrError) as trouble:
            self._left = f" not all could be taken back ({trouble}): the next command does that"

    def undone(self, problem: EnvmgrError | KeyboardInterrupt) -> EnvmgrError:
        return evidence.undone(
            self._wish,
            self._active,
            problem,
            packages=self._packages,
            staging=self._layout.staging,
            left=self._left,
        )

    def _changes(self) -> str:
        """For the journal: the library's own distribution first."""
        own = [each for each in self._packages if each.name == self._wish.distribution]
        others = len(self._packages) - len(own)
        words = [f"{each.name} {each.before} -> {each.after}" for each in own]
        words += [f"{others} more" if own else f"{others} packages"] if others else []
        words += ["impact accepted"] if self._impact is not None and self._impact.red else []
        return ", ".join(words) or "envmgr.toml alone"


def _not_installed(wish: Wish) -> EnvmgrError:
    return EnvmgrError(
        "E-NOT-INSTALLED",
        f"environment {wish.environment.name}, where library {wish.library.name} lives, has no active generation"
        " to upgrade",
        hint=f"run `envmgr sync {wish.environment.name}` first",
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None


def _errors(findings: Iterable[HealthFinding]) -> list[HealthFinding]:
    return [found for found in findings if found.severity == "error"]


def _sense(found: HealthFinding, generation: Generation) -> Sequence[str | None]:
    """What it says, wherever the entry stands."""
    entry = entry_name(generation.environment, generation.key)
    return (found.distribution, found.problem, found.file, found.detail.replace(entry, ""))
