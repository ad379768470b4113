"""The one place where what stopped a command becomes words, or a machine's error, and an exit status."""

from __future__ import annotations

import os
import sys
import traceback

import click

from envmgr.cli.invocation import Invocation
from envmgr.errors import EnvmgrError

INTERRUPTED = 130
BROKEN_PIPE = 141
DEBUG_VARIABLE = "ENVMGR_DEBUG"


def report(error: BaseException, invocation: Invocation) -> int:
    """Say what happened, in the invocation's format; returns the exit status."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    known = _known(error)
    if os.environ.get(DEBUG_VARIABLE) == "1":
        traceback.print_exception(error)
    try:
        _say(known, invocation)
    except BrokenPipeError as broken:
        return report(broken, invocation)
    return known.exit_status


def _known(error: BaseException) -> EnvmgrError:
    if isinstance(error, EnvmgrError):
        return error
    if isinstance(error, click.ClickException):
        message = error.format_message()
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "envmgr"
        return EnvmgrError(
            "E-USAGE", message[:1].lower() + message[1:].rstrip("."), hint=f"see `{path} --help`"
        )
    return EnvmgrError(
        "E-INTERNAL",
        f"envmgr itself failed: {type(error).__name__}: {error}",
        hint=f"this is a fault of envmgr; {DEBUG_VARIABLE}=1 shows where, please report it",
    )


def _say(error: EnvmgrError, invocation: Invocation) -> None:
    from envmgr.cli.answers import print_machine, print_text, spoken

    if not invocation.is_text:
        details = {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "details": error.details,
        }
        print_machine(invocation, ok=False, error=details)
        sys.stdout.flush()
        return
    sys.stdout.flush()
    label = click.style("error", fg="red", bold=True)
    print_text(f"{label}: {spoken(error.message)}", to_stderr=True)
    if "python" in error.details:
        from envmgr.cli.raised import lines

        for line in lines(error.details["python"]):
            print_text(line, to_stderr=True)
    if error.hint:
        label = click.style("hint", fg="cyan", bold=True)
        print_text(f"\n{label}: {spoken(error.hint)}", to_stderr=True)
