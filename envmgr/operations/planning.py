"""`envmgr plan`: what an upgrade would do, before it does anything."""

from __future__ import annotations

from pathlib import Path

from envmgr.environments.layout import Layout
from envmgr.environments.state import read_state
from envmgr.errors import EnvmgrError
from envmgr.model.changes import Impact
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.model.upgrades import PlannedChange, PlanOutcome
from envmgr.operations import impact, moves, prospects, trial, wishes
from envmgr.operations.diff import pin_changes
from envmgr.operations.impact import Compared, Question
from envmgr.operations.moves import Move
from envmgr.operations.prospects import Known
from envmgr.operations.wishes import Wish
from envmgr.tools import interpreters
from envmgr.tools.interpreters import Interpreter


def plan(project: Project, text: str, *, osv: Path | None = None, report: Report = silent) -> PlanOutcome:
    """What `upgrade` would change for the same words, and what that means for the application. Writes nothing
    into the project, activates nothing.

    Needs the network: it resolves, asks the index for the METADATA of what is new, and builds the new environment
    beside the project to compare its API; where that fails, the outcome says so. `osv` is a snapshot of OSV's
    advisories. Raises E-UNKNOWN-LIBRARY, E-USAGE, E-ADOPT, E-INTERPRETER, E-CONFLICT, E-LOCK, E-NETWORK, E-OSV.
    """
    wish = wishes.read(project, text)
    layout = Layout(project.root)
    interpreter = interpreters.find(wish.environment.python, root=project.root)
    with read_state(layout) as state:
        begin = moves.start(layout, state, wish.environment)
    report(wish.environment.name, "resolve")
    move = moves.resolve(project, wish, interpreter, begin)
    before = begin.pins if begin.active is None else begin.active.pins
    changed = pin_changes(before, move.lock.pins)
    report(wish.environment.name, "look up")
    known = prospects.look_up(
        layout, wish.environment, move.environment, interpreter, begin.active, move.lock, changed
    )
    gone = {change.name for change in changed}
    question = Question(
        layout,
        wish.distribution,
        move.version,
        interpreter.version,
        begin.active,
        move.lock.pins,
        changed,
        osv,
        wish.library.name,
    )
    return PlanOutcome(
        wish.environment.name,
        wish.library.name,
        wish.distribution,
        move.version,
        wish.spelled,
        str(wish.library.requirement),
        None if begin.active is None else begin.active.number,
        interpreter.version,
        tuple(_planned(change, known) for change in changed),
        tuple(pin for pin in move.lock.pins if pin.name not in gone),
        move.config,
        move.lock.noted.get("exclude-newer"),
        _impact(layout, wish, move, interpreter, question, report),
    )


def _impact(
    layout: Layout, wish: Wish, move: Move, interpreter: Interpreter, question: Question, report: Report
) -> Impact | None:
    """None where nothing changes."""
    if not question.changed:
        return None
    known = impact.look(question)
    names = sorted({*known.used, *(name for name in known.before if name == wish.library.name)})
    if not names:
        return impact.judge(question, known, Compared(unknown=tuple(_incomparable(wish, question))))
    try:
        with trial.built(layout, move, interpreter, report) as after:
            report(wish.environment.name, "compare")
            return impact.judge(question, known, impact.compare(known, after, names))
    except EnvmgrError as problem:
        why = f"what changes in {', '.join(names)}: the new environment cannot be built: {problem.message}"
        return impact.judge(question, known, Compared(unknown=(why,)))


def _incomparable(wish: Wish, question: Question) -> list[str]:
    name, environment = wish.library.name, wish.environment.name
    if question.active is None:
        return [f"what changes in {name}: nothing is active to compare with; run `envmgr sync {environment}`"]
    if not any(change.name == wish.distribution for change in question.changed):
        return []
    return [f"what changes in {name}: the active generation does not have it, or its store entry is gone"]


def _planned(change: PinChange, known: Known) -> PlannedChange:
    name, goes = change.name, change.change == "removed"
    metadata = None if goes else known.metadata.get(name)
    asked = known.asked_before if goes else known.asked_after
    return PlannedChange(
        name,
        change.change,
        change.before,
        change.after,
        None if goes else known.files.get(name),
        known.sizes.get(name),
        None if metadata is None else metadata.requires_python,
        asked.get(name, ()),
        name in (known.sizes if goes else known.files),
    )
