"""`explain`: can libraries share an environment, and if not, why, and how few will do."""

from __future__ import annotations

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.errors import CONFLICT
from envmgr.model.explanation import Core, Explanation


@click.command(cls=Command)
@click.argument("names", metavar="[LIB]...", nargs=-1)
@click.option("--apply", is_flag=True, help="Write the fewest environments into envmgr.toml.")
@click.pass_obj
def explain(invocation: Invocation, names: tuple[str, ...], apply: bool) -> Answer:
    """Tell whether libraries can share one environment; if not, why, and the fewest environments that do.

    LIB is a library, an environment (all its libraries), or a requirement that envmgr.toml does not have,
    such as "numpy>=2.1". Without LIB, every library. Each keeps the Python that it has today, and takes the
    constraints and overrides of its environment along. Exit status 0 when every environment can be resolved as
    it is configured, also when its libraries could not share one; 3 when one cannot.
    """
    project = invocation.project()
    from envmgr.operations import explaining

    with progress(invocation) as report:
        found = explaining.explain(project, names, report=report)
    if apply:
        found = explaining.apply(project, found)
    return Answer(found, text(found), CONFLICT if found.broken and not found.applied else 0)


def text(found: Explanation) -> str:
    if not found.libraries:
        return "no libraries; `envmgr add LIB` adds one"
    blocks = [*map(_core, found.cores), _fewest(found), _today(found)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _core(core: Core) -> list[str]:
    names = _listed(core.libraries)
    if len(core.libraries) == 1:
        head = f"{names} cannot be resolved, not even alone"
    else:
        head = f"{names} cannot share an environment"
        disputed = tuple(dict.fromkeys(side.contested for side in core.sides if side.contested))
        if disputed:
            what = disputed[0] if len(disputed) == 1 else f"choice of {_listed(disputed)}"
            head += f": no {what} suits {'both' if len(core.libraries) == 2 else 'all of them'}"
    said = [*(side.words for side in core.sides), *core.notes] or core.raw.splitlines()
    return [head, *(f"  {line}" for line in said)]


def _fewest(found: Explanation) -> list[str]:
    if not found.environments:
        return []
    rows = [
        (f"  {group.name}", f"Python {group.python}", ", ".join(group.libraries))
        for group in found.environments
    ]
    placed = sum(len(group.libraries) for group in found.environments)
    if placed == 1:
        return [f"{found.environments[0].libraries[0]} can be resolved"]
    if found.minimum == 1:
        head = f"{_listed(found.environments[0].libraries)} can share one environment"
    else:
        head = f"the fewest environments for {_count(placed, 'library', 'libraries')}: {found.minimum}"
    parted = [
        f"  {_listed(names)} share an environment today, and here they do not" for names in found.parted
    ]
    return [head, columns(rows), *parted]


def _today(found: Explanation) -> list[str]:
    if found.applied is not None:
        if not found.applied:
            return ["envmgr.toml says so already"]
        return [*(f"envmgr.toml: {change}" for change in found.applied), "`envmgr sync` builds and proves it"]
    layout = {group.name: group.libraries for group in found.layout}
    lines = [
        f"environment {name} cannot be resolved as it is configured"
        for name in found.broken
        if name in layout
    ]
    is_all = sum(map(len, layout.values())) == len(found.libraries)
    same = set(layout.values()) == {group.libraries for group in found.environments}
    if layout and not lines:
        today = _count(len(layout), "environment", "environments")
        lines.append(f"today's layout, {today}, works" + (" and is that already" if same else " as well"))
    if is_all and not same and found.environments:
        lines.append("`envmgr explain --apply` writes the fewest into envmgr.toml")
    return [*lines, "this is what metadata says; `envmgr sync` proves it by importing"]


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
