"""`functions`, `search`, `describe`: what libraries offer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click

from envmgr.cli.answers import Answer, columns
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.model.discovery import Called, Description, Found, LibraryDescription, Parameter, Said

KINDS = (
    "function", "coroutine", "generator", "async-generator", "ufunc", "class", "method", "classmethod",
    "staticmethod", "property", "constant", "module",
)  # fmt: skip
_WIDEST = 72
"""A signature in a table is cut there."""
_FEW = 8
_ON_OBJECTS = ("method", "property")
"""What has the object as its first parameter."""


def _filtered(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow a list."""
    for option in (
        click.option(
            "--deprecated/--no-deprecated", default=None, help="Only what is deprecated, or is not."
        ),
        click.option(
            "--module", metavar="PATH", help="Only what stands under this path, such as numpy.linalg."
        ),
        click.option("--kind", type=click.Choice(KINDS), help="Only objects of this kind."),
    ):
        command = option(command)
    return command


@click.command(cls=Command)
@click.argument("library", metavar="[LIB]", required=False)
@click.option(
    "--called", is_flag=True, help="What the application really calls: how often, how long, how it fails."
)
@_filtered
@click.pass_obj
def functions(
    invocation: Invocation,
    library: str | None,
    called: bool,
    kind: str | None,
    module: str | None,
    deprecated: bool | None,
) -> Answer:
    """List what the library LIB, or every active library, offers: functions, classes and their members, constants.

    With --called, what the application has called in the last thirty days, the most called first; in milliseconds.
    """
    root = invocation.root()
    if called:
        if kind or module or deprecated is not None:
            raise click.UsageError("--called goes with no other filter than LIB")
        from envmgr.operations.discovering import calls

        counted = calls(root, library)
        return Answer(
            counted, _calls(counted) or "nothing was called; VMs write what they count every minute"
        )
    from envmgr.catalog import Filters
    from envmgr.operations.discovering import functions as operation

    found = operation(root, library, Filters(kind, module, deprecated))
    return Answer(found, _table(found) or "nothing is of that kind")


@click.command(cls=Command)
@click.argument("words", metavar="WORDS...", nargs=-1, required=True)
@click.option("--library", metavar="LIB", help="Only in this library.")
@_filtered
@click.option(
    "--limit", type=click.IntRange(1, 1_000), default=20, show_default=True, help="At most so many."
)
@click.pass_obj
def search(
    invocation: Invocation,
    words: tuple[str, ...],
    library: str | None,
    kind: str | None,
    module: str | None,
    deprecated: bool | None,
    limit: int,
) -> Answer:
    """Search the active libraries by names and by words of their summaries, the best first.

    Words may have slips of the keyboard; a beginning of a word will do:

    envmgr search read csv
    """
    root = invocation.root()
    from envmgr.catalog import Filters
    from envmgr.operations.discovering import search as operation

    found = operation(root, " ".join(words), library, Filters(kind, module, deprecated), limit)
    return Answer(found, _table(found) or "nothing was found; fewer words find more")


@click.command(cls=Command)
@click.argument("path", metavar="PATH")
@click.pass_obj
def describe(invocation: Invocation, path: str) -> Answer:
    """Explain PATH: a function, class, method, property, constant or module of a library, or a library by its name.

    envmgr describe numpy.linalg.norm
    """
    from envmgr.operations.discovering import describe as operation

    found = operation(invocation.root(), path)
    return Answer(found, _library(found) if isinstance(found, LibraryDescription) else _object(found))


def _table(found: Iterable[Found]) -> str:
    rows = [(each.kind, _cut(each.plain), _summary(each)) for each in found]
    return columns(rows) if rows else ""


def _calls(found: Iterable[Called]) -> str:
    rows = [
        (
            each.path,
            f"{each.count} times" if each.count > 1 else "once",
            f"{sum(each.errors.values())} failed" if each.errors else "",
            f"half in {each.p50:g}",
            f"99 % in {each.p99:g}",
            f"last {each.last}",
        )
        for each in found
    ]
    return columns(rows) if rows else ""


def _summary(found: Found) -> str:
    return f"(deprecated) {found.summary}" if found.deprecated else found.summary


def _cut(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _object(found: Description) -> str:
    home = found.home
    version = f" {home.version}" if home.version else ""
    where = f"{found.kind} of {home.library}{version}, environment {home.environment}, Python {home.python}"
    told = [f"deprecated: {found.deprecated}"] if found.deprecated is not None else []
    parts = [
        "\n".join([_head(found), where, *told]),
        found.summary,
        found.description,
        _headed("in Elixir", found.examples.elixir),
        _headed("in Python", found.examples.python),
        _headed("parameters", _parameters(found.parameters[found.kind in _ON_OBJECTS :])),
        _headed("returns", _said(found.returned)),
        _headed("yields", _said(found.yielded)),
        _headed("raises", _said(found.raised)),
        _headed("overloads", _overloads(found.overloads)),
        _headed("examples of the library", found.examples.library),
        _headed("notes", found.notes),
        _headed("members", _table(found.members)),
        _headed("value", found.value),
        _facts(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _head(found: Description) -> str:
    if not found.returns or found.kind in ("class", "module"):
        return found.plain
    return f"{found.plain}{': ' if found.kind in ('property', 'constant') else ' -> '}{found.returns}"


def _overloads(found: tuple[str, ...]) -> str:
    more = len(found) - _FEW
    return "\n".join([*found[:_FEW], *([f"… and {more} more (--format json has them)"] if more > 0 else [])])


def _parameters(found: Iterable[Parameter]) -> str:
    blocks = []
    for each in found:
        star = {"var-positional": "*", "var-keyword": "**"}.get(each.kind, "")
        kind = f", {each.kind}" if each.kind in ("positional-only", "keyword-only") else ""
        written = f": {each.type}" if each.type else ""
        default = f" = {each.default}" if each.default is not None else ""
        blocks.append(f"{star}{each.name}{written}{default}{kind}")
        if each.text:
            blocks.append(_indented(each.text))
    return "\n".join(blocks)


def _said(found: Iterable[Said]) -> str:
    blocks = []
    for each in found:
        head = ": ".join(filter(None, (each.name, each.type)))
        blocks += [*([head] if head else []), *([_indented(each.text)] if each.text else [])]
    return "\n".join(blocks)


def _facts(found: Description) -> str:
    place = f"{found.file}, line {found.line}" if found.file and found.line else found.file
    origins = {origin: [fact for fact, of in found.origins.items() if of == origin] for origin in _ORIGINS}
    rows = [
        ("also", ", ".join(found.aliases[:_FEW]) + (", …" if len(found.aliases) > _FEW else "")),
        ("defined in", ", ".join(filter(None, (found.module, place)))),
        *((words, ", ".join(origins[origin])) for origin, words in _ORIGINS.items()),
    ]
    kept = [row for row in rows if row[1]]
    return columns(kept) if kept else ""


_ORIGINS = {"runtime": "from run time", "stub": "from stubs", "docstring": "from the docstring"}


def _library(found: LibraryDescription) -> str:
    home = found.home
    rows = [
        ("module", home.import_name),
        ("distribution", f"{home.distribution} {home.version}" if home.distribution else "Python's own"),
        ("environment", f"{home.environment}, generation {home.generation}"),
        (
            "Python",
            home.python + (f" ({found.requires_python} is asked for)" if found.requires_python else ""),
        ),
        *([("requires", ", ".join(found.requires))] if found.requires else []),
        ("paths", str(found.paths)),
        *((kind, str(count)) for kind, count in found.counts.items()),
    ]
    failed = "\n".join(f"{name}: {why}" for name, why in found.errors.items())
    parts = [
        f"{home.library}: {found.summary}" if found.summary else home.library,
        columns(rows),
        _headed("submodules", "\n".join(found.submodules)),
        _headed("submodules that could not be imported", failed),
    ]
    return "\n\n".join(part for part in parts if part)


def _headed(title: str, text: str | None) -> str:
    return f"{title}\n{_indented(text)}" if text else ""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in text.splitlines())
