"""`call`: one function of a library, through a real worker."""

from __future__ import annotations

import json
from typing import Any

import click

from envmgr.cli.answers import Answer
from envmgr.cli.application import Command
from envmgr.cli.invocation import Invocation
from envmgr.errors import EnvmgrError


@click.command(cls=Command)
@click.argument("path", metavar="PATH")
@click.argument("args_json", metavar="[ARGS_JSON]", default="[]")
@click.option("--kwargs", "kwargs_json", metavar="JSON", help="Keyword arguments, as a JSON object.")
@click.pass_obj
def call(invocation: Invocation, path: str, args_json: str, kwargs_json: str | None) -> Answer:
    """Call the function PATH and print what it answers.

    ARGS_JSON is a JSON array of positional arguments, or an object of keyword arguments:

    envmgr call numpy.mean '[[1, 2, 3]]'
    """
    args, kwargs = arguments(args_json, kwargs_json)
    from envmgr.operations.calling import call as operation

    value = operation(invocation.root(), path, args, kwargs)
    return Answer(value, repr(value))


def arguments(args_json: str, kwargs_json: str | None) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments; raises E-USAGE that says where the JSON is wrong."""
    given = _parsed("ARGS_JSON", args_json, (list, dict))
    named = {} if kwargs_json is None else _parsed("--kwargs", kwargs_json, (dict,))
    if isinstance(given, list):
        return given, named
    if twice := sorted(given.keys() & named.keys()):
        raise EnvmgrError(
            "E-USAGE",
            f"given twice, in ARGS_JSON and in --kwargs: {', '.join(twice)}",
            hint="say each in one of the two",
        )
    return [], {**given, **named}


def _parsed(name: str, text: str, types: tuple[type, ...]) -> Any:
    hint = "quote it for the shell: envmgr call numpy.mean '[[1, 2, 3]]'"
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1]
        place = f"line {error.lineno}, column {error.colno}"
        marked = f"  {line}\n  {' ' * (error.colno - 1)}^"
        message = f"{name} is not JSON: {error.msg} at {place}\n\n{marked}"
        details = {"line": error.lineno, "column": error.colno}
        raise EnvmgrError("E-USAGE", message, hint=hint, details=details) from None
    except RecursionError:
        raise EnvmgrError("E-USAGE", f"{name} is nested too deep") from None
    if not isinstance(value, types):
        wanted = "an object" if types == (dict,) else "an array or an object"
        raise EnvmgrError("E-USAGE", f"{name} must be {wanted}", hint=hint)
    return value
