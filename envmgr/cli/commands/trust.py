"""`health`: is each environment sound."""

from __future__ import annotations

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.cli.progress import progress
from envmgr.errors import CHECK_FAILED
from envmgr.model.health import EnvironmentHealth, HealthFinding

_NAMED = 20


@click.command(cls=Command)
@click.argument("names", metavar="[ENV]...", nargs=-1)
@click.option("--deep", is_flag=True, help="Read every byte, open every extension module, import, call.")
@click.option("--repair", is_flag=True, help="Build afresh what is not sound, and activate it.")
@click.pass_obj
def health(invocation: Invocation, names: tuple[str, ...], deep: bool, repair: bool) -> Answer:
    """Show whether each environment is what was built. Exit status 1 when one is not.

    Without ENV, every environment; the name of a library stands for its environment.
    """
    project = invocation.project()
    from envmgr.operations.health import health as operation

    with progress(invocation) as report:
        found = operation(project, names, deep=deep, repair=repair, report=report)
    return Answer(found, text(found), 0 if all(each.healthy for each in found) else CHECK_FAILED)


def text(found: tuple[EnvironmentHealth, ...]) -> str:
    """One line an environment, and below them what is wrong, by environment, with what to do."""
    lines = [columns(map(_row, found))] if found else []
    for each in found:
        if each.findings:
            lines += ["", *_findings(each)]
    return "\n".join(lines)


def _row(each: EnvironmentHealth) -> tuple[str, ...]:
    generation = "" if each.generation is None else f"generation {each.generation}"
    errors = sum(found.severity == "error" for found in each.findings)
    words = ["healthy" if each.healthy else f"{errors} wrong"]
    if len(each.findings) > errors:
        words.append(f"{len(each.findings) - errors} to know")
    word = ", ".join(words)
    if each.repaired is not None:
        word += f", repaired ({len(each.repaired.found)} wrong before)"
    size = f"{each.files} files, {each.size / 2**20:.1f} MiB"
    return (each.environment, word, generation, size, f"{each.seconds:.2f} s")


def _findings(each: EnvironmentHealth) -> list[str]:
    versions = {found.name: found.version for found in each.distributions}
    by_owner: dict[str | None, list[HealthFinding]] = {}
    for found in each.findings:
        by_owner.setdefault(found.distribution, []).append(found)
    lines = []
    for owner, findings in by_owner.items():
        name = "not of any distribution" if owner is None else f"{owner} {versions.get(owner, '')}".rstrip()
        wrong = any(found.severity == "error" for found in findings)
        lines.append(f"{each.environment}: {name}: {len(findings)} {'wrong' if wrong else 'to know'}")
        lines += [f"  {_line(found)}" for found in findings[:_NAMED]]
        if len(findings) > _NAMED:
            lines.append(f"  … and {len(findings) - _NAMED} more (all with --format json)")
    return [*lines, *(f"  -> {advice}" for advice in dict.fromkeys(found.advice for found in each.findings))]


def _line(found: HealthFinding) -> str:
    detail = found.detail.replace("\n", "\n    ")
    return ": ".join(part for part in (found.file, found.problem) if part) + (
        f" ({detail})" if detail else ""
    )
