"""`envmgr plan`: what an upgrade would do, before it does anything."""

from __future__ import annotations

from envmgr.environments.layout import Layout
from envmgr.environments.state import read_state
from envmgr.model.differences import PinChange
from envmgr.model.outcomes import Report, silent
from envmgr.model.project import Project
from envmgr.model.upgrades import PlannedChange, PlanOutcome
from envmgr.operations import moves, prospects, wishes
from envmgr.operations.diff import pin_changes
from envmgr.operations.prospects import Known
from envmgr.tools import interpreters


def plan(project: Project, text: str, *, report: Report = silent) -> PlanOutcome:
    """What `upgrade` would change for the same words. Writes nothing, builds nothing, activates nothing.

    Needs the network: it resolves, and asks the index for the METADATA of what is new. Raises
    E-UNKNOWN-LIBRARY, E-USAGE, E-ADOPT, E-INTERPRETER, E-CONFLICT, E-LOCK, E-NETWORK.
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
    )


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
